// SPDX-License-Identifier: Apache-2.0
#include "common/tool_mark.h"

#include <fmt/format.h>

#include "common/kind.h"

namespace teiten {
namespace {

constexpr std::string_view kUnmarked = "unmarked";

v1::ToolMark ToolOf(int mark) { return static_cast<v1::ToolMark>(v1::TOOL_MARK_ZMAP + mark); }

}  // namespace

std::string ToolMarkName(v1::ToolMark tool) {
  if (tool == v1::TOOL_MARK_UNMARKED) return std::string(kUnmarked);
  const int mark = tool - v1::TOOL_MARK_ZMAP;
  if (mark < 0 || mark >= kMarkCount) return fmt::format("tool {}", static_cast<int>(tool));
  return std::string(MarkName(static_cast<Mark>(mark)));
}

std::optional<v1::ToolMark> ToolMarkFromName(std::string_view name) {
  if (name == kUnmarked) return v1::TOOL_MARK_UNMARKED;
  for (int mark = 0; mark < kMarkCount; ++mark) {
    if (MarkName(static_cast<Mark>(mark)) == name) return ToolOf(mark);
  }
  return std::nullopt;
}

}  // namespace teiten
