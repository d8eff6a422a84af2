// SPDX-License-Identifier: Apache-2.0
#include "collector/report/period_data.h"

#include "collector/store/accounting.h"

#include <algorithm>
#include <map>
#include <set>

namespace teiten::report {
namespace {

constexpr const char* kReplayGroup = "replay";

void AddBlind(const CoverageRollup::Blind& blind, std::vector<CoverageRollup::Blind>& sum) {
  for (CoverageRollup::Blind& b : sum) {
    if (b.protocol == blind.protocol && b.port == blind.port) {
      b.live_ms += blind.live_ms;
      return;
    }
  }
  sum.push_back(blind);
}

// One entry a sensor: the store keeps its groups apart.
std::vector<CoverageRollup> BySensor(const std::vector<CoverageRollup>& rollups) {
  std::map<std::string, CoverageRollup> sums;
  for (const CoverageRollup& c : rollups) {
    const auto [at, is_new] = sums.try_emplace(c.sensor, c);
    if (is_new) continue;
    CoverageRollup& sum = at->second;
    sum.summaries += c.summaries;
    sum.live_ms += c.live_ms;
    sum.n4_live_ms += c.n4_live_ms;
    sum.p6_live_ms += c.p6_live_ms;
    sum.direction_unknown_ms += c.direction_unknown_ms;
    sum.drops_unknown_ms += c.drops_unknown_ms;
    AddAccounting(c.accounting, sum.accounting);
    for (const CoverageRollup::Blind& b : c.blind) AddBlind(b, sum.blind);
  }
  std::vector<CoverageRollup> out;
  for (auto& [name, sum] : sums) out.push_back(std::move(sum));
  return out;
}

Fleet FleetOf(const std::vector<std::pair<int64_t, CoverageRollup>>& by_step) {
  std::map<int64_t, uint64_t> longest;
  double n4_live = 0, p6_live = 0;
  for (const auto& [start, c] : by_step) {
    longest[start] = std::max(longest[start], c.live_ms);
    n4_live += c.n4_live_ms;
    p6_live += c.p6_live_ms;
  }
  Fleet fleet;
  for (const auto& [start, live_ms] : longest) fleet.live_ms += live_ms;
  if (fleet.live_ms > 0) {
    fleet.n4 = n4_live / static_cast<double>(fleet.live_ms);
    fleet.p6 = p6_live / static_cast<double>(fleet.live_ms);
  }
  return fleet;
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
  std::vector<CoverageRollup> all;
  for (const auto& [start, c] : data.coverage_by_step) all.push_back(c);
  data.coverage = BySensor(all);
  data.fleet = FleetOf(data.coverage_by_step);
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
