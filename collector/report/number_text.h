// SPDX-License-Identifier: Apache-2.0
// Numbers as reports print them, in every format alike. Locale never matters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teiten::report {

// "12,345,678"
[[nodiscard]] std::string WithCommas(uint64_t value);
inline constexpr double kLeastShown = 0.0001;
// About three significant digits, never an exponent: "12,346", "123", "12.3", "1.23", "0.0123",
// "under 0.0001".
[[nodiscard]] std::string Rounded(double value);
// "12.3 %", "0.04 %", "under 0.01 %", "0 %", "100 %"
[[nodiscard]] std::string Percent(double percent);
inline constexpr double kLeastChangePercent = 0.05;  // less is printed as no change
// "+12.3 %", "−4.0 %", "±0 %"
[[nodiscard]] std::string SignedPercent(double percent);
[[nodiscard]] std::string Signed(double value);
// "1 sensor", "2 sensors"
[[nodiscard]] std::string Plural(uint64_t count, std::string_view singular);
// 100 × part / whole; 0 where there is no whole.
[[nodiscard]] double PercentOf(double part, double whole);
// "UTC", "UTC+09:00"
[[nodiscard]] std::string OffsetName(int32_t offset_minutes);

}  // namespace teiten::report
