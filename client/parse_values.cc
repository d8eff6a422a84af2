// SPDX-License-Identifier: Apache-2.0
#include "client/parse_values.h"

#include <algorithm>
#include <functional>

#include "common/address.h"
#include "common/envelope.h"
#include "common/kind.h"
#include "common/port_name.h"
#include "common/time_format.h"
#include "common/tool_mark.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kMinuteLengthMs = 60'000;
constexpr int64_t kDayLengthMs = 86'400'000;

std::optional<int64_t> ParseTimeWord(const std::string& word, const AskedAt& at) {
  const int32_t offset_minutes = at.utc_offset_minutes.value_or(0);
  const int64_t local = at.now_unix_ms + int64_t{offset_minutes} * 60'000;
  const int64_t today = at.now_unix_ms - local % kDayLengthMs;
  if (word == "now") return at.now_unix_ms;
  if (word == "today") return today;
  if (word == "yesterday") return today - kDayLengthMs;
  return ParseTimeMs(word, offset_minutes);
}

std::string AllKinds() {
  std::string text;
  for (const KindClass c : {KindClass::kScan, KindClass::kBackscatter, KindClass::kOther}) {
    text += fmt::format("{} {}:", text.empty() ? "" : ";", KindClassName(c));
    for (int kind = 1; kind < kKindCount; ++kind) {
      if (ClassOf(static_cast<Kind>(kind)) == c) {
        text += fmt::format(" {}", KindName(static_cast<Kind>(kind)));
      }
    }
  }
  return text;
}

bool KindsFitClasses(const v1::Selection& s) {
  if (s.kinds_size() == 0 || s.classes_size() == 0) return true;
  return std::any_of(s.kinds().begin(), s.kinds().end(), [&](int kind) {
    const int c = static_cast<int>(ClassOf(static_cast<Kind>(kind)));
    return std::find(s.classes().begin(), s.classes().end(), c) != s.classes().end();
  });
}

using Take = std::function<std::string(const std::string& word)>;

void TakeAll(const char* option, const std::vector<std::string>& words, const Take& take,
             std::string& problems) {
  for (const std::string& word : words) {
    if (const std::string problem = take(word); !problem.empty()) {
      problems += fmt::format("{} \"{}\": {}\n", option, word, problem);
    }
  }
}

std::string TakeRegion(std::string word, v1::Selection& out) {
  if (word == "unknown" || word == "folded") {
    out.add_regions(word);
    return "";
  }
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const bool letters =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (word.size() != 2 || !letters) return "write two letters (ISO 3166-1) as JP, or unknown";
  out.add_regions(word);
  return "";
}

std::string TakeTool(const std::string& word, v1::Selection& out) {
  const std::optional<v1::ToolMark> tool = ToolMarkFromName(word);
  if (!tool) {
    return "no such tool mark; there are mirai, masscan, zmap, nmap, amplification and unmarked";
  }
  out.add_tools(*tool);
  return "";
}

std::string TakeFamily(std::string word, v1::Selection& out) {
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (word == "ipv4" || word == "4") {
    out.add_families(v1::ADDRESS_FAMILY_IPV4);
  } else if (word == "ipv6" || word == "6") {
    out.add_families(v1::ADDRESS_FAMILY_IPV6);
  } else {
    return "write ipv4 or ipv6";
  }
  return "";
}

std::string TakePort(const std::string& word, v1::Selection& out) {
  const std::optional<ProtocolAndPort> port = ParsePort(word);
  if (!port) {
    const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    return number ? fmt::format("a port needs its protocol: write {}/TCP or {}/UDP", word, word)
                  : "write 23/TCP, 53/UDP or 0/ICMP";
  }
  v1::ProtocolPort& added = *out.add_ports();
  added.set_protocol(port->protocol);
  added.set_port(port->port);
  return "";
}

}  // namespace

