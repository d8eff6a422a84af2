// SPDX-License-Identifier: Apache-2.0
#include "collector/report/tables.h"

#include <algorithm>
#include <string_view>

#include "collector/report/region_name.h"
#include "collector/report/tool_tables.h"
#include "common/service_name.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr const char* kOtherPorts = "other ports";
constexpr const char* kUnknown = "unknown";
constexpr const char* kUnknownFolded = "unknown (folded)";

// Requests of ICMP are one line, whatever their kind (definitions: 0/ICMP).
RankKey PortKey(uint8_t protocol, uint16_t port) {
  if (protocol == 0 && port == 0) return {0, 0, kOtherPorts};
  return {protocol, port, ""};
}

std::string PortKeyName(const RankKey& key) {
  if (key.label == kOtherPorts) return "whose number was not kept";
  if (key.protocol == kProtocolIcmp || key.protocol == kProtocolIcmpv6) {
    return key.port == 0 ? "echo and other requests" : "";
  }
  return std::string(ServiceName(key.protocol, key.port));
}

std::string AttackedName(const RankKey& key) {
  const bool icmp = key.protocol == kProtocolIcmp || key.protocol == kProtocolIcmpv6;
  return icmp ? "" : PortKeyName(key);
}

bool IsOtherPorts(const RankKey& key) { return key.label == kOtherPorts; }
bool IsUnknownRegion(const RankKey& key) {
  return key.label == kUnknown || key.label == kUnknownFolded;
}

std::string FamilyName(Family family) { return family == Family::kIpv4 ? "IPv4" : "IPv6"; }
std::string FamilySuffix(Family family) { return family == Family::kIpv4 ? "_ipv4" : "_ipv6"; }

// Per address where addresses are known at half of the sensors or more, else per sensor.
RankUnit UnitOf(Family family, const PeriodData& data) {
  std::size_t known = 0, unknown = 0;
  for (const CoverageRollup& c : data.coverage) {
    if (c.direction_unknown_ms > 0) {
      ++unknown;
    } else if (c.live_ms > 0) {
      ++known;
    }
  }
  if (unknown > known) return RankUnit::kPerSensor;
  return family == Family::kIpv4 ? RankUnit::kPerN4 : RankUnit::kPerP6;
}

TableSpec ServiceTable(Family family, KindClass c, const PeriodData& data) {
  TableSpec spec;
  spec.unit = UnitOf(family, data);
  spec.rows = &PeriodData::ports;
  spec.key_of = [family, c](const RollupRow& row) -> std::optional<RankKey> {
    if (row.family != family || ClassOf(row.kind) != c) return std::nullopt;
    return PortKey(row.protocol, row.port);
  };
  spec.keys_of_source = [family, c](const SourceDay& s, const TableSpec::EmitKey& emit) {
    if (s.family == family && ClassOf(s.kind) == c) emit(PortKey(s.protocol, s.port));
  };
  spec.is_remainder = IsOtherPorts;
  return spec;
}

TableSpec BackscatterTable(Family family, const PeriodData& data) {
  TableSpec spec = ServiceTable(family, KindClass::kBackscatter, data);
  spec.id = "backscatter" + FamilySuffix(family);
  spec.section = "Attacks on others";
  spec.title = fmt::format("Attacked services seen in backscatter, {}", FamilyName(family));
  spec.row_label = "Service";
  spec.name_of = AttackedName;
  return spec;
}

TableSpec RegionTable(Family family, KindClass c, const PeriodData& data) {
  TableSpec spec;
  const bool scan = c == KindClass::kScan;
  spec.id = std::string(scan ? "regions_scan" : "regions_backscatter") + FamilySuffix(family);
  spec.section = scan ? "Scans" : "Attacks on others";
  spec.title = fmt::format("{}, {}", scan ? "Source regions of scans" : "Regions under attack",
                           FamilyName(family));
  spec.row_label = "Region";
  spec.unit = UnitOf(family, data);
  spec.rows = &PeriodData::regions;
  const auto key = [](const std::string& region) {
    if (region.empty() || region == kUnknown) return RankKey{0, 0, kUnknown};
    return RankKey{0, 0, region == "folded" ? kUnknownFolded : region};
  };
  spec.key_of = [family, c, key](const RollupRow& row) -> std::optional<RankKey> {
    if (row.family != family || ClassOf(row.kind) != c) return std::nullopt;
    return key(row.region);
  };
  spec.keys_of_source = [family, c, key](const SourceDay& s, const TableSpec::EmitKey& emit) {
    if (s.family == family && ClassOf(s.kind) == c) emit(key(s.region));
  };
  spec.name_of = [](const RankKey& k) { return std::string(RegionName(k.label)); };
  spec.is_remainder = IsUnknownRegion;
  return spec;
}

