// SPDX-License-Identifier: Apache-2.0
// record.db: what must never be lost beside the facts themselves. Which sequences of each spool
// are settled (for ever, so that a summary resent after its day is gone is still known), gaps,
// rejections, conflicts, contacts, days of facts, dirty hours, and what was chosen when the store
// was made.
//
// Threads: the one that opened it. All that changes runs within a transaction of db().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/fact_file.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/store_types.h"
#include "common/range_set.h"

namespace teiten {

// Stored as numbers; never reuse one.
enum class RangeState { kStored = 1, kRejected = 2, kGap = 3 };
enum class DayState { kKept = 0, kExpiring = 1, kGone = 2 };

// A day of facts.
struct FactDay {
  int64_t day_unix_ms = 0;
  DayState state = DayState::kKept;
  int64_t covered_id = 0;        // facts up to this id stand in the ranges
  int64_t received_unix_ms = 0;  // when its newest fact came
};

struct NewestWindow {
  std::string sensor;
  std::string group;
  int64_t window_end_unix_ms = 0;
  int64_t day_unix_ms = 0;
  int64_t fact_id = 0;
};

[[nodiscard]] std::vector<v1::SequenceRange> ToProto(const RangeSet& ranges);

class RecordDb {
 public:
  // Kept aside per spool; more are only counted.
  static constexpr int kMostConflictsKept = 100;
  static constexpr int kMostRejectionsKept = 1000;
  static constexpr std::size_t kMostDetailBytes = 500;

  [[nodiscard]] static absl::StatusOr<RecordDb> Open(const std::string& path, SqliteMode mode);

  // ---- meta
  [[nodiscard]] absl::StatusOr<std::optional<std::string>> Meta(std::string_view name);
  [[nodiscard]] absl::Status SetMeta(std::string_view name, std::string_view value);

  // ---- ledger
  [[nodiscard]] absl::StatusOr<bool> IsStored(const FactKey& key);
  [[nodiscard]] absl::Status AddRange(const std::string& sensor, const Spool& spool,
                                      RangeState state, RangeSet::Range span);
  // The gap's interval holds for all its pieces; what is stored or declared already is left out.
  [[nodiscard]] absl::Status AddGap(const std::string& sensor, const Spool& spool,
                                    const v1::Gap& gap);
  [[nodiscard]] absl::Status AddRejection(const FactKey& key, v1::Rejection::Reason reason,
                                          std::string_view detail);
  [[nodiscard]] absl::Status AddConflict(const AcceptedFact& fact);
  [[nodiscard]] absl::StatusOr<SpoolLedger> Ledger(const std::string& sensor, const Spool& spool);
  [[nodiscard]] absl::StatusOr<std::vector<std::pair<std::string, Spool>>> Spools();

  // ---- sensors
  [[nodiscard]] absl::Status SetContact(const SensorContact& contact);
  [[nodiscard]] absl::StatusOr<std::vector<SensorContact>> Contacts();
  // Kept only if newer than what is there.
  [[nodiscard]] absl::Status NoteWindow(const NewestWindow& window);
  [[nodiscard]] absl::StatusOr<std::vector<NewestWindow>> NewestWindows();

  // ---- days and hours
  [[nodiscard]] absl::StatusOr<std::vector<FactDay>> Days();
  [[nodiscard]] absl::StatusOr<std::optional<FactDay>> Day(int64_t day_unix_ms);
  [[nodiscard]] absl::Status SetDay(const FactDay& day);
  [[nodiscard]] absl::Status MarkDirty(int64_t hour_unix_ms, uint64_t generation);
  [[nodiscard]] absl::Status MarkClean(int64_t hour_unix_ms);
  [[nodiscard]] absl::StatusOr<uint64_t> Generation(int64_t hour_unix_ms);  // 0: clean
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> DirtyHours(int64_t from_unix_ms,
                                                                int64_t to_unix_ms, uint32_t limit);

  [[nodiscard]] SqliteDb& db() { return *db_; }

 private:
  explicit RecordDb(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}
  [[nodiscard]] absl::StatusOr<int64_t> SpoolId(const std::string& sensor, const Spool& spool);
  [[nodiscard]] absl::StatusOr<int64_t> MakeSpoolId(const std::string& sensor, const Spool& spool);
  [[nodiscard]] absl::StatusOr<RangeSet> Ranges(int64_t spool_id, RangeState state);
  [[nodiscard]] absl::StatusOr<std::vector<v1::Gap>> Gaps(int64_t spool_id);

  std::unique_ptr<SqliteDb> db_;
};

}  // namespace teiten
