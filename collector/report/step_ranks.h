// SPDX-License-Identifier: Apache-2.0
// Steps of a period ranked as the period is (rank_math.h), so that the lines of a chart and the
// table below it say the same: the mean over the sensors with a vote in the table. A step of which
// a sensor watched less than half is a gap for it, and for all where fewer than half of those
// sensors are left.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/report/period_data.h"
#include "collector/store/coverage_sum.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// One line of a chart: packets of a key by step and sensor.
struct Drawn {
  RankKey key;
  std::string label;
  std::map<int64_t, std::map<std::string, uint64_t>> packets_at;

  void Add(const RollupRow& row) { packets_at[row.start_unix_ms][row.sensor] += row.packets; }
};

class StepRanks {
 public:
  // `ranked`: whether the table of the period is; else every sensor is judged by its steps alone.
  // `data` must outlive this.
  StepRanks(const PeriodData& data, RankUnit unit, bool ranked);

  // In the order of `drawn`; values are of a step, packets of all sensors.
  [[nodiscard]] std::vector<v1::SeriesLine> Lines(const std::vector<Drawn>& drawn) const;

 private:
  struct Step {
    std::map<std::string, CoverageSum> sensors;
    uint64_t live_ms = 0;  // of all of them
  };
  void SetValue(const Step& step, int64_t start, const Drawn& line, v1::SeriesPoint& point) const;

  const PeriodData& data_;
  const RankUnit unit_;
  std::vector<std::string> voters_;
  std::map<int64_t, Step> steps_;
};

}  // namespace teiten::report
