// SPDX-License-Identifier: Apache-2.0
// rollup.db: schema, days, freezing and expiring. Rows go in in rollup_insert.cc.
#include "collector/store/rollup_db.h"

#include <array>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr SqliteSchema kSchema = {
    .name = "rollup",
    .application_id = 0x54454903,
    .version = 2,
    .sql = R"sql(
      CREATE TABLE streams(
        id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, sensor_group TEXT NOT NULL,
        UNIQUE(sensor, sensor_group));
      CREATE TABLE ports(
        tier INTEGER, start INTEGER, layer INTEGER, protocol INTEGER, port INTEGER, kind INTEGER,
        family INTEGER, stream INTEGER, tool INTEGER, folded INTEGER,
        packets INTEGER NOT NULL, bytes INTEGER NOT NULL, tuples INTEGER NOT NULL,
        sources BLOB NOT NULL,
        PRIMARY KEY(tier, start, layer, protocol, port, kind, family, stream, tool, folded))
        WITHOUT ROWID;
      CREATE TABLE regions(
        tier INTEGER, start INTEGER, layer INTEGER, kind INTEGER, family INTEGER, stream INTEGER,
        region TEXT, packets INTEGER NOT NULL, bytes INTEGER NOT NULL, tuples INTEGER NOT NULL,
        sources BLOB NOT NULL,
        PRIMARY KEY(tier, start, layer, kind, family, stream, region)) WITHOUT ROWID;
      CREATE TABLE kinds(
        tier INTEGER, start INTEGER, layer INTEGER, kind INTEGER, family INTEGER, stream INTEGER,
        packets INTEGER NOT NULL, bytes INTEGER NOT NULL, tuples INTEGER NOT NULL,
        sources BLOB NOT NULL, foreign_sources BLOB NOT NULL,
        PRIMARY KEY(tier, start, layer, kind, family, stream)) WITHOUT ROWID;
      CREATE TABLE coverage(
        tier INTEGER, start INTEGER, layer INTEGER, stream INTEGER,
        summaries INTEGER NOT NULL, live_ms INTEGER NOT NULL, n4_live_ms REAL NOT NULL,
        p6_live_ms REAL NOT NULL, direction_unknown_ms INTEGER NOT NULL,
        drops_unknown_ms INTEGER NOT NULL, accounting BLOB NOT NULL, live BLOB NOT NULL,
        addresses_unknown BLOB NOT NULL,
        PRIMARY KEY(tier, start, layer, stream)) WITHOUT ROWID;
      CREATE TABLE blind(
        tier INTEGER, start INTEGER, layer INTEGER, stream INTEGER, protocol INTEGER, port INTEGER,
        live_ms INTEGER NOT NULL,
        PRIMARY KEY(tier, start, layer, stream, protocol, port)) WITHOUT ROWID;
      CREATE TABLE sources(
        day INTEGER, part INTEGER, family INTEGER, source INTEGER, stream INTEGER, kind INTEGER,
        protocol INTEGER, port INTEGER, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
        windows INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        zmap INTEGER NOT NULL, masscan INTEGER NOT NULL, mirai INTEGER NOT NULL,
        nmap INTEGER NOT NULL, amplification INTEGER NOT NULL, destinations INTEGER NOT NULL,
        region TEXT NOT NULL,
        PRIMARY KEY(day, part, family, source, stream, kind, protocol, port)) WITHOUT ROWID;
      CREATE TABLE source_counts(
        day INTEGER, part INTEGER, rows INTEGER NOT NULL, refused INTEGER NOT NULL,
        PRIMARY KEY(day, part)) WITHOUT ROWID;
      CREATE TABLE stale_days(day INTEGER PRIMARY KEY);
      CREATE TABLE frozen(tier INTEGER, day INTEGER, PRIMARY KEY(tier, day)) WITHOUT ROWID)sql",
    .page_bytes = 8192,
    .secure_delete = true,
};

