// SPDX-License-Identifier: Apache-2.0
// Byte strings for tests: Hex("81 0a 00 11") and text with zero bytes, Raw("\0\1x").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace teiten::test {

using Bytes = std::vector<uint8_t>;

// Pairs of hexadecimal digits; everything else between them is ignored.
inline Bytes Hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    int digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return out;
}

inline Bytes FromText(std::string_view text) { return {text.begin(), text.end()}; }

// A literal with its embedded zero bytes, without the one that ends it.
template <std::size_t N>
Bytes Raw(const char (&text)[N]) {
  return FromText(std::string_view(text, N - 1));
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Bytes Zeros(std::size_t count) { return Bytes(count, 0); }

}  // namespace teiten::test
