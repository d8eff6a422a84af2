// SPDX-License-Identifier: Apache-2.0
// What each sensor says of itself, what arrived of it and what it saw. Sensors of group "replay"
// are left out unless it is selected, as in every answer, and counted in a note.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

// The newest window of a live sensor ends no longer ago than three of its windows and 30 s.
[[nodiscard]] constexpr int64_t SilentAfterMs(int64_t window_ms) { return 3 * window_ms + 30'000; }

// Errors: InvalidArgument naming the field; the store's.
[[nodiscard]] absl::StatusOr<v1::SensorsReply> AnswerSensors(StoreReader& store,
                                                             const QueryContext& context,
                                                             const v1::SensorsRequest& request);

}  // namespace teiten
