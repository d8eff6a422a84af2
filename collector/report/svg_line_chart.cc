// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "collector/report/svg_chart.h"
#include "collector/report/svg_parts.h"
#include "collector/store/zone.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr double kPlotHeight = 190;
constexpr double kRight = 12;
constexpr int kTicks = 4;
constexpr double kPercentTop = 100;

// Where things are; x of a time, y of a value.
struct Plot {
  double left = 0, top = 0;
  std::vector<double> ticks;
  ChartFrame frame;

  [[nodiscard]] double width() const { return ChartWidth(frame) - kRight - left; }
  [[nodiscard]] int64_t until() const { return EndOf(frame); }
  [[nodiscard]] double bottom() const { return top + kPlotHeight; }
  [[nodiscard]] double X(int64_t unix_ms) const {
    return left + width() * static_cast<double>(unix_ms - frame.from_unix_ms) /
                      static_cast<double>(frame.to_unix_ms - frame.from_unix_ms);
  }
  [[nodiscard]] double Y(double value) const {
    return bottom() - kPlotHeight * value / ticks.back();
  }
};

double Most(const v1::ReportChart& chart) {
  if (chart.unit().starts_with("%")) return kPercentTop;
  double most = 0;
  for (const v1::SeriesLine& line : chart.lines()) {
    for (const v1::SeriesPoint& p : line.points()) most = std::max(most, p.value());
  }
  return most;
}

std::string ValueAxis(const Plot& plot) {
  std::string out;
  const double step = plot.ticks.size() > 1 ? plot.ticks[1] : 1;
  for (const double tick : plot.ticks) {
    const double y = plot.Y(tick);
    out += SvgLine(plot.left, y, plot.left + plot.width(), y, tick == 0 ? "axis" : "grid");
    out += SvgText(plot.left - 8, y + 4, "num", TickText(tick, step));
  }
  return out;
}

// Stretches in which no line has a value but should have: nobody watched, or too few for too short.
struct Gap {
  int64_t from = 0, to = 0;
  bool watched = false;  // a little
};

std::vector<Gap> GapsOf(const Plot& plot, const v1::ReportChart& chart) {
  std::vector<Gap> gaps;
  const auto step = static_cast<int64_t>(chart.step_ms());
  int steps = 0;
  for (const v1::SeriesLine& line : chart.lines()) steps = std::max(steps, line.points_size());
  for (int i = 0; i < steps; ++i) {
    Gap gap{plot.frame.from_unix_ms + i * step, plot.frame.from_unix_ms + (i + 1) * step};
    gap.to = std::min(gap.to, plot.until());
    if (gap.from >= gap.to) break;
    bool empty = true;
    for (const v1::SeriesLine& line : chart.lines()) {
      if (i >= line.points_size()) continue;
      empty = empty && !line.points(i).has_value();
      gap.watched = gap.watched || line.points(i).live_ms() > 0;
    }
    // A step that is still going on cannot have enough yet, unless nobody watches.
    const bool going_on = gap.to < gap.from + step && gap.watched;
    if (!empty || going_on) continue;
    if (!gaps.empty() && gaps.back().to == gap.from) {
      gaps.back().to = gap.to;
      gaps.back().watched = gaps.back().watched || gap.watched;
    } else {
      gaps.push_back(gap);
    }
  }
  return gaps;
}

std::string Shade(const Plot& plot, const std::vector<Gap>& gaps) {
  std::string out;
  for (const Gap& gap : gaps) {
    out += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"gap\"/>\n",
        plot.X(gap.from), plot.top, plot.X(gap.to) - plot.X(gap.from), kPlotHeight);
  }
  return out;
}

// "until 02:40 UTC"
std::string UntilText(const ChartFrame& frame) {
  const std::string time = FormatOffset(*frame.until_unix_ms, frame.utc_offset_minutes);
  const bool one_day = frame.to_unix_ms - frame.from_unix_ms <= kDayMs;
  return fmt::format("until {}{} {}", one_day ? "" : time.substr(5, 5) + " ", time.substr(11, 5),
                     OffsetName(frame.utc_offset_minutes));
}

