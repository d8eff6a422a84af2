// SPDX-License-Identifier: Apache-2.0
#include "collector/report/headline.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "collector/report/number_text.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                   "May",       "June",     "July",     "August",
                                   "September", "October",  "November", "December"};

const v1::ReportTable* Find(const v1::Report& report, std::string_view id) {
  const auto at = std::find_if(report.tables().begin(), report.tables().end(),
                               [&](const v1::ReportTable& t) { return t.id() == id; });
  return at == report.tables().end() ? nullptr : &*at;
}

const v1::ReportRow* FindRow(const v1::ReportTable& table, std::string_view key) {
  const auto at = std::find_if(table.rows().begin(), table.rows().end(),
                               [&](const v1::ReportRow& r) { return r.key() == key; });
  return at == table.rows().end() ? nullptr : &*at;
}

std::chrono::year_month_day DateOf(int64_t unix_ms, int32_t offset_minutes) {
  const auto local = std::chrono::milliseconds(unix_ms) + std::chrono::minutes(offset_minutes);
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(local));
}

std::string MonthName(const std::chrono::year_month_day& date) {
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()));
}

std::string DayName(const std::chrono::year_month_day& date) {
  return fmt::format("{} {}", static_cast<unsigned>(date.day()), MonthName(date));
}

std::string PreviousName(v1::ReportPeriod period) {
  switch (period) {
    case v1::REPORT_PERIOD_DAY:
      return "the day before";
    case v1::REPORT_PERIOD_WEEK:
      return "the week before";
    case v1::REPORT_PERIOD_MONTH:
      return "the month before";
    case v1::REPORT_PERIOD_QUARTER:
      return "the quarter before";
    case v1::REPORT_PERIOD_YEAR:
      return "the year before";
    default:
      return "the same length of time before";
  }
}

std::string Sources(const v1::Counts& counts) {
  const auto count = static_cast<uint64_t>(std::llround(counts.sources()));
  return fmt::format("{}{}", counts.sources_standard_error() > 0 ? "about " : "",
                     Plural(count, "source"));
}

// "Telnet" reads better than "telnet (23/TCP)"; the number is what was seen, so it stays.
std::string Called(const v1::ReportRow& row) {
  return row.name().empty() ? row.key() : fmt::format("{} ({})", row.key(), row.name());
}

void AddTotal(v1::Report& report) {
  report.add_headlines(fmt::format(
      "{} unsolicited {} from {} reached {} {} {}.", WithCommas(report.total().packets()),
      report.total().packets() == 1 ? "packet" : "packets", Sources(report.total()),
      Plural(report.coverage().sensors(), "sensor"),
      report.period() == v1::REPORT_PERIOD_DAY ? "on" : "in", PeriodName(report)));
}

void AddChange(const RankResult& everything, v1::Report& report) {
  if (!everything.ranked) {
    report.add_headlines(
        fmt::format("Nothing is ranked or compared: {}.", everything.why_not_ranked));
    return;
  }
  if (everything.rows.empty() || !everything.rows[0].change_percent) return;
  const double percent = *everything.rows[0].change_percent;
  const std::size_t sensors = everything.sensors.size() - everything.left_out_of_comparison.size();
  const std::string compared = fmt::format(
      "{}, over {} live in both", PreviousName(report.period()), Plural(sensors, "sensor"));
  if (std::abs(percent) < 0.5) {
    report.add_headlines(fmt::format("That is as many per sensor and day as {}.", compared));
    return;
  }
  report.add_headlines(fmt::format("That is {} {} per sensor and day than {}.",
                                   Percent(std::abs(percent)), percent > 0 ? "more" : "fewer",
                                   compared));
}

std::string RankMove(const v1::ReportTable& table, const v1::ReportRow& row) {
  if (!table.compared() || row.rank() == 0) return "";
  if (row.has_previous_rank() && row.previous_rank() == row.rank()) return ", as before";
  if (row.has_previous_rank()) return fmt::format(", up from rank {}", row.previous_rank());
  return row.has_previous_value() && row.previous_value() > 0 ? ", up from below rank 100"
                                                              : ", not seen before";
}

