// SPDX-License-Identifier: Apache-2.0
// Opening, recovery and the small changes. Facts: sqlite_commit.cc. Retention:
// sqlite_retention.cc.
#include "collector/store/sqlite_writer.h"

#include <sys/random.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/log.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kOffsetMeta = "utc_offset_minutes";
constexpr std::string_view kKeyMeta = "deployment_key";
constexpr std::string_view kGenerationMeta = "generation";

std::string ZoneText(int minutes) {
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                     std::abs(minutes) % 60);
}

absl::StatusOr<v1::DeploymentKey> RandomKey() {
  uint64_t id = 0;
  std::string key(16, '\0');
  // Id 0 is the published key's.
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != static_cast<ssize_t>(sizeof id)) {
      return absl::InternalError("getrandom failed");
    }
  }
  if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) {
    return absl::InternalError("getrandom failed");
  }
  v1::DeploymentKey out;
  out.set_id(id);
  out.set_key(key);
  return out;
}

// What is missing although the store was made before is a loss, not a beginning.
absl::Status AsLoss(const absl::Status& status) {
  if (!absl::IsNotFound(status)) return status;
  return absl::DataLossError(
      fmt::format("{}, though the store has data; restore it from a backup, nothing was changed",
                  std::string(status.message())));
}

absl::Status CheckFresh(const StorePaths& paths) {
  const absl::StatusOr<std::vector<int64_t>> days = ListFactDays(paths);
  if (!days.ok()) return days.status();
  if (!days->empty()) {
    return AsLoss(
        absl::NotFoundError(fmt::format("{}: the record file is missing", paths.Record())));
  }
  if (!FileExists(paths.Rollup())) return absl::OkStatus();
  absl::StatusOr<RollupDb> rollup = RollupDb::Open(paths.Rollup(), SqliteMode::kCreate);
  if (!rollup.ok()) return rollup.status();
  const absl::StatusOr<std::vector<int64_t>> hours = rollup->Hours();
  if (!hours.ok()) return hours.status();
  if (hours->empty()) return absl::OkStatus();
  return AsLoss(absl::NotFoundError(fmt::format("{}: the record file is missing", paths.Record())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::Open(
    const SqliteStoreOptions& options) {
  if (absl::Status s = CheckSqliteVersion(); !s.ok()) return s;
  if (!Zone::Valid(options.utc_offset_minutes)) {
    return absl::InvalidArgumentError(
        fmt::format("utc_offset_minutes {}: is not a multiple of 15 within 18 hours",
                    options.utc_offset_minutes));
  }
  StorePaths paths{.folder = options.folder, .zone = Zone(options.utc_offset_minutes)};
  for (const std::string& folder : {paths.folder, paths.Facts()}) {
    if (absl::Status s = MakeFolder(folder); !s.ok()) return s;
  }
  const bool fresh = !FileExists(paths.Record());
  if (fresh) {
    if (absl::Status s = CheckFresh(paths); !s.ok()) return s;
  }
  // record.db is made last: where it is, the store is.
  const SqliteMode mode = fresh ? SqliteMode::kCreate : SqliteMode::kWriter;
  absl::StatusOr<RollupDb> rollup = RollupDb::Open(paths.Rollup(), mode);
  if (!rollup.ok()) return AsLoss(rollup.status());
  absl::StatusOr<RecordDb> record = RecordDb::Open(paths.Record(), mode);
  if (!record.ok()) return record.status();
  if (absl::Status s = record->db().QuickCheck(); !s.ok()) return s;

  std::unique_ptr<SqliteWriter> writer(new SqliteWriter(std::move(paths), options.retention,
                                                        *std::move(record), *std::move(rollup)));
  if (absl::Status s = writer->LoadMeta(options); !s.ok()) return s;
  if (absl::Status s = writer->Recover(); !s.ok()) return s;
  if (absl::Status s = SyncFolder(options.folder); !s.ok()) return s;
  return writer;
}

absl::Status SqliteWriter::MakeMeta(const SqliteStoreOptions& options) {
  absl::StatusOr<v1::DeploymentKey> key =
      options.deployment_key.has_value() ? *options.deployment_key : RandomKey();
  if (!key.ok()) return key.status();
  return InRecord([&] {
    absl::Status s = record_.SetMeta(kKeyMeta, key->SerializeAsString());
    if (s.ok()) s = record_.SetMeta(kGenerationMeta, "0");
    if (s.ok()) s = record_.SetMeta(kOffsetMeta, fmt::format("{}", options.utc_offset_minutes));
    return s;
  });
}

absl::Status SqliteWriter::LoadMeta(const SqliteStoreOptions& options) {
  absl::StatusOr<std::optional<std::string>> offset = record_.Meta(kOffsetMeta);
  if (!offset.ok()) return offset.status();
  if (!offset->has_value()) {  // new, or the crash came between schema and meta
    if (absl::Status s = MakeMeta(options); !s.ok()) return s;
    offset = record_.Meta(kOffsetMeta);
    if (!offset.ok()) return offset.status();
  }
  if (**offset != fmt::format("{}", options.utc_offset_minutes)) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: data.zone: the store was made with {} and keeps it; {} was asked for: leave "
        "it out, or give another folder",
        paths_.Record(), ZoneText(std::atoi((*offset)->c_str())),
        ZoneText(options.utc_offset_minutes)));
  }
  const absl::StatusOr<std::optional<std::string>> key = record_.Meta(kKeyMeta);
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::optional<std::string>> generation = record_.Meta(kGenerationMeta);
  if (!generation.ok()) return generation.status();
  if (!key->has_value() || !generation->has_value() || !deployment_key_.ParseFromString(**key) ||
      deployment_key_.key().size() != 16) {
    return absl::DataLossError(fmt::format("{}: has no deployment key", paths_.Record()));
  }
  generation_ = std::strtoull((*generation)->c_str(), nullptr, 10);
  return absl::OkStatus();
}

