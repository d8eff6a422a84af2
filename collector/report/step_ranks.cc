// SPDX-License-Identifier: Apache-2.0
#include "collector/report/step_ranks.h"

namespace teiten::report {

StepRanks::StepRanks(const PeriodData& data, RankUnit unit, bool ranked)
    : data_(data), unit_(unit) {
  RankInput period;
  period.unit = unit;
  for (const CoverageRollup& c : data.coverage) {
    const SensorPeriod s = SensorPeriodOf(c, unit, data.expected_ms);
    const bool of_family =
        unit == RankUnit::kPerSensor || (s.unknown_ms == 0 && s.address_live_ms > 0);
    if (s.live_ms > 0 && of_family) period.sensors.push_back(s);
  }
  if (ranked) {
    for (const std::string& name : ComputeRank(period).sensors) voters_[name].sensor = name;
  } else {
    for (const SensorPeriod& s : period.sensors) voters_[s.sensor].sensor = s.sensor;
  }
  for (const auto& [start, c] : data.coverage_by_step) {
    live_ms_[start] += c.live_ms;
    if (voters_.contains(c.sensor)) AddStep(start, c);
  }
}

// A sensor that changed its group within the step is there twice.
void StepRanks::AddStep(int64_t start, const CoverageRollup& coverage) {
  SensorPeriod& sum = steps_.try_emplace(start, voters_).first->second.at(coverage.sensor);
  const SensorPeriod part = SensorPeriodOf(coverage, unit_, 0);
  sum.live_ms += part.live_ms;
  sum.address_live_ms += part.address_live_ms;
  sum.blind.insert(sum.blind.end(), part.blind.begin(), part.blind.end());
}

std::vector<v1::SeriesLine> StepRanks::Lines(const std::vector<Drawn>& drawn) const {
  std::vector<v1::SeriesLine> lines(drawn.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) lines[i].set_key(drawn[i].label);
  for (int64_t start = data_.from_unix_ms; start < data_.to_unix_ms; start += data_.step_ms()) {
    const auto live = live_ms_.find(start);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      v1::SeriesPoint& point = *lines[i].add_points();
      point.set_start_unix_ms(start);
      if (live == live_ms_.end() || live->second == 0) continue;
      point.set_live_ms(live->second);
      SetValue(start, drawn[i], point);
    }
  }
  return lines;
}

void StepRanks::SetValue(int64_t start, const Drawn& line, v1::SeriesPoint& point) const {
  RankInput input;
  input.unit = unit_;
  RankEntry& entry = input.entries.emplace_back();
  entry.key = line.key;
  const auto step = steps_.find(start);
  for (const auto& [name, s] : step == steps_.end() ? voters_ : step->second) {
    input.sensors.push_back(s);
    input.sensors.back().period_ms = static_cast<uint64_t>(data_.step_ms());
  }
  const auto packets = line.packets_at.find(start);
  if (packets != line.packets_at.end()) {
    for (const auto& [sensor, n] : packets->second) entry.cells.push_back({sensor, n});
  }
  const RankResult result = ComputeRank(input);
  const RankedRow& row = result.rows[0];
  point.mutable_counts()->set_packets(row.packets);
  if (!result.ranked || row.sensors_visible == 0) return;
  point.set_value(row.mean * static_cast<double>(data_.step_ms()) / static_cast<double>(kDayMs));
}

}  // namespace teiten::report
