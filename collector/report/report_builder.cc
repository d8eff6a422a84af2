// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "collector/query/asked_names.h"
#include "collector/query/empty_reason.h"
#include "collector/report/charts.h"
#include "collector/report/coverage_lines.h"
#include "collector/report/distinct.h"
#include "collector/report/figures.h"
#include "collector/report/headline.h"
#include "collector/report/number_text.h"
#include "collector/report/period_data.h"
#include "collector/report/period_name.h"
#include "collector/report/report.h"
#include "collector/report/sensitivity.h"
#include "collector/report/tables.h"
#include "common/definitions.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr uint32_t kMostDirtyHours = 10'000;

void WriteHead(const ReportRequestResolved& request, const std::vector<std::string>& groups,
               v1::Report& out) {
  out.set_period(request.period);
  out.mutable_time()->set_from_unix_ms(request.from_unix_ms);
  out.mutable_time()->set_to_unix_ms(request.to_unix_ms);
  out.mutable_previous()->set_from_unix_ms(request.previous_from_unix_ms);
  out.mutable_previous()->set_to_unix_ms(request.from_unix_ms);
  if (request.asked) *out.mutable_asked() = *request.asked;
  out.set_utc_offset_minutes(request.utc_offset_minutes);
  out.set_software(request.software);
  out.set_definitions_version(kDefinitionsVersion);
  out.set_edition(request.edition);
  out.set_language(request.language);
  out.mutable_sensors()->Assign(request.sensors.begin(), request.sensors.end());
  out.mutable_groups()->Assign(groups.begin(), groups.end());
  out.set_inventory_revision(request.inventory_revision);
  out.set_region_data(request.region_data);
  if (request.cut_unix_ms) out.set_cut_unix_ms(*request.cut_unix_ms);
  out.set_title("Observation report: " + PeriodName(out));
}

v1::Counts TotalOf(const PeriodData& data) {
  v1::Counts total;
  SketchSum sketch;
  for (const RollupRow& row : data.kinds) {
    total.set_packets(total.packets() + row.packets);
    total.set_bytes(total.bytes() + row.bytes);
    total.set_tuples(total.tuples() + row.tuples);
    sketch.Add(row);
  }
  Distinct sources = sketch.Estimate();
  if (data.sources) {
    SourceSet exact;
    for (const SourceDay& s : *data.sources) exact.Add(s);
    sources = exact.Count();
  }
  total.set_sources(sources.count);
  total.set_sources_standard_error(sources.standard_error);
  return total;
}

v1::SensitivityLine SensitivityOf(const char* rule, const char* rule_set, int64_t seconds,
                                  const MeanAddresses& fleet) {
  v1::SensitivityLine line;
  line.set_rule(rule);
  line.set_rule_set(rule_set);
  line.set_duration_ms(static_cast<uint64_t>(seconds) * 1000);
  line.set_watched_ms(std::min(line.duration_ms(), fleet.live_ms));
  const double watched = static_cast<double>(line.watched_ms()) / 1000;
  Sensitivity s;
  if (line.rule() == "scan") {
    s = ScanFleet(fleet.n4, watched);
  } else {
    s = line.rule_set() == "moore" ? DosMoore(fleet.n4) : DosFleet(fleet.n4, watched);
  }
  if (s.packets_per_second) line.set_packets_per_second(*s.packets_per_second);
  line.set_note(s.note);
  return line;
}

void AddSensitivity(const PeriodData& now, v1::Report& out) {
  if (!now.has_live_time() || out.coverage().direction_unknown()) return;
  constexpr int64_t kTimes[] = {300, 3600, 86400};
  for (const int64_t t : kTimes) {
    *out.add_sensitivity() = SensitivityOf("dos_victim", "fleet", t, now.fleet);
  }
  *out.add_sensitivity() = SensitivityOf("dos_victim", "moore", 60, now.fleet);
  for (const int64_t t : kTimes) {
    *out.add_sensitivity() = SensitivityOf("scan", "fleet", t, now.fleet);
  }
}