absl::Status SqliteWriter::Recover() {
  const absl::StatusOr<std::vector<FactDay>> known = record_.Days();
  if (!known.ok()) return known.status();
  std::map<int64_t, FactDay> days;
  for (const FactDay& day : *known) {
    if (day.state == DayState::kExpiring) {
      if (absl::Status s = FinishExpiry(day); !s.ok()) return s;
    } else if (day.state == DayState::kKept) {
      days[day.day_unix_ms] = day;
    }
  }
  const absl::StatusOr<std::vector<int64_t>> files = ListFactDays(paths_);
  if (!files.ok()) return files.status();
  for (const int64_t day : *files) days.try_emplace(day, FactDay{.day_unix_ms = day});
  for (const auto& [day, entry] : days) {
    if (absl::Status s = RecoverDay(day, entry); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// Adds to the ledger what the day's file holds beyond it.
absl::Status SqliteWriter::RecoverDay(int64_t day_unix_ms, const FactDay& known) {
  const absl::StatusOr<FactFile*> file = DayFile(day_unix_ms);
  if (!file.ok()) return AsLoss(file.status());
  Batch batch;
  uint64_t found = 0;
  absl::Status s = (*file)->ForEachHeadAfter(known.covered_id, [&](const FactHead& head) {
    NoteStored(head, day_unix_ms, batch);
    ++found;
    return absl::OkStatus();
  });
  if (!s.ok() || found == 0) return s;
  Log(LogLevel::kInfo, "store_recovered",
      {{"file", (*file)->db().path()}, {"facts", fmt::format("{}", found)}});
  return CommitRecord(batch);
}

absl::Status SqliteWriter::Ready() {
  if (!fatal_.ok()) return fatal_;
  if (!recover_first_) return absl::OkStatus();
  if (absl::Status s = Recover(); !s.ok()) return Note(s);
  recover_first_ = false;
  return absl::OkStatus();
}

absl::Status SqliteWriter::Note(absl::Status status) {
  if (status.ok() || !absl::IsInternal(status)) return status;
  if (fatal_.ok()) {
    fatal_ = absl::InternalError(
        fmt::format("the store is not written any more until it is opened again: {}",
                    std::string(status.message())));
    Log(LogLevel::kError, "store_failed", {{"why", std::string(status.message())}});
  }
  return status;
}

absl::Status SqliteWriter::InRecord(const std::function<absl::Status()>& change) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(record_.db());
  if (!transaction.ok()) return Note(transaction.status());
  if (absl::Status s = change(); !s.ok()) return Note(s);
  if (absl::Status s = transaction->Commit(); !s.ok()) return Note(s);
  return Note(record_.db().Checkpoint(kCheckpointPages));
}

absl::Status SqliteWriter::CommitGaps(const std::string& sensor, const Spool& spool,
                                      std::span<const v1::Gap> gaps) {
  if (absl::Status s = Ready(); !s.ok()) return s;
  return InRecord([&] {
    for (const v1::Gap& gap : gaps) {
      if (absl::Status s = record_.AddGap(sensor, spool, gap); !s.ok()) return s;
    }
    return absl::OkStatus();
  });
}

absl::Status SqliteWriter::CommitRejection(const FactKey& key, v1::Rejection::Reason reason,
                                           const std::string& detail) {
  if (absl::Status s = Ready(); !s.ok()) return s;
  return InRecord([&] { return record_.AddRejection(key, reason, detail); });
}

absl::Status SqliteWriter::CommitContact(const SensorContact& contact) {
  if (absl::Status s = Ready(); !s.ok()) return s;
  return InRecord([&] { return record_.SetContact(contact); });
}

absl::StatusOr<SpoolLedger> SqliteWriter::Ledger(const std::string& sensor, const Spool& spool) {
  if (absl::Status s = Ready(); !s.ok()) return s;
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
  if (absl::Status s = Ready(); !s.ok()) return s;
  if (absl::Status s = rollup_.ReplaceDay(day_unix_ms); !s.ok()) return Note(s);
  return Note(rollup_.db().Checkpoint(kCheckpointPages));
}

absl::StatusOr<bool> SqliteWriter::ReplaceHour(const HourRollup& hour, uint64_t generation,
                                               std::span<const SourceDay> sources) {
  if (absl::Status s = Ready(); !s.ok()) return s;
  const int64_t start = hour.start_unix_ms;
  const absl::StatusOr<uint64_t> now = record_.Generation(start);
  if (!now.ok()) return now.status();
  if (*now == 0) return absl::AbortedError("the hour is clean");
  absl::Status s = rollup_.ReplaceHour(paths_.zone.DayOf(start), hour, sources);
  if (s.ok()) s = rollup_.db().Checkpoint(kCheckpointPages);
  if (!s.ok()) return Note(s);
  if (*now != generation) return false;
  s = InRecord([&] { return record_.MarkClean(start); });
  if (!s.ok()) return s;
  return true;
}

}  // namespace teiten
