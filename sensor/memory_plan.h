// SPDX-License-Identifier: Apache-2.0
// How the memory limit is shared out at start, so that no traffic can pass it.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"

namespace teiten {

struct MemoryPlan {
  uint32_t rows_per_table = 0;  // two tables a worker
  int64_t ring_bytes = 0;
};

// Code and gRPC 24 MiB, encoder 24, solicited arrays, folded rows and sketches 12, the rings; the
// rest is two tables per worker. InvalidArgument says the least limit that works.
[[nodiscard]] absl::StatusOr<MemoryPlan> PlanMemory(int64_t limit_bytes, int64_t ring_bytes,
                                                    uint32_t workers);

}  // namespace teiten
