// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

#include "absl/status/status.h"
#include "common/columns.h"

namespace teiten {
namespace {

constexpr uint64_t kRowFlagLowerBound = 1;
constexpr uint64_t kRowFlagPrefix64 = 2;
constexpr uint64_t kAllRowFlags = 3;
constexpr uint64_t kDestinationBitmap = 64;
constexpr uint64_t kDestinationNone = 65;

// The byte planes of one column. Its width bounds every value: two planes cannot hold 65,536.
class Planes {
 public:
  // False unless `bytes` are whole planes of `entries` bytes, at most `widest` of them, the last
  // not all zero.
  bool Open(std::string_view bytes, std::size_t entries, std::size_t widest) {
    bytes_ = bytes;
    entries_ = entries;
    if (bytes.empty()) return true;
    if (entries == 0 || bytes.size() % entries != 0 || bytes.size() / entries > widest)
      return false;
    const std::string_view top = bytes.substr(bytes.size() - entries);
    return top.find_first_not_of('\0') != std::string_view::npos;
  }
  uint64_t operator[](std::size_t entry) const {
    uint64_t value = 0;
    int shift = 0;
    for (std::size_t at = entry; at < bytes_.size(); at += entries_, shift += 8) {
      value |= uint64_t{static_cast<uint8_t>(bytes_[at])} << shift;
    }
    return value;
  }
  // Entries with that value, of a column of one plane.
  [[nodiscard]] std::size_t Count(uint64_t value) const {
    if (bytes_.empty()) return value == 0 ? entries_ : 0;
    return static_cast<std::size_t>(
        std::count(bytes_.begin(), bytes_.end(), static_cast<char>(value)));
  }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  std::size_t entries_ = 0;
};

// Reads the columns of one message row by row. The first thing wrong is kept and ends the work.
// No index can leave a column once OpenColumns has seen the lengths.
class ColumnReader {
 public:
  ColumnReader(const v1::FlowColumns& columns, Family family) : c_(columns), family_(family) {}

