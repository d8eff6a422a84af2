// SPDX-License-Identifier: Apache-2.0
// What a reader in a hurry takes away: a few sentences, made from the finished tables.
#pragma once

#include "collector/query/rank_math.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// Adds headlines to a report whose tables, totals and coverage are complete.
// `everything`: the rank of all packets as one key, for the change of the whole.
void AddHeadlines(const RankResult& everything, v1::Report& report);

}  // namespace teiten::report
