// SPDX-License-Identifier: Apache-2.0
// Small helpers on text that the standard library lacks. (Debian's abseil has a string_view of its
// own, which std::string_view does not convert to, so its strings library is not used.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace teiten {

// Without spaces, tabs and line ends at both ends.
[[nodiscard]] inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// "1,234,567": how numbers are written for people. CSV, JSON and logs have no commas.
[[nodiscard]] inline std::string GroupDigits(uint64_t value) {
  const std::string digits = std::to_string(value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

// The parts between separators, trimmed; empty ones are left out. They point into `text`.
[[nodiscard]] inline std::vector<std::string_view> SplitTrimmed(std::string_view text,
                                                                char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    if (const std::string_view part = Trim(text.substr(0, end)); !part.empty()) {
      parts.push_back(part);
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// What a program says on standard error: each problem is a line of its own and names the program.
[[nodiscard]] inline std::string ErrorLines(std::string_view program, std::string_view problems) {
  std::string lines;
  for (const std::string_view problem : SplitTrimmed(problems, '\n')) {
    lines.append(program).append(": ").append(problem).append("\n");
  }
  return lines;
}

}  // namespace teiten
