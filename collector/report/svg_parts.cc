// SPDX-License-Identifier: Apache-2.0
#include "collector/report/svg_parts.h"

#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "collector/store/zone.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

// Columns of a label: code points, as UTF-8 continuation bytes take no room.
double TextWidth(std::string_view text) {
  const auto points = std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  return kCharWidth * static_cast<double>(points);
}

// Local time of day within two days, else days.
std::string TimeText(int64_t unix_ms, int32_t offset, bool by_hour) {
  const std::string text = FormatOffset(unix_ms, offset);  // 2026-11-22T10:00:00+00:00
  return by_hour ? text.substr(11, 5) : text.substr(5, 5);
}

int64_t TimeStep(int64_t length_ms, int most_steps) {
  const int64_t steps[] = {kHourMs,    2 * kHourMs, 3 * kHourMs, 6 * kHourMs, 12 * kHourMs, kDayMs,
                           2 * kDayMs, 7 * kDayMs,  14 * kDayMs, 30 * kDayMs, 60 * kDayMs};
  for (const int64_t step : steps) {
    if (length_ms <= most_steps * step) return step;
  }
  return 100 * kDayMs;
}

}  // namespace

std::string XmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += "\uFFFD";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::vector<double> NiceTicks(double most, int count) {
  if (!(most > 0) || !std::isfinite(most)) return {0, 1};
  const double rough = most / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999999) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const int last = static_cast<int>(std::ceil(most / step - 1e-9));
  for (int i = 0; i <= std::max(1, last); ++i) ticks.push_back(step * i);
  return ticks;
}

std::string TickText(double value, double step) {
  if (value == 0) return "0";
  if (step >= 1) return WithCommas(static_cast<uint64_t>(std::llround(value)));
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return fmt::format("{:.{}f}", value, decimals);
}

std::string SvgOpen(const v1::ReportChart& chart, const ChartFrame& frame, double height,
                    std::string_view description) {
  const std::string id = XmlText(chart.id()) + (frame.narrow ? "-narrow" : "");
  return fmt::format(
      "<svg class=\"chart {}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" "
      "aria-labelledby=\"{}-title {}-desc\">\n<title id=\"{}-title\">{}</title>\n"
      "<desc id=\"{}-desc\">{}</desc>\n",
      frame.narrow ? "narrow" : "wide", ChartWidth(frame), height, id, id, id,
      XmlText(chart.title()), id, XmlText(description));
}

std::string SvgText(double x, double y, std::string_view css_class, std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, css_class,
                     XmlText(text));
}

std::string SvgLine(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return fmt::format(
      "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1, x2,
      y2, css_class);
}

std::string SvgTimeAxis(const TimeAxis& axis, const ChartFrame& frame) {
  std::string out;
  const int64_t length = frame.to_unix_ms - frame.from_unix_ms;
  const int64_t step = TimeStep(length, frame.narrow ? 5 : 10);
  for (int64_t at = frame.from_unix_ms; at <= frame.to_unix_ms; at += step) {
    const double x = axis.left + axis.width * static_cast<double>(at - frame.from_unix_ms) /
                                     static_cast<double>(length);
    out += SvgLine(x, axis.y, x, axis.y + 5, "axis");
    // Midnight at the end of a day is 24:00 of that day.
    const bool end = at == frame.to_unix_ms;
    std::string text = TimeText(at, frame.utc_offset_minutes, step < kDayMs);
    if (end && step < kDayMs && length == kDayMs) text = "24:00";
    out += SvgText(x, axis.y + 19, end ? "end" : "mid", text);
  }
  return out;
}

Legend SvgLegend(const std::vector<LegendEntry>& entries, double left, const ChartFrame& frame) {
  constexpr double kRow = 20, kKey = 24, kSpace = 22;
  Legend legend;
  double x = left, y = 12;
  for (const LegendEntry& entry : entries) {
    const double width = kKey + TextWidth(entry.text) + kSpace;
    if (x > left && x + width - kSpace > ChartWidth(frame)) {
      x = left;
      y += kRow;
    }
    if (entry.box) {
      legend.svg +=
          fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"10\" class=\"{}\"/>\n",
                      x, y - 9, entry.css_class);
    } else {
      legend.svg += SvgLine(x, y - 4, x + 18, y - 4, entry.css_class);
    }
    legend.svg += SvgText(x + kKey, y, "lab", entry.text);
    x += width;
  }
  legend.height = entries.empty() ? 0 : y + 8;
  return legend;
}

}  // namespace teiten::report
