// SPDX-License-Identifier: Apache-2.0
// Adds rows of one rollup table, read from rollup.db, up to an answer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "collector/store/rollup_reader.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/store_types.h"

namespace teiten {

// How a table is read: key columns after `tier`, then values; and where they stand in that order.
struct RollupColumns {
  const char* table = "";
  const char* keys = "";    // start, layer, …
  const char* values = "";  // packets, bytes, tuples, sources (, foreign_sources)
  int numbers = 0;          // of keys that are numbers; a region follows them
  // -1: the table lacks it.
  int protocol = -1, port = -1, kind = -1, family = -1, stream = -1, tool = -1, folded = -1;
  int region = -1, packets = -1;
};

class RollupAccumulator {
 public:
  // Both outlive it. Rows of streams that are not in the map are passed over.
  RollupAccumulator(const RollupQuery& query, const std::map<int64_t, RollupStream>& streams);

  // A row of hour or day `start`, read as columns() says, if the query asks for it. What goes
  // wrong is kept in status().
  void Add(int64_t start, const Statement& row);
  void Clear() { cells_.clear(); }
  // Sorted by RollupRowLess.
  [[nodiscard]] std::vector<RollupRow> Take();

  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] const RollupQuery& query() const { return query_; }
  [[nodiscard]] const RollupColumns& columns() const { return columns_; }

 private:
  // start, stream, kind, family, protocol, port, tool, folded, region
  using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t,
                         std::string>;
  struct Cell {
    RollupRow row;
    HyperLogLog foreign{14};
  };
  [[nodiscard]] bool Wanted(const Statement& row) const;
  void Begin(const Key& key, RollupRow& row) const;

  const RollupQuery& query_;
  const std::map<int64_t, RollupStream>& streams_;
  const RollupColumns& columns_;
  absl::flat_hash_map<Key, Cell> cells_;
  absl::Status status_;
};

}  // namespace teiten
