// SPDX-License-Identifier: Apache-2.0
#include "common/time_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace teiten {
namespace {

constexpr int64_t kFirstMs = -62135596800000;  // 0001-01-01T00:00:00.000Z
constexpr int64_t kLastMs = 253402300799999;   // 9999-12-31T23:59:59.999Z
constexpr int64_t kMsPerDay = 86'400'000;

struct Civil {
  int year;
  unsigned month;
  unsigned day;
  int hour;
  int minute;
  int second;
  int ms;
};

Civil CivilOf(int64_t unix_ms) {
  using std::chrono::days;
  using std::chrono::sys_days;
  const int64_t clamped = std::clamp(unix_ms, kFirstMs, kLastMs);
  int64_t day = clamped / kMsPerDay;
  if (clamped % kMsPerDay < 0) --day;
  const auto rest = static_cast<int>(clamped - day * kMsPerDay);
  const std::chrono::year_month_day date{sys_days{days{day}}};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          rest / 3'600'000,
          rest / 60'000 % 60,
          rest / 1000 % 60,
          rest % 1000};
}

int64_t Shift(int64_t unix_ms, int32_t offset_minutes) {
  return std::clamp(unix_ms, kFirstMs, kLastMs) + int64_t{offset_minutes} * 60'000;
}

// Reads a text from its front; every step fails for good once one has.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `digits` digits.
  int Number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= rest_.size() || rest_[i] < '0' || rest_[i] > '9') {
        ok_ = false;
        return 0;
      }
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool Accept(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Expect(std::string_view any_of) { ok_ = Accept(any_of) && ok_; }
  // ".123456": milliseconds, the rest of the digits cut off.
  int FractionMs() {
    int ms = 0;
    int scale = 100;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      ms += (rest_[digits] - '0') * scale;
      scale /= 10;
    }
    if (digits == 0) ok_ = false;
    rest_.remove_prefix(digits);
    return ms;
  }
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// "Z", "+09:00", or nothing: minutes to subtract.
int OffsetMinutes(Reader& reader, int without, bool& valid) {
  if (reader.AtEnd()) return without;
  if (reader.Accept("Zz")) return 0;
  const int sign = reader.Accept("+") ? 1 : -1;
  if (sign < 0) reader.Expect("-");
  const int hours = reader.Number(2);
  reader.Expect(":");
  const int minutes = reader.Number(2);
  valid = valid && hours < 24 && minutes < 60;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::string FormatUtcMs(int64_t unix_ms) {
  const Civil c = CivilOf(unix_ms);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", c.year, c.month, c.day, c.hour,
                     c.minute, c.second, c.ms);
}

std::string FormatOffset(int64_t unix_ms, int32_t offset_minutes) {
  const Civil c = CivilOf(Shift(unix_ms, offset_minutes));
  const int32_t absolute = offset_minutes < 0 ? -offset_minutes : offset_minutes;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", c.year, c.month, c.day,
                     c.hour, c.minute, c.second, offset_minutes < 0 ? '-' : '+', absolute / 60,
                     absolute % 60);
}

std::string FormatDay(int64_t unix_ms, int32_t offset_minutes) {
  const Civil c = CivilOf(Shift(unix_ms, offset_minutes));
  return fmt::format("{:04}-{:02}-{:02}", c.year, c.month, c.day);
}

std::optional<int64_t> ParseTimeMs(std::string_view text, int32_t offset_minutes) {
  Reader reader(text);
  const int year = reader.Number(4);
  reader.Expect("-");
  const int month = reader.Number(2);
  reader.Expect("-");
  const int day = reader.Number(2);
  int64_t in_day_ms = int64_t{offset_minutes} * -60'000;
  bool valid = true;
  if (!reader.AtEnd()) {
    reader.Expect("Tt ");
    const int hour = reader.Number(2);
    reader.Expect(":");
    const int minute = reader.Number(2);
    const bool seconds = reader.Accept(":");
    const int second = seconds ? reader.Number(2) : 0;
    const int ms = seconds && reader.Accept(".") ? reader.FractionMs() : 0;
    valid = hour < 24 && minute < 60 && second <= 60;  // 60: a leap second is the next second
    const int offset = OffsetMinutes(reader, offset_minutes, valid);
    in_day_ms = ((int64_t{hour} * 60 + minute - offset) * 60 + second) * 1000 + ms;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!reader.ok() || !reader.AtEnd() || !valid || !date.ok() || year < 1) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count() * kMsPerDay + in_day_ms;
}

std::optional<int64_t> ParseDurationMs(std::string_view text) {
  struct Unit {
    std::string_view name;
    int64_t ms;
  };
  static constexpr std::array<Unit, 6> kUnits = {{{"ms", 1},
                                                  {"s", 1000},
                                                  {"m", 60'000},
                                                  {"h", 3'600'000},
                                                  {"d", kMsPerDay},
                                                  {"w", 7 * kMsPerDay}}};
  constexpr int64_t kLongest = 10'000 * 366 * kMsPerDay;  // all the years there are
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 12) return std::nullopt;
  int64_t number = 0;
  for (const char c : text.substr(0, digits)) number = number * 10 + (c - '0');
  for (const Unit& unit : kUnits) {
    if (text.substr(digits) != unit.name) continue;
    if (number > kLongest / unit.ms) return std::nullopt;
    return number * unit.ms;
  }
  return std::nullopt;
}

std::string FormatDuration(int64_t ms) {
  if (ms < 0) return "-" + FormatDuration(ms == INT64_MIN ? INT64_MAX : -ms);
  if (ms < 1000) return fmt::format("{} ms", ms);
  const int64_t seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{}.{} s", seconds, ms % 1000 / 100);
  const int64_t minutes = seconds / 60;
  if (minutes < 60) return fmt::format("{}m {:02}s", minutes, seconds % 60);
  const int64_t hours = minutes / 60;
  if (hours < 24) return fmt::format("{}h {:02}m", hours, minutes % 60);
  return fmt::format("{}d {:02}h", hours / 24, hours % 24);
}

std::string FormatBytes(uint64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) {  // 1,024.0 KiB would be 1.0 MiB
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace teiten
