// SPDX-License-Identifier: Apache-2.0
// What a reader in a hurry takes away: a few sentences and figures, made from the finished tables.
#pragma once

#include "collector/query/rank_math.h"
#include "collector/report/period_data.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// "22 November 2026", "November 2026", "the week from 16 November 2026"
[[nodiscard]] std::string PeriodName(const v1::Report& report);

// Adds headlines and figures to a report whose tables, totals and coverage are complete.
// `everything`: the rank of all packets as one key, for the change of the whole.
void AddHeadlines(const RankResult& everything, v1::Report& report);

}  // namespace teiten::report
