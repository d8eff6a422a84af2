// SPDX-License-Identifier: Apache-2.0
#include "sensor/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "common/time_format.h"
#include "sensor/aggregate/flow_table.h"

namespace teiten {
namespace {

constexpr int64_t kFixedBytes = (24 + 24 + 12) << 20;
constexpr uint32_t kRowStep = 8192;

int64_t TableBytes(uint32_t rows) {
  const uint32_t index_words = std::bit_ceil(rows + (rows + 2) / 3);
  return int64_t{rows} * 64 + int64_t{index_words} * 4;
}

}  // namespace

absl::StatusOr<MemoryPlan> PlanMemory(int64_t limit_bytes, int64_t ring_bytes, uint32_t workers) {
  const int64_t tables = int64_t{2} * workers;
  const int64_t per_table = (limit_bytes - kFixedBytes - ring_bytes) / tables;
  const int64_t least = kFixedBytes + ring_bytes + tables * TableBytes(2 * kRowStep);
  if (per_table < TableBytes(2 * kRowStep)) {
    return absl::InvalidArgumentError(
        fmt::format("process.memory_limit: {} is too small with a ring of {} and {} worker(s); the "
                    "least that works is {}, or less with a smaller capture.ring",
                    FormatBytes(static_cast<uint64_t>(limit_bytes)),
                    FormatBytes(static_cast<uint64_t>(ring_bytes)), workers,
                    FormatBytes(static_cast<uint64_t>(least))));
  }
  uint32_t rows = 2 * kRowStep;
  while (rows + kRowStep <= FlowTable::kMostRows && TableBytes(rows + kRowStep) <= per_table) {
    rows += kRowStep;
  }
  return MemoryPlan{rows, ring_bytes};
}

}  // namespace teiten
