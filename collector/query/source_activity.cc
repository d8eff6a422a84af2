// SPDX-License-Identifier: Apache-2.0
#include "collector/query/source_activity.h"

namespace teiten {
namespace {

v1::ToolMark ToolOf(Mark mark) {
  switch (mark) {
    case Mark::kZmap:
      return v1::TOOL_MARK_ZMAP;
    case Mark::kMasscan:
      return v1::TOOL_MARK_MASSCAN;
    case Mark::kMirai:
      return v1::TOOL_MARK_MIRAI;
    case Mark::kNmap:
      return v1::TOOL_MARK_NMAP;
    case Mark::kAmplification:
      return v1::TOOL_MARK_AMPLIFICATION;
  }
  return v1::TOOL_MARK_UNSPECIFIED;
}

}  // namespace

void WriteActivity(const ActivityKey& key, const Activity& activity, v1::SourceActivity& out) {
  const bool whole = key.source.length == (key.source.family == Family::kIpv4 ? 32 : 128);
  out.set_source(whole ? FormatAddress(key.source.family, key.source.base)
                       : FormatPrefix(key.source));
  out.set_kind(static_cast<v1::Kind>(key.kind));
  out.set_protocol(key.protocol);
  out.set_port(key.port);
  out.mutable_counts()->set_packets(activity.packets);
  out.mutable_counts()->set_bytes(activity.bytes);
  out.mutable_counts()->set_tuples(activity.tuples);
  out.mutable_counts()->set_sources(1);
  out.set_first_unix_ms(activity.first_unix_ms);
  out.set_last_unix_ms(activity.last_unix_ms);
  out.set_sensors(static_cast<uint32_t>(activity.sensors.size()));
  out.set_days(static_cast<uint32_t>(activity.days.size()));
  MarkPackets sum{};
  std::set<std::string> tools;  // a source is named day by day
  for (const auto& [day, marks] : activity.days) {
    for (std::size_t i = 0; i < kMarkCount; ++i) sum[i] += marks.marks[i];
    if (const std::string tool(NameTool(marks.packets, marks.marks)); !tool.empty()) {
      tools.insert(tool);
    }
  }
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    if (sum[i] == 0) continue;
    v1::MarkCount& mark = *out.add_marks();
    mark.set_mark(ToolOf(static_cast<Mark>(i)));
    mark.set_packets(sum[i]);
  }
  for (const std::string& tool : tools) {
    if (!out.tool().empty()) out.mutable_tool()->append(", ");
    out.mutable_tool()->append(tool);
  }
}

}  // namespace teiten
