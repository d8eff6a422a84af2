// SPDX-License-Identifier: Apache-2.0
// Opening and recovery.
#include <sys/random.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "collector/store/sqlite_writer.h"
#include "common/log.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kOffsetMeta = "utc_offset_minutes";
constexpr std::string_view kKeyMeta = "deployment_key";
constexpr std::string_view kGenerationMeta = "generation";

int64_t SteadyMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

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
  return absl::DataLossError(fmt::format("{}, though the store has data; nothing was changed",
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

SqliteWriter::SqliteWriter(StorePaths paths, const SqliteStoreOptions& options, RecordDb record,
                           RollupDb rollup)
    : paths_(std::move(paths)),
      retention_(options.retention),
      record_(std::move(record)),
      rollup_(std::move(rollup)),
      health_(options.folder, options.mono_ms ? options.mono_ms : SteadyMs) {}

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::Open(
    const SqliteStoreOptions& options) {
  absl::StatusOr<std::unique_ptr<SqliteWriter>> writer = OpenFiles(options);
  switch (writer.status().code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return writer;
    default:
      return WithAdvice(writer.status(), options.folder);
  }
}

absl::StatusOr<std::unique_ptr<SqliteWriter>> SqliteWriter::OpenFiles(
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
  // record.db is made last: where it is, the store is.
  absl::StatusOr<RecordDb> record = RecordDb::Open(paths.Record(), SqliteMode::kWriter);
  const bool fresh = absl::IsNotFound(record.status());
  if (fresh) {
    if (absl::Status s = CheckFresh(paths); !s.ok()) return s;
  }
  absl::StatusOr<RollupDb> rollup =
      RollupDb::Open(paths.Rollup(), fresh ? SqliteMode::kCreate : SqliteMode::kWriter);
  if (!rollup.ok()) return AsLoss(rollup.status());
  if (fresh) record = RecordDb::Open(paths.Record(), SqliteMode::kCreate);
  if (!record.ok()) return record.status();
  if (absl::Status s = record->db().QuickCheck(); !s.ok()) return s;

  std::unique_ptr<SqliteWriter> writer(
      new SqliteWriter(std::move(paths), options, *std::move(record), *std::move(rollup)));
  if (absl::Status s = writer->LoadMeta(options); !s.ok()) return s;
  if (absl::Status s = writer->Ready(); !s.ok()) return s;
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
  if (doubt_) {
    if (absl::Status s = (*file)->db().CheckpointAll(); !s.ok()) return s;
  }
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

// Before anything is answered or changed: after a failure, see sqlite_store.h.
absl::Status SqliteWriter::Ready() {
  if (doubt_) {
    recover_first_ = true;
    open_days_.clear();  // Recover opens what there is
    if (absl::Status s = record_.db().CheckpointAll(); !s.ok()) return s;
    if (absl::Status s = rollup_.db().CheckpointAll(); !s.ok()) return s;
  }
  if (!recover_first_) return absl::OkStatus();
  if (absl::Status s = Recover(); !s.ok()) return s;
  recover_first_ = doubt_ = false;
  return absl::OkStatus();
}

}  // namespace teiten
