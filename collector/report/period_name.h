// SPDX-License-Identifier: Apache-2.0
// What periods are called.
#pragma once

#include <string>

#include "teiten/v1/report.pb.h"

namespace teiten::report {

// "22 November 2026", "November 2026", "the week from 16 November 2026"
[[nodiscard]] std::string PeriodName(const v1::Report& report);
// "on 22 November 2026", "in November 2026"
[[nodiscard]] std::string InPeriod(const v1::Report& report);
// "the day before"
[[nodiscard]] std::string PreviousName(v1::ReportPeriod period);

// The report was not made before its period.
[[nodiscard]] bool HasBegun(const v1::Report& report);

// "2026-11-22 00:00 to 02:26 UTC, not over yet · sensors of group live"; of a range also what was
// asked for, where more is covered.
[[nodiscard]] std::string SpanText(const v1::Report& report);

}  // namespace teiten::report