  absl::StatusOr<std::vector<FlowRow>> Read() {
    std::vector<FlowRow> rows;
    if (!OpenColumns()) return absl::InvalidArgumentError(error_);
    rows.reserve(c_.row_count());
    for (row_ = 0; row_ < c_.row_count(); ++row_) {
      FlowRow row;
      if (!ReadKey(rows.empty() ? nullptr : &rows.back(), row) || !ReadCounts(row) ||
          !ReadDestination(row) || !ReadCounters(row)) {
        return absl::InvalidArgumentError(error_);
      }
      ReadFirstPacket(row);
      rows.push_back(row);
    }
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

  bool Open(Planes& planes, std::string_view name, std::string_view bytes, std::size_t widest) {
    return OpenOf(c_.row_count(), planes, name, bytes, widest);
  }
  bool OpenOf(std::size_t entries, Planes& planes, std::string_view name, std::string_view bytes,
              std::size_t widest) {
    if (planes.Open(bytes, entries, widest)) return true;
    return Fail(name, fmt::format("{} bytes are not 0 to {} planes of {} entries", bytes.size(),
                                  widest, entries));
  }

  bool OpenColumns() {
    if (c_.row_count() > kMaxRowsOfSummary) {
      return Fail("row_count", fmt::format("{} is above {}", c_.row_count(), kMaxRowsOfSummary));
    }
    const bool ipv4 = family_ == Family::kIpv4;
    return Open(source_v4_, "source_v4_delta", c_.source_v4_delta(), ipv4 ? 4 : 0) &&
           Open(source_v6_high_, "source_v6_high_delta", c_.source_v6_high_delta(), ipv4 ? 0 : 8) &&
           Open(source_v6_low_, "source_v6_low", c_.source_v6_low(), ipv4 ? 0 : 8) &&
           Open(kind_, "kind", c_.kind(), 1) && Open(protocol_, "protocol", c_.protocol(), 1) &&
           Open(port_, "port", c_.port(), 2) && Open(flags_, "row_flags", c_.row_flags(), 1) &&
           Open(packets_, "packets", c_.packets(), 4) &&
           Open(residue_, "bytes_residue", c_.bytes_residue(), 8) &&
           Open(first_, "first_ms", c_.first_ms(), 3) &&
           Open(last_after_, "last_after_first_ms", c_.last_after_first_ms(), 3) &&
           Open(destination_, "destination", c_.destination(), 1) &&
           OpenOf(destination_.Count(kDestinationBitmap), bitmap_, "destination_bitmap",
                  c_.destination_bitmap(), 8) &&
           OpenCounters() && Open(ttl_, "ttl", c_.ttl(), 1) &&
           Open(ip_length_, "ip_length", c_.ip_length(), 2) &&
           Open(window_, "tcp_window", c_.tcp_window(), 2) &&
           Open(options_, "tcp_options_length", c_.tcp_options_length(), 1) &&
           Open(source_port_, "source_port", c_.source_port(), 2);
  }

  bool OpenCounters() {
    std::size_t with_slots = 0;
    for (int kind = 1; kind < kKindCount; ++kind) {
      if (HasSlots(static_cast<Kind>(kind))) with_slots += kind_.Count(static_cast<uint64_t>(kind));
    }
    const std::string* marks[kMarkCount] = {&c_.zmap(), &c_.masscan(), &c_.mirai(), &c_.nmap(),
                                            &c_.amplification()};
    for (std::size_t mark = 0; mark < kMarkCount; ++mark) {
      if (!Open(marks_[mark], MarkName(static_cast<Mark>(mark)), *marks[mark], 3)) return false;
    }
    return OpenOf(with_slots * kSlots, slots_, "slots", c_.slots(), 2);
  }

  bool ReadSource(const FlowRow* before, FlowRow& row) {
    const Address last = before != nullptr ? before->source : Address{};
    if (family_ == Family::kIpv4) {
      row.source.low = last.low + source_v4_[row_];
      return row.source.low <= UINT32_MAX || FailRow("source_v4_delta", "beyond the last address");
    }
    const uint64_t high_delta = source_v6_high_[row_];
    const uint64_t low = source_v6_low_[row_];
    row.source.high = last.high + high_delta;
    row.source.low = low + (before != nullptr && high_delta == 0 ? last.low : 0);
    if (row.source.high < high_delta) {
      return FailRow("source_v6_high_delta", "beyond the last address");
    }
    return row.source.low >= low || FailRow("source_v6_low", "beyond the last address");
  }

  bool ReadKey(const FlowRow* before, FlowRow& row) {
    if (!ReadSource(before, row)) return false;
    const uint64_t kind = kind_[row_];
    const uint64_t flags = flags_[row_];
    if (kind == 0 || kind >= kKindCount) return FailRow("kind", fmt::format("{} is unknown", kind));
    if (flags > kAllRowFlags) return FailRow("row_flags", fmt::format("{} is unknown", flags));
    row.kind_flags = static_cast<uint8_t>(kind);
    if (family_ == Family::kIpv6) row.kind_flags |= kRowIpv6;
    if ((flags & kRowFlagLowerBound) != 0) row.kind_flags |= kRowLowerBound;
    if ((flags & kRowFlagPrefix64) != 0) row.kind_flags |= kRowPrefix64;
    if (row.prefix64() && (family_ != Family::kIpv6 || row.source.low != 0)) {
      return FailRow("row_flags", "prefix64 on a source that is no /64");
    }
    row.protocol = static_cast<uint8_t>(protocol_[row_]);
    row.port = static_cast<uint16_t>(port_[row_]);
    return before == nullptr || !RowLess(row, *before) || FailRow("kind", "rows out of order");
  }

  bool ReadCounts(FlowRow& row) {
    row.packets = static_cast<uint32_t>(packets_[row_]);
    row.ip_length = static_cast<uint16_t>(ip_length_[row_]);
    if (row.packets == 0) return FailRow("packets", "0");
    const uint64_t first = first_[row_];
    const uint64_t last = first + last_after_[row_];
    if (last > kMax24) return FailRow("last_after_first_ms", "beyond 2^24 - 1 ms");
    row.set_first_ms(static_cast<uint32_t>(first));
    row.set_last_ms(static_cast<uint32_t>(last));
    const uint64_t zigzag = residue_[row_];
    const uint64_t residue = zigzag >> 1 ^ (0 - (zigzag & 1));
    // Unsigned, because the residue may be anything; a sum below zero is far above the limit.
    const uint64_t bytes = uint64_t{row.packets} * row.ip_length + residue;
    if (bytes > kMax48) return FailRow("bytes_residue", "bytes out of range");
    row.set_bytes(bytes);
    return true;
  }

  bool ReadDestination(FlowRow& row) {
    const uint64_t destination = destination_[row_];
    if (destination > kDestinationNone) return FailRow("destination", "above 65");
    if (destination < kDestinationBitmap) row.bitmap = 1ULL << destination;
    if (destination != kDestinationBitmap) return true;
    row.bitmap = bitmap_[next_bitmap_++];
    return std::popcount(row.bitmap) >= 2 ||
           FailRow("destination", "a bitmap of fewer than two bits");
  }

  bool ReadCounters(FlowRow& row) {
    for (std::size_t i = 0; i < kMarkCount; ++i) {
      if (marks_[i].empty()) continue;
      const auto mark = static_cast<Mark>(i);
      const uint64_t packets = marks_[i][row_];
      const int counter = CounterOf(row.kind(), mark);
      if (packets > (counter < 0 ? 0 : row.packets)) {
        return FailRow(MarkName(mark), "not a mark of the kind, or more packets than the row has");
      }
      if (counter >= 0) row.set_counter(counter, static_cast<uint32_t>(packets));
    }
    if (!HasSlots(row.kind())) return true;
    uint64_t sum = 0;
    for (int slot = 0; slot < kSlots; ++slot) {
      const uint64_t packets = slots_[next_slot_++];
      row.set_slot(slot, static_cast<uint16_t>(packets));
      sum += packets;
    }
    return sum <= row.packets || FailRow("slots", "more packets than the row has");
  }

  void ReadFirstPacket(FlowRow& row) const {
    row.ttl = static_cast<uint8_t>(ttl_[row_]);
    row.tcp_window = static_cast<uint16_t>(window_[row_]);
    row.tcp_options_length = static_cast<uint8_t>(options_[row_]);
    row.source_port = static_cast<uint16_t>(source_port_[row_]);
  }

  const v1::FlowColumns& c_;
  const Family family_;
  Planes source_v4_, source_v6_high_, source_v6_low_;
  Planes kind_, protocol_, port_, flags_, packets_, residue_, first_, last_after_;
  Planes destination_, bitmap_, slots_;
  Planes marks_[kMarkCount];
  Planes ttl_, ip_length_, window_, options_, source_port_;
  std::size_t row_ = 0;
  std::size_t next_bitmap_ = 0;
  std::size_t next_slot_ = 0;
  std::string error_;
};

}  // namespace

absl::StatusOr<std::vector<FlowRow>> DecodeColumns(const v1::FlowColumns& columns, Family family) {
  return ColumnReader(columns, family).Read();
}

}  // namespace teiten
