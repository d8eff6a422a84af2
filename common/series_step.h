// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace teiten {

// Minutes that divide an hour, hours that divide a day, or whole days: a step of a series must not
// cut the record's hours and days into unequal parts.
[[nodiscard]] constexpr bool IsSeriesStep(int64_t step_ms) {
  constexpr int64_t kMinute = 60'000;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  if (step_ms < kMinute) return false;
  if (step_ms < kHour) return step_ms % kMinute == 0 && kHour % step_ms == 0;
  if (step_ms < kDay) return step_ms % kHour == 0 && kDay % step_ms == 0;
  return step_ms % kDay == 0;
}

}  // namespace teiten