// Everything that is kept by tier, start and layer, in column order.
struct TableShape {
  const char* name;
  const char* keys;
  const char* merged;
};
constexpr std::array<TableShape, 5> kTables = {{
    {"ports", "protocol, port, kind, family, stream, tool, folded",
     "sum(packets), sum(bytes), sum(tuples), hll_merge(sources)"},
    {"regions", "kind, family, stream, region",
     "sum(packets), sum(bytes), sum(tuples), hll_merge(sources)"},
    {"kinds", "kind, family, stream",
     "sum(packets), sum(bytes), sum(tuples), hll_merge(sources), hll_merge(foreign_sources)"},
    {"coverage", "stream",
     "sum(summaries), sum(live_ms), sum(n4_live_ms), sum(p6_live_ms), sum(direction_unknown_ms),"
     " sum(drops_unknown_ms), accounting_sum(accounting), range_merge(live),"
     " range_merge(addresses_unknown)"},
    {"blind", "stream, protocol, port", "sum(live_ms)"},
}};

}  // namespace

absl::StatusOr<RollupDb> RollupDb::Open(const std::string& path, SqliteMode mode) {
  absl::StatusOr<std::unique_ptr<SqliteDb>> db = SqliteDb::Open(path, mode, kSchema);
  if (!db.ok()) return db.status();
  return RollupDb(*std::move(db));
}

absl::StatusOr<bool> RollupDb::IsFrozen(int tier, int64_t day_unix_ms) {
  Statement row = db_->Prepare("SELECT 1 FROM frozen WHERE tier=? AND day=?");
  row.Bind(tier).Bind(day_unix_ms);
  const bool found = row.Step();
  if (!row.status().ok()) return row.status();
  return found;
}

