// SPDX-License-Identifier: Apache-2.0
// The page's logic-less template and its style. Double braces are escaped; triple braces are ours
// (SVG and the style), never data.
#pragma once

#include <string_view>

namespace teiten::report {

extern const std::string_view kHtmlTemplate;
extern const std::string_view kHtmlStyle;

}  // namespace teiten::report
