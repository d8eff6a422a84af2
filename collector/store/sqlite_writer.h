// SPDX-License-Identifier: Apache-2.0
// The writing side of the SQLite store: the only writer of its files, hence the only one that
// checkpoints them. Rules of commit and recovery: sqlite_store.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/fact_file.h"
#include "collector/store/record_db.h"
#include "collector/store/rollup_db.h"
#include "collector/store/sqlite_paths.h"
#include "collector/store/sqlite_store.h"
#include "collector/store/store.h"
#include "collector/store/store_health.h"

namespace teiten {

// Length of a write-ahead log that is worth bringing into its file.
inline constexpr int kCheckpointPages = 1000;

// Facts: sqlite_commit.cc. Retention: sqlite_retention.cc. The rest: sqlite_writer.cc, opening and
// recovery: sqlite_open.cc.
class SqliteWriter final : public StoreWriter {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SqliteWriter>> Open(
      const SqliteStoreOptions& options);

  [[nodiscard]] absl::StatusOr<std::vector<FactVerdict>> CommitFacts(
      std::span<const AcceptedFact> facts) override;
  [[nodiscard]] absl::Status CommitGaps(const std::string& sensor, const Spool& spool,
                                        std::span<const v1::Gap> gaps) override;
  [[nodiscard]] absl::Status CommitRejection(const FactKey& key, v1::Rejection::Reason reason,
                                             const std::string& detail) override;
  [[nodiscard]] absl::Status CommitContact(const SensorContact& contact) override;
  [[nodiscard]] absl::StatusOr<SpoolLedger> Ledger(const std::string& sensor,
                                                   const Spool& spool) override;
  [[nodiscard]] absl::StatusOr<v1::DeploymentKey> DeploymentKey() override;
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) override;
  [[nodiscard]] absl::StatusOr<uint64_t> HourGeneration(int64_t hour_unix_ms) override;
  [[nodiscard]] absl::StatusOr<bool> ReplaceHour(const HourRollup& hour, uint64_t generation,
                                                 std::span<const SourceDay> sources) override;
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> StaleDays(uint32_t limit) override;
  [[nodiscard]] absl::Status ReplaceDay(int64_t day_unix_ms) override;
  [[nodiscard]] absl::StatusOr<bool> ApplyRetention(int64_t now_unix_ms) override;

  [[nodiscard]] const StorePaths& paths() const { return paths_; }
  [[nodiscard]] const StoreHealth& health() const { return health_; }  // any thread

 private:
  struct OpenDay {
    FactFile file;
    uint64_t used = 0;
  };
  // What one batch leaves for record.db.
  struct Batch {
    std::map<int64_t, FactDay> days;
    std::map<std::pair<std::string, Spool>, RangeSet> stored;
    std::map<std::string, NewestWindow> newest;
    std::vector<int64_t> hours;
    std::vector<const AcceptedFact*> conflicts;
  };

  SqliteWriter(StorePaths paths, const SqliteStoreOptions& options, RecordDb record,
               RollupDb rollup);

  // Opening.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SqliteWriter>> OpenFiles(
      const SqliteStoreOptions& options);
  [[nodiscard]] absl::Status LoadMeta(const SqliteStoreOptions& options);
  [[nodiscard]] absl::Status MakeMeta(const SqliteStoreOptions& options);
  [[nodiscard]] absl::Status Recover();
  [[nodiscard]] absl::Status RecoverDay(int64_t day_unix_ms, const FactDay& known);

  // Before and after each change.
  [[nodiscard]] absl::Status Ready();
  // Returns what `result` is, after telling `health_`.
  template <typename Result>
  [[nodiscard]] Result Noted(StoreHealth::Task task, Result result);
  [[nodiscard]] absl::Status ChangeRecord(const std::function<absl::Status()>& change);
  [[nodiscard]] absl::StatusOr<bool> TryReplaceHour(const HourRollup& hour, uint64_t generation,
                                                    std::span<const SourceDay> sources);
  // In a transaction of record.db.
  [[nodiscard]] absl::Status InRecord(const std::function<absl::Status()>& change);

  // Facts.
  [[nodiscard]] absl::StatusOr<FactFile*> DayFile(int64_t day_unix_ms);
  [[nodiscard]] absl::StatusOr<std::vector<FactVerdict>> TryCommit(
      std::span<const AcceptedFact> facts);
  [[nodiscard]] absl::StatusOr<FactVerdict> CompareStored(const AcceptedFact& fact);
  [[nodiscard]] absl::Status StoreDay(int64_t day_unix_ms,
                                      std::span<const AcceptedFact* const> facts,
                                      std::map<const AcceptedFact*, FactVerdict>& verdicts,
                                      Batch& batch);
  void NoteStored(const FactHead& head, int64_t day_unix_ms, Batch& batch) const;
  [[nodiscard]] absl::Status CommitRecord(const Batch& batch);

  // Retention: each handles the oldest day that may go; true if there was one.
  [[nodiscard]] absl::StatusOr<bool> MayExpire(int64_t day_unix_ms, int64_t before_unix_ms,
                                               bool facts_may_be_kept);
  [[nodiscard]] absl::StatusOr<bool> ExpireFacts(int64_t before_unix_ms);
  [[nodiscard]] absl::StatusOr<bool> ExpireHours(int64_t before_unix_ms);
  [[nodiscard]] absl::StatusOr<bool> ExpireSources(int64_t before_unix_ms);
  [[nodiscard]] absl::Status FinishExpiry(FactDay day);

  // Set once, at opening.
  StorePaths paths_;
  const Retention retention_;
  v1::DeploymentKey deployment_key_;

  RecordDb record_;
  RollupDb rollup_;
  std::map<int64_t, OpenDay> open_days_;
  uint64_t uses_ = 0;
  uint64_t generation_ = 0;    // of the last batch
  bool recover_first_ = true;  // the ledger may be behind the day files
  bool doubt_ = true;          // and the files behind what can be read
  StoreHealth health_;
};

template <typename Result>
Result SqliteWriter::Noted(StoreHealth::Task task, Result result) {
  const absl::Status& status = [&]() -> const absl::Status& {
    if constexpr (std::is_same_v<Result, absl::Status>) {
      return result;
    } else {
      return result.status();
    }
  }();
  health_.Note(task, status);
  // A full disk and a busy file leave nothing half-done; neither does what was never tried.
  doubt_ |= !status.ok() && !absl::IsResourceExhausted(status) && !absl::IsUnavailable(status) &&
            !absl::IsInvalidArgument(status) && !absl::IsAborted(status);
  return result;
}

}  // namespace teiten
