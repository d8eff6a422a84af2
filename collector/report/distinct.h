// SPDX-License-Identifier: Apache-2.0
// Distinct sources of a set of rows: counted one by one where the day's sources are all known,
// else estimated from sketches, with the standard error.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "collector/query/rank_math.h"
#include "collector/store/store_types.h"

namespace teiten::report {

struct Distinct {
  double count = 0;
  double standard_error = 0;  // relative; 0 is exact
};

// A sum of sketches of any precision.
class SketchSum {
 public:
  void Add(const RollupRow& row);
  [[nodiscard]] Distinct Estimate() const;

 private:
  std::optional<HyperLogLog> sketch_;
  double foreign_ = 0;  // sources sketched under other keys: an upper bound
};

// Sources one by one.
class SourceSet {
 public:
  void Add(const SourceDay& source) { all_.emplace_back(source.family, source.source); }
  [[nodiscard]] Distinct Count();

 private:
  std::vector<std::pair<Family, Address>> all_;
};

}  // namespace teiten::report
