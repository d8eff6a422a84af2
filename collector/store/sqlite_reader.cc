// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_reader.h"

#include <algorithm>
#include <optional>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int kHeadsAtOnce = 1000;

bool Selected(const std::vector<std::string>& wanted, const std::string& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

absl::StatusOr<v1::WindowSummary> OpenStored(FactFile& file, int64_t id) {
  const absl::StatusOr<std::string> bytes = file.Envelope(id);
  if (!bytes.ok()) return bytes.status();
  v1::Envelope envelope;
  if (!envelope.ParseFromString(*bytes)) {
    return absl::DataLossError(fmt::format("{}: fact {}: damaged envelope", file.db().path(), id));
  }
  absl::StatusOr<v1::WindowSummary> summary = teiten::Open(envelope);
  if (summary.ok()) return summary;
  return absl::DataLossError(fmt::format("{}: fact {}: {}", file.db().path(), id,
                                         std::string(summary.status().message())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteReader>> SqliteReader::Open(const StorePaths& paths) {
  absl::StatusOr<RecordDb> record = RecordDb::Open(paths.Record(), SqliteMode::kReader);
  if (!record.ok()) return record.status();
  absl::StatusOr<RollupDb> rollup = RollupDb::Open(paths.Rollup(), SqliteMode::kReader);
  if (!rollup.ok()) return rollup.status();
  return std::unique_ptr<SqliteReader>(
      new SqliteReader(paths, *std::move(record), *std::move(rollup)));
}

absl::StatusOr<std::optional<FactFile>> SqliteReader::OpenDay(int64_t day_unix_ms) {
  absl::StatusOr<FactFile> file = FactFile::Open(paths_.FactsOf(day_unix_ms), SqliteMode::kReader);
  if (file.ok()) return std::optional<FactFile>(*std::move(file));
  if (!absl::IsNotFound(file.status())) return file.status();
  const absl::StatusOr<std::optional<FactDay>> day = record_.Day(day_unix_ms);
  if (!day.ok()) return day.status();
  if (day->has_value() && (*day)->state == DayState::kKept) {
    return absl::DataLossError(std::string(file.status().message()));
  }
  return std::optional<FactFile>();
}

absl::StatusOr<bool> SqliteReader::ScanDay(FactFile& file, const FactSelection& selection,
                                           const HeadVisitor& visit) {
  FactPosition after = selection.after.value_or(FactPosition{});
  for (;;) {
    const absl::StatusOr<std::vector<FactHead>> heads =
        file.Heads(selection.from_unix_ms, selection.to_unix_ms, after, kHeadsAtOnce);
    if (!heads.ok()) return heads.status();
    for (const FactHead& head : *heads) {
      if (!Selected(selection.sensors, head.position.key.sensor)) continue;
      if (!Selected(selection.groups, head.group)) continue;
      absl::StatusOr<bool> more = visit(file, head);
      if (!more.ok() || !*more) return more;
    }
    if (heads->size() < kHeadsAtOnce) return true;
    after = heads->back().position;
  }
}

absl::Status SqliteReader::ScanFacts(const FactSelection& selection,
                                     const std::function<bool(const StoredFact&)>& visit) {
  return ScanHeads(selection, [&](FactFile& file, const FactHead& head) -> absl::StatusOr<bool> {
    absl::StatusOr<v1::WindowSummary> summary = OpenStored(file, head.id);
    if (!summary.ok()) return summary.status();
    return visit({.key = head.position.key,
                  .window_start_unix_ms = head.position.window_start_unix_ms,
                  .group = head.group,
                  .summary = *std::move(summary)});
  });
}

absl::Status SqliteReader::ScanWindows(const FactSelection& selection,
                                       const std::function<bool(const StoredWindow&)>& visit) {
  return ScanHeads(selection, [&](FactFile&, const FactHead& head) -> absl::StatusOr<bool> {
    return visit({head.position, head.window_end_unix_ms});
  });
}

absl::Status SqliteReader::ScanHeads(const FactSelection& selection, const HeadVisitor& visit) {
  const absl::StatusOr<std::vector<FactDay>> days = record_.Days();
  if (!days.ok()) return days.status();
  const int64_t begin =
      selection.after.has_value()
          ? std::max(selection.from_unix_ms, selection.after->window_start_unix_ms)
          : selection.from_unix_ms;
  for (const FactDay& day : *days) {
    if (day.state != DayState::kKept || day.day_unix_ms + kDayMs <= begin ||
        day.day_unix_ms >= selection.to_unix_ms) {
      continue;
    }
    absl::StatusOr<std::optional<FactFile>> file = OpenDay(day.day_unix_ms);
    if (!file.ok()) return file.status();
    if (!file->has_value()) continue;
    const absl::StatusOr<bool> more = ScanDay(**file, selection, visit);
    if (!more.ok()) return more.status();
    if (!*more) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RollupRow>> SqliteReader::ReadRollup(const RollupQuery& query) {
  return RollupReader(rollup_.db()).Read(query);
}

absl::StatusOr<std::vector<CoverageRollup>> SqliteReader::ReadCoverage(
    RollupTier tier, const FactSelection& selection) {
  auto rows = RollupReader(rollup_.db()).ReadCoverage(tier, selection, false);
  if (!rows.ok()) return rows.status();
  std::vector<CoverageRollup> out;
  for (auto& [start, row] : *rows) out.push_back(std::move(row));
  return out;
}

absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> SqliteReader::ReadCoverageByTime(
    RollupTier tier, const FactSelection& selection) {
  return RollupReader(rollup_.db()).ReadCoverage(tier, selection, true);
}

absl::StatusOr<std::vector<SourceDay>> SqliteReader::ReadSources(const SourceQuery& query) {
  return RollupReader(rollup_.db()).ReadSources(query);
}

absl::Status SqliteReader::FillNewest(const std::vector<NewestWindow>& newest,
                                      std::map<std::string, SensorRecord>& sensors) {
  std::map<int64_t, std::vector<const NewestWindow*>> by_day;
  for (const NewestWindow& window : newest) {
    SensorRecord& sensor = sensors[window.sensor];
    sensor.newest_window_end_unix_ms = window.window_end_unix_ms;
    if (sensor.contact.sensor.empty()) {  // facts, but no Hello yet
      sensor.contact.sensor = window.sensor;
      sensor.contact.group = window.group;
    }
    by_day[window.day_unix_ms].push_back(&window);
  }
  for (const auto& [day, windows] : by_day) {
    absl::StatusOr<std::optional<FactFile>> file = OpenDay(day);
    if (!file.ok()) return file.status();
    if (!file->has_value()) continue;
    for (const NewestWindow* window : windows) {
      const absl::StatusOr<v1::WindowSummary> summary = OpenStored(**file, window->fact_id);
      if (absl::IsNotFound(summary.status())) continue;  // the day's file was made anew
      if (!summary.ok()) return summary.status();
      SensorRecord& sensor = sensors[window->sensor];
      sensor.window_ms = summary->window_end_unix_ms() - summary->window_start_unix_ms();
      sensor.health = summary->health();
      sensor.n4 = summary->n4();
      sensor.p6 = summary->p6();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SensorRecord>> SqliteReader::ReadSensors() {
  std::map<std::string, SensorRecord> sensors;
  absl::StatusOr<std::vector<SensorContact>> contacts = record_.Contacts();
  if (!contacts.ok()) return contacts.status();
  for (SensorContact& contact : *contacts) {
    const std::string sensor = contact.sensor;
    sensors[sensor].contact = std::move(contact);
  }
  const absl::StatusOr<std::vector<NewestWindow>> newest = record_.NewestWindows();
  if (!newest.ok()) return newest.status();
  if (absl::Status s = FillNewest(*newest, sensors); !s.ok()) return s;
  const auto spools = record_.Spools();
  if (!spools.ok()) return spools.status();
  for (const auto& [sensor, spool] : *spools) {
    // A spool that only ever sent rejected summaries is a sensor too.
    SensorRecord& record = sensors[sensor];
    record.contact.sensor = sensor;
    record.spools.push_back(spool);
  }
  std::vector<SensorRecord> out;
  for (auto& [sensor, record] : sensors) out.push_back(std::move(record));
  return out;
}

absl::StatusOr<SpoolLedger> SqliteReader::ReadLedger(const std::string& sensor,
                                                     const Spool& spool) {
  return record_.Ledger(sensor, spool);
}

absl::StatusOr<std::vector<int64_t>> SqliteReader::DirtyHours(uint32_t limit) {
  return record_.DirtyHours(INT64_MIN, INT64_MAX, limit);
}

}  // namespace teiten
