// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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
constexpr int kTicks = 5;

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

struct Frame {
  double left = 0, top = 0, width = 0, most = 1;
  [[nodiscard]] double X(double value) const { return left + width * value / most; }
};

std::string Bar(const v1::ReportBar& bar, const std::string& label, double y, const Frame& frame) {
  const double width = std::max(1.0, frame.X(bar.value()) - frame.left);
  std::string out = SvgText(frame.left - 8, y + kBar / 2 + 4, "num lab", label);
  out += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\" "
      "class=\"bar\"/>\n",
      frame.left, y, width, kBar);
  double end = frame.left + width;
  if (bar.has_previous()) {
    const double x = frame.X(bar.previous());
    out += SvgLine(x, y - 3, x, y + kBar + 3, "was");
    end = std::max(end, x);
  }
  return out + SvgText(end + 8, y + kBar / 2 + 4, "val", Rounded(bar.value()));
}

}  // namespace

std::string SvgBarChart(const v1::ReportChart& chart) {
  if (chart.bars_size() == 0) return "";
  double most = 0;
  bool compared = false;
  std::size_t longest = 0;
  std::vector<std::string> labels;
  const auto room = static_cast<std::size_t>(kMostLabel / kCharWidth);
  for (const v1::ReportBar& bar : chart.bars()) {
    most = std::max({most, bar.value(), bar.previous()});
    compared = compared || bar.has_previous();
    labels.push_back(Fit(bar.label(), room));
    longest = std::max(longest, Points(labels.back()));
  }
  const std::vector<double> ticks = NiceTicks(most, kTicks);
  Frame frame;
  frame.most = ticks.back();
  frame.left = 16 + kCharWidth * static_cast<double>(longest);
  frame.width = kChartWidth - frame.left - kValueRoom;

  std::vector<LegendEntry> entries = {{"bar", "this period", true}};
  if (compared) entries.push_back({"was", "the period before"});
  const Legend legend = SvgLegend(entries, frame.left, 0);
  frame.top = legend.height + 8;
  const double bottom = frame.top + kRow * chart.bars_size();

  std::string description = chart.unit() + ".";
  for (const v1::ReportBar& bar : chart.bars()) {
    description += fmt::format(" {}: {}.", bar.label(), Rounded(bar.value()));
  }
  std::string out = SvgOpen(chart.id(), bottom + 44, chart.title(), description);
  out += legend.svg;
  for (const double tick : ticks) {
    out +=
        SvgLine(frame.X(tick), frame.top - 4, frame.X(tick), bottom, tick == 0 ? "axis" : "grid");
    out += SvgText(frame.X(tick), bottom + 16, "mid", TickText(tick, ticks[1]));
  }
  for (int i = 0; i < chart.bars_size(); ++i) {
    const double y = frame.top + kRow * i + (kRow - kBar) / 2;
    out += Bar(chart.bars(i), labels[static_cast<std::size_t>(i)], y, frame);
  }
  out += SvgText(frame.left, bottom + 36, "unit", chart.unit());
  return out + "</svg>\n";
}

}  // namespace teiten::report
