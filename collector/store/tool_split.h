// SPDX-License-Identifier: Apache-2.0
// One tuple over the tool marks, so that the sums of P are exact. Marks are counted each by
// itself and a packet can carry several (Masscan's relation holds by chance in one packet of
// 65,536), so they are taken in the order in which a source is named (definitions: tool marks),
// mirai, masscan, zmap, nmap, then amplification, each clipped to the packets that are left; the
// rest is unmarked. Bytes go pro rata, rounded down, what remains to the share with most packets.
// The tuple counts once, at that share (of equal ones the first in the order above).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/flow_row.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

struct ToolShare {
  v1::ToolMark tool = v1::TOOL_MARK_UNMARKED;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t tuples = 0;  // 1 for one of the shares
};

// The shares that have packets, one at least; no allocation, it runs for every tuple.
struct ToolSplit {
  std::array<ToolShare, kMarkCount + 1> shares;
  std::size_t count = 0;

  [[nodiscard]] const ToolShare* begin() const { return shares.data(); }
  [[nodiscard]] const ToolShare* end() const { return shares.data() + count; }
};

[[nodiscard]] ToolSplit SplitByTool(const FlowRow& row);

}  // namespace teiten
