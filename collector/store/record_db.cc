// SPDX-License-Identifier: Apache-2.0
// record.db: schema, meta, sensors, days and hours. The ledger is in record_ledger.cc.
#include "collector/store/record_db.h"

#include <algorithm>

namespace teiten {
namespace {

constexpr SqliteSchema kSchema = {
    .name = "record",
    .application_id = 0x54454902,
    .version = 1,
    .sql = R"sql(
      CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
      CREATE TABLE spools(
        id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, spool BLOB NOT NULL,
        conflicts INTEGER NOT NULL DEFAULT 0, UNIQUE(sensor, spool));
      CREATE TABLE ranges(
        spool_id INTEGER NOT NULL, state INTEGER NOT NULL, first INTEGER NOT NULL,
        last INTEGER NOT NULL, PRIMARY KEY(spool_id, state, first)) WITHOUT ROWID;
      CREATE TABLE gaps(
        spool_id INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        reason INTEGER NOT NULL, from_ms INTEGER, to_ms INTEGER,
        PRIMARY KEY(spool_id, first)) WITHOUT ROWID;
      CREATE TABLE rejections(
        id INTEGER PRIMARY KEY, spool_id INTEGER NOT NULL, sequence INTEGER NOT NULL,
        reason INTEGER NOT NULL, detail TEXT NOT NULL, UNIQUE(spool_id, sequence));
      CREATE TABLE conflicts(
        spool_id INTEGER NOT NULL, sequence INTEGER NOT NULL, sha256 BLOB NOT NULL,
        envelope BLOB NOT NULL, PRIMARY KEY(spool_id, sequence, sha256));
      CREATE TABLE contacts(
        sensor TEXT PRIMARY KEY, spool BLOB NOT NULL, sensor_group TEXT NOT NULL,
        software TEXT NOT NULL, definitions TEXT NOT NULL, machine_sha256 BLOB NOT NULL,
        boot_id TEXT NOT NULL, contact_ms INTEGER NOT NULL,
        skew_ms INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE newest(
        sensor TEXT PRIMARY KEY, sensor_group TEXT NOT NULL, window_end INTEGER NOT NULL,
        day INTEGER NOT NULL, fact_id INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE days(
        day INTEGER PRIMARY KEY, state INTEGER NOT NULL, covered_id INTEGER NOT NULL,
        received_ms INTEGER NOT NULL);
      CREATE TABLE dirty_hours(hour INTEGER PRIMARY KEY, generation INTEGER NOT NULL))sql",
    .secure_delete = true,
};

FactDay DayOf(const Statement& row) {
  return {.day_unix_ms = row.Int(0),
          .state = static_cast<DayState>(row.Int(1)),
          .covered_id = row.Int(2),
          .received_unix_ms = row.Int(3)};
}

}  // namespace

absl::StatusOr<RecordDb> RecordDb::Open(const std::string& path, SqliteMode mode) {
  absl::StatusOr<std::unique_ptr<SqliteDb>> db = SqliteDb::Open(path, mode, kSchema);
  if (!db.ok()) return db.status();
  return RecordDb(*std::move(db));
}

absl::StatusOr<std::optional<std::string>> RecordDb::Meta(std::string_view name) {
  Statement row = db_->Prepare("SELECT value FROM meta WHERE name=?");
  row.BindText(name);
  if (row.Step()) return std::optional<std::string>(row.Blob(0));
  if (!row.status().ok()) return row.status();
  return std::optional<std::string>();
}

absl::Status RecordDb::SetMeta(std::string_view name, std::string_view value) {
  Statement put = db_->Prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)");
  return put.BindText(name).BindBlob(value).Run();
}

absl::Status RecordDb::SetContact(const SensorContact& contact) {
  if (absl::StatusOr<int64_t> id = MakeSpoolId(contact.sensor, contact.spool); !id.ok()) {
    return id.status();
  }
  const std::string spool = SpoolBytes(contact.spool);
  Statement put = db_->Prepare("INSERT OR REPLACE INTO contacts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  put.BindText(contact.sensor).BindBlob(spool).BindText(contact.group).BindText(contact.software);
  put.BindText(contact.definitions_version).BindBlob(contact.machine_sha256);
  put.BindText(contact.boot_id).Bind(contact.contact_unix_ms).Bind(contact.clock_skew_ms);
  return put.Run();
}

absl::StatusOr<std::vector<SensorContact>> RecordDb::Contacts() {
  Statement rows = db_->Prepare("SELECT * FROM contacts ORDER BY sensor");
  std::vector<SensorContact> out;
  while (rows.Step()) {
    SensorContact& contact = out.emplace_back();
    contact.sensor = rows.Text(0);
    contact.spool = SpoolFromBytes(rows.Blob(1));
    contact.group = rows.Text(2);
    contact.software = rows.Text(3);
    contact.definitions_version = rows.Text(4);
    contact.machine_sha256 = rows.Blob(5);
    contact.boot_id = rows.Text(6);
    contact.contact_unix_ms = rows.Int(7);
    contact.clock_skew_ms = rows.Int(8);
  }
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::Status RecordDb::NoteWindow(const NewestWindow& window) {
  Statement put = db_->Prepare(
      "INSERT INTO newest VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(sensor) DO UPDATE SET"
      " sensor_group=?2, window_end=?3, day=?4, fact_id=?5 WHERE ?3>=window_end");
  put.BindText(window.sensor).BindText(window.group).Bind(window.window_end_unix_ms);
  return put.Bind(window.day_unix_ms).Bind(window.fact_id).Run();
}

absl::StatusOr<std::vector<NewestWindow>> RecordDb::NewestWindows() {
  Statement rows = db_->Prepare("SELECT * FROM newest ORDER BY sensor");
  std::vector<NewestWindow> out;
  while (rows.Step()) {
    out.push_back({.sensor = std::string(rows.Text(0)),
                   .group = std::string(rows.Text(1)),
                   .window_end_unix_ms = rows.Int(2),
                   .day_unix_ms = rows.Int(3),
                   .fact_id = rows.Int(4)});
  }
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::StatusOr<std::vector<FactDay>> RecordDb::Days() {
  Statement rows = db_->Prepare("SELECT day, state, covered_id, received_ms FROM days ORDER BY 1");
  std::vector<FactDay> out;
  while (rows.Step()) out.push_back(DayOf(rows));
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::StatusOr<std::optional<FactDay>> RecordDb::Day(int64_t day_unix_ms) {
  Statement row = db_->Prepare("SELECT day, state, covered_id, received_ms FROM days WHERE day=?");
  row.Bind(day_unix_ms);
  if (row.Step()) return std::optional<FactDay>(DayOf(row));
  if (!row.status().ok()) return row.status();
  return std::optional<FactDay>();
}

absl::Status RecordDb::SetDay(const FactDay& day) {
  Statement put = db_->Prepare("INSERT OR REPLACE INTO days VALUES(?, ?, ?, ?)");
  put.Bind(day.day_unix_ms).Bind(static_cast<int>(day.state)).Bind(day.covered_id);
  return put.Bind(day.received_unix_ms).Run();
}

absl::Status RecordDb::MarkDirty(int64_t hour_unix_ms, uint64_t generation) {
  Statement put = db_->Prepare("INSERT OR REPLACE INTO dirty_hours VALUES(?, ?)");
  return put.Bind(hour_unix_ms).Bind(generation).Run();
}

absl::Status RecordDb::MarkClean(int64_t hour_unix_ms) {
  return db_->Prepare("DELETE FROM dirty_hours WHERE hour=?").Bind(hour_unix_ms).Run();
}

absl::StatusOr<uint64_t> RecordDb::Generation(int64_t hour_unix_ms) {
  Statement row = db_->Prepare("SELECT generation FROM dirty_hours WHERE hour=?");
  row.Bind(hour_unix_ms);
  if (row.Step()) return row.Uint(0);
  if (!row.status().ok()) return row.status();
  return 0;
}

absl::StatusOr<std::vector<int64_t>> RecordDb::DirtyHours(int64_t from_unix_ms, int64_t to_unix_ms,
                                                          uint32_t limit) {
  Statement rows =
      db_->Prepare("SELECT hour FROM dirty_hours WHERE hour>=? AND hour<? ORDER BY hour LIMIT ?");
  rows.Bind(from_unix_ms).Bind(to_unix_ms).Bind(int64_t{limit});
  std::vector<int64_t> out;
  while (rows.Step()) out.push_back(rows.Int(0));
  if (!rows.status().ok()) return rows.status();
  return out;
}

}  // namespace teiten
