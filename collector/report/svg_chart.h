// SPDX-License-Identifier: Apache-2.0
// Charts as SVG elements to stand inside an HTML page. Colours come from the page's style (classes
// s0 … s5, custom properties), so that one chart serves light, dark and paper; lines differ by
// dashes too. Nothing is loaded and nothing runs. Coordinates are fixed to a tenth: same figures,
// same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "teiten/v1/report.pb.h"

namespace teiten::report {

inline constexpr int kSeriesStyles = 6;

// What is drawn in whole numbers.
inline constexpr const char* kCountUnit = "packets";

struct ChartFrame {
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  int32_t utc_offset_minutes = 0;
  std::optional<int64_t> until_unix_ms =
      std::nullopt;     // what comes after is no gap: it is still to come
  bool narrow = false;  // for a hand's width; the page shows one of both
};

// Lines over time. A step without value is a break in the line; steps in which no line has one are
// shaded as gaps. "" if there is nothing to draw.
[[nodiscard]] std::string SvgLineChart(const v1::ReportChart& chart, const ChartFrame& frame);
// One strip a line, each step filled from below by its value in percent; steps without value stay
// empty ground.
[[nodiscard]] std::string SvgStripChart(const v1::ReportChart& chart, const ChartFrame& frame);
// Horizontal bars; where a previous value is known, a mark across the bar shows it.
[[nodiscard]] std::string SvgBarChart(const v1::ReportChart& chart, const ChartFrame& frame);

// 0, step, 2 step, … up to at least `most`, with step 1, 2 or 5 times a power of ten, about
// `count` of them.
[[nodiscard]] std::vector<double> NiceTicks(double most, int count);
// & < > " ' as entities; control characters, which XML does not allow, as U+FFFD.
[[nodiscard]] std::string XmlText(std::string_view text);

}  // namespace teiten::report
