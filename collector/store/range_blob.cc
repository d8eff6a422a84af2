// SPDX-License-Identifier: Apache-2.0
#include "collector/store/range_blob.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace teiten {
namespace {

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

std::optional<uint64_t> TakeVarint(std::string_view& blob) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !blob.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(blob.front());
    blob.remove_prefix(1);
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string RangesToBlob(const RangeSet& ranges) {
  std::string out;
  uint64_t end = 0;
  for (const RangeSet::Range& range : ranges.ToVector()) {
    AppendVarint(range.first - end, out);
    AppendVarint(range.last - range.first + 1, out);
    end = range.last + 1;
  }
  return out;
}

absl::Status AddBlobRanges(std::string_view blob, RangeSet& ranges) {
  uint64_t end = 0;
  while (!blob.empty()) {
    const std::optional<uint64_t> gap = TakeVarint(blob);
    const std::optional<uint64_t> length = gap ? TakeVarint(blob) : std::nullopt;
    const uint64_t room = std::numeric_limits<uint64_t>::max() - end;
    if (!length || *length == 0 || *gap > room || *length > room - *gap) {
      return absl::DataLossError("damaged ranges");
    }
    ranges.Add(end + *gap, end + *gap + *length - 1);
    end += *gap + *length;
  }
  return absl::OkStatus();
}

}  // namespace teiten
