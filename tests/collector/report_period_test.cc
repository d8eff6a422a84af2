// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "collector/report/report.h"
#include "common/time_format.h"

namespace teiten {
namespace {

int64_t At(const char* text) { return *ParseTimeMs(text); }

struct Case {
  const char* name;
  v1::ReportPeriod period;
  int32_t offset;
  const char* at;
  const char* before;
  const char* from;
  const char* to;
};

class PeriodTest : public ::testing::TestWithParam<Case> {};

TEST_P(PeriodTest, IsCutOutByTheCalendar) {
  const Case& c = GetParam();
  v1::GetReportRequest request;
  request.set_period(c.period);
  request.mutable_time()->set_from_unix_ms(At(c.at));
  const auto r = ResolveReportRequest(request, c.offset, At("2030-01-01"));
  ASSERT_TRUE(r.ok()) << r.status();
  EXPECT_EQ(FormatUtcMs(r->previous_from_unix_ms), FormatUtcMs(At(c.before)));
  EXPECT_EQ(FormatUtcMs(r->from_unix_ms), FormatUtcMs(At(c.from)));
  EXPECT_EQ(FormatUtcMs(r->to_unix_ms), FormatUtcMs(At(c.to)));
  EXPECT_FALSE(r->cut_unix_ms.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Periods, PeriodTest,
    ::testing::Values(Case{"Day", v1::REPORT_PERIOD_DAY, 0, "2026-11-22T23:59:59Z", "2026-11-21",
                           "2026-11-22", "2026-11-23"},
                      Case{"Unspecified", v1::REPORT_PERIOD_UNSPECIFIED, 0, "2026-11-22",
                           "2026-11-21", "2026-11-22", "2026-11-23"},
                      Case{"DayInTokyo", v1::REPORT_PERIOD_DAY, 540, "2026-11-22T15:00:00Z",
                           "2026-11-21T15:00:00Z", "2026-11-22T15:00:00Z", "2026-11-23T15:00:00Z"},
                      Case{"DayWest", v1::REPORT_PERIOD_DAY, -210, "2026-11-22T03:29:00Z",
                           "2026-11-20T03:30:00Z", "2026-11-21T03:30:00Z", "2026-11-22T03:30:00Z"},
                      Case{"WeekFromSunday", v1::REPORT_PERIOD_WEEK, 0, "2026-11-22", "2026-11-09",
                           "2026-11-16", "2026-11-23"},
                      Case{"WeekFromMonday", v1::REPORT_PERIOD_WEEK, 0, "2026-11-23", "2026-11-16",
                           "2026-11-23", "2026-11-30"},
                      Case{"March", v1::REPORT_PERIOD_MONTH, 0, "2028-03-31", "2028-02-01",
                           "2028-03-01", "2028-04-01"},
                      Case{"January", v1::REPORT_PERIOD_MONTH, 0, "2026-01-31T12:00:00Z",
                           "2025-12-01", "2026-01-01", "2026-02-01"},
                      Case{"Quarter", v1::REPORT_PERIOD_QUARTER, 0, "2026-02-10", "2025-10-01",
                           "2026-01-01", "2026-04-01"},
                      Case{"QuarterEnd", v1::REPORT_PERIOD_QUARTER, 0, "2026-12-31", "2026-07-01",
                           "2026-10-01", "2027-01-01"},
                      Case{"Year", v1::REPORT_PERIOD_YEAR, 0, "2028-06-01", "2027-01-01",
                           "2028-01-01", "2029-01-01"},
                      Case{"Before1970", v1::REPORT_PERIOD_DAY, 0, "1969-12-31T23:00:00Z",
                           "1969-12-30", "1969-12-31", "1970-01-01"}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(ReportPeriod, RangesAreWidenedToHours) {
  v1::GetReportRequest request;
  request.set_period(v1::REPORT_PERIOD_RANGE);
  request.mutable_time()->set_from_unix_ms(At("2026-11-22T10:20:00Z"));
  request.mutable_time()->set_to_unix_ms(At("2026-11-22T11:00:01Z"));
  auto r = ResolveReportRequest(request, 0, At("2026-11-22T11:30:59Z"));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(FormatUtcMs(r->previous_from_unix_ms), "2026-11-22T08:00:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->from_unix_ms), "2026-11-22T10:00:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->to_unix_ms), "2026-11-22T12:00:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->cut_unix_ms.value()), "2026-11-22T11:30:00.000Z");
  ASSERT_TRUE(r->asked.has_value());
  EXPECT_EQ(FormatUtcMs(r->asked->from_unix_ms()), "2026-11-22T10:20:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->asked->to_unix_ms()), "2026-11-22T11:00:01.000Z");
  // A quarter of an hour off UTC, hours are too.
  r = ResolveReportRequest(request, 345, At("2026-12-01"));
  EXPECT_EQ(FormatUtcMs(r->from_unix_ms), "2026-11-22T10:15:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->to_unix_ms), "2026-11-22T11:15:00.000Z");
}

// A cut before it, so that a report can say so.
TEST(ReportPeriod, APeriodMayNotHaveBegun) {
  v1::GetReportRequest request;
  request.mutable_time()->set_from_unix_ms(At("2027-10-31"));
  EXPECT_EQ(ResolveReportRequest(request, 0, At("2026-11-22T11:30:59Z"))->cut_unix_ms,
            At("2026-11-22T11:30:00Z"));
  EXPECT_EQ(ResolveReportRequest(request, 0, At("2027-10-31T00:00:59Z"))->cut_unix_ms,
            At("2027-10-31"));
}

TEST(ReportPeriod, RangesThatAreReadByDaysAreWidenedToDays) {
  v1::GetReportRequest request;
  request.set_period(v1::REPORT_PERIOD_RANGE);
  request.mutable_time()->set_from_unix_ms(At("2026-11-01T02:00:00Z"));
  request.mutable_time()->set_to_unix_ms(At("2026-11-09T03:00:00Z"));
  auto r = ResolveReportRequest(request, 0, At("2026-12-01"));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(FormatUtcMs(r->previous_from_unix_ms), "2026-10-23T00:00:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->from_unix_ms), "2026-11-01T00:00:00.000Z");
  EXPECT_EQ(FormatUtcMs(r->to_unix_ms), "2026-11-10T00:00:00.000Z");
  EXPECT_TRUE(r->asked.has_value());
  request.mutable_time()->set_to_unix_ms(At("2026-11-09T02:00:00Z"));  // eight days
  r = ResolveReportRequest(request, 0, At("2026-12-01"));
  EXPECT_EQ(FormatUtcMs(r->from_unix_ms), "2026-11-01T02:00:00.000Z");
  EXPECT_FALSE(r->asked.has_value());
  request.mutable_time()->set_to_unix_ms(At("2026-11-01T02:00:00Z") + 400 * kDayMs);
  EXPECT_TRUE(ResolveReportRequest(request, 0, At("2030-01-01")).ok());
}

TEST(ReportPeriod, WithoutATimeItIsNow) {
  const auto r = ResolveReportRequest({}, 0, At("2026-11-22T11:30:00Z"));
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->from_unix_ms, At("2026-11-22"));
  EXPECT_EQ(r->cut_unix_ms, At("2026-11-22T11:30:00Z"));
  EXPECT_EQ(r->rows, kReportRows);
}

TEST(ReportPeriod, RefusesWhatItCannotDo) {
  const int64_t now = At("2026-11-22");
  const auto code = [&](auto change) {
    v1::GetReportRequest request;
    request.mutable_time()->set_from_unix_ms(now);
    change(request);
    return ResolveReportRequest(request, 0, now).status().code();
  };
  using R = v1::GetReportRequest;
  constexpr auto kBad = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(code([](R&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(code([](R& r) { r.set_rows(101); }), kBad);
  EXPECT_EQ(code([](R& r) { r.set_period(v1::REPORT_PERIOD_RANGE); }), kBad);
  EXPECT_EQ(code([](R& r) {
              r.set_period(v1::REPORT_PERIOD_RANGE);
              r.mutable_time()->set_to_unix_ms(r.time().from_unix_ms() + 401 * kDayMs);
            }),
            kBad);
  EXPECT_EQ(code([](R& r) { r.set_period(static_cast<v1::ReportPeriod>(99)); }), kBad);
  EXPECT_EQ(code([](R& r) { r.mutable_time()->set_from_unix_ms(INT64_MAX); }), kBad);
  EXPECT_EQ(code([](R& r) { r.mutable_time()->set_from_unix_ms(INT64_MIN); }), kBad);
  EXPECT_EQ(code([](R& r) {
              r.set_period(v1::REPORT_PERIOD_RANGE);
              r.mutable_time()->set_to_unix_ms(INT64_MAX);
            }),
            kBad);
  EXPECT_EQ(code([](R& r) { r.set_edition(v1::REPORT_EDITION_PUBLIC); }),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code([](R& r) { r.set_language("ja"); }), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace teiten
