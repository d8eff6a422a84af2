// SPDX-License-Identifier: Apache-2.0
// Tables by tool mark: what marks say, and Telnet split by the Mirai mark.
#pragma once

#include <string>

#include "collector/report/table.h"

namespace teiten::report {

[[nodiscard]] TableSpec ToolTable();
[[nodiscard]] TableSpec TelnetTable();

[[nodiscard]] std::string ToolName(v1::ToolMark tool);

}  // namespace teiten::report