void NoteMethod(v1::Report& out) {
  out.add_notes(fmt::format("Counted by definitions version {}. Days begin at 00:00 {}.",
                            out.definitions_version(), OffsetName(out.utc_offset_minutes())));
  out.add_notes(
      "A rank's value is the mean over sensors of packets per observed address (N4 for IPv4, "
      "P6 for IPv6) and day of live time: every sensor has one vote. The pooled value and the "
      "median stand beside it.");
  out.add_notes(
      "Lines over time are the same mean. A step of which a sensor watched less than half is a gap "
      "for it, and for all where fewer than half of the voting sensors are left.");
  if (out.coverage().mean_p6() > 0) out.add_notes("IPv6 sources are counted by their /64.");
  out.add_notes("A port's name is IANA's; the number does not prove the protocol.");
  if (out.region_data().empty()) {
    out.add_notes("There is no region file: all regions are unknown.");
  } else {
    out.add_notes("Regions: " + out.region_data());
  }
}

void NotePrevious(v1::Report& out) {
  if (out.previous_coverage().live_ms() > 0 || out.coverage().live_ms() == 0) return;
  out.add_notes("Nothing is compared: the store has nothing of the previous period.");
}

void NoteCoverage(const PeriodData& now, const std::vector<SensorBook>& books, v1::Report& out) {
  const int32_t offset = out.utc_offset_minutes();
  if (out.has_cut_unix_ms() && HasBegun(out)) {
    out.add_notes(fmt::format("The period is not over: shares of time are of the time until {}.",
                              FormatOffset(out.cut_unix_ms(), offset)));
  }
  for (const v1::SensorLine& line : out.sensor_lines()) {
    if (!line.left_out()) continue;
    out.add_notes(fmt::format("{} has no vote in ranks: {}.", line.sensor(), line.reason()));
  }
  for (const CoverageRollup& c : now.coverage) {
    if (c.direction_unknown_ms == 0) continue;
    out.add_notes(
        fmt::format("{} observes every destination: which packets it asked for itself "
                    "is not known, and no rank per address is made of it.",
                    c.sensor));
  }
  for (const SensorBook& book : books) {
    if (book.loss.undated_summaries == 0) continue;
    out.add_notes(fmt::format("{} lost {} at a time nobody knows.", book.record.contact.sensor,
                              book.loss.undated_summaries == 1
                                  ? "1 summary"
                                  : WithCommas(book.loss.undated_summaries) + " summaries"));
  }
  if (now.fleet.n4 > 0 && out.coverage().direction_unknown()) {
    out.add_notes("Sensitivity is not printed: N4 is not known for all sensors.");
  }
}

absl::Status NoteDirtyHours(StoreReader& store, v1::Report& out) {
  auto dirty = store.DirtyHours(kMostDirtyHours);
  if (!dirty.ok()) return dirty.status();
  int64_t hours = 0;
  for (const int64_t hour : *dirty) {
    if (hour >= out.previous().from_unix_ms() && hour < out.time().to_unix_ms()) ++hours;
  }
  if (hours > 0) {
    out.add_notes(fmt::format(
        "{} not summed up to the last packet: more has arrived than these figures show.",
        hours == 1 ? "1 hour is" : fmt::format("{} hours are", hours)));
  }
  return absl::OkStatus();
}

// Why there is nothing to report, and what to do about it. `asked` as requested: no groups are all
// but "replay".
absl::Status ExplainEmpty(StoreReader& store, const FactSelection& asked,
                          const std::vector<SensorBook>& books, v1::Report& out) {
  auto sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  if (sensors->empty()) {
    out.set_empty_reason("No sensor has ever reported to this collector.");
    out.add_next_steps(
        "Start a sensor that knows this collector: "
        "teiten-sensor --interface IF --collector HOST:PORT");
    out.add_next_steps(
        "Or send a capture: teiten-sensor --read FILE --collector HOST:PORT; what it "
        "counts belongs to group \"replay\".");
    return absl::OkStatus();
  }
  if (!HasBegun(out)) {
    out.set_empty_reason(fmt::format("This period has not begun: it begins at {}.",
                                     FormatOffset(asked.from_unix_ms, out.utc_offset_minutes())));
    out.add_next_steps("Ask for one that has: teiten report --day yesterday");
    return absl::OkStatus();
  }
  auto nobody = NobodyReason(store, asked);
  if (!nobody.ok()) return nobody.status();
  if (!nobody->empty()) {
    out.set_empty_reason(*nobody);
    out.add_next_steps("See which sensors there are: teiten sensors");
    return absl::OkStatus();
  }
  int64_t newest = 0;
  for (const SensorBook& book : books) {
    newest = std::max(newest, book.record.newest_window_end_unix_ms);
  }
  out.set_empty_reason("No sensor was live in this period.");
  if (newest > 0) {
    out.add_next_steps(fmt::format("The newest data is of {}: ask for that day.",
                                   FormatDay(newest - 1, out.utc_offset_minutes())));
  }
  out.add_next_steps("See when each sensor was last heard of: teiten sensors");
  return absl::OkStatus();
}

