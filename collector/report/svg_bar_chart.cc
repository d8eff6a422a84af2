// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "collector/report/svg_chart.h"
#include "collector/report/svg_parts.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr double kRow = 26;
constexpr double kBar = 16;
constexpr double kValueRoom = 86;   // right of the longest bar
constexpr double kMostLabel = 240;  // longer labels are cut
constexpr double kNarrowValueRoom = 78;
constexpr double kNarrowMostLabel = 116;

std::size_t Points(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// Cut at a code point, with an ellipsis.
std::string Fit(const std::string& text, std::size_t most_points) {
  if (Points(text) <= most_points) return text;
  std::string out;
  std::size_t points = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && ++points >= most_points) break;
    out += c;
  }
  return out + "…";
}

struct Plot {
  double left = 0, top = 0, width = 0, most = 1;
  bool counts = false;
  [[nodiscard]] double X(double value) const { return left + width * value / most; }
  [[nodiscard]] std::string Text(double value) const {
    return counts ? WithCommas(static_cast<uint64_t>(std::llround(value))) : Rounded(value);
  }
};

std::string Bar(const v1::ReportBar& bar, const std::string& label, double y, const Plot& plot) {
  const double width = std::max(1.0, plot.X(bar.value()) - plot.left);
  std::string out = SvgText(plot.left - 8, y + kBar / 2 + 4, "num lab", label);
  out += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\" "
      "class=\"bar\"/>\n",
      plot.left, y, width, kBar);
  double end = plot.left + width;
  if (bar.has_previous()) {
    const double x = plot.X(bar.previous());
    out += SvgLine(x, y - 3, x, y + kBar + 3, "was");
    end = std::max(end, x);
  }
  return out + SvgText(end + 8, y + kBar / 2 + 4, "val", plot.Text(bar.value()));
}

}  // namespace

std::string SvgBarChart(const v1::ReportChart& chart, const ChartFrame& frame) {
  if (chart.bars_size() == 0) return "";
  double most = 0;
  bool compared = false;
  std::size_t longest = 0;
  std::vector<std::string> labels;
  const double label_room = frame.narrow ? kNarrowMostLabel : kMostLabel;
  const auto room = static_cast<std::size_t>(label_room / kCharWidth);
  for (const v1::ReportBar& bar : chart.bars()) {
    most = std::max({most, bar.value(), bar.previous()});
    compared = compared || bar.has_previous();
    labels.push_back(Fit(bar.label(), room));
    longest = std::max(longest, Points(labels.back()));
  }
  Plot plot;
  plot.counts = chart.unit() == kCountUnit;
  const int tick_count = frame.narrow ? 2 : 5;
  const std::vector<double> ticks =
      NiceTicks(plot.counts ? std::max<double>(most, tick_count) : most, tick_count);
  plot.most = ticks.back();
  plot.left = 16 + kCharWidth * static_cast<double>(longest);
  plot.width = ChartWidth(frame) - plot.left - (frame.narrow ? kNarrowValueRoom : kValueRoom);

  Legend legend;  // one colour alone needs none
  if (compared) {
    legend =
        SvgLegend({{"bar", "this period", true}, {"was", "the period before"}}, plot.left, frame);
  }
  plot.top = legend.height + 8;
  const double bottom = plot.top + kRow * chart.bars_size();

  std::string description = chart.unit() + ".";
  for (const v1::ReportBar& bar : chart.bars()) {
    description += fmt::format(" {}: {}.", bar.label(), plot.Text(bar.value()));
  }
  std::string out = SvgOpen(chart, frame, bottom + 44, description);
  out += legend.svg;
  for (const double tick : ticks) {
    out += SvgLine(plot.X(tick), plot.top - 4, plot.X(tick), bottom, tick == 0 ? "axis" : "grid");
    out += SvgText(plot.X(tick), bottom + 16, "mid", TickText(tick, ticks[1]));
  }
  for (int i = 0; i < chart.bars_size(); ++i) {
    const double y = plot.top + kRow * i + (kRow - kBar) / 2;
    out += Bar(chart.bars(i), labels[static_cast<std::size_t>(i)], y, plot);
  }
  out += SvgText(plot.left, bottom + 36, "unit", chart.unit());
  return out + "</svg>\n";
}

}  // namespace teiten::report