void AddPorts(const v1::ReportTable& table, v1::Report& report) {
  if (table.rows_size() == 0 || table.rows(0).key().find('/') == std::string::npos) return;
  const v1::ReportRow& first = table.rows(0);
  std::string text = fmt::format("{} led the scans over {} with {} of their packets{}",
                                 Called(first), table.id() == "ports_scan_ipv6" ? "IPv6" : "IPv4",
                                 Percent(100 * first.share()), RankMove(table, first));
  std::string next;
  for (int i = 1; i < std::min(3, table.rows_size()); ++i) {
    const v1::ReportRow& row = table.rows(i);
    if (row.key().find('/') == std::string::npos) break;
    next += fmt::format("{}{} ({})", next.empty() ? "" : " and ", Called(row),
                        Percent(100 * row.share()));
  }
  report.add_headlines(text + (next.empty() ? "" : "; then came " + next) + ".");
  if (!first.dominated_by().empty()) {
    report.add_headlines(
        fmt::format("More than half of the packets per address to {} were seen by "
                    "{} alone.",
                    first.key(), first.dominated_by()));
  }
}

void AddMirai(const v1::ReportTable& table, v1::Report& report) {
  uint64_t with = 0;
  for (const v1::ReportRow& row : table.rows()) {
    if (row.key().ends_with(", Mirai mark")) with += row.counts().packets();
  }
  if (table.total().packets() == 0) return;
  report.add_headlines(fmt::format(
      "{} of the Telnet packets carried the Mirai mark.",
      Percent(PercentOf(static_cast<double>(with), static_cast<double>(table.total().packets())))));
}

void AddRegions(const v1::ReportTable& table, v1::Report& report) {
  if (table.rows_size() == 0 || table.rows(0).key().starts_with("unknown")) return;
  const v1::ReportRow& first = table.rows(0);
  report.add_headlines(fmt::format("The region with most scan packets was {}, with {}{}.",
                                   first.name().empty() ? first.key() : first.name(),
                                   Percent(100 * first.share()), RankMove(table, first)));
}

void AddBackscatter(v1::Report& report) {
  const v1::ReportTable* classes = Find(report, "classes");
  const v1::ReportRow* row = classes == nullptr ? nullptr : FindRow(*classes, "backscatter");
  if (row == nullptr || row->counts().packets() == 0) return;
  std::string most;
  for (const char* id : {"backscatter_ipv4", "backscatter_ipv6"}) {
    const v1::ReportTable* table = Find(report, id);
    if (table == nullptr || table->rows_size() == 0 || !most.empty()) continue;
    most = fmt::format(", most of it of {}", Called(table->rows(0)));
  }
  report.add_headlines(fmt::format(
      "Backscatter, the answers of hosts under attack or of reflectors, came to {} from {}{}.",
      Plural(row->counts().packets(), "packet"), Sources(row->counts()), most));
}

void AddTrust(v1::Report& report) {
  const v1::Coverage& c = report.coverage();
  std::string text = fmt::format(
      "The sensors watched {} of the time",
      Percent(PercentOf(static_cast<double>(c.live_ms()), static_cast<double>(c.expected_ms()))));
  if (!c.accounting().has_kernel_dropped()) {
    text += "; what their kernels dropped is not known";
  } else {
    text += fmt::format("; their kernels dropped {}{}",
                        Plural(c.accounting().kernel_dropped(), "packet"),
                        c.kernel_dropped_unknown_ms() > 0 ? " or more" : "");
  }
  if (c.shed_summaries() > 0) {
    text +=
        fmt::format("; {} lost on the way",
                    c.shed_summaries() == 1 ? "1 summary was"
                                            : WithCommas(c.shed_summaries()) + " summaries were");
  }
  report.add_headlines(text + ".");
}