std::string ParseTimeWords(const TimeWords& words, const AskedAt& at, v1::TimeRange& out) {
  int64_t length = kDayLengthMs;
  if (!words.last.empty()) {
    const std::optional<int64_t> last = ParseDurationMs(words.last);
    if (!last || *last <= 0) {
      return fmt::format("--last \"{}\": no duration; {}", words.last, kDurationForms);
    }
    length = *last;
  }
  std::optional<int64_t> from;
  std::optional<int64_t> to;
  if (!words.from.empty() && !(from = ParseTimeWord(words.from, at))) {
    return fmt::format("--from \"{}\": no time; {}", words.from, kTimeForms);
  }
  if (!words.to.empty() && !(to = ParseTimeWord(words.to, at))) {
    return fmt::format("--to \"{}\": no time; {}", words.to, kTimeForms);
  }
  // 1970-01-01 is taken in every zone.
  if (from && *from <= -kDayLengthMs) {
    return fmt::format("--from \"{}\"{}", words.from, kBefore1970);
  }
  if (to && *to <= (at.utc_offset_minutes ? 0 : -kDayLengthMs)) {
    return fmt::format("--to \"{}\"{}", words.to, kBefore1970);
  }
  if (from && to && !words.last.empty()) return "--last: not together with both --from and --to";
  if (from && !to) to = words.last.empty() ? at.now_unix_ms : *from + length;
  // Whole minutes, which are whole windows; the newest may be over before the minute is.
  const auto minute = [](int64_t unix_ms) { return unix_ms - unix_ms % kMinuteLengthMs; };
  if (!from) from = to ? *to - length : minute(at.now_unix_ms - length);
  if (!to) to = minute(at.now_unix_ms + kMinuteLengthMs - 1);
  if (*from < 0) from = 0;
  if (at.utc_offset_minutes && *from >= *to) {
    return fmt::format("--from {} is not before --to {}", FormatUtcMs(*from), FormatUtcMs(*to));
  }
  out.set_from_unix_ms(*from);
  out.set_to_unix_ms(*to);
  return "";
}

std::string ParseFilterWords(const FilterWords& words, v1::Selection& out) {
  std::string problems;
  TakeAll(
      "--kind", words.kinds,
      [&](const std::string& word) -> std::string {
        const std::optional<Kind> kind = KindFromName(word);
        if (!kind || *kind == Kind::kNone) return "no such kind; the kinds are" + AllKinds();
        out.add_kinds(static_cast<v1::Kind>(*kind));
        return "";
      },
      problems);
  TakeAll(
      "--class", words.classes,
      [&](const std::string& word) -> std::string {
        const std::optional<KindClass> c = KindClassFromName(word);
        if (!c || *c == KindClass::kNone)
          return "no such class; there are scan, backscatter and other";
        out.add_classes(static_cast<v1::KindClass>(*c));
        return "";
      },
      problems);
  TakeAll(
      "--protocol", words.protocols,
      [&](const std::string& word) -> std::string {
        const std::optional<uint8_t> protocol = ParseProtocol(word);
        if (!protocol) return "write TCP, UDP, ICMP, ICMPv6 or a number up to 255";
        out.add_protocols(*protocol);
        return "";
      },
      problems);
  TakeAll(
      "--port", words.ports, [&](const std::string& word) { return TakePort(word, out); },
      problems);
  TakeAll(
      "--source-prefix", words.sources,
      [&](const std::string& word) -> std::string {
        if (!ParsePrefix(word)) {
          return "no prefix; write 192.0.2.0/24 or 2001:db8::/32 with the host bits zero";
        }
        out.add_source_prefixes(word);
        return "";
      },
      problems);
  TakeAll(
      "--region", words.regions, [&](const std::string& word) { return TakeRegion(word, out); },
      problems);
  TakeAll(
      "--tool", words.tools, [&](const std::string& word) { return TakeTool(word, out); },
      problems);
  TakeAll(
      "--sensor", words.sensors,
      [&](const std::string& word) -> std::string {
        if (!ValidSensorId(word)) return "no sensor id (a-z, 0-9 and -); see `teiten sensors`";
        out.add_sensors(word);
        return "";
      },
      problems);
  TakeAll(
      "--group", words.groups,
      [&](const std::string& word) -> std::string {
        if (word.empty()) return "must not be empty";
        out.add_groups(word);
        return "";
      },
      problems);
  TakeAll(
      "--family", words.families, [&](const std::string& word) { return TakeFamily(word, out); },
      problems);
  if (problems.empty() && !KindsFitClasses(out)) {
    problems =
        "--kind: none of the kinds is of a class that --class names; leave one of them out\n";
  }
  if (!problems.empty()) problems.pop_back();
  return problems;
}

std::string ParseBy(const std::string& word, v1::RankBy& out) {
  constexpr std::pair<std::string_view, v1::RankBy> kWords[] = {
      {"port", v1::RANK_BY_PORT}, {"kind", v1::RANK_BY_KIND},     {"region", v1::RANK_BY_REGION},
      {"tool", v1::RANK_BY_TOOL}, {"sensor", v1::RANK_BY_SENSOR}, {"source", v1::RANK_BY_SOURCE}};
  for (const auto& [name, by] : kWords) {
    if (name != word) continue;
    out = by;
    return "";
  }
  return fmt::format("\"{}\": write port, kind, region, tool, sensor or source", word);
}

}  // namespace teiten
