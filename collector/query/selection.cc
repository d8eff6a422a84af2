// SPDX-License-Identifier: Apache-2.0
#include "collector/query/selection.h"

#include <algorithm>

#include "common/envelope.h"
#include "common/text.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kLastUnixMs = 253'402'300'799'999;  // 9999-12-31, as far as times are written

absl::Status Wrong(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

absl::Status CheckLengths(const v1::Selection& s) {
  const std::pair<const char*, int> lists[] = {
      {"kinds", s.kinds_size()},     {"classes", s.classes_size()},
      {"ports", s.ports_size()},     {"protocols", s.protocols_size()},
      {"regions", s.regions_size()}, {"source_prefixes", s.source_prefixes_size()},
      {"tools", s.tools_size()},     {"sensors", s.sensors_size()},
      {"groups", s.groups_size()},   {"families", s.families_size()},
  };
  for (const auto& [name, size] : lists) {
    if (size > kMostSelected) {
      return Wrong(name,
                   fmt::format("{} entries, at most {}", GroupDigits(static_cast<uint64_t>(size)),
                               GroupDigits(kMostSelected)));
    }
  }
  if (s.surveys_size() > 0) return Wrong("surveys", "survey marks are not part of this record");
  if (s.systems_size() > 0) return Wrong("systems", "AS numbers are not part of this record");
  return absl::OkStatus();
}

absl::Status ParseKinds(const v1::Selection& s, RecordFilter& out) {
  if (s.kinds_size() == 0 && s.classes_size() == 0) return absl::OkStatus();
  uint32_t by_kind = 0;
  uint32_t by_class = 0;
  for (const int kind : s.kinds()) {
    if (kind < 1 || kind >= kKindCount) return Wrong("kinds", fmt::format("no kind {}", kind));
    by_kind |= 1U << kind;
  }
  for (const int c : s.classes()) {
    if (c < 1 || c > 3) return Wrong("classes", fmt::format("no class {}", c));
    for (int kind = 1; kind < kKindCount; ++kind) {
      if (static_cast<int>(ClassOf(static_cast<Kind>(kind))) == c) by_class |= 1U << kind;
    }
  }
  out.kinds = (s.kinds_size() > 0 ? by_kind : ~0U) & (s.classes_size() > 0 ? by_class : ~0U);
  if (out.kinds == 0) return Wrong("kinds", "none of them is of the selected classes");
  return absl::OkStatus();
}

absl::Status ParsePorts(const v1::Selection& s, RecordFilter& out) {
  for (const uint32_t protocol : s.protocols()) {
    if (protocol > 255) return Wrong("protocols", fmt::format("{} is above 255", protocol));
    out.protocols.push_back(static_cast<uint8_t>(protocol));
  }
  for (const v1::ProtocolPort& p : s.ports()) {
    if (p.protocol() > 255 || p.port() > 65535) {
      return Wrong("ports",
                   fmt::format("protocol {}, port {} is out of range", p.protocol(), p.port()));
    }
    out.ports.push_back({static_cast<uint8_t>(p.protocol()), static_cast<uint16_t>(p.port())});
  }
  return absl::OkStatus();
}

absl::Status ParseSources(const v1::Selection& s, RecordFilter& out) {
  for (const std::string& text : s.source_prefixes()) {
    const std::optional<Prefix> prefix = ParsePrefix(text);
    if (!prefix) {
      return Wrong("source_prefixes",
                   fmt::format("\"{}\" is no prefix; write 192.0.2.0/24 or 2001:db8::/32 with the "
                               "host bits zero, or one address",
                               text));
    }
    out.sources.push_back(*prefix);
  }
  return absl::OkStatus();
}

absl::Status ParseRegions(const v1::Selection& s, RecordFilter& out) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (const std::string& region : s.regions()) {
    const bool code = region.size() == 2 && upper(region[0]) && upper(region[1]);
    if (!code && region != "unknown" && region != "folded") {
      return Wrong("regions", fmt::format("\"{}\" is no region; write two capital letters as JP, "
                                          "or unknown, or folded",
                                          region));
    }
    out.regions.push_back(region);
  }
  return absl::OkStatus();
}

absl::Status ParseTools(const v1::Selection& s, RecordFilter& out) {
  if (s.tools_size() > 0) out.tools = 0;
  for (const int tool : s.tools()) {
    if (tool <= v1::TOOL_MARK_UNSPECIFIED || tool > v1::ToolMark_MAX) {
      return Wrong("tools", fmt::format("no tool mark {}", tool));
    }
    out.tools |= 1U << tool;
  }
  return absl::OkStatus();
}

