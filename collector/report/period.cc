// SPDX-License-Identifier: Apache-2.0
// Which stretch of time a report is about, and which one it is compared with.
#include <chrono>

#include "collector/report/report.h"
#include "collector/store/zone.h"
#include "fmt/format.h"

namespace teiten {
namespace {

using std::chrono::days;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t kMostPeriodMs = 400 * kDayMs;
// Of 0001-01-01 and 9999-12-31: what can be printed.
constexpr int64_t kLeastTimeMs = -62'135'596'800'000;
constexpr int64_t kMostTimeMs = 253'402'300'800'000;
constexpr int kMostNames = 1000;

absl::Status Bad(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

struct Stretch {
  int64_t from = 0, to = 0, before = 0;  // `before`: where the period before it begins
};

int64_t StartMs(sys_days day, int32_t offset_minutes) {
  return int64_t{day.time_since_epoch().count()} * kDayMs - int64_t{offset_minutes} * 60'000;
}

// Months from the first month of the period that holds `day`.
Stretch MonthsOf(sys_days day, int length, int32_t offset) {
  const year_month_day date{day};
  const int month = static_cast<int>(static_cast<unsigned>(date.month())) - 1;
  const year_month_day first{date.year(),
                             std::chrono::month(static_cast<unsigned>(month - month % length + 1)),
                             std::chrono::day(1)};
  return {StartMs(sys_days(first), offset), StartMs(sys_days(first + months(length)), offset),
          StartMs(sys_days(first - months(length)), offset)};
}

Stretch DaysFrom(sys_days first, int length, int32_t offset) {
  return {StartMs(first, offset), StartMs(first + days(length), offset),
          StartMs(first - days(length), offset)};
}

absl::StatusOr<Stretch> RangeOf(const v1::TimeRange& time, const Zone& zone) {
  if (time.to_unix_ms() <= time.from_unix_ms()) {
    return Bad("time", "a range needs to_unix_ms after from_unix_ms");
  }
  if (time.to_unix_ms() > kMostTimeMs) return Bad("time.to_unix_ms", "is after the year 9999");
  if (time.to_unix_ms() - time.from_unix_ms() > kMostPeriodMs) {
    return Bad("time", "a range is at most 400 days");
  }
  Stretch s;
  s.from = zone.HourOf(time.from_unix_ms());
  s.to = zone.HourOf(time.to_unix_ms() - 1) + kHourMs;
  if (s.to - s.from > kMostHourlyMs) {  // what is read by days begins and ends with one
    s.from = zone.DayOf(time.from_unix_ms());
    s.to = zone.DayOf(time.to_unix_ms() - 1) + kDayMs;
  }
  s.before = s.from - (s.to - s.from);
  return s;
}

absl::StatusOr<Stretch> StretchOf(v1::ReportPeriod period, const v1::TimeRange& time,
                                  const Zone& zone) {
  const int32_t offset = zone.utc_offset_minutes();
  const int64_t at = time.from_unix_ms();
  if (at < kLeastTimeMs + kMostPeriodMs || at > kMostTimeMs - kMostPeriodMs) {
    return Bad("time.from_unix_ms", "is not between the years 2 and 9998");
  }
  const int64_t local_day = (zone.DayOf(at) + int64_t{offset} * 60'000) / kDayMs;
  const sys_days day{days(local_day)};
  switch (period) {
    case v1::REPORT_PERIOD_DAY:
      return DaysFrom(day, 1, offset);
    case v1::REPORT_PERIOD_WEEK: {
      const unsigned since_monday = std::chrono::weekday(day).iso_encoding() - 1;
      return DaysFrom(day - days(since_monday), 7, offset);
    }
    case v1::REPORT_PERIOD_MONTH:
      return MonthsOf(day, 1, offset);
    case v1::REPORT_PERIOD_QUARTER:
      return MonthsOf(day, 3, offset);
    case v1::REPORT_PERIOD_YEAR:
      return MonthsOf(day, 12, offset);
    case v1::REPORT_PERIOD_RANGE:
      return RangeOf(time, zone);
    default:
      return Bad("period", "is not one this collector knows");
  }
}

absl::Status CheckRest(const v1::GetReportRequest& request) {
  if (request.rows() > kMostReportRows) {
    return Bad("rows", fmt::format("at most {}", kMostReportRows));
  }
  if (request.sensors_size() > kMostNames) return Bad("sensors", "at most 1,000");
  if (request.groups_size() > kMostNames) return Bad("groups", "at most 1,000");
  if (request.edition() == v1::REPORT_EDITION_PUBLIC) {
    return absl::UnimplementedError("edition: the public edition is not made by this version");
  }
  if (!request.language().empty() && request.language() != "en") {
    return absl::UnimplementedError("language: this version writes \"en\"");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReportRequestResolved> ResolveReportRequest(const v1::GetReportRequest& request,
                                                           int32_t utc_offset_minutes,
                                                           int64_t now_unix_ms) {
  if (absl::Status status = CheckRest(request); !status.ok()) return status;
  ReportRequestResolved out;
  out.period =
      request.period() == v1::REPORT_PERIOD_UNSPECIFIED ? v1::REPORT_PERIOD_DAY : request.period();
  v1::TimeRange time = request.time();
  if (!request.has_time()) time.set_from_unix_ms(now_unix_ms);
  const absl::StatusOr<Stretch> stretch = StretchOf(out.period, time, Zone(utc_offset_minutes));
  if (!stretch.ok()) return stretch.status();
  out.from_unix_ms = stretch->from;
  out.to_unix_ms = stretch->to;
  out.previous_from_unix_ms = stretch->before;
  const bool widened = stretch->from != time.from_unix_ms() || stretch->to != time.to_unix_ms();
  if (out.period == v1::REPORT_PERIOD_RANGE && widened) out.asked = time;
  out.utc_offset_minutes = utc_offset_minutes;
  if (now_unix_ms < out.to_unix_ms) {
    out.cut_unix_ms = now_unix_ms - now_unix_ms % 60'000;
  }
  out.sensors.assign(request.sensors().begin(), request.sensors().end());
  out.groups.assign(request.groups().begin(), request.groups().end());
  if (request.rows() > 0) out.rows = request.rows();
  return out;
}

}  // namespace teiten
