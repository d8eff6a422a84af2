// SPDX-License-Identifier: Apache-2.0
// Splits a row's packets by mark: each packet to one tool, taken in the order mirai, masscan, zmap,
// nmap, amplification, and the rest unmarked, so that tools sum to the whole. Bytes go in
// proportion, the tuple to the tool with most packets.
#pragma once

#include <vector>

#include "common/flow_row.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

struct ToolShare {
  v1::ToolMark tool = v1::TOOL_MARK_UNMARKED;
  uint64_t packets = 0, bytes = 0, tuples = 0;
};
[[nodiscard]] std::vector<ToolShare> SplitByTool(const FlowRow& row);

}  // namespace teiten
