// SPDX-License-Identifier: Apache-2.0
// Sources known one by one, for every row of an answer: within a day they are counted, not
// estimated (definitions: averages, ranks). The record may know too few (a flood's are capped, old
// ones have gone, folded packets have none), so a count is given only where the sources that are
// known sent all packets of the row.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "collector/query/gather.h"
#include "collector/query/key_name.h"

namespace teiten {

class ExactSources {
 public:
  static constexpr std::size_t kMost = 500'000;  // pairs of row and source; above, no counts

  // Of a cell with a source. IPv6 counts /64s.
  void Add(const RankKey& row, const Cell& cell);
  // Sources of the row if they are known to have sent all of `packets`.
  [[nodiscard]] std::optional<uint64_t> Count(const RankKey& row, uint64_t packets) const;

 private:
  struct Row {
    uint32_t number = 0;
    uint64_t packets = 0;
    uint64_t sources = 0;
  };
  absl::flat_hash_map<RankKey, Row, RankKeyHash> rows_;
  absl::flat_hash_set<std::tuple<uint32_t, Family, uint64_t>> known_;  // row, source
  bool too_many_ = false;
};

// Overwrites sources and their standard error if they are known.
void WriteExact(const ExactSources& exact, const RankKey& row, v1::Counts& out);

}  // namespace teiten
