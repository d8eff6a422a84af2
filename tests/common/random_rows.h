// SPDX-License-Identifier: Apache-2.0
// Rows as a sensor could have counted them, from a seed: every kind, flag and extreme of each
// field, and sums that hold (marks and slots not above packets, first not after last).
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "common/flow_row.h"

namespace teiten {

class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : random_(seed) {}

  std::vector<FlowRow> Unsorted(Family family, std::size_t count) {
    std::vector<FlowRow> rows(count);
    for (FlowRow& row : rows) row = Row(family);
    return rows;
  }
  std::vector<FlowRow> Sorted(Family family, std::size_t count) {
    std::vector<FlowRow> rows = Unsorted(family, count);
    std::stable_sort(rows.begin(), rows.end(), RowLess);
    return rows;
  }

  FlowRow Row(Family family) {
    FlowRow row;
    row.source = Source(family);
    row.kind_flags = static_cast<uint8_t>(1 + Below(kKindCount - 1));
    if (family == Family::kIpv6) row.kind_flags |= kRowIpv6;
    if (Below(8) == 0) row.kind_flags |= kRowLowerBound;
    if (family == Family::kIpv6 && row.source.low == 0) row.kind_flags |= kRowPrefix64;
    row.protocol = static_cast<uint8_t>(Extreme(0xff));
    row.port = static_cast<uint16_t>(Extreme(0xffff));
    row.packets = static_cast<uint32_t>(std::max<uint64_t>(1, Extreme(UINT32_MAX)));
    row.bitmap = Below(2) == 0 ? 1ULL << Below(64) : Extreme(~0ULL);
    row.set_bytes(Extreme(kMax48));
    const auto a = static_cast<uint32_t>(Extreme(kMax24));
    const auto b = static_cast<uint32_t>(Extreme(kMax24));
    row.set_first_ms(std::min(a, b));
    row.set_last_ms(std::max(a, b));
    SetCounters(row);
    row.ttl = static_cast<uint8_t>(Extreme(0xff));
    row.tcp_options_length = static_cast<uint8_t>(Extreme(0xff));
    row.ip_length = static_cast<uint16_t>(Extreme(0xffff));
    row.tcp_window = static_cast<uint16_t>(Extreme(0xffff));
    row.source_port = static_cast<uint16_t>(Extreme(0xffff));
    return row;
  }

  uint64_t Below(uint64_t limit) { return random_() % limit; }

 private:
  // 0, small, the most, or anything between.
  uint64_t Extreme(uint64_t most) {
    switch (Below(4)) {
      case 0:
        return 0;
      case 1:
        return Below(100) % (most == UINT64_MAX ? most : most + 1);
      case 2:
        return most;
      default:
        return most == UINT64_MAX ? random_() : Below(most + 1);
    }
  }

  // Few enough that sources repeat and neighbours share their upper half.
  Address Source(Family family) {
    if (family == Family::kIpv4) return {0, Below(3) == 0 ? Below(5) : Extreme(0xffffffff)};
    return {Below(2) == 0 ? 0x20010db800000000 + Below(4) : Extreme(UINT64_MAX),
            Extreme(UINT64_MAX)};
  }

  void SetCounters(FlowRow& row) {
    if (HasSlots(row.kind())) {
      for (int slot = 0; slot < kSlots; ++slot) {
        const uint64_t most = std::min<uint64_t>(row.packets / kSlots, 0xffff);
        row.set_slot(slot, static_cast<uint16_t>(Extreme(most)));
      }
      return;
    }
    for (int mark = 0; mark < kMarkCount; ++mark) {
      const int counter = CounterOf(row.kind(), static_cast<Mark>(mark));
      if (counter < 0) continue;
      row.set_counter(counter, static_cast<uint32_t>(Extreme(std::min(row.packets, kMax24))));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace teiten
