// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tool_split.h"

#include <algorithm>

namespace teiten {
namespace {

struct ToolOfMark {
  Mark mark;
  v1::ToolMark tool;
};
constexpr ToolOfMark kOrder[] = {{Mark::kMirai, v1::TOOL_MARK_MIRAI},
                                 {Mark::kMasscan, v1::TOOL_MARK_MASSCAN},
                                 {Mark::kZmap, v1::TOOL_MARK_ZMAP},
                                 {Mark::kNmap, v1::TOOL_MARK_NMAP},
                                 {Mark::kAmplification, v1::TOOL_MARK_AMPLIFICATION}};

}  // namespace

std::vector<ToolShare> SplitByTool(const FlowRow& row) {
  std::vector<ToolShare> shares;
  uint64_t packets_left = row.packets;
  uint64_t bytes_left = row.bytes();
  const auto take = [&](v1::ToolMark tool, uint64_t packets) {
    if (packets == 0) return;
    // 2^48 bytes × 2^24 packets need more than 64 bits.
    const auto whole = static_cast<__uint128_t>(bytes_left) * packets;
    const auto bytes = static_cast<uint64_t>(whole / packets_left);
    shares.push_back({tool, packets, bytes, 0});
    packets_left -= packets;
    bytes_left -= bytes;
  };
  for (const ToolOfMark& entry : kOrder) {
    const int counter = CounterOf(row.kind(), entry.mark);
    if (counter < 0) continue;
    take(entry.tool, std::min<uint64_t>(row.counter(counter), packets_left));
  }
  take(v1::TOOL_MARK_UNMARKED, packets_left);
  const auto most = std::max_element(
      shares.begin(), shares.end(),
      [](const ToolShare& a, const ToolShare& b) { return a.packets < b.packets; });
  if (most != shares.end()) most->tuples = 1;
  return shares;
}

}  // namespace teiten
