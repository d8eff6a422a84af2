// SPDX-License-Identifier: Apache-2.0
// The facts of one day: an SQLite file that holds envelopes exactly as accepted. It stands by
// itself: copied or restored alone it still says whose facts it holds.
//
// Threads: the one that opened it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/store_types.h"

namespace teiten {

// A fact without its envelope.
struct FactHead {
  int64_t id = 0;  // grows with each fact of the file
  FactPosition position;
  int64_t window_end_unix_ms = 0;
  std::string group;
};

class FactFile {
 public:
  [[nodiscard]] static absl::StatusOr<FactFile> Open(const std::string& path, SqliteMode mode);

  // Within a transaction of db(). nullopt: a fact of this key is there already.
  [[nodiscard]] absl::StatusOr<std::optional<int64_t>> Insert(const AcceptedFact& fact);
  // The content hash stored under the key.
  [[nodiscard]] absl::StatusOr<std::optional<std::string>> FindHash(const FactKey& key);
  // Up to `limit` heads of [from, to) after `after`, in order of position.
  [[nodiscard]] absl::StatusOr<std::vector<FactHead>> Heads(int64_t from_unix_ms,
                                                            int64_t to_unix_ms,
                                                            const FactPosition& after, int limit);
  // All heads with a greater id, in order of id.
  [[nodiscard]] absl::Status ForEachHeadAfter(int64_t id,
                                              const std::function<absl::Status(FactHead)>& visit);
  [[nodiscard]] absl::StatusOr<std::string> Envelope(int64_t id);

  [[nodiscard]] SqliteDb& db() { return *db_; }

 private:
  explicit FactFile(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
  // 0: none yet.
  [[nodiscard]] absl::StatusOr<int64_t> SpoolId(const FactKey& key);

  std::unique_ptr<SqliteDb> db_;
};

[[nodiscard]] std::string SpoolBytes(const Spool& spool);
// All zeros unless 16 bytes.
[[nodiscard]] Spool SpoolFromBytes(std::string_view bytes);

}  // namespace teiten
