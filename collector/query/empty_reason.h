// SPDX-License-Identifier: Apache-2.0
// Why an answer has no rows, and what to try: no sensor ever reported, an unknown sensor, nothing
// in that time, only group "replay", or the filter leaves nothing.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "collector/query/coverage.h"
#include "collector/query/selection.h"
#include "collector/store/store.h"

namespace teiten {

[[nodiscard]] absl::StatusOr<std::string> EmptyReason(StoreReader& store,
                                                      const RecordFilter& filter,
                                                      const CoverageBook& book);

}  // namespace teiten
