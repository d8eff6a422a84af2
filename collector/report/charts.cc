// SPDX-License-Identifier: Apache-2.0
#include "collector/report/charts.h"

#include <algorithm>
#include <map>
#include <utility>

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

std::string StepUnit(RankUnit unit, const PeriodData& data) {
  const std::string per_day = UnitName(unit);  // "packets per N4 and day"
  if (data.tier == RollupTier::kDay) return per_day;
  return per_day.substr(0, per_day.rfind("day")) + "hour";
}

using PacketsAt = std::map<std::pair<int64_t, std::string>, uint64_t>;  // (step, sensor)

// Packets of all sensors that could see the key over the N and live time they saw it with.
v1::SeriesLine LineOf(const PeriodData& data, RankUnit unit, const RankKey& key,
                      const PacketsAt& packets_at) {
  v1::SeriesLine line;
  std::map<int64_t, std::pair<double, uint64_t>> weight_and_packets;
  std::map<int64_t, uint64_t> live_ms;
  for (const auto& [start, coverage] : data.coverage_by_step) {
    SensorPeriod s = SensorPeriodOf(coverage, unit, coverage.live_ms);
    live_ms[start] += coverage.live_ms;
    if (unit != RankUnit::kPerSensor && s.unknown_ms > 0) continue;
    const double weight = VisibleWeightMs(s, unit, key);
    if (weight <= 0) continue;
    auto& [weight_sum, packets_sum] = weight_and_packets[start];
    weight_sum += weight;
    const auto at = packets_at.find({start, coverage.sensor});
    if (at != packets_at.end()) packets_sum += at->second;
  }
  for (int64_t start = data.from_unix_ms; start < data.to_unix_ms; start += data.step_ms()) {
    v1::SeriesPoint& point = *line.add_points();
    point.set_start_unix_ms(start);
    point.set_live_ms(live_ms[start]);
    const auto at = weight_and_packets.find(start);
    if (at == weight_and_packets.end()) continue;
    point.mutable_counts()->set_packets(at->second.second);
    point.set_value(static_cast<double>(at->second.second) * static_cast<double>(data.step_ms()) /
                    at->second.first);
  }
  return line;
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
  for (const auto& [key, label] : ports) {
    PacketsAt packets_at;
    for (const RollupRow& row : *rows) {
      if (row.family != family || row.protocol != key.protocol || row.port != key.port) continue;
      packets_at[{row.start_unix_ms, row.sensor}] += row.packets;
    }
    v1::SeriesLine& line = *chart.add_lines();
    line = LineOf(data, unit, key, packets_at);
    line.set_key(label);
  }
  return chart;
}

// IPv4 alone and per N4 where it is known: per sensor, a small sensor's outage would look like a
// rise.
absl::StatusOr<v1::ReportChart> ClassChart(StoreReader& store, const PeriodData& data,
                                           RankUnit unit) {
  v1::ReportChart chart = NewChart(data, "classes_series", "By class over time, IPv4");
  chart.set_unit(StepUnit(unit, data));
  RollupQuery query;
  query.tier = data.tier;
  query.table = RollupTable::kKinds;
  query.selection = data.selection;
  query.by_time = true;
  auto rows = store.ReadRollup(query);
  if (!rows.ok()) return rows.status();
  for (const KindClass c : {KindClass::kScan, KindClass::kBackscatter, KindClass::kOther}) {
    PacketsAt packets_at;
    for (const RollupRow& row : *rows) {
      if (row.family != Family::kIpv4 || ClassOf(row.kind) != c) continue;
      packets_at[{row.start_unix_ms, row.sensor}] += row.packets;
    }
    v1::SeriesLine& line = *chart.add_lines();
    line = LineOf(data, unit, RankKey{0, 0, "class"}, packets_at);
    line.set_key(std::string(KindClassName(c)));
  }
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
  chart.set_unit(table.ranked() ? table.unit() : "packets");
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
  auto classes = ClassChart(store, now, ipv4 == nullptr ? RankUnit::kPerN4 : UnitOfTable(*ipv4));
  if (!classes.ok()) return classes.status();
  charts.push_back(*std::move(classes));
  charts.push_back(CoverageChart(now));
  return charts;
}

}  // namespace teiten::report
