// SPDX-License-Identifier: Apache-2.0
// What was asked for, in terms of this store.
#pragma once

#include "absl/status/statusor.h"
#include "collector/query/selection.h"
#include "collector/store/store.h"

namespace teiten {

// ParseSelection, with all groups the store knows but "replay" where none is selected, and the time
// widened to whole windows. Errors: InvalidArgument naming the field; the store's.
[[nodiscard]] absl::StatusOr<RecordFilter> OpenSelection(StoreReader& store,
                                                         const v1::Selection& selection);

}  // namespace teiten
