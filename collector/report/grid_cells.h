// SPDX-License-Identifier: Apache-2.0
// How single cells are printed.
#pragma once

#include <cmath>
#include <string>

#include "collector/report/grid.h"
#include "collector/report/number_text.h"
#include "fmt/format.h"

namespace teiten::report {

inline constexpr const char* kNothing = "–";

inline std::string CountCell(uint64_t value, Numbers n) {
  return n == Numbers::kPlain ? std::to_string(value) : WithCommas(value);
}

inline std::string ValueCell(double value, Numbers n) {
  return n == Numbers::kPlain ? fmt::format("{}", value) : Rounded(value);
}

inline std::string PercentCell(double percent, Numbers n) {
  return n == Numbers::kPlain ? fmt::format("{}", percent) : Percent(percent);
}

inline std::string SignedPercentCell(double percent, Numbers n) {
  return n == Numbers::kPlain ? fmt::format("{}", percent) : SignedPercent(percent);
}

// A figure without unit is a count.
inline std::string FigureCell(const v1::ReportFigure& figure, double value, Numbers n) {
  if (figure.unit() == "%") return PercentCell(value, n);
  const bool count = figure.unit().empty() && n == Numbers::kForPeople;
  return count ? WithCommas(static_cast<uint64_t>(std::llround(value))) : ValueCell(value, n);
}

inline std::string NothingCell(Numbers n) { return n == Numbers::kPlain ? "" : kNothing; }

}  // namespace teiten::report
