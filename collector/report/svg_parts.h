// SPDX-License-Identifier: Apache-2.0
// Elements both kinds of chart are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/report/svg_chart.h"

namespace teiten::report {

inline constexpr double kChartWidth = 760;
inline constexpr double kCharWidth = 6.4;  // of the 12 px label font, on average

// Opens an <svg> of the width above that says what it shows to those who cannot see it.
[[nodiscard]] std::string SvgOpen(std::string_view id, double height, std::string_view title,
                                  std::string_view description);
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
// In as many rows as it takes, from the given top.
[[nodiscard]] Legend SvgLegend(const std::vector<LegendEntry>& entries, double left, double top);

struct TimeAxis {
  double left = 0, width = 0, y = 0;
};
// Ticks below a line at y, at round local times.
[[nodiscard]] std::string SvgTimeAxis(const TimeAxis& axis, const ChartFrame& frame);

// "1,500", "0.25": what stands at a tick, with as many decimals as the step needs.
[[nodiscard]] std::string TickText(double value, double step);

}  // namespace teiten::report
