// SPDX-License-Identifier: Apache-2.0
// Why an answer has no rows, and what to try: no sensor ever reported, names that nobody has,
// nothing in that time, only group "replay", or the filter leaves nothing.
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

// Why the sensors and groups that were asked for have nothing in that time, if it is not the time:
// unknown names, or only "replay", which an empty list of groups leaves out. Else empty.
[[nodiscard]] absl::StatusOr<std::string> NobodyReason(StoreReader& store,
                                                       const FactSelection& asked);

}  // namespace teiten