v1::ReportFigure& AddFigure(const char* id, const char* label, double value, v1::Report& report) {
  v1::ReportFigure& figure = *report.add_figures();
  figure.set_id(id);
  figure.set_label(label);
  figure.set_value(value);
  return figure;
}

// Plain totals have no change in %: they also change when a sensor was away.
void AddFigures(const RankResult& everything, v1::Report& report) {
  const bool compared = report.previous_coverage().live_ms() > 0;
  auto& packets =
      AddFigure("packets", "Packets", static_cast<double>(report.total().packets()), report);
  if (compared) packets.set_previous(static_cast<double>(report.previous_total().packets()));
  auto& sources = AddFigure("sources", "Sources", report.total().sources(), report);
  if (report.total().sources_standard_error() > 0) {
    sources.set_note(
        fmt::format("estimated, ± {}", Percent(100 * report.total().sources_standard_error())));
  }
  if (compared) sources.set_previous(report.previous_total().sources());
  if (everything.ranked && !everything.rows.empty()) {
    const RankedRow& row = everything.rows[0];
    auto& mean =
        AddFigure("packets_per_sensor_day", "Packets per sensor and day", row.mean, report);
    mean.set_note(fmt::format("mean of {}", Plural(everything.sensors.size(), "sensor")));
    if (row.previous_mean) mean.set_previous(*row.previous_mean);
    if (row.change_percent) mean.set_change_percent(*row.change_percent);
  }
  const v1::ReportTable* classes = Find(report, "classes");
  for (const auto& [key, label] :
       {std::pair("scan", "Scan packets"), std::pair("backscatter", "Backscatter packets")}) {
    const v1::ReportRow* row = classes == nullptr ? nullptr : FindRow(*classes, key);
    if (row == nullptr) continue;
    auto& figure = AddFigure(key, label, static_cast<double>(row->counts().packets()), report);
    figure.set_note(Percent(100 * row->share()) + " of all");
    if (row->has_change_percent()) figure.set_change_percent(row->change_percent());
  }
  auto& live = AddFigure("live", "Time watched",
                         PercentOf(static_cast<double>(report.coverage().live_ms()),
                                   static_cast<double>(report.coverage().expected_ms())),
                         report);
  live.set_unit("%");
  live.set_note(Plural(report.coverage().sensors(), "sensor"));
}

}  // namespace

std::string PeriodName(const v1::Report& report) {
  const int32_t offset = report.utc_offset_minutes();
  const auto first = DateOf(report.time().from_unix_ms(), offset);
  switch (report.period()) {
    case v1::REPORT_PERIOD_DAY:
      return DayName(first);
    case v1::REPORT_PERIOD_WEEK:
      return "the week from " + DayName(first);
    case v1::REPORT_PERIOD_MONTH:
      return MonthName(first);
    case v1::REPORT_PERIOD_QUARTER:
      return fmt::format("quarter {} of {}", (static_cast<unsigned>(first.month()) - 1) / 3 + 1,
                         static_cast<int>(first.year()));
    case v1::REPORT_PERIOD_YEAR:
      return fmt::format("{}", static_cast<int>(first.year()));
    default:
      return fmt::format("the time from {} to {}",
                         FormatOffset(report.time().from_unix_ms(), offset),
                         FormatOffset(report.time().to_unix_ms(), offset));
  }
}

void AddHeadlines(const RankResult& everything, v1::Report& report) {
  AddFigures(everything, report);
  AddTotal(report);
  AddChange(everything, report);
  for (const char* id : {"ports_scan_ipv4", "ports_scan_ipv6"}) {
    if (const v1::ReportTable* t = Find(report, id); t != nullptr) AddPorts(*t, report);
  }
  if (const v1::ReportTable* t = Find(report, "telnet"); t != nullptr) AddMirai(*t, report);
  if (const v1::ReportTable* t = Find(report, "regions_scan_ipv4"); t != nullptr) {
    AddRegions(*t, report);
  }
  AddBackscatter(report);
  AddTrust(report);
}

}  // namespace teiten::report
