// SPDX-License-Identifier: Apache-2.0
#include "collector/store/tool_split.h"

#include <algorithm>

namespace teiten {
namespace {

struct OrderedMark {
  Mark mark;
  v1::ToolMark tool;
};
constexpr std::array<OrderedMark, kMarkCount> kOrder = {{
    {Mark::kMirai, v1::TOOL_MARK_MIRAI},
    {Mark::kMasscan, v1::TOOL_MARK_MASSCAN},
    {Mark::kZmap, v1::TOOL_MARK_ZMAP},
    {Mark::kNmap, v1::TOOL_MARK_NMAP},
    {Mark::kAmplification, v1::TOOL_MARK_AMPLIFICATION},
}};

// packets < 2^32 and bytes < 2^48: their product needs more than 64 bits.
uint64_t ProRata(uint64_t bytes, uint64_t packets, uint64_t of_packets) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>(static_cast<Wide>(bytes) * packets / of_packets);
}

}  // namespace

ToolSplit SplitByTool(const FlowRow& row) {
  ToolSplit out;
  uint64_t left = row.packets;
  const auto take = [&](v1::ToolMark tool, uint64_t packets) {
    if (packets == 0) return;
    left -= packets;
    ToolShare& share = out.shares[out.count++];
    share.tool = tool;
    share.packets = packets;
  };
  for (const OrderedMark& next : kOrder) {
    const int counter = CounterOf(row.kind(), next.mark);
    if (counter >= 0) take(next.tool, std::min<uint64_t>(row.counter(counter), left));
  }
  take(v1::TOOL_MARK_UNMARKED, left);
  if (out.count == 0) out.count = 1;  // a row without packets: nothing, but still a tuple

  const auto end = out.shares.begin() + static_cast<std::ptrdiff_t>(out.count);
  const auto largest = std::max_element(
      out.shares.begin(), end,
      [](const ToolShare& a, const ToolShare& b) { return a.packets < b.packets; });
  uint64_t bytes_left = row.bytes();
  for (auto share = out.shares.begin(); share != end; ++share) {
    if (row.packets != 0) share->bytes = ProRata(row.bytes(), share->packets, row.packets);
    bytes_left -= share->bytes;
  }
  largest->bytes += bytes_left;
  largest->tuples = 1;
  return out;
}

}  // namespace teiten
