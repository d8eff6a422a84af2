// SPDX-License-Identifier: Apache-2.0
// How long sensors watched and how many addresses they had, added up the same way for rollups,
// answers and reports.
//
// Live time never exceeds the time that was covered: what workers of one sensor, restarts, and a
// file that was read twice cover together counts once, and what each of them covers alone is
// added.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "collector/store/store_types.h"
#include "common/range_set.h"

namespace teiten {

// Coverage of one sensor, from its facts or from rollups of disjoint sets of them.
class CoverageSum {
 public:
  // In the order of StoreReader::ScanFacts. Both return the live time that was new.
  uint64_t Add(const StoredFact& fact);
  uint64_t Add(const CoverageRollup& rollup);

  [[nodiscard]] const CoverageRollup& sum() const { return sum_; }

 private:
  CoverageRollup sum_;
  // Of facts alone.
  RangeSet drops_unknown_;
  std::map<std::pair<uint8_t, uint16_t>, RangeSet> blind_;
};

// N4 and P6 of a selection (definitions): the time-weighted mean, over the time in which any of
// its sensors watched and knew its addresses, of the sum over the sensors that then watched.
struct MeanAddresses {
  uint64_t live_ms = 0;  // that time
  double n4 = 0;
  double p6 = 0;
};
// One entry a sensor; their order does not matter but for the last digits of the sums.
[[nodiscard]] MeanAddresses MeanAddressesOf(const std::vector<const CoverageRollup*>& sensors);

}  // namespace teiten
