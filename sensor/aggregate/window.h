// SPDX-License-Identifier: Apache-2.0
// The accounting of one window: what became of its packets and how far it may be trusted. Plain
// data: the capture worker fills it, the encoder reads it, nobody shares it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "common/kind.h"

namespace teiten {

struct WindowCounts {
  std::array<uint64_t, kFateCount> fates{};  // by Fate; kNone stays 0
  uint64_t self_addressed = 0;
  uint64_t quote_mismatch = 0;
  uint64_t late = 0;
  uint64_t time_bad = 0;
  uint64_t folded = 0;
  uint64_t offload_merged = 0;
  uint64_t solicited_evicted = 0;
  uint64_t observed_bytes = 0;
  std::optional<uint64_t> kernel_dropped;     // absent: unknown
  std::optional<uint64_t> interface_dropped;  // absent: unknown

  [[nodiscard]] uint64_t captured() const {
    uint64_t sum = 0;
    for (const uint64_t n : fates) sum += n;
    return sum;
  }
  [[nodiscard]] uint64_t of(Fate fate) const { return fates[static_cast<std::size_t>(fate)]; }
};

// All times are packet time in milliseconds since 1970, UTC.
struct WindowTimes {
  int64_t start_ms = 0;
  int64_t end_ms = 0;  // nominal, half-open
  int64_t live_from_ms = 0;
  int64_t live_to_ms = 0;  // beyond end_ms in an extended window
  uint64_t live_ms = 0;    // really watched; from a file live_to - live_from
  bool partial = false;
  bool extended = false;
  bool degraded = false;
  bool clock_stepped = false;
};

}  // namespace teiten
