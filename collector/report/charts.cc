// SPDX-License-Identifier: Apache-2.0
#include "collector/report/charts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "collector/report/step_ranks.h"
#include "collector/report/svg_chart.h"
#include "collector/report/tables.h"
#include "common/port_name.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr int kChartBars = 10;

const v1::ReportTable* Find(const std::vector<v1::ReportTable>& tables, std::string_view id) {
  const auto at = std::find_if(tables.begin(), tables.end(),
                               [&](const v1::ReportTable& t) { return t.id() == id; });
  return at == tables.end() ? nullptr : &*at;
}

// "packets per N4 and hour, mean over sensors"
std::string StepUnit(RankUnit unit, const PeriodData& data) {
  std::string text = UnitName(unit);  // "packets per N4 and day"
  if (data.tier == RollupTier::kHour) text = text.substr(0, text.rfind("day")) + "hour";
  return text + ", mean over sensors";
}

// Lines without any value are no chart; the page says why.
void AddLines(const PeriodData& data, std::vector<v1::SeriesLine> lines, v1::ReportChart& chart) {
  bool any = false;
  for (v1::SeriesLine& line : lines) {
    for (const v1::SeriesPoint& p : line.points()) any = any || p.has_value();
    *chart.add_lines() = std::move(line);
  }
  if (any || chart.lines().empty()) return;
  chart.set_note(fmt::format("Not drawn: no {} was watched for half of it by half of the sensors.",
                             data.tier == RollupTier::kHour ? "hour" : "day"));
}

v1::ReportChart NewChart(const PeriodData& data, std::string id, std::string title) {
  v1::ReportChart chart;
  chart.set_kind(v1::REPORT_CHART_KIND_LINES);
  chart.set_id(std::move(id));
  chart.set_title(std::move(title));
  chart.set_step_ms(static_cast<uint64_t>(data.step_ms()));
  return chart;
}

RankUnit UnitOfTable(const v1::ReportTable& table) {
  for (const RankUnit unit : {RankUnit::kPerN4, RankUnit::kPerP6}) {
    if (table.unit() == UnitName(unit)) return unit;
  }
  return RankUnit::kPerSensor;
}

std::string LabelOf(const v1::ReportRow& row) {
  return row.name().empty() ? row.key() : fmt::format("{} {}", row.key(), row.name());
}

// The leading ports of a table, without the row of what has no port.
std::vector<std::pair<RankKey, std::string>> LeadingPorts(const v1::ReportTable& table) {
  std::vector<std::pair<RankKey, std::string>> ports;
  for (const v1::ReportRow& row : table.rows()) {
    const auto port = ParsePort(row.key());
    if (!port || ports.size() == kChartPorts) continue;
    ports.emplace_back(RankKey{port->protocol, port->port, ""}, LabelOf(row));
  }
  return ports;
}

absl::StatusOr<v1::ReportChart> PortChart(StoreReader& store, const PeriodData& data,
                                          const v1::ReportTable& table, Family family) {
  v1::ReportChart chart = NewChart(data, table.id() + "_series", "The leading ports over time");
  const RankUnit unit = UnitOfTable(table);
  chart.set_unit(StepUnit(unit, data));
  const auto ports = LeadingPorts(table);
  RollupQuery query;
  query.tier = data.tier;
  query.table = RollupTable::kPorts;
  query.selection = data.selection;
  query.kinds = KindsOf(KindClass::kScan);
  query.by_time = true;
  for (const auto& [key, label] : ports) {
    v1::ProtocolPort& port = query.ports.emplace_back();
    port.set_protocol(key.protocol);
    port.set_port(key.port);
  }
  if (ports.empty()) return chart;
  auto rows = store.ReadRollup(query);
  if (!rows.ok()) return rows.status();
  std::vector<Drawn> drawn;
  for (const auto& [key, label] : ports) {
    drawn.push_back({.key = key, .label = label, .packets_at = {}});
    for (const RollupRow& row : *rows) {
      const bool same = row.protocol == key.protocol && row.port == key.port;
      if (same && row.family == family) drawn.back().Add(row);
    }
  }
  AddLines(data, StepRanks(data, unit, table.ranked()).Lines(drawn), chart);
  return chart;
}

