// SPDX-License-Identifier: Apache-2.0
// Sources out of rollup.db: the hourly parts of a day are added up per activity.
#include <algorithm>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "collector/store/rollup_db.h"
#include "collector/store/rollup_reader.h"
#include "collector/store/table_scan.h"

namespace teiten {
namespace {

constexpr std::string_view kScanSql =
    "SELECT source, stream, kind, protocol, port, packets, bytes, windows, first, last, zmap,"
    " masscan, mirai, nmap, amplification, destinations, region FROM sources"
    " WHERE day=? AND part=? AND family=? AND source<=?"
    " AND (source, stream, kind, protocol, port) > (?, ?, ?, ?, ?)"
    " ORDER BY source, stream, kind, protocol, port";

struct NumberRange {
  int64_t first;
  int64_t last;
};

// family, source, stream, kind, protocol, port
using ActivityKey = std::tuple<int, int64_t, int64_t, int64_t, int64_t, int64_t>;

struct Activity {
  uint64_t packets = 0, bytes = 0, windows = 0;
  int64_t first = 0, last = 0;
  uint64_t marks[kMarkCount] = {};
  uint32_t destinations = 0;
  char region[12] = {};  // "unknown" is the longest name
};

using Activities = absl::flat_hash_map<ActivityKey, Activity>;

// What `prefix` asks for of one family; nullopt: nothing.
std::optional<NumberRange> RangeOf(const std::optional<Prefix>& prefix, Family family) {
  if (!prefix.has_value()) {
    return family == Family::kIpv4 ? NumberRange{0, 0xffffffff} : NumberRange{INT64_MIN, INT64_MAX};
  }
  if (prefix->family != family) return std::nullopt;
  // The number leaves the low half of IPv6 out, which widens a longer prefix to its /64.
  return NumberRange{SourceNumber(family, prefix->base), SourceNumber(family, prefix->Last())};
}

void AddRow(const Statement& row, Activity& into) {
  const bool fresh = into.packets == 0 && into.windows == 0;
  into.packets += row.Uint(5);
  into.bytes += row.Uint(6);
  into.windows += row.Uint(7);
  into.first = fresh ? row.Int(8) : std::min(into.first, row.Int(8));
  into.last = fresh ? row.Int(9) : std::max(into.last, row.Int(9));
  for (int i = 0; i < kMarkCount; ++i) into.marks[i] += row.Uint(10 + i);
  into.destinations = std::max(into.destinations, static_cast<uint32_t>(row.Int(15)));
  const std::string_view region = row.Text(16).substr(0, sizeof into.region - 1);
  if (region > std::string_view(into.region)) {
    std::fill(std::begin(into.region), std::end(into.region), '\0');
    std::copy(region.begin(), region.end(), into.region);
  }
}

SourceDay ToSourceDay(int64_t day_unix_ms, const ActivityKey& key, const Activity& a) {
  SourceDay out;
  out.day_unix_ms = day_unix_ms;
  out.family = static_cast<Family>(std::get<0>(key));
  out.source = SourceOfNumber(out.family, std::get<1>(key));
  out.prefix64 = out.family == Family::kIpv6;
  out.kind = static_cast<Kind>(std::get<3>(key));
  out.protocol = static_cast<uint8_t>(std::get<4>(key));
  out.port = static_cast<uint16_t>(std::get<5>(key));
  out.packets = a.packets;
  out.bytes = a.bytes;
  out.windows = a.windows;
  out.first_unix_ms = a.first;
  out.last_unix_ms = a.last;
  std::copy(std::begin(a.marks), std::end(a.marks), std::begin(out.marks));
  out.destinations = a.destinations;
  out.region = a.region;
  return out;
}

// Until `add` returns false.
absl::Status ScanPart(SqliteDb& db, int64_t day, int64_t part, const std::optional<Prefix>& prefix,
                      const std::function<bool(Family, const Statement&)>& add) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const std::optional<NumberRange> range = RangeOf(prefix, family);
    if (!range.has_value()) continue;
    TableScan scan;
    scan.sql = kScanSql;
    scan.bind = [&](Statement& s) {
      s.Bind(day).Bind(part).Bind(static_cast<int>(family)).Bind(range->last);
    };
    scan.after = {range->first, -1, -1, -1, -1};
    const absl::Status s =
        ScanTable(db, std::move(scan), [&](const Statement& row) { return add(family, row); });
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

struct RollupReader::SourceActivities {
  Activities rows;
};

// The activities of one day, most packets first, at most `limit`.
void RollupReader::AppendDay(int64_t day_unix_ms, const SourceActivities& activities,
                             const std::map<int64_t, RollupStream>& streams, uint32_t limit,
                             std::vector<SourceDay>& out) {
  std::vector<const Activities::value_type*> best;
  best.reserve(activities.rows.size());
  for (const auto& entry : activities.rows) best.push_back(&entry);
  const auto stream_of = [&](const Activities::value_type* e) -> const RollupStream& {
    return streams.at(std::get<2>(e->first));
  };
  const auto before = [&](const Activities::value_type* a, const Activities::value_type* b) {
    if (a->second.packets != b->second.packets) return a->second.packets > b->second.packets;
    const auto& [a_family, a_source, a_stream, a_kind, a_protocol, a_port] = a->first;
    const auto& [b_family, b_source, b_stream, b_kind, b_protocol, b_port] = b->first;
    const RollupStream& of_a = stream_of(a);
    const RollupStream& of_b = stream_of(b);
    return std::tie(a_family, a_source, of_a.sensor, of_a.group, a_kind, a_protocol, a_port) <
           std::tie(b_family, b_source, of_b.sensor, of_b.group, b_kind, b_protocol, b_port);
  };
  const auto end =
      best.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(best.size(), limit));
  std::partial_sort(best.begin(), end, best.end(), before);
  for (auto it = best.begin(); it != end; ++it) {
    SourceDay& row = out.emplace_back(ToSourceDay(day_unix_ms, (*it)->first, (*it)->second));
    row.sensor = stream_of(*it).sensor;
    row.group = stream_of(*it).group;
  }
}

absl::StatusOr<std::map<int64_t, std::vector<int64_t>>> RollupReader::SourceParts(
    const SourceQuery& query) {
  Statement rows =
      db_.Prepare("SELECT day, part FROM source_counts WHERE day>? AND day<? ORDER BY day, part");
  rows.Bind(query.from_unix_ms - kDayMs).Bind(query.to_unix_ms);
  std::map<int64_t, std::vector<int64_t>> parts;
  while (rows.Step()) {
    const int64_t hour = rows.Int(0) + rows.Int(1) % kLatePart * kHourMs;
    const bool selected = hour >= query.from_unix_ms && hour < query.to_unix_ms;
    if (selected || !query.by_hour) parts[rows.Int(0)].push_back(rows.Int(1));
  }
  if (!rows.status().ok()) return rows.status();
  return parts;
}

absl::StatusOr<std::vector<SourceDay>> RollupReader::ReadSources(const SourceQuery& query) {
  const absl::StatusOr<std::map<int64_t, RollupStream>> streams =
      Streams(query.sensors, query.groups);
  if (!streams.ok()) return streams.status();
  const auto parts = SourceParts(query);
  if (!parts.ok()) return parts.status();
  std::vector<SourceDay> out;
  for (const auto& [day, of_day] : *parts) {
    SourceActivities activities;
    const auto too_many = [&] { return query.all_or_none && activities.rows.size() > query.limit; };
    for (const int64_t part : of_day) {
      if (too_many()) break;
      const absl::Status s =
          ScanPart(db_, day, part, query.source, [&](Family family, const Statement& row) {
            if (!streams->contains(row.Int(1))) return true;
            const ActivityKey key{static_cast<int>(family),
                                  row.Int(0),
                                  row.Int(1),
                                  row.Int(2),
                                  row.Int(3),
                                  row.Int(4)};
            AddRow(row, activities.rows[key]);
            return !too_many();
          });
      if (!s.ok()) return s;
    }
    if (!too_many()) AppendDay(day, activities, *streams, query.limit, out);
  }
  return out;
}

}  // namespace teiten
