// SPDX-License-Identifier: Apache-2.0
// Ranges as bytes of a row: the first number, then lengths and the gaps between them in turn, as
// varints. An hour watched without a break is 8 bytes.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/range_set.h"

namespace teiten {

[[nodiscard]] std::string RangesToBlob(const RangeSet& ranges);
// Errors: DataLoss; then some of them may have been added.
[[nodiscard]] absl::Status AddBlobRanges(std::string_view blob, RangeSet& ranges);

}  // namespace teiten
