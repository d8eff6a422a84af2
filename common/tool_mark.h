// SPDX-License-Identifier: Apache-2.0
// How the wire's tool marks are written and asked for: the names of Mark, and "unmarked".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "teiten/v1/query.pb.h"

namespace teiten {

// "zmap", "unmarked"; "tool 9" for one that only a newer program knows.
[[nodiscard]] std::string ToolMarkName(v1::ToolMark tool);
[[nodiscard]] std::optional<v1::ToolMark> ToolMarkFromName(std::string_view name);

}  // namespace teiten
