// SPDX-License-Identifier: Apache-2.0
#include "client/output_head.h"

#include "common/kind.h"
#include "common/port_name.h"
#include "common/time_format.h"
#include "common/tool_mark.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string CutTime(int64_t unix_ms, std::size_t length, const Style& style) {
  const int32_t offset = style.utc_offset_minutes;
  const std::string local = FormatUtcMs(unix_ms + int64_t{offset} * 60'000).substr(0, length);
  if (offset == 0) return local + "Z";
  const int32_t minutes = offset < 0 ? -offset : offset;
  return fmt::format("{}{}{:02}:{:02}", local, offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace

std::string ShortTime(int64_t unix_ms, const Style& style) {
  const std::size_t length = unix_ms % 60'000 == 0 ? 16 : unix_ms % 1000 == 0 ? 19 : 23;
  return CutTime(unix_ms, length, style);
}

std::string FullTime(int64_t unix_ms, const Style& style) { return CutTime(unix_ms, 23, style); }

std::string KindText(v1::Kind kind) {
  const int number = kind;
  if (number <= 0 || number >= kKindCount) return fmt::format("kind {}", number);
  return std::string(KindName(static_cast<Kind>(number)));
}

std::string SelectionHead(const v1::Selection& s, const Style& style) {
  const char* dot = style.utf8 ? " · " : " | ";
  std::string out = fmt::format("{} to {} ({})", ShortTime(s.time().from_unix_ms(), style),
                                ShortTime(s.time().to_unix_ms(), style),
                                FormatDuration(s.time().to_unix_ms() - s.time().from_unix_ms()));
  const auto add = [&](const char* name, const auto& list, const auto& text_of) {
    std::vector<std::string> texts;
    for (const auto& entry : list) texts.push_back(text_of(entry));
    if (!texts.empty()) out += fmt::format("{}{} {}", dot, name, fmt::join(texts, ", "));
  };
  const auto same = [](const std::string& text) { return Printable(text); };
  add("class", s.classes(), [](int c) { return std::string(KindClassName(KindClass(c))); });
  add("kind", s.kinds(), [](int kind) { return KindText(v1::Kind(kind)); });
  add("protocol", s.protocols(), [](uint32_t p) { return FormatProtocol(p); });
  add("port", s.ports(),
      [](const v1::ProtocolPort& p) { return FormatPort(p.protocol(), p.port()); });
  add("source", s.source_prefixes(), same);
  add("region", s.regions(), same);
  add("tool", s.tools(), [](int tool) { return ToolMarkName(v1::ToolMark(tool)); });
  add("sensor", s.sensors(), same);
  add("group", s.groups(), same);
  add("family", s.families(),
      [](int family) { return std::string(family == v1::ADDRESS_FAMILY_IPV4 ? "IPv4" : "IPv6"); });
  return Dim(out, style) + "\n";
}

}  // namespace teiten
