// SPDX-License-Identifier: Apache-2.0
#include "client/text_table.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::string_view kAsciiBars[] = {".", ":", "-", "=", "+", "*", "#", "@"};

// Length of the UTF-8 sequence at the front of `text` and its code point; 0 if it is broken.
std::size_t TakeCodePoint(std::string_view text, char32_t& code) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  const std::size_t length = first < 0x80             ? 1
                             : (first & 0xe0) == 0xc0 ? 2
                             : (first & 0xf0) == 0xe0 ? 3
                             : (first & 0xf8) == 0xf0 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  code = length == 1 ? first : static_cast<char32_t>(first & (0x7f >> length));
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (at(i) & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
  return length;
}

bool IsWide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x20000 && c <= 0x3fffd);
}

}  // namespace

std::size_t DisplayWidth(std::string_view utf8) {
  std::size_t width = 0;
  while (!utf8.empty()) {
    char32_t code = 0;
    const std::size_t length = TakeCodePoint(utf8, code);
    utf8.remove_prefix(std::max<std::size_t>(length, 1));
    if (code >= 0x300 && code < 0x370) continue;  // combining
    width += length > 0 && IsWide(code) ? 2U : 1U;
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char32_t code = 0;
    const std::size_t length = TakeCodePoint(text, code);
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0) ||
                         (code >= 0x200e && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
                         (code >= 0x2066 && code <= 0x2069);
    const std::size_t taken = std::max<std::size_t>(length, 1);
    if (length == 0 || control) {
      for (const char c : text.substr(0, taken)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return out;
}

std::string Bold(std::string_view text, const Style& style) {
  return style.colour ? fmt::format("\x1b[1m{}\x1b[0m", text) : std::string(text);
}

std::string Dim(std::string_view text, const Style& style) {
  return style.colour ? fmt::format("\x1b[2m{}\x1b[0m", text) : std::string(text);
}

std::string TextTable::Format(const Style& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = DisplayWidth(columns_[c].title);
    for (const auto& row : rows_) width = std::max(width, DisplayWidth(row[c]));
    widths.push_back(width);
  }
  const auto line = [&](const auto& cell_of) {
    std::string out;
    std::string pending;  // spaces that only come out before something else
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      const std::string fill(widths[c] - DisplayWidth(cell), ' ');
      if (columns_[c].align == Align::kRight) pending += fill;
      if (!cell.empty()) {
        out += pending + cell;
        pending.clear();
      }
      if (columns_[c].align == Align::kLeft) pending += fill;
      pending += "  ";
    }
    return out;
  };
  std::string out =
      Bold(line([&](std::size_t c) -> const std::string& { return columns_[c].title; }), style) +
      "\n";
  for (const auto& row : rows_) {
    out += line([&](std::size_t c) -> const std::string& { return row[c]; }) + "\n";
  }
  return out;
}

std::string FormatFigure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::fabs(value);
  if (size >= 1e15) return fmt::format("{:.3e}", value);
  if (size >= 999.95) {
    return (value < 0 ? "-" : "") + GroupDigits(static_cast<uint64_t>(std::llround(size)));
  }
  if (size == 0) return "0";
  const int decimals = size >= 99.995 ? 1 : size >= 9.9995 ? 2 : size >= 0.99995 ? 3 : 4;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string Plural(uint64_t count, std::string_view one, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", one);
  const std::string number = GroupDigits(count);
  return many.empty() ? fmt::format("{} {}s", number, one) : fmt::format("{} {}", number, many);
}

std::string FormatChange(double percent) {
  if (std::fabs(percent) < 0.05) return "0.0 %";
  return fmt::format("{:+.1f} %", percent);
}

std::string Sparkline(std::span<const std::optional<double>> points, const Style& style) {
  double highest = 0;
  for (const std::optional<double>& p : points) highest = std::max(highest, p.value_or(0));
  std::string out;
  for (const std::optional<double>& p : points) {
    if (!p) {
      out += style.utf8 ? "·" : " ";
      continue;
    }
    const double share = highest > 0 ? std::clamp(*p / highest, 0.0, 1.0) : 0.0;
    // Only zero is the lowest sign's own; what is more than zero shows at least as the second.
    const auto level = *p <= 0
                           ? std::size_t{0}
                           : static_cast<std::size_t>(std::clamp(std::ceil(share * 7.0), 1.0, 7.0));
    out += style.utf8 ? kBars[level] : kAsciiBars[level];
  }
  return out;
}

std::string CsvLine(std::span<const std::string> cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    if (cells[i].find_first_of(",\"\r\n") == std::string::npos) {
      out += cells[i];
      continue;
    }
    out += '"';
    for (const char c : cells[i]) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out + "\n";
}

}  // namespace teiten
