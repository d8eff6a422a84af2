// SPDX-License-Identifier: Apache-2.0
// A short English name of an ISO 3166-1 alpha-2 code. Reports say region, not country: a code is
// where an address is registered or said to be, and takes no side.
#pragma once

#include <string_view>

namespace teiten::report {

// "" where the code is not assigned.
[[nodiscard]] std::string_view RegionName(std::string_view code);

}  // namespace teiten::report
