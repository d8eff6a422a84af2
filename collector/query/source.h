// SPDX-License-Identifier: Apache-2.0
// What one address or prefix did: from the source-days of the record for whole days, from facts
// for the rest of the range. One activity per (source, kind, protocol, port).
//
// IPv6 sources are listed by their /64, as source-days hold them. A single address, or a prefix
// longer than /64, is answered from facts alone; where these do not reach, its /64 is answered.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr uint32_t kDefaultActivities = 1000;
inline constexpr uint32_t kMostActivities = 100'000;

// Errors: InvalidArgument naming the field; ResourceExhausted naming the limit; the store's.
[[nodiscard]] absl::StatusOr<v1::SourceReply> AnswerSource(StoreReader& store,
                                                           const QueryContext& context,
                                                           const v1::SourceRequest& request);

}  // namespace teiten
