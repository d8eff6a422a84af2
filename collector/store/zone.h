// SPDX-License-Identifier: Apache-2.0
// Hours and days of the store's zone: a fixed offset from UTC in steps of 15 minutes, chosen when
// the store is made. Both are named by their start in UTC milliseconds.
#pragma once

#include <cstdint>

namespace teiten {

inline constexpr int64_t kHourMs = 3'600'000;
inline constexpr int64_t kDayMs = 86'400'000;

class Zone {
 public:
  explicit constexpr Zone(int32_t utc_offset_minutes)
      : offset_ms_(int64_t{utc_offset_minutes} * 60'000) {}

  [[nodiscard]] constexpr int64_t HourOf(int64_t unix_ms) const { return Floor(unix_ms, kHourMs); }
  [[nodiscard]] constexpr int64_t DayOf(int64_t unix_ms) const { return Floor(unix_ms, kDayMs); }
  [[nodiscard]] constexpr int32_t utc_offset_minutes() const {
    return static_cast<int32_t>(offset_ms_ / 60'000);
  }
  // Within ±18 h, as ISO 8601 writers do, and a whole number of quarters.
  [[nodiscard]] static constexpr bool Valid(int32_t utc_offset_minutes) {
    return utc_offset_minutes % 15 == 0 && utc_offset_minutes >= -18 * 60 &&
           utc_offset_minutes <= 18 * 60;
  }

 private:
  [[nodiscard]] constexpr int64_t Floor(int64_t unix_ms, int64_t step) const {
    const int64_t local = unix_ms + offset_ms_;
    const int64_t remainder = local % step;
    return unix_ms - (remainder < 0 ? remainder + step : remainder);
  }

  int64_t offset_ms_;
};

}  // namespace teiten
