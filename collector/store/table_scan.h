// SPDX-License-Identifier: Apache-2.0
// Reads a long range of a table in short read transactions: none outlives 10,000 rows or 200 ms,
// so that the writer's log can be brought in and start again. The next transaction goes on after
// the last key; rows that were replaced in between are read old or new, never twice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "collector/store/sqlite_db.h"

namespace teiten {

struct TableScan {
  // Selects the key columns first: whole numbers, then at most one text. Its conditions begin
  // with those of `bind` and end with (keys) > (?, …), ordered by the keys.
  std::string_view sql;
  std::function<void(Statement&)> bind;
  std::vector<int64_t> after;  // one per number in the key
  bool text_key = false;
  std::string after_text;
};

// The visitor sees the statement at each row; false stops.
[[nodiscard]] absl::Status ScanTable(SqliteDb& db, TableScan scan,
                                     const std::function<bool(const Statement&)>& visit);

}  // namespace teiten
