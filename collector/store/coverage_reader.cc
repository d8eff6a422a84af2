// SPDX-License-Identifier: Apache-2.0
// Coverage out of rollup.db.
#include <algorithm>

#include "collector/store/accounting.h"
#include "collector/store/range_blob.h"
#include "collector/store/rollup_db.h"
#include "collector/store/rollup_reader.h"
#include "collector/store/table_scan.h"

namespace teiten {
namespace {

constexpr std::string_view kCoverageSql =
    "SELECT start, layer, stream, summaries, live_ms, n4_live_ms, p6_live_ms,"
    " direction_unknown_ms, drops_unknown_ms, accounting, live, addresses_unknown FROM coverage"
    " WHERE tier=? AND start<? AND (start, layer, stream) > (?, ?, ?)"
    " ORDER BY start, layer, stream";
constexpr std::string_view kBlindSql =
    "SELECT start, layer, stream, protocol, port, live_ms FROM blind"
    " WHERE tier=? AND start<? AND (start, layer, stream, protocol, port) > (?, ?, ?, ?, ?)"
    " ORDER BY start, layer, stream, protocol, port";

absl::Status AddCoverage(const Statement& row, CoverageRollup& into) {
  into.summaries += row.Uint(3);
  into.live_ms += row.Uint(4);
  into.n4_live_ms += row.Real(5);
  into.p6_live_ms += row.Real(6);
  into.direction_unknown_ms += row.Uint(7);
  into.drops_unknown_ms += row.Uint(8);
  const std::string_view blob = row.Blob(9);
  v1::Accounting accounting;
  if (!accounting.ParseFromArray(blob.data(), static_cast<int>(blob.size()))) {
    return absl::DataLossError("rollup.db: damaged accounting in a coverage row");
  }
  AddAccounting(accounting, into.accounting);
  if (!AddBlobRanges(row.Blob(10), into.live).ok() ||
      !AddBlobRanges(row.Blob(11), into.addresses_unknown).ok()) {
    return absl::DataLossError("rollup.db: damaged live time in a coverage row");
  }
  return absl::OkStatus();
}

void AddBlind(const Statement& row, CoverageRollup& into) {
  const auto protocol = static_cast<uint8_t>(row.Int(3));
  const auto port = static_cast<uint16_t>(row.Int(4));
  const auto at = std::lower_bound(into.blind.begin(), into.blind.end(), std::pair(protocol, port),
                                   [](const CoverageRollup::Blind& a, const auto& b) {
                                     return std::pair(a.protocol, a.port) < b;
                                   });
  if (at != into.blind.end() && at->protocol == protocol && at->port == port) {
    at->live_ms += row.Uint(5);
  } else {
    into.blind.insert(at, {protocol, port, row.Uint(5)});
  }
}

}  // namespace

absl::Status RollupReader::ScanCoverage(const Segment& segment, const DayState& days,
                                        const std::map<int64_t, RollupStream>& streams,
                                        bool by_time, CoverageRows& rows) {
  // The cell a row belongs to; nullptr: not asked for, or of a stale day.
  const auto cell = [&](const Statement& row) -> CoverageRollup* {
    const auto stream = streams.find(row.Int(2));
    if (stream == streams.end()) return nullptr;
    const auto stale = days.stale.find(row.Int(0));
    if (segment.tier == 1 && stale != days.stale.end() && stale->second == row.Int(1)) {
      return nullptr;
    }
    const int64_t start = segment.as_start.value_or(row.Int(0));
    CoverageRollup& found = rows[{by_time ? start : 0, stream->first}];
    found.sensor = stream->second.sensor;
    found.group = stream->second.group;
    return &found;
  };
  TableScan scan;
  scan.sql = kCoverageSql;
  scan.bind = [&](Statement& s) { s.Bind(segment.tier).Bind(segment.to); };
  scan.after = {segment.from, -1, -1};
  absl::Status status;
  absl::Status s = ScanTable(db_, scan, [&](const Statement& row) {
    CoverageRollup* into = cell(row);
    if (into != nullptr) status = AddCoverage(row, *into);
    return status.ok();
  });
  if (!s.ok() || !status.ok()) return s.ok() ? status : s;
  scan.sql = kBlindSql;
  scan.after = {segment.from, -1, -1, -1, -1};
  return ScanTable(db_, scan, [&](const Statement& row) {
    if (CoverageRollup* into = cell(row); into != nullptr) AddBlind(row, *into);
    return true;
  });
}

absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> RollupReader::ReadCoverage(
    RollupTier tier, const FactSelection& selection, bool by_time) {
  const absl::StatusOr<std::map<int64_t, RollupStream>> streams =
      Streams(selection.sensors, selection.groups);
  if (!streams.ok()) return streams.status();
  CoverageRows rows;
  const absl::Status s = ForSegments(
      tier, selection, [&] { rows.clear(); },
      [&](const Segment& segment, const DayState& days) {
        return ScanCoverage(segment, days, *streams, by_time, rows);
      });
  if (!s.ok()) return s;
  std::vector<std::pair<int64_t, CoverageRollup>> out;
  for (auto& [key, row] : rows) out.emplace_back(key.first, std::move(row));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.sensor, a.second.group) <
           std::tie(b.first, b.second.sensor, b.second.group);
  });
  return out;
}

}  // namespace teiten
