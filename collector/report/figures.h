// SPDX-License-Identifier: Apache-2.0
// The few numbers to remember, all of one shape: the value, what it was before, and the change
// where like is compared with like.
#pragma once

#include "collector/query/rank_math.h"
#include "collector/report/table.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// `report` has its tables, totals and coverages; `everything`: the rank of all packets as one key.
void AddFigures(const TwoPeriods& periods, const RankResult& everything, v1::Report& report);

}  // namespace teiten::report
