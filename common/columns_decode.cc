// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <bit>
#include <string_view>

#include "absl/status/status.h"
#include "common/columns.h"

namespace teiten {
namespace {

constexpr uint64_t kMaxBytes48 = (1ULL << 48) - 1;
constexpr uint32_t kMax16 = 0xffff;
constexpr uint32_t kMax8 = 0xff;
constexpr uint32_t kAllRowFlags = 3;
constexpr uint32_t kRowFlagLowerBound = 1;
constexpr uint32_t kRowFlagPrefix64 = 2;
constexpr uint32_t kDestinationBitmap = 64;
constexpr uint32_t kDestinationNone = 65;

// Reads the columns of one message row by row. The first thing wrong is kept and ends the work;
// until then every index is checked against the lengths CheckLengths has seen.
class ColumnReader {
 public:
  ColumnReader(const v1::FlowColumns& columns, Family family) : c_(columns), family_(family) {}

  absl::StatusOr<std::vector<FlowRow>> Read() {
    std::vector<FlowRow> rows;
    if (!CheckLengths()) return Error();
    rows.reserve(c_.row_count());
    for (row_ = 0; row_ < static_cast<int>(c_.row_count()); ++row_) {
      FlowRow row;
      const FlowRow* before = rows.empty() ? nullptr : &rows.back();
      if (!ReadKey(before, row) || !ReadCounts(row) || !ReadDestination(row) ||
          !ReadCounters(row) || !ReadFirstPacket(row)) {
        return Error();
      }
      rows.push_back(row);
    }
    if (next_bitmap_ != c_.destination_bitmap_size())
      Fail("destination_bitmap", "has entries left");
    if (c_.slots_size() != 0 && next_slot_ != c_.slots_size()) {
      Fail("slots", "is not six entries for each backscatter row");
    }
    if (!error_.empty()) return Error();
    return rows;
  }

 private:
  bool Fail(std::string_view column, std::string_view what) {
    error_ = fmt::format("{}.{}: {}", family_ == Family::kIpv4 ? "ipv4" : "ipv6", column, what);
    return false;
  }
  bool FailRow(std::string_view column, std::string_view what) {
    return Fail(fmt::format("{}[{}]", column, row_), what);
  }
  [[nodiscard]] absl::Status Error() const { return absl::InvalidArgumentError(error_); }

  template <typename Column>
  bool CheckLength(const Column& column, std::string_view name) {
    if (column.empty() || column.size() == static_cast<int>(c_.row_count())) return true;
    return Fail(name, fmt::format("{} entries for {} rows", column.size(), c_.row_count()));
  }

  bool CheckLengths() {
    if (c_.row_count() > kMaxRowsOfSummary) {
      return Fail("row_count", fmt::format("{} is above {}", c_.row_count(), kMaxRowsOfSummary));
    }
    const int rows = static_cast<int>(c_.row_count());
    const int rows_v4 = family_ == Family::kIpv4 ? rows : 0;
    const int rows_v6 = rows - rows_v4;
    if (c_.source_v4_delta_size() != rows_v4) return Fail("source_v4_delta", "wrong length");
    if (c_.source_v6_high_delta_size() != rows_v6) {
      return Fail("source_v6_high_delta", "wrong length");
    }
    if (c_.source_v6_low_size() != rows_v6) return Fail("source_v6_low", "wrong length");
    return CheckLength(c_.kind(), "kind") && CheckLength(c_.protocol(), "protocol") &&
           CheckLength(c_.port(), "port") && CheckLength(c_.row_flags(), "row_flags") &&
           CheckLength(c_.packets(), "packets") &&
           CheckLength(c_.bytes_residue(), "bytes_residue") &&
           CheckLength(c_.first_ms(), "first_ms") &&
           CheckLength(c_.last_after_first_ms(), "last_after_first_ms") &&
           CheckLength(c_.destination(), "destination") && CheckLength(c_.zmap(), "zmap") &&
           CheckLength(c_.masscan(), "masscan") && CheckLength(c_.mirai(), "mirai") &&
           CheckLength(c_.nmap(), "nmap") && CheckLength(c_.amplification(), "amplification") &&
           CheckLength(c_.ttl(), "ttl") && CheckLength(c_.ip_length(), "ip_length") &&
           CheckLength(c_.tcp_window(), "tcp_window") &&
           CheckLength(c_.tcp_options_length(), "tcp_options_length") &&
           CheckLength(c_.source_port(), "source_port");
  }

  // The entry of this row, 0 in an empty column. False above `most`.
  template <typename Column, typename Value>
  bool Take(const Column& column, std::string_view name, uint32_t most, Value& out) {
    const uint32_t value = column.empty() ? 0 : column[row_];
    if (value > most) return FailRow(name, fmt::format("{} is above {}", value, most));
    out = static_cast<Value>(value);
    return true;
  }

  bool ReadSource(const FlowRow* before, FlowRow& row) {
    if (family_ == Family::kIpv4) {
      row.source.low = (before != nullptr ? before->source.low : 0) + c_.source_v4_delta(row_);
      return row.source.low <= UINT32_MAX || FailRow("source_v4_delta", "beyond the last address");
    }
    const uint64_t high_delta = c_.source_v6_high_delta(row_);
    const uint64_t low = c_.source_v6_low(row_);
    const bool same_high = before != nullptr && high_delta == 0;
    row.source.high = (before != nullptr ? before->source.high : 0) + high_delta;
    row.source.low = (same_high ? before->source.low : 0) + low;
    if (row.source.high < high_delta) {
      return FailRow("source_v6_high_delta", "beyond the last address");
    }
    return row.source.low >= low || FailRow("source_v6_low", "beyond the last address");
  }

