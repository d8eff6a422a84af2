// SPDX-License-Identifier: Apache-2.0
// Which tables a report has.
#pragma once

#include <vector>

#include "collector/report/table.h"

namespace teiten::report {

// In the order they are read. Figures of IPv4 are per N4, of IPv6 per P6, and never added; tables
// that hold both are per sensor. Where no N4 (P6) is known, tables are per sensor and say so.
[[nodiscard]] std::vector<v1::ReportTable> BuildTables(const TwoPeriods& periods,
                                                       uint32_t most_rows);

// All packets as one key, per sensor and day: the change of the whole.
[[nodiscard]] RankResult RankOfEverything(const TwoPeriods& periods);

// Scan packets by port; what the charts' lines are chosen from.
[[nodiscard]] TableSpec PortTable(Family family, const PeriodData& data);

[[nodiscard]] std::vector<Kind> KindsOf(KindClass c);

}  // namespace teiten::report