std::vector<LegendEntry> Entries(const Plot& plot, const v1::ReportChart& chart,
                                 const std::vector<Gap>& gaps) {
  std::vector<LegendEntry> entries;
  for (int i = 0; i < chart.lines_size(); ++i) {
    entries.push_back({fmt::format("line s{}", i % kSeriesStyles), chart.lines(i).key()});
  }
  if (!gaps.empty()) {
    const bool watched =
        std::any_of(gaps.begin(), gaps.end(), [](const Gap& g) { return g.watched; });
    entries.push_back({"gap", watched ? "too little watched" : "no data", true});
  }
  if (plot.until() < plot.frame.to_unix_ms) entries.push_back({"until", UntilText(plot.frame)});
  return entries;
}

// Pieces between gaps; a single point between two gaps is a dot.
std::string Curve(const Plot& plot, const v1::SeriesLine& line, int64_t step_ms, int style) {
  std::string out, piece;
  int points = 0;
  double x = 0, y = 0;
  const auto flush = [&] {
    if (points == 1) {
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" class=\"dot s{}\"/>\n", x, y,
                         style);
    } else if (points > 1) {
      out += fmt::format("<polyline points=\"{}\" class=\"line s{}\"/>\n", piece, style);
    }
    piece.clear();
    points = 0;
  };
  for (const v1::SeriesPoint& p : line.points()) {
    if (!p.has_value()) {
      flush();
      continue;
    }
    x = plot.X(p.start_unix_ms() + step_ms / 2);  // the value is of the whole step
    y = plot.Y(p.value());
    piece += fmt::format("{}{:.1f},{:.1f}", points == 0 ? "" : " ", x, y);
    ++points;
  }
  flush();
  return out;
}

std::string Description(const v1::ReportChart& chart) {
  std::string text = chart.unit() + ".";
  for (const v1::SeriesLine& line : chart.lines()) {
    double most = 0;
    int with_value = 0;
    for (const v1::SeriesPoint& p : line.points()) {
      most = std::max(most, p.value());
      with_value += p.has_value() ? 1 : 0;
    }
    text += with_value == 0 ? fmt::format(" {}: no data.", line.key())
                            : fmt::format(" {}: at most {}.", line.key(), Rounded(most));
  }
  return text;
}

}  // namespace

std::string SvgLineChart(const v1::ReportChart& chart, const ChartFrame& frame) {
  const bool any_value =
      std::any_of(chart.lines().begin(), chart.lines().end(), [](const v1::SeriesLine& line) {
        return std::any_of(line.points().begin(), line.points().end(),
                           [](const v1::SeriesPoint& p) { return p.has_value(); });
      });
  if (!any_value || frame.to_unix_ms <= frame.from_unix_ms) return "";
  Plot plot;
  plot.frame = frame;
  plot.ticks = NiceTicks(Most(chart), kTicks);
  const double step = plot.ticks[1];
  plot.left = 20 + kCharWidth * static_cast<double>(TickText(plot.ticks.back(), step).size());
  const std::vector<Gap> gaps = GapsOf(plot, chart);
  const Legend legend = SvgLegend(Entries(plot, chart, gaps), plot.left, frame);
  const double unit_y = legend.height + 14;
  plot.top = unit_y + 12;

  std::string out = SvgOpen(chart, frame, plot.bottom() + 28, Description(chart));
  out += legend.svg;
  out += SvgText(plot.left, unit_y, "unit", chart.unit());
  out += Shade(plot, gaps);
  out += ValueAxis(plot);
  out += SvgTimeAxis({plot.left, plot.width(), plot.bottom()}, frame);
  if (plot.until() < frame.to_unix_ms) {
    const double x = plot.X(plot.until());
    out += SvgLine(x, plot.top, x, plot.bottom(), "until");
  }
  for (int i = chart.lines_size() - 1; i >= 0; --i) {  // the first on top
    out += Curve(plot, chart.lines(i), static_cast<int64_t>(chart.step_ms()), i % kSeriesStyles);
  }
  return out + "</svg>\n";
}

}  // namespace teiten::report
