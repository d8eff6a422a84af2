// SPDX-License-Identifier: Apache-2.0
// Counts over time, in steps that begin where hours and days of the store's zone begin. A step
// without live time is a gap and says so; it is never a zero. Classes are taken as in ranks.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr uint32_t kDefaultSeriesLines = 10;
inline constexpr uint64_t kMostSeriesPoints = 20'000;  // of all lines together

// Errors: InvalidArgument naming the field; ResourceExhausted naming the limit; the store's.
[[nodiscard]] absl::StatusOr<v1::SeriesReply> AnswerSeries(StoreReader& store,
                                                           const QueryContext& context,
                                                           const v1::SeriesRequest& request);

}  // namespace teiten
