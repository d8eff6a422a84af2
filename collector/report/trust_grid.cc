// SPDX-License-Identifier: Apache-2.0
// Columns of what says how far a report may be trusted: coverage, loss, fates, sensitivity.
#include <algorithm>
#include <cmath>
#include <span>

#include "collector/report/grid.h"
#include "collector/report/grid_cells.h"
#include "common/time_format.h"

namespace teiten::report {
namespace {

struct SensorColumn {
  const char* head;
  const char* plain;
  bool number;
  std::string (*cell)(const v1::SensorLine&, Numbers);
};

using Line = v1::SensorLine;

std::string Share(uint64_t part, uint64_t whole, Numbers n) {
  return PercentCell(PercentOf(static_cast<double>(part), static_cast<double>(whole)), n);
}

std::string AddressesCell(const Line& s, double count, Numbers n) {
  if (s.live_ms() == 0) return NothingCell(n);
  if (s.direction_unknown_ms() > 0) return "unknown";
  return count == std::floor(count) ? CountCell(static_cast<uint64_t>(count), n)
                                    : ValueCell(count, n);
}

// A sum that leaves out time for which drops are not known is a lower bound.
std::string DropsCell(const Line& s, Numbers n) {
  if (s.live_ms() == 0) return NothingCell(n);
  if (!s.accounting().has_kernel_dropped()) return "unknown";
  const bool partly = s.drops_unknown_ms() > 0 && n == Numbers::kForPeople;
  return (partly ? "≥ " : "") + CountCell(s.accounting().kernel_dropped(), n);
}

std::string InterfaceDropsCell(const Line& s, Numbers n) {
  if (s.live_ms() == 0) return NothingCell(n);
  if (!s.accounting().has_interface_dropped()) return "unknown";
  return CountCell(s.accounting().interface_dropped(), n);
}

std::string DurationCell(uint64_t ms, Numbers n) {
  if (n == Numbers::kPlain) return std::to_string(ms);
  return ms == 0 ? "0" : FormatDuration(static_cast<int64_t>(ms));
}

std::string BlindCell(const Line& s, Numbers) {
  std::string text;
  for (const std::string& port : s.blind_ports()) text += (text.empty() ? "" : " ") + port;
  return text;
}

template <uint64_t (v1::Accounting::*Get)() const>
std::string Counter(const Line& s, Numbers n) {
  return CountCell((s.accounting().*Get)(), n);
}

std::string SensorCell(const Line& s, Numbers) { return s.sensor(); }

constexpr SensorColumn kCoverageColumns[] = {
    {"Sensor", "sensor", false, SensorCell},
    {"Group", "group", false, [](const Line& s, Numbers) { return s.group(); }},
    {"N4", "n4", true, [](const Line& s, Numbers n) { return AddressesCell(s, s.n4(), n); }},
    {"P6", "p6", true, [](const Line& s, Numbers n) { return AddressesCell(s, s.p6(), n); }},
    {"Live", "live_percent", true,
     [](const Line& s, Numbers n) { return Share(s.live_ms(), s.expected_ms(), n); }},
    {"Summaries", "summaries", true,
     [](const Line& s, Numbers n) { return CountCell(s.summaries(), n); }},
    {"Captured", "captured", true, Counter<&v1::Accounting::captured>},
    {"Observed", "observed", true,
     [](const Line& s, Numbers n) { return CountCell(s.observed().packets(), n); }},
    {"Sources", "sources", true,
     [](const Line& s, Numbers n) {
       return CountCell(static_cast<uint64_t>(std::llround(s.observed().sources())), n);
     }},
    {"Blind for", "blind_ports", false, BlindCell},
    {"Vote in ranks", "vote", false,
     [](const Line& s, Numbers) { return s.left_out() ? "no: " + s.reason() : "yes"; }},
};

constexpr SensorColumn kLossColumns[] = {
    {"Sensor", "sensor", false, SensorCell},
    {"Kernel drops", "kernel_dropped", true, DropsCell},
    {"Interface drops", "interface_dropped", true, InterfaceDropsCell},
    {"Lost summaries", "lost_summaries", true,
     [](const Line& s, Numbers n) { return CountCell(s.lost_summaries(), n); }},
    {"Gaps", "gap_ms", true, [](const Line& s, Numbers n) { return DurationCell(s.gap_ms(), n); }},
    {"Folded", "folded_percent", true,
     [](const Line& s, Numbers n) {
       return Share(s.accounting().folded(), s.observed().packets(), n);
     }},
    {"Truncated", "truncated", true, Counter<&v1::Accounting::truncated>},
    {"Malformed", "malformed", true, Counter<&v1::Accounting::malformed>},
    {"Late", "late", true, Counter<&v1::Accounting::late>},
    {"Bad time", "time_bad", true, Counter<&v1::Accounting::time_bad>},
};

// Columns in which a reader finds nothing: no port is blind, nobody has IPv6.
bool SaysNothing(const v1::Report& report, const SensorColumn& column) {
  const std::string_view plain = column.plain;
  for (const Line& line : report.sensor_lines()) {
    if (plain == "blind_ports" && line.blind_ports_size() > 0) return false;
    if (plain == "p6" && line.p6() > 0) return false;
  }
  return plain == "blind_ports" || plain == "p6";
}

Grid LinesGrid(const v1::Report& report, std::span<const SensorColumn> columns, Numbers numbers) {
  Grid grid;
  grid.section = "Coverage and loss";
  grid.empty_reason = report.sensor_lines_size() == 0 ? "no sensor is known" : "";
  std::vector<const SensorColumn*> chosen;
  for (const SensorColumn& column : columns) {
    const bool plain = numbers == Numbers::kPlain;
    if (!plain && SaysNothing(report, column)) continue;
    chosen.push_back(&column);
    grid.columns.push_back({plain ? column.plain : column.head, column.number});
  }
  for (const Line& line : report.sensor_lines()) {
    std::vector<std::string>& cells = grid.rows.emplace_back();
    for (const SensorColumn* column : chosen) cells.push_back(column->cell(line, numbers));
  }
  return grid;
}

std::string RuleText(const v1::SensitivityLine& line, Numbers n) {
  if (n == Numbers::kPlain) return line.rule();
  return line.rule() == "scan" ? "Scan of the whole IPv4 space"
                               : "Attacked host that answers random addresses";
}

}  // namespace

Grid SensorGrid(const v1::Report& report, Numbers numbers) {
  Grid grid = LinesGrid(report, kCoverageColumns, numbers);
  grid.id = "sensors";
  grid.title = "Sensors";
  return grid;
}

Grid LossGrid(const v1::Report& report, Numbers numbers) {
  Grid grid = LinesGrid(report, kLossColumns, numbers);
  grid.id = "loss";
  grid.title = "What was lost";
  const uint64_t rejected = report.coverage().rejected_summaries();
  if (rejected > 0) {
    grid.notes.push_back(
        fmt::format("Since the store was made it refused {} of these sensors.",
                    rejected == 1 ? "1 summary" : WithCommas(rejected) + " summaries"));
  }
  return grid;
}

Grid FateGrid(const v1::Report& report, Numbers numbers) {
  const v1::Accounting& a = report.coverage().accounting();
  const std::pair<const char*, uint64_t> fates[] = {
      {"observed", a.observed()},     {"service", a.service()},
      {"solicited", a.solicited()},   {"outbound", a.outbound()},
      {"unobserved", a.unobserved()}, {"link_local", a.link_local()},
      {"not_ip", a.not_ip()},         {"malformed", a.malformed()},
      {"truncated", a.truncated()},   {"undecodable_link", a.undecodable_link()},
      {"captured", a.captured()}};
  Grid grid;
  grid.id = "fates";
  grid.section = "Coverage and loss";
  grid.title = "What became of every captured packet";
  const bool plain = numbers == Numbers::kPlain;
  grid.columns = {{plain ? "fate" : "Fate", false},
                  {plain ? "packets" : "Packets", true},
                  {plain ? "share_percent" : "Share", true}};
  if (a.captured() == 0) grid.empty_reason = "no packet was captured";
  for (const auto& [name, packets] : fates) {
    if (a.captured() == 0) break;
    grid.rows.push_back({name, CountCell(packets, numbers), Share(packets, a.captured(), numbers)});
  }
  return grid;
}

Grid SensitivityGrid(const v1::Report& report, Numbers numbers) {
  Grid grid;
  grid.id = "sensitivity";
  grid.section = "Coverage and loss";
  grid.title = "The least that would have been noticed";
  const bool plain = numbers == Numbers::kPlain;
  grid.caption = fmt::format("With 99 % certainty, by {} observed IPv4 addresses",
                             Rounded(report.coverage().mean_n4()));
  // Why something is not visible; most often there is nothing to say.
  const bool notes = plain || std::any_of(report.sensitivity().begin(), report.sensitivity().end(),
                                          [](const auto& line) { return !line.note().empty(); });
  grid.columns = {{plain ? "rule" : "What", false},
                  {plain ? "rule_set" : "Rule set", false},
                  {plain ? "duration_ms" : "Lasting", true},
                  {plain ? "watched_ms" : "Watched", true},
                  {plain ? "packets_per_second" : "Packets per second", true}};
  if (notes) grid.columns.push_back({plain ? "note" : "Note", false});
  if (report.sensitivity_size() == 0) {
    grid.empty_reason = "it needs live time and known observed IPv4 addresses";
  }
  for (const v1::SensitivityLine& line : report.sensitivity()) {
    const std::string rate = line.has_packets_per_second()
                                 ? ValueCell(line.packets_per_second(), numbers)
                                 : NothingCell(numbers);
    grid.rows.push_back({RuleText(line, numbers), line.rule_set(),
                         DurationCell(line.duration_ms(), numbers),
                         DurationCell(line.watched_ms(), numbers), rate});
    if (notes) grid.rows.back().push_back(line.note());
  }
  if (report.sensitivity_size() > 0) {
    grid.notes.push_back("IPv6: no extrapolation.");
  }
  return grid;
}

Grid FigureGrid(const v1::Report& report, Numbers numbers) {
  Grid grid;
  grid.id = "figures";
  grid.section = "Overview";
  grid.title = "Figures";
  const bool plain = numbers == Numbers::kPlain;
  grid.columns = {{plain ? "id" : "Figure", false},
                  {plain ? "value" : "Value", true},
                  {plain ? "previous" : "Previous", true},
                  {plain ? "change_percent" : "Change", true},
                  {plain ? "note" : "Note", false}};
  for (const v1::ReportFigure& f : report.figures()) {
    grid.rows.push_back(
        {plain ? f.id() : f.label(), FigureCell(f, f.value(), numbers),
         f.has_previous() ? FigureCell(f, f.previous(), numbers) : NothingCell(numbers),
         f.has_change_percent() ? SignedPercentCell(f.change_percent(), numbers)
                                : NothingCell(numbers),
         f.note()});
  }
  if (report.figures_size() == 0) grid.empty_reason = "there is nothing to count";
  return grid;
}

}  // namespace teiten::report
