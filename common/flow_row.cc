// SPDX-License-Identifier: Apache-2.0
#include "common/flow_row.h"

#include <cmath>

#include "common/definitions.h"

namespace teiten {

uint32_t DestinationCount(uint64_t bitmap, bool exact) {
  const int ones = std::popcount(bitmap);
  if (exact) return static_cast<uint32_t>(ones);
  const int zeros = 64 - ones;
  if (zeros == 0) return definitions::kMostDestinations;
  const double count = std::round(64.0 * std::log(64.0 / zeros));
  return std::min(static_cast<uint32_t>(count), definitions::kMostDestinations);
}

}  // namespace teiten
