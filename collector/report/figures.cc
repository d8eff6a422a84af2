// SPDX-License-Identifier: Apache-2.0
#include "collector/report/figures.h"

#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr double kAlike = 0.01;

bool Near(double a, double b) { return std::abs(a - b) <= kAlike * std::max(a, b); }

// Totals also change when a sensor was away or has other addresses: their change in % says
// something only where both periods were watched alike.
bool WatchedAlike(const v1::Coverage& now, const v1::Coverage& before) {
  return before.live_ms() > 0 && now.sensors() == before.sensors() &&
         Near(static_cast<double>(now.live_ms()), static_cast<double>(before.live_ms())) &&
         Near(now.mean_n4(), before.mean_n4()) && Near(now.mean_p6(), before.mean_p6());
}

uint64_t PacketsOf(KindClass c, const PeriodData& data) {
  uint64_t packets = 0;
  for (const RollupRow& row : data.kinds) packets += ClassOf(row.kind) == c ? row.packets : 0;
  return packets;
}

class Figures {
 public:
  explicit Figures(v1::Report& report)
      : report_(report),
        compared_(report.previous_coverage().live_ms() > 0),
        alike_(WatchedAlike(report.coverage(), report.previous_coverage())) {}

  v1::ReportFigure& Add(const char* id, const char* label, double value) {
    v1::ReportFigure& figure = *report_.add_figures();
    figure.set_id(id);
    figure.set_label(label);
    figure.set_value(value);
    return figure;
  }

  v1::ReportFigure& AddTotal(const char* id, const char* label, double value, double before) {
    v1::ReportFigure& figure = Add(id, label, value);
    if (compared_) figure.set_previous(before);
    if (alike_ && before > 0) figure.set_change_percent(100 * (value - before) / before);
    return figure;
  }

  [[nodiscard]] bool compared() const { return compared_; }

 private:
  v1::Report& report_;
  const bool compared_;
  const bool alike_;
};

void AddSources(const v1::Counts& now, const v1::Counts& before, Figures& figures) {
  v1::ReportFigure& sources =
      figures.AddTotal("sources", "Sources", now.sources(), before.sources());
  const double error = std::max(now.sources_standard_error(), before.sources_standard_error());
  if (error <= 0) return;
  sources.clear_change_percent();  // much of it would be the error of two estimates
  if (now.sources_standard_error() > 0) {
    sources.set_note(fmt::format("estimated, ± {}", Percent(100 * now.sources_standard_error())));
  }
}

void AddMean(const RankResult& everything, Figures& figures) {
  if (!everything.ranked || everything.rows.empty()) return;
  const RankedRow& row = everything.rows[0];
  v1::ReportFigure& mean =
      figures.Add("packets_per_sensor_day", "Packets per sensor and day", row.mean);
  mean.set_unit("packets per sensor and day");
  mean.set_note(fmt::format("mean of {}", Plural(everything.sensors.size(), "sensor")));
  if (row.previous_mean) mean.set_previous(*row.previous_mean);
  if (row.change_percent) mean.set_change_percent(*row.change_percent);
}

double WatchedPercent(const v1::Coverage& c) {
  return PercentOf(static_cast<double>(c.live_ms()), static_cast<double>(c.expected_ms()));
}

}  // namespace

void AddFigures(const TwoPeriods& periods, const RankResult& everything, v1::Report& report) {
  Figures figures(report);
  const auto packets = static_cast<double>(report.total().packets());
  figures.AddTotal("packets", "Packets", packets,
                   static_cast<double>(report.previous_total().packets()));
  AddSources(report.total(), report.previous_total(), figures);
  AddMean(everything, figures);
  for (const auto& [c, id, label] :
       {std::tuple(KindClass::kScan, "scan", "Scan packets"),
        std::tuple(KindClass::kBackscatter, "backscatter", "Backscatter packets")}) {
    const auto of_class = static_cast<double>(PacketsOf(c, periods.now));
    figures.AddTotal(id, label, of_class, static_cast<double>(PacketsOf(c, periods.before)))
        .set_note(Percent(PercentOf(of_class, packets)) + " of all");
  }
  v1::ReportFigure& live = figures.Add("live", "Time watched", WatchedPercent(report.coverage()));
  live.set_unit("%");
  live.set_note(Plural(report.coverage().sensors(), "sensor"));
  if (figures.compared()) live.set_previous(WatchedPercent(report.previous_coverage()));
}

}  // namespace teiten::report