absl::Status RollupDb::DeleteRows(const Place& place) {
  for (const TableShape& table : kTables) {
    Statement remove = db_->Prepare(
        fmt::format("DELETE FROM {} WHERE tier=? AND start=? AND layer=?", table.name));
    absl::Status s = remove.Bind(place.tier).Bind(place.start).Bind(place.layer).Run();
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

// Within a transaction.
absl::Status RollupDb::MakeDay(int64_t day_unix_ms) {
  const absl::StatusOr<bool> frozen = IsFrozen(1, day_unix_ms);
  if (!frozen.ok()) return frozen.status();
  const Place place{.tier = 1, .start = day_unix_ms, .layer = *frozen ? 1 : 0};
  if (absl::Status s = DeleteRows(place); !s.ok()) return s;
  for (const TableShape& table : kTables) {
    Statement add =
        db_->Prepare(fmt::format("INSERT INTO {0} SELECT 1, ?, ?, {1}, {2} FROM {0}"
                                 " WHERE tier=0 AND start>=? AND start<? GROUP BY {1}",
                                 table.name, table.keys, table.merged));
    add.Bind(place.start).Bind(place.layer).Bind(day_unix_ms).Bind(day_unix_ms + kDayMs);
    if (absl::Status s = add.Run(); !s.ok()) return s;
  }
  return db_->Prepare("DELETE FROM stale_days WHERE day=?").Bind(day_unix_ms).Run();
}

absl::Status RollupDb::ReplaceDay(int64_t day_unix_ms) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(*db_);
  if (!transaction.ok()) return transaction.status();
  if (absl::Status s = MakeDay(day_unix_ms); !s.ok()) return s;
  return transaction->Commit();
}

absl::Status RollupDb::MergeLayers(int tier, int64_t from_unix_ms, int64_t to_unix_ms) {
  for (const TableShape& table : kTables) {
    Statement merge = db_->Prepare(
        fmt::format("INSERT OR REPLACE INTO {0} SELECT tier, start, 0, {1}, {2} FROM {0}"
                    " WHERE tier=? AND start>=? AND start<? GROUP BY start, {1}"
                    " HAVING max(layer)=1",
                    table.name, table.keys, table.merged));
    absl::Status s = merge.Bind(tier).Bind(from_unix_ms).Bind(to_unix_ms).Run();
    if (!s.ok()) return s;
    Statement remove = db_->Prepare(fmt::format(
        "DELETE FROM {} WHERE tier=? AND start>=? AND start<? AND layer=1", table.name));
    s = remove.Bind(tier).Bind(from_unix_ms).Bind(to_unix_ms).Run();
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RollupDb::MergeLateSources(int64_t day_unix_ms) {
  Statement merge = db_->Prepare(
      "INSERT OR REPLACE INTO sources SELECT day, part % ?1 AS hour, family, source, stream, kind,"
      " protocol, port, sum(packets), sum(bytes), sum(windows), min(first), max(last), sum(zmap),"
      " sum(masscan), sum(mirai), sum(nmap), sum(amplification), max(destinations), max(region)"
      " FROM sources WHERE day=?2"
      " GROUP BY hour, family, source, stream, kind, protocol, port HAVING max(part)>=?1");
  if (absl::Status s = merge.Bind(kLatePart).Bind(day_unix_ms).Run(); !s.ok()) return s;
  Statement remove = db_->Prepare("DELETE FROM sources WHERE day=? AND part>=?");
  if (absl::Status s = remove.Bind(day_unix_ms).Bind(kLatePart).Run(); !s.ok()) return s;
  Statement count = db_->Prepare(
      "INSERT OR REPLACE INTO source_counts SELECT day, part % ?1 AS hour, sum(rows), sum(refused)"
      " FROM source_counts WHERE day=?2 GROUP BY hour HAVING max(part)>=?1");
  if (absl::Status s = count.Bind(kLatePart).Bind(day_unix_ms).Run(); !s.ok()) return s;
  Statement uncount = db_->Prepare("DELETE FROM source_counts WHERE day=? AND part>=?");
  return uncount.Bind(day_unix_ms).Bind(kLatePart).Run();
}

absl::Status RollupDb::FreezeHours(int64_t day_unix_ms) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(*db_);
  if (!transaction.ok()) return transaction.status();
  const absl::StatusOr<bool> frozen = IsFrozen(0, day_unix_ms);
  if (!frozen.ok()) return frozen.status();
  absl::Status s;
  if (*frozen) {
    s = MergeLayers(0, day_unix_ms, day_unix_ms + kDayMs);
    if (s.ok()) s = MergeLateSources(day_unix_ms);
  } else {
    s = db_->Prepare("INSERT INTO frozen VALUES(0, ?)").Bind(day_unix_ms).Run();
  }
  if (!s.ok()) return s;
  return transaction->Commit();
}

absl::Status RollupDb::ExpireHours(int64_t day_unix_ms) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(*db_);
  if (!transaction.ok()) return transaction.status();
  if (absl::Status s = MakeDay(day_unix_ms); !s.ok()) return s;
  const absl::StatusOr<bool> frozen = IsFrozen(1, day_unix_ms);
  if (!frozen.ok()) return frozen.status();
  absl::Status s = *frozen
                       ? MergeLayers(1, day_unix_ms, day_unix_ms + 1)
                       : db_->Prepare("INSERT INTO frozen VALUES(1, ?)").Bind(day_unix_ms).Run();
  if (!s.ok()) return s;
  for (const TableShape& table : kTables) {
    Statement remove = db_->Prepare(
        fmt::format("DELETE FROM {} WHERE tier=0 AND start>=? AND start<?", table.name));
    s = remove.Bind(day_unix_ms).Bind(day_unix_ms + kDayMs).Run();
    if (!s.ok()) return s;
  }
  return transaction->Commit();
}

absl::Status RollupDb::ExpireSources(int64_t day_unix_ms) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(*db_);
  if (!transaction.ok()) return transaction.status();
  for (const char* table : {"sources", "source_counts"}) {
    Statement remove = db_->Prepare(fmt::format("DELETE FROM {} WHERE day=?", table));
    if (absl::Status s = remove.Bind(day_unix_ms).Run(); !s.ok()) return s;
  }
  return transaction->Commit();
}

namespace {

absl::StatusOr<std::vector<int64_t>> ReadInts(Statement rows) {
  std::vector<int64_t> out;
  while (rows.Step()) out.push_back(rows.Int(0));
  if (!rows.status().ok()) return rows.status();
  return out;
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> RollupDb::StaleDays(uint32_t limit) {
  Statement rows = db_->Prepare("SELECT day FROM stale_days ORDER BY day LIMIT ?");
  rows.Bind(int64_t{limit});
  return ReadInts(std::move(rows));
}

absl::StatusOr<std::vector<int64_t>> RollupDb::Hours() {
  return ReadInts(db_->Prepare("SELECT DISTINCT start FROM coverage WHERE tier=0 ORDER BY start"));
}

absl::StatusOr<std::vector<int64_t>> RollupDb::SourceDays() {
  return ReadInts(db_->Prepare("SELECT DISTINCT day FROM source_counts ORDER BY day"));
}

}  // namespace teiten