  bool ReadKey(const FlowRow* before, FlowRow& row) {
    uint32_t kind = 0;
    uint32_t flags = 0;
    if (!ReadSource(before, row) || !Take(c_.kind(), "kind", kKindCount - 1, kind) ||
        !Take(c_.protocol(), "protocol", kMax8, row.protocol) ||
        !Take(c_.port(), "port", kMax16, row.port) ||
        !Take(c_.row_flags(), "row_flags", kAllRowFlags, flags)) {
      return false;
    }
    if (kind == 0) return FailRow("kind", "unspecified");
    row.kind_flags = static_cast<uint8_t>(kind);
    if (family_ == Family::kIpv6) row.kind_flags |= kRowIpv6;
    if ((flags & kRowFlagLowerBound) != 0) row.kind_flags |= kRowLowerBound;
    if ((flags & kRowFlagPrefix64) != 0) row.kind_flags |= kRowPrefix64;
    if (row.prefix64() && (family_ != Family::kIpv6 || row.source.low != 0)) {
      return FailRow("row_flags", "prefix64 on a source that is no /64");
    }
    return before == nullptr || !RowLess(row, *before) || FailRow("kind", "rows out of order");
  }

  bool ReadCounts(FlowRow& row) {
    uint32_t first = 0;
    uint32_t last_after = 0;
    if (!Take(c_.packets(), "packets", UINT32_MAX, row.packets) ||
        !Take(c_.ip_length(), "ip_length", kMax16, row.ip_length) ||
        !Take(c_.first_ms(), "first_ms", kMax24, first) ||
        !Take(c_.last_after_first_ms(), "last_after_first_ms", kMax24 - first, last_after)) {
      return false;
    }
    if (row.packets == 0) return FailRow("packets", "0");
    row.set_first_ms(first);
    row.set_last_ms(first + last_after);
    const int64_t residue = c_.bytes_residue().empty() ? 0 : c_.bytes_residue(row_);
    // Unsigned, because the residue may be anything; a sum below zero is far above the limit.
    const uint64_t bytes = uint64_t{row.packets} * row.ip_length + static_cast<uint64_t>(residue);
    if (bytes > kMaxBytes48) return FailRow("bytes_residue", "bytes out of range");
    row.set_bytes(bytes);
    return true;
  }

  bool ReadDestination(FlowRow& row) {
    uint32_t destination = 0;
    if (!Take(c_.destination(), "destination", kDestinationNone, destination)) return false;
    if (destination < 64) row.bitmap = 1ULL << destination;
    if (destination != kDestinationBitmap) return true;
    if (next_bitmap_ >= c_.destination_bitmap_size()) {
      return FailRow("destination", "no entry of destination_bitmap left");
    }
    row.bitmap = c_.destination_bitmap(next_bitmap_++);
    return std::popcount(row.bitmap) >= 2 ||
           FailRow("destination", "a bitmap of fewer than two bits");
  }

  template <typename Column>
  bool TakeMark(const Column& column, Mark mark, FlowRow& row) {
    uint32_t value = 0;
    const int counter = CounterOf(row.kind(), mark);
    const uint32_t most = counter < 0 ? 0 : std::min(row.packets, kMax24);
    if (!Take(column, MarkName(mark), most, value)) return false;
    if (counter >= 0) row.set_counter(counter, value);
    return true;
  }

  bool ReadCounters(FlowRow& row) {
    if (!TakeMark(c_.zmap(), Mark::kZmap, row) || !TakeMark(c_.masscan(), Mark::kMasscan, row) ||
        !TakeMark(c_.mirai(), Mark::kMirai, row) || !TakeMark(c_.nmap(), Mark::kNmap, row) ||
        !TakeMark(c_.amplification(), Mark::kAmplification, row)) {
      return false;
    }
    if (!HasSlots(row.kind()) || c_.slots().empty()) return true;
    if (next_slot_ + kSlots > c_.slots_size()) return FailRow("slots", "no entries left");
    uint64_t sum = 0;
    for (int slot = 0; slot < kSlots; ++slot) {
      const uint32_t packets = c_.slots(next_slot_++);
      if (packets > kMax16) return FailRow("slots", fmt::format("{} is above {}", packets, kMax16));
      row.set_slot(slot, static_cast<uint16_t>(packets));
      sum += packets;
    }
    return sum <= row.packets || FailRow("slots", "more packets than the row has");
  }

  bool ReadFirstPacket(FlowRow& row) {
    return Take(c_.ttl(), "ttl", kMax8, row.ttl) &&
           Take(c_.tcp_window(), "tcp_window", kMax16, row.tcp_window) &&
           Take(c_.tcp_options_length(), "tcp_options_length", kMax8, row.tcp_options_length) &&
           Take(c_.source_port(), "source_port", kMax16, row.source_port);
  }

  const v1::FlowColumns& c_;
  const Family family_;
  int row_ = 0;
  int next_bitmap_ = 0;
  int next_slot_ = 0;
  std::string error_;
};

}  // namespace

absl::StatusOr<std::vector<FlowRow>> DecodeColumns(const v1::FlowColumns& columns, Family family) {
  return ColumnReader(columns, family).Read();
}

}  // namespace teiten
