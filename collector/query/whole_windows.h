// SPDX-License-Identifier: Apache-2.0
// A fact tells of its window as a whole, and not when in it a packet came. So a range is answered
// as all windows of the selected sensors that overlap it: it is widened outward until it cuts none.
// Windows divide an hour, which bounds how far.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "collector/query/selection.h"
#include "collector/store/store.h"

namespace teiten {

// Widens the filter's range; what was asked for stays in asked_*.
[[nodiscard]] absl::Status WidenToWindows(StoreReader& store, RecordFilter& filter);
// What is said with an answer; empty: nothing was widened.
[[nodiscard]] std::string WidenedNote(const RecordFilter& filter);

}  // namespace teiten