absl::Status ParseFamilies(const v1::Selection& s, RecordFilter& out) {
  if (s.families_size() > 0) out.ipv4 = out.ipv6 = false;
  for (const int family : s.families()) {
    if (family == v1::ADDRESS_FAMILY_IPV4) {
      out.ipv4 = true;
    } else if (family == v1::ADDRESS_FAMILY_IPV6) {
      out.ipv6 = true;
    } else {
      return Wrong("families", fmt::format("no address family {}", family));
    }
  }
  return absl::OkStatus();
}

absl::Status ParseSensors(const v1::Selection& s, RecordFilter& out) {
  for (const std::string& sensor : s.sensors()) {
    if (!ValidSensorId(sensor)) {
      return Wrong("sensors",
                   fmt::format("\"{}\" is no sensor id (a-z, 0-9 and -, at most 63)", sensor));
    }
    out.sensors.push_back(sensor);
  }
  for (const std::string& group : s.groups()) {
    if (group.empty() || group.size() > 63) return Wrong("groups", "empty or above 63 bytes");
    out.groups.push_back(group);
  }
  out.groups_selected = s.groups_size() > 0;
  return absl::OkStatus();
}

}  // namespace

bool RecordFilter::HasPort(uint8_t protocol, uint16_t port) const {
  if (!protocols.empty() &&
      std::find(protocols.begin(), protocols.end(), protocol) == protocols.end()) {
    return false;
  }
  return ports.empty() ||
         std::find(ports.begin(), ports.end(), ProtocolAndPort{protocol, port}) != ports.end();
}

bool RecordFilter::HasSource(Family family, const Address& source, bool prefix64) const {
  if (sources.empty()) return true;
  return std::any_of(sources.begin(), sources.end(), [&](const Prefix& prefix) {
    return prefix.Contains(family, source) && (!prefix64 || prefix.length <= 64);
  });
}

bool RecordFilter::HasRegion(std::string_view region) const {
  return regions.empty() || std::find(regions.begin(), regions.end(), region) != regions.end();
}

bool RecordFilter::restricts_rows() const {
  return (!all_kinds() && !kinds_defaulted) || !all_tools() || !both_families() ||
         !protocols.empty() || !ports.empty() || !sources.empty() || !regions.empty();
}

void RecordFilter::DefaultToScan(v1::RankBy by) {
  const bool by_any = by == v1::RANK_BY_UNSPECIFIED || by == v1::RANK_BY_SENSOR;
  if (!all_kinds() || by == v1::RANK_BY_KIND || (by_any && ports.empty())) return;
  kinds_defaulted = true;
  kinds = 0;
  for (int kind = 1; kind < kKindCount; ++kind) {
    if (ClassOf(static_cast<Kind>(kind)) == KindClass::kScan) kinds |= 1U << kind;
  }
}

absl::Status CheckTime(const v1::TimeRange& time, std::string_view field) {
  if (time.from_unix_ms() == 0 && time.to_unix_ms() == 0) return Wrong(field, "is required");
  if (time.from_unix_ms() < 0 || time.to_unix_ms() > kLastUnixMs) {
    return Wrong(field, "is outside the years 1970 to 9999");
  }
  if (time.from_unix_ms() >= time.to_unix_ms()) {
    return Wrong(field,
                 fmt::format("begins at {} and ends at {}, not after that",
                             FormatUtcMs(time.from_unix_ms()), FormatUtcMs(time.to_unix_ms())));
  }
  return absl::OkStatus();
}

absl::StatusOr<RecordFilter> ParseSelection(const v1::Selection& selection) {
  RecordFilter out;
  out.from_unix_ms = selection.time().from_unix_ms();
  out.to_unix_ms = selection.time().to_unix_ms();
  out.asked_from_unix_ms = out.from_unix_ms;
  out.asked_to_unix_ms = out.to_unix_ms;
  if (absl::Status s = CheckTime(selection.time(), "time"); !s.ok()) return s;
  if (absl::Status s = CheckLengths(selection); !s.ok()) return s;
  for (const auto parse : {ParseKinds, ParsePorts, ParseSources, ParseRegions, ParseTools,
                           ParseFamilies, ParseSensors}) {
    if (absl::Status s = parse(selection, out); !s.ok()) return s;
  }
  return out;
}

}  // namespace teiten
