// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tool_name.h"

namespace teiten {
namespace {

constexpr uint64_t kLeastPercent = 90;

struct Rule {
  Mark mark;
  uint64_t least_packets;
  std::string_view name;
};
constexpr Rule kRules[] = {{Mark::kMirai, 1, "mirai"},      {Mark::kMasscan, 2, "masscan"},
                           {Mark::kZmap, 2, "zmap"},        {Mark::kNmap, 3, "nmap"},
                           {Mark::kMasscan, 1, "masscan?"}, {Mark::kZmap, 1, "zmap?"}};

}  // namespace

std::string_view NameTool(uint64_t packets, const MarkPackets& marks) {
  for (const Rule& rule : kRules) {
    const uint64_t marked = marks[static_cast<std::size_t>(rule.mark)];
    if (marked >= rule.least_packets && marked * 100 >= packets * kLeastPercent) return rule.name;
  }
  return "";
}

}  // namespace teiten
