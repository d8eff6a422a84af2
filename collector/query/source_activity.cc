// SPDX-License-Identifier: Apache-2.0
#include "collector/query/source_activity.h"

#include <algorithm>

#include "fmt/format.h"

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

template <typename List, typename T>
void AddOnce(List& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

void Activity::Add(const ActivityPart& part) {
  if (part.day_unix_ms != day_unix_ms_) CloseDay();
  day_unix_ms_ = part.day_unix_ms;
  first_unix_ms_ =
      packets_ == 0 ? part.first_unix_ms : std::min(first_unix_ms_, part.first_unix_ms);
  last_unix_ms_ = std::max(last_unix_ms_, part.last_unix_ms);
  packets_ += part.packets;
  bytes_ += part.bytes;
  tuples_ += part.tuples;
  packets_of_day_ += part.packets;
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    marks_[i] += part.marks[i];
    marks_of_day_[i] += part.marks[i];
  }
  AddOnce(sensors_, part.sensor);
}

void Activity::CloseDay() {
  if (packets_of_day_ == 0) return;
  ++days_;
  if (packets_of_day_ == 1) ++single_packet_days_;
  if (const std::string_view tool = NameTool(packets_of_day_, marks_of_day_); !tool.empty()) {
    AddOnce(tools_, tool);
  }
  packets_of_day_ = 0;
  marks_of_day_ = {};
}

void Activity::Write(const ActivityKey& key, v1::SourceActivity& out) const {
  const bool whole = key.source.length == (key.source.family == Family::kIpv4 ? 32 : 128);
  out.set_source(whole ? FormatAddress(key.source.family, key.source.base)
                       : FormatPrefix(key.source));
  out.set_kind(static_cast<v1::Kind>(key.kind));
  out.set_protocol(key.protocol);
  out.set_port(key.port);
  out.mutable_counts()->set_packets(packets_);
  out.mutable_counts()->set_bytes(bytes_);
  out.mutable_counts()->set_tuples(tuples_);
  out.mutable_counts()->set_sources(1);
  out.set_first_unix_ms(first_unix_ms_);
  out.set_last_unix_ms(last_unix_ms_);
  out.set_sensors(static_cast<uint32_t>(sensors_.size()));
  out.set_days(days_);
  for (std::size_t i = 0; i < kMarkCount; ++i) {
    if (marks_[i] == 0) continue;
    v1::MarkCount& mark = *out.add_marks();
    mark.set_mark(ToolOf(static_cast<Mark>(i)));
    mark.set_packets(marks_[i]);
  }
  auto tools = tools_;
  std::sort(tools.begin(), tools.end());
  out.set_tool(fmt::format("{}", fmt::join(tools, ", ")));
}

}  // namespace teiten
