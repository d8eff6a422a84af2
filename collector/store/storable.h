// SPDX-License-Identifier: Apache-2.0
// What no store can ever hold, as opposed to what it cannot hold now. Clocks that were never set
// are no such thing: a summary of 1970 is stored, as it came.
#pragma once

#include "absl/status/status.h"
#include "collector/store/store_types.h"
#include "collector/store/zone.h"

namespace teiten {

// InvalidArgument naming the field: a hash that is none; a window that begins before 1970 (UTC) or
// on a day of the zone whose year has more than four digits, for which a day file has no name.
[[nodiscard]] absl::Status CheckStorable(const AcceptedFact& fact, const Zone& zone);

}  // namespace teiten
