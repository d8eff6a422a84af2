// SPDX-License-Identifier: Apache-2.0
// Ports, regions and kinds. Coverage: coverage_reader.cc. Sources: source_reader.cc.
#include "collector/store/rollup_reader.h"

#include <algorithm>

#include "collector/store/rollup_accumulator.h"
#include "collector/store/table_scan.h"
#include "fmt/format.h"

namespace teiten {
namespace {

// Up to so many ports are looked up one by one; more are picked out of a full scan.
constexpr std::size_t kMostLookups = 32;
constexpr int kAttempts = 5;

std::string Placeholders(int count) {
  std::string out = "?";
  for (int i = 1; i < count; ++i) out += ", ?";
  return out;
}

template <typename T>
bool Selected(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

}  // namespace

absl::StatusOr<std::map<int64_t, RollupStream>> RollupReader::Streams(
    const std::vector<std::string>& sensors, const std::vector<std::string>& groups) {
  Statement rows = db_.Prepare("SELECT id, sensor, sensor_group FROM streams");
  std::map<int64_t, RollupStream> out;
  while (rows.Step()) {
    RollupStream stream{std::string(rows.Text(1)), std::string(rows.Text(2))};
    if (!Selected(sensors, stream.sensor) || !Selected(groups, stream.group)) continue;
    out[rows.Int(0)] = std::move(stream);
  }
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::StatusOr<RollupReader::DayState> RollupReader::ReadDayState(int64_t from, int64_t to) {
  Statement rows = db_.Prepare(
      "SELECT s.day, f.day IS NOT NULL FROM stale_days s"
      " LEFT JOIN frozen f ON f.tier=1 AND f.day=s.day WHERE s.day>=? AND s.day<?");
  rows.Bind(from).Bind(to);
  DayState out;
  while (rows.Step()) out.stale[rows.Int(0)] = static_cast<int>(rows.Int(1));
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::Status RollupReader::ForSegments(
    RollupTier tier, const FactSelection& selection, const std::function<void()>& clear,
    const std::function<absl::Status(const Segment&, const DayState&)>& read) {
  const int64_t from = selection.from_unix_ms;
  const int64_t to = selection.to_unix_ms;
  if (tier == RollupTier::kHour) {
    return read({.tier = 0, .from = from, .to = to}, DayState{});
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    clear();
    const absl::StatusOr<DayState> days = ReadDayState(from, to);
    if (!days.ok()) return days.status();
    absl::Status s = read({.tier = 1, .from = from, .to = to}, *days);
    for (const auto& [day, layer] : days->stale) {
      if (!s.ok()) return s;
      s = read({.tier = 0, .from = day, .to = day + kDayMs, .as_start = day}, *days);
    }
    if (!s.ok()) return s;
    // A day made anew, or hours that expired meanwhile, would be missing or there twice.
    const absl::StatusOr<DayState> after = ReadDayState(from, to);
    if (!after.ok()) return after.status();
    if (*after == *days) return absl::OkStatus();
  }
  return absl::UnavailableError("the days asked for are being rolled up: ask again");
}

absl::Status RollupReader::ScanSegment(const Segment& segment, const DayState& days,
                                       RollupAccumulator& rows) {
  const RollupColumns& c = rows.columns();
  const int keys = c.numbers + (c.region >= 0 ? 1 : 0);
  const std::string sql = fmt::format(
      "SELECT {0}, {1} FROM {2} WHERE tier=? AND start<? AND ({0}) > ({3}) ORDER BY {0}", c.keys,
      c.values, c.table, Placeholders(keys));
  TableScan scan;
  scan.sql = sql;
  scan.bind = [&](Statement& rows_of) { rows_of.Bind(segment.tier).Bind(segment.to); };
  scan.after.assign(static_cast<std::size_t>(c.numbers), -1);
  scan.after[0] = segment.from;
  scan.text_key = c.region >= 0;
  const absl::Status s = ScanTable(db_, std::move(scan), [&](const Statement& row) {
    const int64_t start = row.Int(0);
    const auto stale = days.stale.find(start);
    const bool behind =
        segment.tier == 1 && stale != days.stale.end() && stale->second == row.Int(1);
    if (!behind) rows.Add(segment.as_start.value_or(start), row);
    return rows.status().ok();
  });
  return s.ok() ? rows.status() : s;
}

// A few ports over a long time: one look-up for each start, layer and port.
absl::Status RollupReader::ScanPorts(const Segment& segment, const DayState& days,
                                     RollupAccumulator& rows) {
  std::vector<int64_t> starts;
  {
    Statement all =
        db_.Prepare("SELECT DISTINCT start FROM coverage WHERE tier=? AND start>=? AND start<?");
    all.Bind(segment.tier).Bind(segment.from).Bind(segment.to);
    while (all.Step()) starts.push_back(all.Int(0));
    if (!all.status().ok()) return all.status();
  }
  std::set<std::pair<uint32_t, uint32_t>> ports;
  for (const v1::ProtocolPort& port : rows.query().ports)
    ports.insert({port.protocol(), port.port()});
  const std::string sql = fmt::format(
      "SELECT {}, {} FROM ports WHERE tier=? AND start=? AND layer=? AND protocol=? AND port=?",
      rows.columns().keys, rows.columns().values);
  for (const int64_t start : starts) {
    const auto stale = days.stale.find(start);
    for (int layer = 0; layer < 2; ++layer) {
      if (segment.tier == 1 && stale != days.stale.end() && stale->second == layer) continue;
      for (const auto& [protocol, port] : ports) {
        Statement found = db_.Prepare(sql);
        found.Bind(segment.tier).Bind(start).Bind(layer);
        found.Bind(int64_t{protocol}).Bind(int64_t{port});
        while (found.Step()) rows.Add(segment.as_start.value_or(start), found);
        if (!found.status().ok()) return found.status();
        if (!rows.status().ok()) return rows.status();
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RollupRow>> RollupReader::Read(const RollupQuery& query) {
  const absl::StatusOr<std::map<int64_t, RollupStream>> streams =
      Streams(query.selection.sensors, query.selection.groups);
  if (!streams.ok()) return streams.status();
  RollupAccumulator rows(query, *streams);
  const bool look_up = query.table == RollupTable::kPorts && !query.ports.empty() &&
                       query.ports.size() <= kMostLookups;
  const absl::Status s = ForSegments(
      query.tier, query.selection, [&] { rows.Clear(); },
      [&](const Segment& segment, const DayState& days) {
        return look_up ? ScanPorts(segment, days, rows) : ScanSegment(segment, days, rows);
      });
  if (!s.ok()) return s;
  return rows.Take();
}

}  // namespace teiten
