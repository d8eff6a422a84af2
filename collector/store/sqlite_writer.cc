// SPDX-License-Identifier: Apache-2.0
// The small changes. Opening and recovery: sqlite_open.cc. Facts: sqlite_commit.cc. Retention:
// sqlite_retention.cc.
#include "collector/store/sqlite_writer.h"

#include <cstdint>

namespace teiten {

using Task = StoreHealth::Task;

absl::Status SqliteWriter::InRecord(const std::function<absl::Status()>& change) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(record_.db());
  if (!transaction.ok()) return transaction.status();
  if (absl::Status s = change(); !s.ok()) return s;
  if (absl::Status s = transaction->Commit(); !s.ok()) return s;
  return record_.db().Checkpoint(kCheckpointPages);
}

absl::Status SqliteWriter::ChangeRecord(const std::function<absl::Status()>& change) {
  absl::Status s = Ready();
  if (s.ok()) s = InRecord(change);
  return Noted(Task::kRecord, s);
}

absl::Status SqliteWriter::CommitGaps(const std::string& sensor, const Spool& spool,
                                      std::span<const v1::Gap> gaps) {
  return ChangeRecord([&] {
    for (const v1::Gap& gap : gaps) {
      if (absl::Status s = record_.AddGap(sensor, spool, gap); !s.ok()) return s;
    }
    return absl::OkStatus();
  });
}

absl::Status SqliteWriter::CommitRejection(const FactKey& key, v1::Rejection::Reason reason,
                                           const std::string& detail) {
  return ChangeRecord([&] { return record_.AddRejection(key, reason, detail); });
}

absl::Status SqliteWriter::CommitContact(const SensorContact& contact) {
  return ChangeRecord([&] { return record_.SetContact(contact); });
}

absl::StatusOr<SpoolLedger> SqliteWriter::Ledger(const std::string& sensor, const Spool& spool) {
  if (absl::Status s = Ready(); !s.ok()) return Noted(Task::kRecord, s);
  return record_.Ledger(sensor, spool);
}

absl::StatusOr<v1::DeploymentKey> SqliteWriter::DeploymentKey() { return deployment_key_; }

absl::StatusOr<std::vector<int64_t>> SqliteWriter::DirtyHours(uint32_t limit) {
  return record_.DirtyHours(INT64_MIN, INT64_MAX, limit);
}

absl::StatusOr<uint64_t> SqliteWriter::HourGeneration(int64_t hour_unix_ms) {
  return record_.Generation(hour_unix_ms);
}

absl::StatusOr<std::vector<int64_t>> SqliteWriter::StaleDays(uint32_t limit) {
  return rollup_.StaleDays(limit);
}

absl::Status SqliteWriter::ReplaceDay(int64_t day_unix_ms) {
  absl::Status s = Ready();
  if (s.ok()) s = rollup_.ReplaceDay(day_unix_ms);
  if (s.ok()) s = rollup_.db().Checkpoint(kCheckpointPages);
  return Noted(Task::kRollups, s);
}

absl::StatusOr<bool> SqliteWriter::ReplaceHour(const HourRollup& hour, uint64_t generation,
                                               std::span<const SourceDay> sources) {
  if (absl::Status s = Ready(); !s.ok()) return Noted(Task::kRollups, s);
  return Noted(Task::kRollups, TryReplaceHour(hour, generation, sources));
}

absl::StatusOr<bool> SqliteWriter::TryReplaceHour(const HourRollup& hour, uint64_t generation,
                                                  std::span<const SourceDay> sources) {
  const int64_t start = hour.start_unix_ms;
  const absl::StatusOr<uint64_t> now = record_.Generation(start);
  if (!now.ok()) return now.status();
  if (*now == 0) return absl::AbortedError("the hour is clean");
  absl::Status s = rollup_.ReplaceHour(paths_.zone.DayOf(start), hour, sources);
  if (s.ok()) s = rollup_.db().Checkpoint(kCheckpointPages);
  if (!s.ok()) return s;
  if (*now != generation) return false;
  s = InRecord([&] { return record_.MarkClean(start); });
  if (!s.ok()) return s;
  return true;
}

}  // namespace teiten
