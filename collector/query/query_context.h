// SPDX-License-Identifier: Apache-2.0
// What every query needs beside the store; set once when the collector starts. Functions may be
// called by both reader threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "collector/query/query_handler.h"
#include "collector/store/store.h"
#include "common/address.h"
#include "common/keyed_hash.h"

namespace teiten {

struct QueryContext {
  // DeriveMultipliers(deployment key, "source sketch"): as in the rollups.
  HashMultipliers sketch_multipliers{};
  int32_t utc_offset_minutes = 0;  // of the store's zone
  int64_t facts_kept_ms = 30LL * 24 * 3'600'000;
  std::function<int64_t()> now_unix_ms;  // the collector's clock
  // "JP"; "unknown" where no region file knows. Empty function: all unknown, and said.
  std::function<std::string(Family, const Address&)> region;
  std::function<bool(const std::string& sensor)> connected;  // empty: none
  // What keeps the store from taking more, for a reader; "" or an empty function: nothing.
  std::function<std::string()> trouble;
  std::function<absl::StatusOr<v1::GetReportReply>(StoreReader&, const v1::GetReportRequest&)>
      report;
};

}  // namespace teiten
