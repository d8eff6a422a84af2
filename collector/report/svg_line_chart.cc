// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "collector/report/svg_chart.h"
#include "collector/report/svg_parts.h"
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

  [[nodiscard]] double width() const { return kChartWidth - kRight - left; }
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
    out += SvgLine(plot.left, y, kChartWidth - kRight, y, tick == 0 ? "axis" : "grid");
    out += SvgText(plot.left - 8, y + 4, "num", TickText(tick, step));
  }
  return out;
}

// Steps in which no line has a value but should have: nobody watched.
std::string Gaps(const Plot& plot, const v1::ReportChart& chart, bool& any) {
  std::string out;
  const auto step = static_cast<int64_t>(chart.step_ms());
  int steps = 0;
  for (const v1::SeriesLine& line : chart.lines()) steps = std::max(steps, line.points_size());
  for (int i = 0; i < steps; ++i) {
    const bool empty =
        std::all_of(chart.lines().begin(), chart.lines().end(), [i](const v1::SeriesLine& line) {
          return i >= line.points_size() || !line.points(i).has_value();
        });
    if (!empty) continue;
    any = true;
    const int64_t start = plot.frame.from_unix_ms + i * step;
    const double x = plot.X(start);
    const double width = plot.X(std::min(start + step, plot.frame.to_unix_ms)) - x;
    out += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"gap\"/>\n", x,
        plot.top, width, kPlotHeight);
  }
  return out;
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
  if (chart.lines_size() == 0 || frame.to_unix_ms <= frame.from_unix_ms) return "";
  Plot plot;
  plot.frame = frame;
  plot.ticks = NiceTicks(Most(chart), kTicks);
  const double step = plot.ticks[1];
  plot.left = 20 + kCharWidth * static_cast<double>(TickText(plot.ticks.back(), step).size());

  bool any_gap = false;
  (void)Gaps(plot, chart, any_gap);  // only to know whether the legend names them
  std::vector<LegendEntry> entries;
  for (int i = 0; i < chart.lines_size(); ++i) {
    entries.push_back({fmt::format("line s{}", i % kSeriesStyles), chart.lines(i).key()});
  }
  if (any_gap) entries.push_back({"gap", "no data", true});
  const Legend legend = SvgLegend(entries, plot.left, 0);
  const double unit_y = legend.height + 14;
  plot.top = unit_y + 12;

  std::string out = SvgOpen(chart.id(), plot.bottom() + 28, chart.title(), Description(chart));
  out += legend.svg;
  out += SvgText(plot.left, unit_y, "unit", chart.unit());
  out += Gaps(plot, chart, any_gap);
  out += ValueAxis(plot);
  out += SvgTimeAxis({plot.left, plot.width(), plot.bottom()}, frame);
  for (int i = chart.lines_size() - 1; i >= 0; --i) {  // the first on top
    out += Curve(plot, chart.lines(i), static_cast<int64_t>(chart.step_ms()), i % kSeriesStyles);
  }
  return out + "</svg>\n";
}

}  // namespace teiten::report
