// SPDX-License-Identifier: Apache-2.0
// Distinct sources of a group of rows: exact while all come from facts and are few, else a
// HyperLogLog. Answers carry the standard error, 0 where the count is exact. IPv6 counts /64s.
#pragma once

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "common/address.h"
#include "common/hyperloglog.h"
#include "common/keyed_hash.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

// Said with an answer in which IPv6 sources are counted.
inline constexpr const char* kBy64Note = "IPv6 sources are counted by their /64";

class DistinctSources {
 public:
  static constexpr std::size_t kMostExact = 4096;

  // `multipliers` are those of the rollups' sketches and outlive this object. Up to `most_exact`
  // sources are counted one by one.
  explicit DistinctSources(const HashMultipliers* multipliers, std::size_t most_exact = kMostExact)
      : multipliers_(multipliers), most_exact_(most_exact) {}

  void Add(Family family, const Address& address);
  void Merge(const HyperLogLog& sketch);
  void AddUpperBound(double sources) { foreign_ += sources; }
  void Write(v1::Counts& out) const;
  [[nodiscard]] double Count() const;

 private:
  using Source = std::pair<Family, Address>;
  struct Hash {
    std::size_t operator()(const Source& s) const {
      return Mix64(s.second.low ^ Mix64(s.second.high + static_cast<uint64_t>(s.first)));
    }
  };
  void ToSketch();

  const HashMultipliers* multipliers_;
  std::size_t most_exact_;
  absl::flat_hash_set<Source, Hash> exact_;
  std::unique_ptr<HyperLogLog> sketch_;
  double foreign_ = 0;  // sketched under other keys: an upper bound
};

}  // namespace teiten
