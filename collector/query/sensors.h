// SPDX-License-Identifier: Apache-2.0
// What each sensor says of itself, what arrived of it and what it saw. All groups are listed
// unless some are selected: whether a replay arrived is asked here too.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

// The newest window of a live sensor ends no longer ago than 3 windows of 60 s and 30 s.
inline constexpr int64_t kSilentAfterMs = 210'000;

// Errors: InvalidArgument naming the field; the store's.
[[nodiscard]] absl::StatusOr<v1::SensorsReply> AnswerSensors(StoreReader& store,
                                                             const QueryContext& context,
                                                             const v1::SensorsRequest& request);

}  // namespace teiten