FactSelection SelectionOf(const ReportRequestResolved& request, bool before,
                          const std::vector<std::string>& groups) {
  FactSelection s;
  s.from_unix_ms = before ? request.previous_from_unix_ms : request.from_unix_ms;
  s.to_unix_ms = before ? request.from_unix_ms : request.to_unix_ms;
  s.sensors = request.sensors;
  s.groups = groups;
  return s;
}

// Everything that is arithmetic once both periods are read.
absl::Status Fill(StoreReader& store, const ReportRequestResolved& request,
                  const TwoPeriods& periods, v1::Report& out) {
  const PeriodData& now = periods.now;
  auto books = ReadSensorBooks(store, now);
  if (!books.ok()) return books.status();
  auto books_before = ReadSensorBooks(store, periods.before);
  if (!books_before.ok()) return books_before.status();
  *out.mutable_coverage() = BuildCoverage(*books, now);
  *out.mutable_previous_coverage() = BuildCoverage(*books_before, periods.before);
  *out.mutable_total() = TotalOf(now);
  *out.mutable_previous_total() = TotalOf(periods.before);
  for (v1::SensorLine& line : BuildSensorLines(*books, now, out.utc_offset_minutes())) {
    *out.add_sensor_lines() = std::move(line);
  }
  const std::vector<v1::ReportTable> tables = BuildTables(periods, request.rows);
  out.mutable_tables()->Assign(tables.begin(), tables.end());
  auto charts = BuildCharts(store, now, tables);
  if (!charts.ok()) return charts.status();
  out.mutable_charts()->Assign(charts->begin(), charts->end());
  AddSensitivity(now, out);
  if (now.has_live_time()) {
    const RankResult everything = RankOfEverything(periods);
    AddFigures(periods, everything, out);
    AddHeadlines(everything, out);
  } else {
    const FactSelection asked = SelectionOf(request, /*before=*/false, request.groups);
    if (absl::Status s = ExplainEmpty(store, asked, *books, out); !s.ok()) return s;
    out.add_headlines(out.empty_reason());
  }
  auto names = CheckNames(store, SelectionOf(request, /*before=*/false, request.groups));
  if (!names.ok()) return names.status();
  for (const std::string& note : names->notes) {
    out.add_notes("Of the names asked for, " + note + ".");
  }
  NoteMethod(out);
  NotePrevious(out);
  NoteCoverage(now, *books, out);
  return NoteDirtyHours(store, out);
}

absl::StatusOr<v1::Report> Build(StoreReader& store, const ReportRequestResolved& request) {
  auto groups = GroupsOf(store, request);
  if (!groups.ok()) return groups.status();
  v1::Report out;
  WriteHead(request, *groups, out);

  const int64_t end = std::clamp(request.cut_unix_ms.value_or(request.to_unix_ms),
                                 request.from_unix_ms, request.to_unix_ms);
  auto now = ReadPeriod(store, SelectionOf(request, false, *groups),
                        static_cast<uint64_t>(end - request.from_unix_ms));
  if (!now.ok()) return now.status();
  auto before =
      ReadPeriod(store, SelectionOf(request, true, *groups),
                 static_cast<uint64_t>(request.from_unix_ms - request.previous_from_unix_ms));
  if (!before.ok()) return before.status();
  AddSilentSensors(*before, *now);
  const TwoPeriods periods{*now, *before};
  if (absl::Status s = Fill(store, request, periods, out); !s.ok()) return s;
  return out;
}

}  // namespace
}  // namespace teiten::report

namespace teiten {

absl::StatusOr<v1::Report> BuildReport(StoreReader& store, const ReportRequestResolved& request) {
  return report::Build(store, request);
}

}  // namespace teiten
