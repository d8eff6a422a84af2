// SPDX-License-Identifier: Apache-2.0
// Elements both kinds of chart are made of.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "collector/report/svg_chart.h"

namespace teiten::report {

inline constexpr double kCharWidth = 6.4;  // of the 12 px label font, on average

// In the units of the drawing, which are pixels on a page of that width.
[[nodiscard]] inline double ChartWidth(const ChartFrame& frame) { return frame.narrow ? 360 : 760; }

// Where what has been watched ends.
[[nodiscard]] inline int64_t EndOf(const ChartFrame& frame) {
  return std::min(frame.until_unix_ms.value_or(frame.to_unix_ms), frame.to_unix_ms);
}

// Opens an <svg> of the frame's width that says what it shows to those who cannot see it.
[[nodiscard]] std::string SvgOpen(const v1::ReportChart& chart, const ChartFrame& frame,
                                  double height, std::string_view description);
[[nodiscard]] std::string SvgText(double x, double y, std::string_view css_class,
                                  std::string_view text);
[[nodiscard]] std::string SvgLine(double x1, double y1, double x2, double y2,
                                  std::string_view css_class);

struct LegendEntry {
  std::string css_class;
  std::string text;
  bool box = false;  // a filled box; else a piece of line
};
struct Legend {
  std::string svg;
  double height = 0;
};
// In as many rows as it takes, from the top.
[[nodiscard]] Legend SvgLegend(const std::vector<LegendEntry>& entries, double left,
                               const ChartFrame& frame);

struct TimeAxis {
  double left = 0, width = 0, y = 0;
};
// Ticks below a line at y, at round local times.
[[nodiscard]] std::string SvgTimeAxis(const TimeAxis& axis, const ChartFrame& frame);

// "1,500", "0.25": what stands at a tick, with as many decimals as the step needs.
[[nodiscard]] std::string TickText(double value, double step);

}  // namespace teiten::report
