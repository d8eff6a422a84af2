// SPDX-License-Identifier: Apache-2.0
#include "collector/store/fact_file.h"

#include <algorithm>

#include "fmt/format.h"

namespace teiten {
namespace {

// Large pages: an envelope is tens of kilobytes and is read whole. What the scan needs stands
// before the envelope, so that it never walks its overflow pages.
constexpr SqliteSchema kSchema = {
    .name = "facts",
    .application_id = 0x54454901,
    .version = 1,
    .sql = R"sql(
      CREATE TABLE spools(
        id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, spool BLOB NOT NULL, UNIQUE(sensor, spool));
      CREATE TABLE facts(
        id INTEGER PRIMARY KEY, spool_id INTEGER NOT NULL, sequence INTEGER NOT NULL,
        window_start INTEGER NOT NULL, window_end INTEGER NOT NULL, sensor_group TEXT NOT NULL,
        sha256 BLOB NOT NULL, envelope BLOB NOT NULL);
      CREATE UNIQUE INDEX facts_by_identity ON facts(spool_id, sequence);
      CREATE INDEX facts_by_start ON facts(window_start, spool_id, sequence))sql",
    .page_bytes = 16384,
};

// Columns 0..6 as the queries below list them.
FactHead HeadOf(const Statement& row) {
  FactHead head;
  head.id = row.Int(0);
  head.position.window_start_unix_ms = row.Int(1);
  head.position.key.sensor = row.Text(2);
  head.position.key.spool = SpoolFromBytes(row.Blob(3));
  head.position.key.sequence = row.Uint(4);
  head.window_end_unix_ms = row.Int(5);
  head.group = row.Text(6);
  return head;
}

}  // namespace

std::string SpoolBytes(const Spool& spool) { return std::string(spool.begin(), spool.end()); }

Spool SpoolFromBytes(std::string_view bytes) {
  Spool spool{};
  if (bytes.size() == spool.size()) std::copy(bytes.begin(), bytes.end(), spool.begin());
  return spool;
}

absl::StatusOr<FactFile> FactFile::Open(const std::string& path, SqliteMode mode) {
  absl::StatusOr<std::unique_ptr<SqliteDb>> db = SqliteDb::Open(path, mode, kSchema);
  if (!db.ok()) return db.status();
  return FactFile(*std::move(db));
}

absl::StatusOr<int64_t> FactFile::SpoolId(const FactKey& key) {
  const std::string spool = SpoolBytes(key.spool);
  Statement find = db_->Prepare("SELECT id FROM spools WHERE sensor=? AND spool=?");
  find.BindText(key.sensor).BindBlob(spool);
  if (find.Step()) return find.Int(0);
  if (!find.status().ok()) return find.status();
  return 0;
}

absl::StatusOr<std::optional<int64_t>> FactFile::Insert(const AcceptedFact& fact) {
  absl::StatusOr<int64_t> spool_id = SpoolId(fact.key);
  if (!spool_id.ok()) return spool_id.status();
  if (*spool_id == 0) {
    const std::string spool = SpoolBytes(fact.key.spool);
    Statement add = db_->Prepare("INSERT INTO spools(sensor, spool) VALUES(?, ?)");
    if (absl::Status s = add.BindText(fact.key.sensor).BindBlob(spool).Run(); !s.ok()) return s;
    spool_id = db_->last_insert_id();
  }
  Statement insert = db_->Prepare(
      "INSERT INTO facts(spool_id, sequence, window_start, window_end, sensor_group, sha256,"
      " envelope) VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  insert.Bind(*spool_id).Bind(fact.key.sequence);
  insert.Bind(fact.window_start_unix_ms).Bind(fact.window_end_unix_ms).BindText(fact.group);
  insert.BindBlob(fact.content_sha256).BindBlob(fact.envelope);
  if (absl::Status s = insert.Run(); !s.ok()) return s;
  if (db_->changes() == 0) return std::optional<int64_t>();
  return std::optional<int64_t>(db_->last_insert_id());
}

absl::StatusOr<std::optional<std::string>> FactFile::FindHash(const FactKey& key) {
  const std::string spool = SpoolBytes(key.spool);
  Statement find = db_->Prepare(
      "SELECT sha256 FROM facts WHERE sequence=? AND"
      " spool_id=(SELECT id FROM spools WHERE sensor=? AND spool=?)");
  find.Bind(key.sequence).BindText(key.sensor).BindBlob(spool);
  if (find.Step()) return std::optional<std::string>(find.Blob(0));
  if (!find.status().ok()) return find.status();
  return std::optional<std::string>();
}

absl::StatusOr<std::vector<FactHead>> FactFile::Heads(int64_t from_unix_ms, int64_t to_unix_ms,
                                                      const FactPosition& after, int limit) {
  // The index gives the order by start; only facts of one start are sorted by sensor and spool.
  Statement rows = db_->Prepare(
      "SELECT f.id, f.window_start, s.sensor, s.spool, f.sequence, f.window_end, f.sensor_group"
      " FROM facts f JOIN spools s ON s.id=f.spool_id"
      " WHERE f.window_start>=? AND f.window_start<?"
      " AND (f.window_start, s.sensor, s.spool, f.sequence) > (?, ?, ?, ?)"
      " ORDER BY f.window_start, s.sensor, s.spool, f.sequence LIMIT ?");
  const std::string spool = SpoolBytes(after.key.spool);
  rows.Bind(std::max(from_unix_ms, after.window_start_unix_ms)).Bind(to_unix_ms);
  rows.Bind(after.window_start_unix_ms).BindText(after.key.sensor).BindBlob(spool);
  rows.Bind(after.key.sequence).Bind(limit);
  std::vector<FactHead> out;
  while (rows.Step()) out.push_back(HeadOf(rows));
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::Status FactFile::ForEachHeadAfter(int64_t id,
                                        const std::function<absl::Status(FactHead)>& visit) {
  Statement rows = db_->Prepare(
      "SELECT f.id, f.window_start, s.sensor, s.spool, f.sequence, f.window_end, f.sensor_group"
      " FROM facts f JOIN spools s ON s.id=f.spool_id WHERE f.id>? ORDER BY f.id");
  rows.Bind(id);
  while (rows.Step()) {
    if (absl::Status s = visit(HeadOf(rows)); !s.ok()) return s;
  }
  return rows.status();
}

absl::StatusOr<std::string> FactFile::Envelope(int64_t id) {
  Statement row = db_->Prepare("SELECT envelope FROM facts WHERE id=?");
  row.Bind(id);
  if (row.Step()) return std::string(row.Blob(0));
  if (!row.status().ok()) return row.status();
  return absl::NotFoundError(fmt::format("{}: has no fact {}", db_->path(), id));
}

}  // namespace teiten