// IPv4 alone and per N4 where it is known: per sensor, a small sensor's outage would look like a
// rise.
absl::StatusOr<v1::ReportChart> ClassChart(StoreReader& store, const PeriodData& data,
                                           const v1::ReportTable& ports) {
  v1::ReportChart chart = NewChart(data, "classes_series", "By class over time, IPv4");
  const RankUnit unit = UnitOfTable(ports);
  chart.set_unit(StepUnit(unit, data));
  RollupQuery query;
  query.tier = data.tier;
  query.table = RollupTable::kKinds;
  query.selection = data.selection;
  query.by_time = true;
  auto rows = store.ReadRollup(query);
  if (!rows.ok()) return rows.status();
  std::vector<Drawn> drawn;
  for (const KindClass c : {KindClass::kScan, KindClass::kBackscatter, KindClass::kOther}) {
    const std::string name(KindClassName(c));
    drawn.push_back({.key = {0, 0, name}, .label = name, .packets_at = {}});
    for (const RollupRow& row : *rows) {
      if (row.family == Family::kIpv4 && ClassOf(row.kind) == c) drawn.back().Add(row);
    }
  }
  AddLines(data, StepRanks(data, unit, ports.ranked()).Lines(drawn), chart);
  return chart;
}

// Here 0 is a fact: nobody watched. Only steps that were not expected have no value.
v1::ReportChart CoverageChart(const PeriodData& data) {
  v1::ReportChart chart = NewChart(data, "coverage_series", "Time watched");
  chart.set_kind(v1::REPORT_CHART_KIND_STRIPS);
  chart.set_unit("% of the time");
  const bool each = data.coverage.size() <= kChartSensors;
  std::map<std::string, std::map<int64_t, uint64_t>> live_of;
  for (const CoverageRollup& c : data.coverage) live_of[each ? c.sensor : "all sensors"];
  for (const auto& [start, c] : data.coverage_by_step) {
    live_of[each ? c.sensor : "all sensors"][start] += c.live_ms;
  }
  const auto sensors = static_cast<double>(each ? 1 : data.coverage.size());
  const int64_t end = data.from_unix_ms + static_cast<int64_t>(data.expected_ms);
  for (auto& [sensor, live] : live_of) {
    v1::SeriesLine& line = *chart.add_lines();
    line.set_key(sensor);
    for (int64_t start = data.from_unix_ms; start < data.to_unix_ms; start += data.step_ms()) {
      v1::SeriesPoint& point = *line.add_points();
      point.set_start_unix_ms(start);
      point.set_live_ms(live[start]);
      const int64_t expected_ms = std::min(start + data.step_ms(), end) - start;
      if (expected_ms <= 0) continue;
      point.set_value(std::min(100.0, 100.0 * static_cast<double>(live[start]) /
                                          (static_cast<double>(expected_ms) * sensors)));
    }
  }
  return chart;
}

v1::ReportChart PortBars(const v1::ReportTable& table) {
  v1::ReportChart chart;
  chart.set_kind(v1::REPORT_CHART_KIND_BARS);
  chart.set_id(table.id() + "_bars");
  chart.set_title(table.title());
  chart.set_unit(table.ranked() ? table.unit() : kCountUnit);
  for (const v1::ReportRow& row : table.rows()) {
    if (!ParsePort(row.key()) || chart.bars_size() == kChartBars) continue;
    v1::ReportBar& bar = *chart.add_bars();
    bar.set_label(LabelOf(row));
    bar.set_value(table.ranked() ? row.value() : static_cast<double>(row.counts().packets()));
    if (table.ranked() && row.has_previous_value()) bar.set_previous(row.previous_value());
  }
  return chart;
}

}  // namespace

absl::StatusOr<std::vector<v1::ReportChart>> BuildCharts(
    StoreReader& store, const PeriodData& now, const std::vector<v1::ReportTable>& tables) {
  std::vector<v1::ReportChart> charts;
  if (!now.has_live_time()) return charts;
  const std::pair<const char*, Family> port_tables[] = {{"ports_scan_ipv4", Family::kIpv4},
                                                        {"ports_scan_ipv6", Family::kIpv6}};
  for (const auto& [id, family] : port_tables) {
    const v1::ReportTable* table = Find(tables, id);
    if (table == nullptr || table->rows_size() == 0) continue;
    if (family == Family::kIpv4) charts.push_back(PortBars(*table));
    auto chart = PortChart(store, now, *table, family);
    if (!chart.ok()) return chart.status();
    charts.push_back(*std::move(chart));
  }
  const v1::ReportTable* ipv4 = Find(tables, "ports_scan_ipv4");
  if (ipv4 == nullptr) return absl::InternalError("report: no table of scanned ports");
  auto classes = ClassChart(store, now, *ipv4);
  if (!classes.ok()) return classes.status();
  charts.push_back(*std::move(classes));
  charts.push_back(CoverageChart(now));
  return charts;
}

}  // namespace teiten::report
