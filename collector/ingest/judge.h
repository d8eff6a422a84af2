// SPDX-License-Identifier: Apache-2.0
// Is an envelope what it says, and can it be true? Decompresses and checks everything, which may
// take tens of milliseconds for the largest; called on gRPC's threads, before the core sees it.
// Pure: any bytes are safe, nothing is remembered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collector/store/store_types.h"
#include "teiten/v1/ingest.pb.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

struct Judgement {
  uint64_t sequence = 0;             // 0 if the identity has no valid shape
  std::optional<AcceptedFact> fact;  // absent: refused
  v1::Rejection::Reason reason = v1::Rejection::REASON_UNSPECIFIED;
  std::string detail;  // names the field
};

// A window may begin at most a day after `now_unix_ms` (the collector's clock), and not at all be
// judged by it if that clock is before the year this was written. Any age is fine.
[[nodiscard]] Judgement JudgeEnvelope(const v1::Envelope& envelope, int64_t now_unix_ms);

}  // namespace teiten
