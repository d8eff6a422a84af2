// SPDX-License-Identifier: Apache-2.0
#include "collector/report/period_name.h"

#include <chrono>

#include "collector/report/number_text.h"
#include "collector/report/report.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                   "May",       "June",     "July",     "August",
                                   "September", "October",  "November", "December"};

std::chrono::year_month_day DateOf(int64_t unix_ms, int32_t offset_minutes) {
  const auto local = std::chrono::milliseconds(unix_ms) + std::chrono::minutes(offset_minutes);
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(local));
}

std::string MonthName(const std::chrono::year_month_day& date) {
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()));
}

std::string DayName(const std::chrono::year_month_day& date) {
  return fmt::format("{} {}", static_cast<unsigned>(date.day()), MonthName(date));
}

// "2026-11-22 00:00"
std::string Minute(int64_t unix_ms, int32_t offset) {
  const std::string text = FormatOffset(unix_ms, offset);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

// To the millisecond where that is what was asked for.
std::string Instant(int64_t unix_ms, int32_t offset) {
  if (unix_ms % 60'000 == 0) return Minute(unix_ms, offset);
  const std::string text = FormatOffset(unix_ms, offset).substr(11, 8);
  const int64_t ms = (unix_ms % 1000 + 1000) % 1000;
  return Minute(unix_ms, offset).substr(0, 11) + text + (ms == 0 ? "" : fmt::format(".{:03}", ms));
}

// "22 November 2026, 10:00 to 12:00 UTC", "22 November 2026 10:00 to 24 November 2026 12:00 UTC",
// and of whole days "22 November 2026 to 23 November 2026".
std::string RangeName(const v1::TimeRange& time, int32_t offset) {
  const std::string from = Minute(time.from_unix_ms(), offset).substr(11);
  const std::string to = Minute(time.to_unix_ms(), offset).substr(11);
  const std::string first = DayName(DateOf(time.from_unix_ms(), offset));
  const std::string last = DayName(DateOf(time.to_unix_ms() - 1, offset));
  if (from == "00:00" && to == "00:00") return first == last ? first : first + " to " + last;
  if (first == last) {
    return fmt::format("{}, {} to {} {}", first, from, to == "00:00" ? "24:00" : to,
                       OffsetName(offset));
  }
  return fmt::format("{} {} to {} {} {}", first, from, DayName(DateOf(time.to_unix_ms(), offset)),
                     to, OffsetName(offset));
}

// "2026-11-22 00:00 to 02:26", the day once where it is one.
std::string SpanOf(int64_t from, int64_t to, int32_t offset) {
  const std::string first = Instant(from, offset);
  std::string last = Instant(to, offset);
  const std::string last_day = Minute(to - 1, offset).substr(0, 10);
  if (last.ends_with(" 00:00")) last = last_day + " 24:00";
  if (first.substr(0, 10) == last_day) last = last.substr(11);
  return first + " to " + last;
}

}  // namespace

std::string PeriodName(const v1::Report& report) {
  const int32_t offset = report.utc_offset_minutes();
  const auto first = DateOf(report.time().from_unix_ms(), offset);
  switch (report.period()) {
    case v1::REPORT_PERIOD_DAY:
      return DayName(first);
    case v1::REPORT_PERIOD_WEEK:
      return "the week from " + DayName(first);
    case v1::REPORT_PERIOD_MONTH:
      return MonthName(first);
    case v1::REPORT_PERIOD_QUARTER:
      return fmt::format("quarter {} of {}", (static_cast<unsigned>(first.month()) - 1) / 3 + 1,
                         static_cast<int>(first.year()));
    case v1::REPORT_PERIOD_YEAR:
      return fmt::format("{}", static_cast<int>(first.year()));
    default:
      return RangeName(report.time(), offset);
  }
}

std::string InPeriod(const v1::Report& report) {
  const std::string name = PeriodName(report);
  switch (report.period()) {
    case v1::REPORT_PERIOD_DAY:
      return "on " + name;
    case v1::REPORT_PERIOD_RANGE: {
      const int32_t offset = report.utc_offset_minutes();
      const bool one_day = DateOf(report.time().from_unix_ms(), offset) ==
                           DateOf(report.time().to_unix_ms() - 1, offset);
      return (one_day ? "on " : "from ") + name;
    }
    default:
      return "in " + name;
  }
}

std::string PreviousName(v1::ReportPeriod period) {
  switch (period) {
    case v1::REPORT_PERIOD_DAY:
      return "the day before";
    case v1::REPORT_PERIOD_WEEK:
      return "the week before";
    case v1::REPORT_PERIOD_MONTH:
      return "the month before";
    case v1::REPORT_PERIOD_QUARTER:
      return "the quarter before";
    case v1::REPORT_PERIOD_YEAR:
      return "the year before";
    default:
      return "the same length of time before";
  }
}

bool HasBegun(const v1::Report& report) {
  return !report.has_cut_unix_ms() || report.cut_unix_ms() >= report.time().from_unix_ms();
}

std::string SpanText(const v1::Report& report) {
  const int32_t offset = report.utc_offset_minutes();
  const bool begun = HasBegun(report);
  const bool cut = begun && report.has_cut_unix_ms();
  const int64_t to = cut ? report.cut_unix_ms() : report.time().to_unix_ms();
  std::string text =
      fmt::format("{} {}", SpanOf(report.time().from_unix_ms(), to, offset), OffsetName(offset));
  if (cut) text += ", not over yet";
  if (!begun) text += ", not begun yet";
  if (report.has_asked()) {
    const int64_t length_ms = report.time().to_unix_ms() - report.time().from_unix_ms();
    text += fmt::format(" · asked for {}, widened to whole {}",
                        SpanOf(report.asked().from_unix_ms(), report.asked().to_unix_ms(), offset),
                        length_ms > kMostHourlyMs ? "days" : "hours");
  }
  std::string groups;
  for (const std::string& g : report.groups()) groups += (groups.empty() ? "" : ", ") + g;
  if (!groups.empty()) text += " · sensors of group " + groups;
  return text;
}

}  // namespace teiten::report
