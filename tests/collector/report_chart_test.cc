// SPDX-License-Identifier: Apache-2.0
// Charts say what the tables below them say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_days.h"

namespace teiten {
namespace {

using ::testing::HasSubstr;

v1::ReportChart Chart(const v1::Report& report, const std::string& id) {
  for (const v1::ReportChart& c : report.charts()) {
    if (c.id() == id) return c;
  }
  ADD_FAILURE() << "no chart " << id;
  return {};
}

double Sum(const v1::SeriesLine& line) {
  double sum = 0;
  for (const v1::SeriesPoint& p : line.points()) sum += p.value();
  return sum;
}

// Three sensors, of which "big" has most of the addresses and sees the port least.
ActivityStore UnequalSensors() {
  ActivityStore s;
  for (const auto& [sensor, n4] : {std::pair("big", 100), std::pair("a", 4), std::pair("b", 2)}) {
    s.Know(sensor, kToday + kDayMs);
    s.WatchDay(sensor, kToday, n4);
    for (int h = 0; h < 24; ++h) {
      const uint64_t packets = sensor == std::string("big") ? 100 : 40;
      Add(s, kToday + h * kHourMs, sensor, "198.51.100.1", 23, packets);
    }
  }
  return s;
}

TEST(ReportCharts, LinesAreTheMeanOfTheTable) {
  ActivityStore s = UnequalSensors();
  const v1::Report r = Build(s);
  const v1::ReportChart lines = Chart(r, "ports_scan_ipv4_series");
  EXPECT_EQ(lines.unit(), "packets per N4 and hour, mean over sensors");
  // 1, 10 and 20 packets per N4 and hour; pooled it would be 180 / 106 = 1.7.
  EXPECT_DOUBLE_EQ(lines.lines(0).points(3).value(), 31.0 / 3);
  EXPECT_EQ(lines.lines(0).points(3).counts().packets(), 180U);
  const v1::ReportChart bars = Chart(r, "ports_scan_ipv4_bars");
  EXPECT_NEAR(Sum(lines.lines(0)), bars.bars(0).value(), 1e-9);
  EXPECT_NEAR(Sum(Chart(r, "classes_series").lines(0)), bars.bars(0).value(), 1e-9);
}

TEST(ReportCharts, WhoHasNoVoteIsInNoLine) {
  ActivityStore s = UnequalSensors();
  std::erase_if(s.hours, [](const auto& h) {
    return h.second.sensor == "b" && h.first >= kToday + 11 * kHourMs;
  });
  std::erase_if(s.activities, [](const Activity& a) {
    return a.sensor == "b" && a.at_unix_ms >= kToday + 11 * kHourMs;
  });
  const v1::ReportChart lines = Chart(Build(s), "ports_scan_ipv4_series");
  EXPECT_DOUBLE_EQ(lines.lines(0).points(3).value(), 11.0 / 2);
  EXPECT_EQ(lines.lines(0).points(3).counts().packets(), 180U);  // packets are of all
  EXPECT_DOUBLE_EQ(lines.lines(0).points(20).value(), 11.0 / 2);
}

TEST(ReportCharts, GapsInLinesAreNoZeros) {
  ActivityStore s = TwoSensors();
  std::erase_if(s.hours, [](const auto& h) { return h.first == kToday + 5 * kHourMs; });
  Add(s, kToday + 3 * kHourMs, "a", "198.51.100.1", 23, 12);
  const v1::Report r = Build(s);
  const v1::ReportChart chart = Chart(r, "ports_scan_ipv4_series");
  ASSERT_EQ(chart.lines_size(), 1);
  ASSERT_EQ(chart.lines(0).points_size(), 24);
  EXPECT_DOUBLE_EQ(chart.lines(0).points(3).value(), 1.5);  // 3 at a and 0 at b
  EXPECT_TRUE(chart.lines(0).points(4).has_value());
  EXPECT_DOUBLE_EQ(chart.lines(0).points(4).value(), 0);
  EXPECT_FALSE(chart.lines(0).points(5).has_value());
  EXPECT_EQ(chart.lines(0).points(5).live_ms(), 0U);
}

// 20 seconds of an hour are no hour: what they saw stays as packets.
TEST(ReportCharts, AShortTimeIsNotBlownUp) {
  ActivityStore s = TwoSensors();
  for (auto& [hour, c] : s.hours) {
    if (hour != kToday + 5 * kHourMs) continue;
    c.live_ms = 20'000;
    c.n4_live_ms /= 180;
  }
  Add(s, kToday + 5 * kHourMs, "a", "198.51.100.1", 23, 20);
  v1::SeriesPoint point = Chart(Build(s), "ports_scan_ipv4_series").lines(0).points(5);
  EXPECT_FALSE(point.has_value());
  EXPECT_EQ(point.live_ms(), 40'000U);
  EXPECT_EQ(point.counts().packets(), 20U);
  // One of two is half of the sensors: its hour counts.
  for (auto& [hour, c] : s.hours) {
    if (hour != kToday + 5 * kHourMs || c.sensor != "b") continue;
    c.live_ms = kHourMs;
    c.n4_live_ms = 2.0 * kHourMs;
  }
  point = Chart(Build(s), "ports_scan_ipv4_series").lines(0).points(5);
  EXPECT_DOUBLE_EQ(point.value(), 0);
}

TEST(ReportCharts, BlindPortsAreLeftOutAsInTheTable) {
  ActivityStore s = UnequalSensors();
  for (auto& [hour, c] : s.hours) {
    if (c.sensor == "b") c.blind.push_back({6, 23, kHourMs});
  }
  EXPECT_DOUBLE_EQ(Chart(Build(s), "ports_scan_ipv4_series").lines(0).points(3).value(), 11.0 / 2);
}

TEST(ReportCharts, ADayThatIsNotRankedIsJudgedByItsHours) {
  ActivityStore s;
  s.Know("a", kToday + 2 * kHourMs);
  s.Watch("a", kToday, 4);
  s.Watch("a", kToday + kHourMs, 4, 0, 60'000);
  Add(s, kToday, "a", "198.51.100.1", 23, 8);
  Add(s, kToday + kHourMs, "a", "198.51.100.1", 23, 8);
  v1::Report r = Build(s);
  const v1::ReportChart chart = Chart(r, "ports_scan_ipv4_series");
  EXPECT_DOUBLE_EQ(chart.lines(0).points(0).value(), 2);
  EXPECT_FALSE(chart.lines(0).points(1).has_value());
  EXPECT_EQ(chart.note(), "");
  EXPECT_EQ(Chart(r, "ports_scan_ipv4_bars").unit(), "packets");
  // And where no hour is left, that is said instead.
  s.hours.erase(s.hours.begin());
  s.activities.erase(s.activities.begin());
  r = Build(s);
  EXPECT_THAT(Chart(r, "ports_scan_ipv4_series").note(), HasSubstr("no hour was watched"));
  EXPECT_THAT(*RenderReport(r, v1::REPORT_FORMAT_HTML), HasSubstr("Not drawn: no hour"));
}

}  // namespace
}  // namespace teiten
