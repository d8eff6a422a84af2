// SPDX-License-Identifier: Apache-2.0
// The figures behind the charts: by hours, or by days for periods above eight days. A step in
// which nobody watched has no value; it is a gap in the line and never a zero.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "collector/report/table.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

inline constexpr int kChartPorts = 5;
inline constexpr int kChartSensors = 24;  // more are drawn as one strip

// `tables` are those of the report: charts draw their leading rows.
[[nodiscard]] absl::StatusOr<std::vector<v1::ReportChart>> BuildCharts(
    StoreReader& store, const PeriodData& now, const std::vector<v1::ReportTable>& tables);

}  // namespace teiten::report
