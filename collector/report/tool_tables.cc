// SPDX-License-Identifier: Apache-2.0
#include "collector/report/tool_tables.h"

#include <algorithm>
#include <iterator>

#include "common/tool_mark.h"

namespace teiten::report {
namespace {

constexpr const char* kWithMirai = "Mirai mark";
constexpr const char* kWithoutMirai = "no Mirai mark";
constexpr uint16_t kTelnetPorts[] = {23, 2323};

}  // namespace

// For readers who do not know that many programs share Nmap's mark.
std::string ToolName(v1::ToolMark tool) {
  return tool == v1::TOOL_MARK_NMAP ? "nmap-like" : ToolMarkName(tool);
}

TableSpec ToolTable() {
  TableSpec spec;
  spec.id = "tools";
  spec.section = "Tools";
  spec.title = "Tool marks of scan packets";
  spec.row_label = "Mark";
  spec.rows = &PeriodData::ports;
  const auto key = [](v1::ToolMark tool) { return RankKey{0, 0, ToolName(tool)}; };
  spec.key_of = [key](const RollupRow& row) -> std::optional<RankKey> {
    if (ClassOf(row.kind) != KindClass::kScan) return std::nullopt;
    return key(row.tool);
  };
  spec.keys_of_source = [key](const SourceDay& s, const TableSpec::EmitKey& emit) {
    if (ClassOf(s.kind) != KindClass::kScan) return;
    uint64_t marked = 0;
    for (int m = 0; m < kMarkCount; ++m) {
      marked += s.marks[m];
      const int tool = static_cast<int>(v1::TOOL_MARK_ZMAP) + m;
      if (s.marks[m] > 0) emit(key(static_cast<v1::ToolMark>(tool)));
    }
    if (marked < s.packets) emit(key(v1::TOOL_MARK_UNMARKED));
  };
  spec.is_remainder = [](const RankKey& k) { return k.label == ToolName(v1::TOOL_MARK_UNMARKED); };
  return spec;
}

TableSpec TelnetTable() {
  TableSpec spec;
  spec.id = "telnet";
  spec.section = "Tools";
  spec.title = "Telnet scans with and without the Mirai mark";
  spec.row_label = "Port and mark";
  spec.rows = &PeriodData::ports;
  const auto is_telnet = [](uint8_t protocol, uint16_t port) {
    return protocol == kProtocolTcp && std::find(std::begin(kTelnetPorts), std::end(kTelnetPorts),
                                                 port) != std::end(kTelnetPorts);
  };
  spec.key_of = [is_telnet](const RollupRow& row) -> std::optional<RankKey> {
    const bool scan = ClassOf(row.kind) == KindClass::kScan;
    if (!scan || !is_telnet(row.protocol, row.port)) return std::nullopt;
    return RankKey{row.protocol, row.port,
                   row.tool == v1::TOOL_MARK_MIRAI ? kWithMirai : kWithoutMirai};
  };
  spec.keys_of_source = [is_telnet](const SourceDay& s, const TableSpec::EmitKey& emit) {
    if (ClassOf(s.kind) != KindClass::kScan || !is_telnet(s.protocol, s.port)) return;
    const uint64_t mirai = s.marks[static_cast<int>(Mark::kMirai)];
    if (mirai > 0) emit({s.protocol, s.port, kWithMirai});
    if (mirai < s.packets) emit({s.protocol, s.port, kWithoutMirai});
  };
  spec.in_own_order = true;
  for (const uint16_t port : kTelnetPorts) {
    spec.always.push_back({kProtocolTcp, port, kWithMirai});
    spec.always.push_back({kProtocolTcp, port, kWithoutMirai});
  }
  return spec;
}

}  // namespace teiten::report
