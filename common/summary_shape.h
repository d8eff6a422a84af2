// SPDX-License-Identifier: Apache-2.0
// Looks at a serialised WindowSummary before it is parsed: two bytes can become an object of
// seventy, so that 64 MiB of the wrong bytes would become gigabytes. Counts fields on the wire,
// allocates nothing, one pass.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace teiten {

// Errors: ResourceExhausted naming the list that is too long, InvalidArgument if the bytes are no
// message at all.
[[nodiscard]] absl::Status CheckSummaryShape(std::string_view serialized_summary);

}  // namespace teiten
