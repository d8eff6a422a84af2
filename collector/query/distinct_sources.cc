// SPDX-License-Identifier: Apache-2.0
#include "collector/query/distinct_sources.h"

namespace teiten {

void DistinctSources::Add(Family family, const Address& address) {
  const Address source = family == Family::kIpv6 ? Address{address.high, 0} : address;
  if (sketch_) {
    sketch_->AddHash(SketchHash(*multipliers_, family, source));
    return;
  }
  exact_.insert({family, source});
  if (exact_.size() > most_exact_) ToSketch();
}

void DistinctSources::Merge(const HyperLogLog& sketch) {
  if (sketch.empty()) return;
  if (!sketch_) ToSketch();
  sketch_->Merge(sketch);
}

void DistinctSources::ToSketch() {
  sketch_ = std::make_unique<HyperLogLog>(uint8_t{14});
  for (const Source& s : exact_) {
    sketch_->AddHash(SketchHash(*multipliers_, s.first, s.second));
  }
  absl::flat_hash_set<Source, Hash>().swap(exact_);
}

double DistinctSources::Count() const {
  return foreign_ + (sketch_ ? sketch_->Estimate() : static_cast<double>(exact_.size()));
}

void DistinctSources::Write(v1::Counts& out) const {
  out.set_sources(Count());
  out.set_sources_standard_error(sketch_ ? sketch_->StandardError() : 0.0);
}

}  // namespace teiten
