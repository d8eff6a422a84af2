// SPDX-License-Identifier: Apache-2.0
// All that a rank needs of one period: packets per key and sensor, counts, coverage.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "collector/query/coverage.h"
#include "collector/query/distinct_sources.h"
#include "collector/query/exact_sources.h"
#include "collector/query/gather.h"
#include "collector/query/key_name.h"
#include "collector/query/query_context.h"
#include "collector/query/rank_math.h"

namespace teiten {

inline constexpr std::size_t kMostRankKeys = 500'000;

// IPv4 alone is per N4, IPv6 alone per P6, both per sensor.
[[nodiscard]] RankUnit UnitOf(const RecordFilter& filter);

class RankPeriod {
 public:
  // All arguments outlive this object.
  RankPeriod(StoreReader& store, const QueryContext& context, const RecordFilter& filter,
             v1::RankBy by);

  // Once. Errors: ResourceExhausted above kMostRankKeys and those of Gather.
  [[nodiscard]] absl::Status Read();

  [[nodiscard]] RankInput Input() const;
  // Of a key of Input().
  void WriteCounts(const RankKey& key, v1::Counts& out) const;
  void WriteTotals(v1::RankReply& out) const;
  [[nodiscard]] absl::Status WriteCoverage(v1::Coverage& out) const;

  [[nodiscard]] uint64_t total_packets() const { return total_.packets; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] bool ipv6() const { return ipv6_; }  // some source is
  [[nodiscard]] const CoverageBook& book() const { return book_; }
  // No sensor that watched knows its observed addresses.
  [[nodiscard]] bool addresses_unknown() const;

 private:
  struct Sum {
    uint64_t packets = 0, bytes = 0, tuples = 0;
    void Add(const Cell& cell);
    void Write(v1::Counts& out) const;
  };
  struct Entry {
    Sum sum;
    std::optional<DistinctSources> sources;  // estimated; absent: the key is the source
    absl::InlinedVector<std::pair<const std::string*, uint64_t>, 2> packets_at;  // by sensor
  };

  absl::Status Add(const Cell& cell);
  void AddExact(const Cell& cell);
  [[nodiscard]] double SourcesOf(const RankKey& key) const;
  [[nodiscard]] uint64_t expected_ms() const;
  [[nodiscard]] SensorPeriod PeriodOf(const std::string& name, const CoverageRollup& c) const;

  StoreReader& store_;
  const QueryContext& context_;
  const RecordFilter& filter_;
  const v1::RankBy by_;
  CoverageBook book_;
  std::string description_;
  absl::flat_hash_map<RankKey, Entry, RankKeyHash> entries_;
  bool ipv6_ = false;
  Sum total_;
  Sum folded_;
  DistinctSources total_sources_;
  ExactSources exact_;
  ExactSources exact_total_;  // one row
};

}  // namespace teiten
