// SPDX-License-Identifier: Apache-2.0
#include "collector/report/number_text.h"

#include <cmath>
#include <cstdlib>

#include "fmt/format.h"

namespace teiten::report {
namespace {

std::string Group(std::string digits) {
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

constexpr const char* kMinus = "\u2212";

}  // namespace

std::string WithCommas(uint64_t value) { return Group(std::to_string(value)); }

std::string Rounded(double value) {
  if (!std::isfinite(value)) return "–";
  if (value < 0) return value > -kLeastShown ? "0" : kMinus + Rounded(-value);
  if (value == 0) return "0";
  if (value >= 99.95) return Group(fmt::format("{:.0f}", value));
  if (value >= 9.995) return fmt::format("{:.1f}", value);
  if (value >= 0.9995) return fmt::format("{:.2f}", value);
  if (value < kLeastShown) return "under 0.0001";
  // Three digits from the first that is not 0.
  const int digits = 2 - static_cast<int>(std::floor(std::log10(value)));
  return fmt::format("{:.{}f}", value, digits);
}

std::string Percent(double percent) {
  if (percent == 0) return "0 %";
  if (percent < 0.01) return "under 0.01 %";
  if (percent < 0.1) return fmt::format("{:.2f} %", percent);
  if (percent > 99.95 && percent < 100) return "over 99.9 %";
  if (percent == 100) return "100 %";
  return fmt::format("{:.1f} %", percent);
}

std::string SignedPercent(double percent) {
  if (std::abs(percent) < kLeastChangePercent) return "±0 %";
  const std::string digits = std::abs(percent) >= 999.5
                                 ? Group(fmt::format("{:.0f}", std::abs(percent)))
                                 : fmt::format("{:.1f}", std::abs(percent));
  return fmt::format("{}{} %", percent > 0 ? "+" : kMinus, digits);
}

std::string Signed(double value) {
  if (std::abs(value) < kLeastShown) return "±0";
  return (value > 0 ? "+" : kMinus) + Rounded(std::abs(value));
}

std::string Plural(uint64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", WithCommas(count), singular, count == 1 ? "" : "s");
}

double PercentOf(double part, double whole) { return whole > 0 ? 100.0 * part / whole : 0; }

std::string OffsetName(int32_t offset_minutes) {
  if (offset_minutes == 0) return "UTC";
  const int32_t minutes = std::abs(offset_minutes);
  return fmt::format("UTC{}{:02}:{:02}", offset_minutes < 0 ? kMinus : "+", minutes / 60,
                     minutes % 60);
}

}  // namespace teiten::report
