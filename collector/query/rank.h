// SPDX-License-Identifier: Apache-2.0
// Ranks of ports, kinds, regions, tools, sensors and sources. The formula is rank_math.h; here the
// cells are added up per key and the answer is worded.
//
// Without kinds or classes selected, ranks take class scan where scanners and victims in one table
// would mean nothing (RecordFilter::DefaultToScan). IPv4 alone is ranked per N4, IPv6 alone per
// P6, both per sensor.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr uint32_t kDefaultRankRows = 10;
inline constexpr uint32_t kMostRankRows = 1000;

// Errors: InvalidArgument naming the field; ResourceExhausted naming the limit; the store's.
[[nodiscard]] absl::StatusOr<v1::RankReply> AnswerRank(StoreReader& store,
                                                       const QueryContext& context,
                                                       const v1::RankRequest& request);

}  // namespace teiten
