// SPDX-License-Identifier: Apache-2.0
#include "collector/report/distinct.h"

#include <algorithm>
#include <cmath>

namespace teiten::report {

void SketchSum::Add(const RollupRow& row) {
  foreign_ += row.foreign_sources;
  if (row.sources.empty()) return;
  if (sketch_) {
    sketch_->Merge(row.sources);
  } else {
    sketch_ = row.sources;
  }
}

Distinct SketchSum::Estimate() const {
  Distinct d;
  if (!sketch_) return {std::round(foreign_), 0};
  d.count = std::round(sketch_->Estimate() + foreign_);
  d.standard_error = sketch_->StandardError();
  return d;
}

Distinct SourceSet::Count() {
  std::sort(all_.begin(), all_.end());
  all_.erase(std::unique(all_.begin(), all_.end()), all_.end());
  return {static_cast<double>(all_.size()), 0};
}

}  // namespace teiten::report
