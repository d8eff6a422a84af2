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
    voters_ = ComputeRank(period).sensors;
  } else {
    for (const SensorPeriod& s : period.sensors) voters_.push_back(s.sensor);
  }
  for (const auto& [start, c] : data.coverage_by_step) {
    Step& step = steps_[start];
    step.live_ms += step.sensors[c.sensor].Add(c);
  }
}

std::vector<v1::SeriesLine> StepRanks::Lines(const std::vector<Drawn>& drawn) const {
  std::vector<v1::SeriesLine> lines(drawn.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) lines[i].set_key(drawn[i].label);
  for (int64_t start = data_.from_unix_ms; start < data_.to_unix_ms; start += data_.step_ms()) {
    const auto step = steps_.find(start);
    const bool watched = step != steps_.end() && step->second.live_ms > 0;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      v1::SeriesPoint& point = *lines[i].add_points();
      point.set_start_unix_ms(start);
      if (!watched) continue;
      point.set_live_ms(step->second.live_ms);
      SetValue(step->second, start, drawn[i], point);
    }
  }
  return lines;
}

void StepRanks::SetValue(const Step& step, int64_t start, const Drawn& line,
                         v1::SeriesPoint& point) const {
  RankInput input;
  input.unit = unit_;
  for (const std::string& voter : voters_) {
    const auto at = step.sensors.find(voter);
    SensorPeriod& s = input.sensors.emplace_back();
    if (at != step.sensors.end()) s = SensorPeriodOf(at->second.sum(), unit_, 0);
    s.sensor = voter;
    s.period_ms = static_cast<uint64_t>(data_.step_ms());
  }
  RankEntry& entry = input.entries.emplace_back();
  entry.key = line.key;
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
