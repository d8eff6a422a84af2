// SPDX-License-Identifier: Apache-2.0
#include "collector/report/period_data.h"

#include <algorithm>
#include <map>
#include <set>

namespace teiten::report {
namespace {

constexpr const char* kReplayGroup = "replay";

// One entry a sensor: the store keeps its steps and groups apart.
std::vector<CoverageRollup> BySensor(
    const std::vector<std::pair<int64_t, CoverageRollup>>& by_step) {
  std::map<std::string, CoverageSum> sums;
  for (const auto& [start, c] : by_step) sums[c.sensor].Add(c);
  std::vector<CoverageRollup> out;
  for (const auto& [name, sum] : sums) out.push_back(sum.sum());
  return out;
}

MeanAddresses FleetOf(const std::vector<CoverageRollup>& coverage) {
  std::vector<const CoverageRollup*> sensors;
  for (const CoverageRollup& c : coverage) sensors.push_back(&c);
  return MeanAddressesOf(sensors);
}

// Hours where they are kept and few; else days.
absl::Status ReadCoverage(StoreReader& store, PeriodData& data) {
  const bool long_period = data.to_unix_ms - data.from_unix_ms > kMostHourlyMs;
  data.tier = long_period ? RollupTier::kDay : RollupTier::kHour;
  auto steps = store.ReadCoverageByTime(data.tier, data.selection);
  if (!steps.ok()) return steps.status();
  if (steps->empty() && !long_period && (data.to_unix_ms - data.from_unix_ms) % kDayMs == 0) {
    auto day_steps = store.ReadCoverageByTime(RollupTier::kDay, data.selection);
    if (!day_steps.ok()) return day_steps.status();
    if (!day_steps->empty()) {
      data.tier = RollupTier::kDay;
      steps = std::move(day_steps);
    }
  }
  data.coverage_by_step = *std::move(steps);
  std::stable_sort(data.coverage_by_step.begin(), data.coverage_by_step.end(),
                   [](const auto& a, const auto& b) {
                     return std::tie(a.first, a.second.sensor) < std::tie(b.first, b.second.sensor);
                   });
  data.coverage = BySensor(data.coverage_by_step);
  data.fleet = FleetOf(data.coverage);
  return absl::OkStatus();
}

absl::Status ReadRows(StoreReader& store, PeriodData& data) {
  RollupQuery query;
  query.tier = data.tier;
  query.selection = data.selection;
  for (auto [table, rows] : {std::pair(RollupTable::kPorts, &data.ports),
                             std::pair(RollupTable::kRegions, &data.regions),
                             std::pair(RollupTable::kKinds, &data.kinds)}) {
    query.table = table;
    auto read = store.ReadRollup(query);
    if (!read.ok()) return read.status();
    *rows = *std::move(read);
  }
  return absl::OkStatus();
}

absl::Status ReadExactSources(StoreReader& store, PeriodData& data) {
  if (data.to_unix_ms - data.from_unix_ms != kDayMs || !data.has_live_time()) {
    return absl::OkStatus();
  }
  for (const CoverageRollup& c : data.coverage) {
    if (c.accounting.folded() > 0) return absl::OkStatus();
  }
  SourceQuery query;
  query.from_unix_ms = data.from_unix_ms;
  query.to_unix_ms = data.to_unix_ms;
  query.sensors = data.selection.sensors;
  query.groups = data.selection.groups;
  query.limit = kMostExactActivities;
  auto sources = store.ReadSources(query);
  if (!sources.ok()) return sources.status();
  uint64_t packets = 0, of_rollup = 0;
  for (const SourceDay& s : *sources) packets += s.packets;
  for (const RollupRow& row : data.kinds) of_rollup += row.packets;
  // Some activities were refused or are no longer kept: a count of the others would be too low.
  if (packets != of_rollup || sources->size() >= kMostExactActivities) return absl::OkStatus();
  data.sources = *std::move(sources);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> GroupsOf(StoreReader& store,
                                                  const ReportRequestResolved& request) {
  if (!request.groups.empty()) return request.groups;
  std::set<std::string> groups;
  auto sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  for (const SensorRecord& s : *sensors) groups.insert(s.contact.group);
  FactSelection all;
  all.from_unix_ms = request.previous_from_unix_ms;
  all.to_unix_ms = request.to_unix_ms;
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    auto coverage = store.ReadCoverage(tier, all);
    if (!coverage.ok()) return coverage.status();
    for (const CoverageRollup& c : *coverage) groups.insert(c.group);
  }
  groups.erase(kReplayGroup);
  return std::vector<std::string>(groups.begin(), groups.end());
}

absl::StatusOr<PeriodData> ReadPeriod(StoreReader& store, FactSelection selection,
                                      uint64_t expected_ms) {
  PeriodData data;
  data.from_unix_ms = selection.from_unix_ms;
  data.to_unix_ms = selection.to_unix_ms;
  data.expected_ms = expected_ms;
  data.selection = std::move(selection);
  if (data.selection.groups.empty()) return data;  // an empty list would select "replay" too
  if (absl::Status s = ReadCoverage(store, data); !s.ok()) return s;
  if (absl::Status s = ReadRows(store, data); !s.ok()) return s;
  if (absl::Status s = ReadExactSources(store, data); !s.ok()) return s;
  return data;
}

void AddSilentSensors(const PeriodData& other, PeriodData& data) {
  for (const CoverageRollup& c : other.coverage) {
    const bool known = std::any_of(data.coverage.begin(), data.coverage.end(),
                                   [&](const CoverageRollup& d) { return d.sensor == c.sensor; });
    if (known || c.live_ms == 0) continue;
    CoverageRollup silent;
    silent.sensor = c.sensor;
    silent.group = c.group;
    data.coverage.push_back(std::move(silent));
  }
  std::sort(data.coverage.begin(), data.coverage.end(),
            [](const CoverageRollup& a, const CoverageRollup& b) { return a.sensor < b.sensor; });
}

bool PeriodData::has_live_time() const {
  return std::any_of(coverage.begin(), coverage.end(),
                     [](const CoverageRollup& c) { return c.live_ms > 0; });
}

SensorPeriod SensorPeriodOf(const CoverageRollup& coverage, RankUnit unit, uint64_t expected_ms) {
  SensorPeriod s;
  s.sensor = coverage.sensor;
  s.live_ms = coverage.live_ms;
  s.period_ms = expected_ms;
  s.address_live_ms = unit == RankUnit::kPerP6 ? coverage.p6_live_ms : coverage.n4_live_ms;
  s.unknown_ms = coverage.direction_unknown_ms;
  for (const CoverageRollup::Blind& b : coverage.blind) {
    s.blind.push_back({b.protocol, b.port, b.live_ms});
  }
  return s;
}

}  // namespace teiten::report
