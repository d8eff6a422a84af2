// SPDX-License-Identifier: Apache-2.0
// Time in which two spools of one sensor watched at once: a file imported twice, or two sensors
// under one id. Their facts are added, as facts always are, while live time counts once: every
// figure of that time is too high, and nothing but this tells.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/query/selection.h"
#include "collector/store/store.h"

namespace teiten {

// One sentence for each sensor of the selection that has such time, while its facts are kept.
// `sensors` are all that the store knows.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> DoubledTimeNotes(
    StoreReader& store, const RecordFilter& filter, const std::vector<SensorRecord>& sensors);

}  // namespace teiten
