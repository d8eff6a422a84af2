// SPDX-License-Identifier: Apache-2.0
// The facts themselves, row by row as sensors printed them, in order of window, sensor, spool,
// sequence. Every reply carries a token after which a new request goes on; a reply without rows
// and window is a sign of life while a narrow selection is searched.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "collector/query/query_context.h"
#include "collector/store/store.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr uint64_t kDefaultTuples = 10'000;
inline constexpr uint64_t kMostTuples = 10'000'000;
inline constexpr int kTuplesPerReply = 4096;  // of at most 160 bytes: below 1 MiB

// Errors: InvalidArgument naming the field; Cancelled if `send` returns false; the store's.
[[nodiscard]] absl::Status AnswerTuples(StoreReader& store, const QueryContext& context,
                                        const v1::TuplesRequest& request,
                                        const std::function<bool(const v1::TuplesReply&)>& send);

}  // namespace teiten
