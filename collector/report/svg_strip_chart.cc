// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "collector/report/number_text.h"
#include "collector/report/svg_chart.h"
#include "collector/report/svg_parts.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr double kRow = 24;
constexpr double kStrip = 16;
constexpr double kRight = 88;  // room for the mean
constexpr std::size_t kMostLabel = 30, kNarrowMostLabel = 14;

// Over the time of the steps that have a value: one that is still going on is shorter.
double Mean(const v1::SeriesLine& line, int64_t step_ms, const ChartFrame& frame) {
  double sum = 0, time = 0;
  for (const v1::SeriesPoint& p : line.points()) {
    const int64_t end = std::min(p.start_unix_ms() + step_ms, EndOf(frame));
    const auto length = static_cast<double>(end - p.start_unix_ms());
    if (!p.has_value() || length <= 0) continue;
    sum += p.value() * length;
    time += length;
  }
  return time > 0 ? sum / time : 0;
}

std::string Box(const TimeAxis& box, double height, const char* css_class) {
  return fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\"/>\n",
      box.left, box.y, box.width, height, css_class);
}

std::string Strip(const v1::SeriesLine& line, int64_t step_ms, const TimeAxis& axis,
                  const ChartFrame& frame) {
  const auto x_of = [&](int64_t unix_ms) {
    const int64_t at = std::min(unix_ms, frame.to_unix_ms) - frame.from_unix_ms;
    return axis.left + axis.width * static_cast<double>(at) /
                           static_cast<double>(frame.to_unix_ms - frame.from_unix_ms);
  };
  // What is still to come has no ground; steps of one height are one box.
  const int64_t end = EndOf(frame);
  std::string out = Box({axis.left, x_of(end) - axis.left, axis.y}, kStrip, "ground");
  for (int i = 0; i < line.points_size();) {
    const v1::SeriesPoint& first = line.points(i);
    const auto same = [&](const v1::SeriesPoint& p) {
      return p.has_value() == first.has_value() && p.value() == first.value();
    };
    int next = i + 1;
    while (next < line.points_size() && same(line.points(next))) ++next;
    const double value = first.has_value() ? std::clamp(first.value(), 0.0, 100.0) : 0;
    const double x = x_of(first.start_unix_ms());
    const double right = x_of(std::min(line.points(next - 1).start_unix_ms() + step_ms, end));
    const double height = kStrip * value / 100;
    // A tenth wider, so that no hairline shows between steps.
    if (value > 0) out += Box({x, right - x + 0.1, axis.y + kStrip - height}, height, "bar");
    i = next;
  }
  return out;
}

}  // namespace

std::string SvgStripChart(const v1::ReportChart& chart, const ChartFrame& frame) {
  if (chart.lines_size() == 0 || frame.to_unix_ms <= frame.from_unix_ms) return "";
  const std::size_t most_label = frame.narrow ? kNarrowMostLabel : kMostLabel;
  const auto step_ms = static_cast<int64_t>(chart.step_ms());
  std::size_t longest = 0;
  std::string description = chart.unit() + ".";
  for (const v1::SeriesLine& line : chart.lines()) {
    longest = std::max(longest, std::min(line.key().size(), most_label));
    description += fmt::format(" {}: {}.", line.key(), Percent(Mean(line, step_ms, frame)));
  }
  TimeAxis axis;
  axis.left = 16 + kCharWidth * static_cast<double>(longest);
  axis.width = ChartWidth(frame) - kRight - axis.left;
  const double bottom = 4 + kRow * chart.lines_size();
  std::string out = SvgOpen(chart, frame, bottom + 28, description);
  for (int i = 0; i < chart.lines_size(); ++i) {
    axis.y = 4 + kRow * i + (kRow - kStrip) / 2;
    const v1::SeriesLine& line = chart.lines(i);
    const std::string label = line.key().size() > most_label  // sensor ids are ASCII
                                  ? line.key().substr(0, most_label - 1) + "~"
                                  : line.key();
    out += SvgText(axis.left - 8, axis.y + kStrip / 2 + 4, "num lab", label);
    out += Strip(line, step_ms, axis, frame);
    out += SvgText(axis.left + axis.width + 8, axis.y + kStrip / 2 + 4, "val",
                   Percent(Mean(line, step_ms, frame)));
  }
  axis.y = bottom + 2;
  return out + SvgTimeAxis(axis, frame) + "</svg>\n";
}

}  // namespace teiten::report
