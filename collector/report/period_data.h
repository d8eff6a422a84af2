// SPDX-License-Identifier: Apache-2.0
// All a report needs of one period, read from the store once; everything after it is arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/query/rank_math.h"
#include "collector/report/report.h"
#include "collector/store/coverage_sum.h"
#include "collector/store/store.h"

namespace teiten::report {

// Activities of sources read to count them one by one; above, sketches estimate.
inline constexpr uint32_t kMostExactActivities = 200'000;

struct PeriodData {
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  uint64_t expected_ms = 0;  // of one sensor
  RollupTier tier = RollupTier::kHour;
  FactSelection selection;
  std::vector<CoverageRollup> coverage;  // one a sensor, by name; silent ones have no live time
  std::vector<std::pair<int64_t, CoverageRollup>> coverage_by_step;  // by time, then sensor
  std::vector<RollupRow> ports, regions, kinds;
  // Every activity of a day, if they are few enough and no packet of it was folded.
  std::optional<std::vector<SourceDay>> sources;
  MeanAddresses fleet;

  [[nodiscard]] int64_t step_ms() const { return tier == RollupTier::kHour ? kHourMs : kDayMs; }
  [[nodiscard]] bool has_live_time() const;
};

// Groups as asked, else all that the store knows but "replay".
[[nodiscard]] absl::StatusOr<std::vector<std::string>> GroupsOf(
    StoreReader& store, const ReportRequestResolved& request);

// `selection` names time, sensors and groups; `expected_ms` is what one sensor could have watched.
[[nodiscard]] absl::StatusOr<PeriodData> ReadPeriod(StoreReader& store, FactSelection selection,
                                                    uint64_t expected_ms);

// Sensors of the other period that have no live time in this one, so that both know them all.
void AddSilentSensors(const PeriodData& other, PeriodData& data);

[[nodiscard]] SensorPeriod SensorPeriodOf(const CoverageRollup& coverage, RankUnit unit,
                                          uint64_t expected_ms);

}  // namespace teiten::report