TableSpec ClassTable() {
  TableSpec spec;
  spec.id = "classes";
  spec.section = "Overview";
  spec.title = "Unsolicited packets by class";
  spec.row_label = "Class";
  spec.rows = &PeriodData::kinds;
  // The number keeps scan before backscatter before other.
  const auto key = [](Kind kind) {
    const KindClass c = ClassOf(kind);
    return RankKey{0, static_cast<uint16_t>(c), std::string(KindClassName(c))};
  };
  spec.key_of = [key](const RollupRow& row) -> std::optional<RankKey> { return key(row.kind); };
  spec.keys_of_source = [key](const SourceDay& s, const TableSpec::EmitKey& emit) {
    emit(key(s.kind));
  };
  spec.name_of = [](const RankKey& k) -> std::string {
    if (k.label == "scan") return "probes of services";
    return k.label == "backscatter" ? "answers of victims to forged packets" : "neither";
  };
  spec.in_own_order = true;
  for (const Kind kind : {Kind::kTcpSyn, Kind::kTcpSynack, Kind::kTcpAck}) {
    spec.always.push_back(key(kind));
  }
  return spec;
}

TableSpec OtherTable() {
  TableSpec spec;
  spec.id = "kinds_other";
  spec.section = "Other packets";
  spec.title = "Kinds that are neither scan nor backscatter";
  spec.row_label = "Kind";
  spec.rows = &PeriodData::kinds;
  spec.key_of = [](const RollupRow& row) -> std::optional<RankKey> {
    if (ClassOf(row.kind) != KindClass::kOther) return std::nullopt;
    return RankKey{0, 0, std::string(KindName(row.kind))};
  };
  spec.keys_of_source = [](const SourceDay& s, const TableSpec::EmitKey& emit) {
    if (ClassOf(s.kind) == KindClass::kOther) emit({0, 0, std::string(KindName(s.kind))});
  };
  return spec;
}

// Why a table has no rows, in words of its own.
void ExplainEmpty(const PeriodData& data, Family family, v1::ReportTable& table) {
  if (table.total().packets() > 0) return;
  table.clear_rows();
  const double addresses = family == Family::kIpv4 ? data.fleet.n4 : data.fleet.p6;
  const bool unknown = std::any_of(data.coverage.begin(), data.coverage.end(),
                                   [](const auto& c) { return c.direction_unknown_ms > 0; });
  if (!data.has_live_time()) {
    table.set_empty_reason("no sensor was live");
  } else if (addresses <= 0 && !unknown) {
    table.set_empty_reason(fmt::format("no sensor observed {} addresses", FamilyName(family)));
  } else {
    table.set_empty_reason("no such packets were observed");
  }
}

void NoteUnit(Family family, const PeriodData& data, v1::ReportTable& table) {
  if (table.unit() != UnitName(RankUnit::kPerSensor) || !data.has_live_time()) return;
  table.add_notes(
      fmt::format("Values are per sensor, because {} is not known for most sensors: "
                  "they observe every destination.",
                  family == Family::kIpv4 ? "N4" : "P6"));
}

}  // namespace

TableSpec PortTable(Family family, const PeriodData& data) {
  TableSpec spec = ServiceTable(family, KindClass::kScan, data);
  spec.id = "ports_scan" + FamilySuffix(family);
  spec.section = "Scans";
  spec.title = fmt::format("Scanned ports, {}", FamilyName(family));
  spec.row_label = "Port";
  spec.name_of = PortKeyName;
  spec.can_be_blind = true;
  return spec;
}

std::vector<Kind> KindsOf(KindClass c) {
  std::vector<Kind> kinds;
  for (int k = 1; k < kKindCount; ++k) {
    if (ClassOf(static_cast<Kind>(k)) == c) kinds.push_back(static_cast<Kind>(k));
  }
  return kinds;
}

RankResult RankOfEverything(const TwoPeriods& periods) {
  TableSpec spec;
  spec.rows = &PeriodData::kinds;
  spec.key_of = [](const RollupRow&) -> std::optional<RankKey> { return RankKey{0, 0, "all"}; };
  spec.keys_of_source = [](const SourceDay&, const TableSpec::EmitKey&) {};
  const RankInput now = RankInputOf(spec, periods, false);
  if (!periods.before.has_live_time()) return ComputeRank(now);
  return ComputeRankWithPrevious(now, RankInputOf(spec, periods, true));
}

std::vector<v1::ReportTable> BuildTables(const TwoPeriods& periods, uint32_t most_rows) {
  const PeriodData& now = periods.now;
  std::vector<v1::ReportTable> tables;
  const auto add = [&](const TableSpec& spec, Family family, bool per_address) {
    v1::ReportTable table = BuildTable(spec, periods, most_rows);
    ExplainEmpty(now, family, table);
    if (per_address && table.rows_size() > 0) NoteUnit(family, now, table);
    tables.push_back(std::move(table));
  };
  add(ClassTable(), Family::kIpv4, false);
  for (const Family f : {Family::kIpv4, Family::kIpv6}) add(PortTable(f, now), f, true);
  for (const Family f : {Family::kIpv4, Family::kIpv6}) {
    add(RegionTable(f, KindClass::kScan, now), f, true);
  }
  add(ToolTable(), Family::kIpv4, false);
  add(TelnetTable(), Family::kIpv4, false);
  for (const Family f : {Family::kIpv4, Family::kIpv6}) add(BackscatterTable(f, now), f, true);
  for (const Family f : {Family::kIpv4, Family::kIpv6}) {
    add(RegionTable(f, KindClass::kBackscatter, now), f, true);
  }
  add(OtherTable(), Family::kIpv4, false);
  return tables;
}

}  // namespace teiten::report
