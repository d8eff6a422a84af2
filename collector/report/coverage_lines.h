// SPDX-License-Identifier: Apache-2.0
// How much each sensor watched and what was lost on the way: the part of a report that says how
// far the rest may be trusted.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "collector/report/period_data.h"
#include "collector/store/store.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// Declared gaps and rejections of one sensor that touch the period.
struct Loss {
  uint64_t summaries = 0;
  uint64_t gap_ms = 0;
  uint64_t undated_summaries = 0;  // lost at a time nobody knows, perhaps not in this period
  uint64_t rejected = 0;           // ever; the store keeps no time of them
};

struct SensorBook {
  SensorRecord record;
  Loss loss;
};

// Sensors of the selection that the store knows, by name, with what they lost.
[[nodiscard]] absl::StatusOr<std::vector<SensorBook>> ReadSensorBooks(StoreReader& store,
                                                                      const PeriodData& data);

// One line a sensor: those with live time now or in the period before, and those that were heard
// of before the period and not since.
[[nodiscard]] std::vector<v1::SensorLine> BuildSensorLines(const std::vector<SensorBook>& books,
                                                           const PeriodData& data,
                                                           int32_t utc_offset_minutes);

[[nodiscard]] v1::Coverage BuildCoverage(const std::vector<SensorBook>& books,
                                         const PeriodData& data);

}  // namespace teiten::report
