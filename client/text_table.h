// SPDX-License-Identifier: Apache-2.0
// Answers as people, spreadsheets and programs read them: aligned tables, CSV (RFC 4180, LF),
// numbers, sparklines. Pure functions; the terminal is described by Style.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/text.h"

namespace teiten {

struct Style {
  bool colour = false;             // ANSI bold and dim, on a terminal without NO_COLOR
  bool utf8 = true;                // else ASCII stands in for every sign
  int32_t utc_offset_minutes = 0;  // of the store's zone, in which tables show times
};

enum class Align : uint8_t { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void AddRow(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Two spaces between columns, no trailing spaces, titles bold.
  [[nodiscard]] std::string Format(const Style& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// Four significant digits are enough to compare: "0.01234", "12.34", "1,234,567".
[[nodiscard]] std::string FormatFigure(double value);
// "1 sensor", "2,000 sensors", "2 summaries"
[[nodiscard]] std::string Plural(uint64_t count, std::string_view one, std::string_view many = "");
// "+12.5 %", "-3.0 %"
[[nodiscard]] std::string FormatChange(double percent);

// One sign a point: ▁▂▃▄▅▆▇█ by share of the highest, · for a gap (nullopt), which is not a zero.
// ASCII: ".:-=+*#@" and a space for a gap. Zero is the lowest sign.
[[nodiscard]] std::string Sparkline(std::span<const std::optional<double>> points,
                                    const Style& style);
// One line with its end; quoted where commas, quotes or line ends need it.
[[nodiscard]] std::string CsvLine(std::span<const std::string> cells);

// Columns on the screen: code points that are not combining; wide East Asian ones count twice.
[[nodiscard]] std::size_t DisplayWidth(std::string_view utf8);
// Bytes from the network that a terminal would obey (controls, escapes, broken UTF-8) as \xNN.
[[nodiscard]] std::string Printable(std::string_view text);

[[nodiscard]] std::string Bold(std::string_view text, const Style& style);
[[nodiscard]] std::string Dim(std::string_view text, const Style& style);

}  // namespace teiten
