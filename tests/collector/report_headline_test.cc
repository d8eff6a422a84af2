// SPDX-License-Identifier: Apache-2.0
// Sentences of the report: none says more than the tables do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report_days.h"

namespace teiten {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void AddAnswers(ActivityStore& s, const std::string& victim, uint16_t port, uint64_t packets) {
  s.activities.push_back({kToday, "a", victim, Kind::kTcpSynack, 6, port, packets});
}

std::string Headline(const v1::Report& r, const std::string& part) {
  for (const std::string& text : r.headlines()) {
    if (text.find(part) != std::string::npos) return text;
  }
  return "";
}

TEST(ReportHeadline, MostIsMoreThanHalf) {
  ActivityStore s = TwoSensors();
  AddAnswers(s, "203.0.113.1", 80, 120);
  AddAnswers(s, "203.0.113.1", 81, 90);
  AddAnswers(s, "203.0.113.1", 82, 90);
  EXPECT_EQ(Headline(Build(s), "Backscatter"),
            "Backscatter, the answers of hosts under attack or of reflectors, came to 300 packets "
            "from 1 source; first came 80/TCP (http) with 40.0 %.");
  AddAnswers(s, "203.0.113.1", 80, 61);
  EXPECT_THAT(Headline(Build(s), "Backscatter"), HasSubstr(", most of it of 80/TCP (http)."));
}

TEST(ReportHeadline, BackscatterIsLedByPacketsOfBothFamilies) {
  ActivityStore s = TwoSensors();
  AddAnswers(s, "203.0.113.1", 80, 100);
  AddAnswers(s, "2001:db8::1", 443, 500);
  EXPECT_THAT(Headline(Build(s), "Backscatter"), HasSubstr("most of it of 443/TCP (https)."));
  // b has half of a's addresses: 22 leads the rank there, and 80 the packets.
  ActivityStore t = TwoSensors();
  AddAnswers(t, "203.0.113.1", 80, 110);
  t.activities.push_back({kToday, "b", "203.0.113.1", Kind::kTcpSynack, 6, 22, 100});
  EXPECT_THAT(Headline(Build(t), "Backscatter"), HasSubstr("most of it of 80/TCP (http)."));
}

TEST(ReportHeadline, AServiceNotShownMayHaveMore) {
  ActivityStore s = TwoSensors();
  for (uint16_t i = 0; i < 40; ++i) {
    AddAnswers(s, "203.0.113.1", static_cast<uint16_t>(1000 + i), 10);
  }
  AddAnswers(s, "203.0.113.1", 80, 11);
  EXPECT_THAT(Headline(Build(s), "Backscatter"), HasSubstr("from 1 source."));
}

TEST(ReportHeadline, ATieIsNoOrder) {
  ActivityStore s = TwoSensors();
  for (const uint16_t port : {uint16_t{443}, uint16_t{22}, uint16_t{80}}) {
    Add(s, kToday, "a", "198.51.100.1", port, 1);
  }
  EXPECT_EQ(Headline(Build(s), "scans over IPv4"),
            "22/TCP (ssh), 80/TCP (http) and 443/TCP (https) stood level at the head of the scans "
            "over IPv4, with 1 of their 3 packets each.");
  for (uint16_t i = 0; i < 50; ++i) {
    Add(s, kToday, "a", "198.51.100.1", static_cast<uint16_t>(2000 + i), 1);
  }
  EXPECT_THAT(Headline(Build(s), "scans over IPv4"),
              HasSubstr("and at least 7 others stood level"));
  // One leads, and who comes next is level with others.
  Add(s, kToday, "a", "198.51.100.1", 23, 2);
  EXPECT_EQ(Headline(Build(s), "scans over IPv4"),
            "23/TCP (telnet) led the scans over IPv4 with 2 of their 55 packets, not seen the day "
            "before.");
}

TEST(ReportHeadline, TheOrderIsThatOfTheRank) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 80, 240);  // mean 30
  Add(s, kToday, "b", "198.51.100.1", 22, 160);  // mean 40
  EXPECT_EQ(Headline(Build(s), "scans over IPv4"),
            "By packets per N4 and day, 22/TCP (ssh) led the scans over IPv4 with 40.0 % of their "
            "packets, not seen the day before; then came 80/TCP (http, 60.0 %).");
}

TEST(ReportHeadline, NotSeenIsOfTheComparedSensorsAndPeriod) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 22, 200);
  Add(s, kYesterday, "b", "198.51.100.1", 22, 5);
  // b was too short live yesterday to be compared.
  std::erase_if(s.hours, [](const auto& h) {
    return h.second.sensor == "b" && h.first < kToday && h.first > kYesterday;
  });
  EXPECT_THAT(Headline(Build(s), "scans over IPv4"),
              HasSubstr("not seen the day before by the sensors live in both."));
}

TEST(ReportHeadline, SharesOfFewPacketsAreCounts) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 1);
  v1::Report r = Build(s);
  EXPECT_THAT(r.headlines(), Contains("The only Telnet packet did not carry the Mirai mark."));
  EXPECT_THAT(Headline(r, "scans over IPv4"), HasSubstr("with their only packet"));
  Add(s, kToday, "a", "198.51.100.1", 23, 7, v1::TOOL_MARK_MIRAI);
  EXPECT_THAT(Build(s).headlines(), Contains("7 of the 8 Telnet packets carried the Mirai mark."));
  Add(s, kToday, "a", "198.51.100.1", 23, 192);
  EXPECT_THAT(Build(s).headlines(),
              Contains("3.5 % of the Telnet packets carried the Mirai mark."));
  ActivityStore t = TwoSensors();
  Add(t, kToday, "a", "198.51.100.1", 2323, 1500);
  EXPECT_THAT(Build(t).headlines(),
              Contains("None of the 1,500 Telnet packets carried the Mirai mark."));
}

TEST(ReportHeadline, FewPacketsHaveNoChangeInPercent) {
  ActivityStore s = TwoSensors();
  Add(s, kYesterday, "a", "198.51.100.1", 23, 1);
  Add(s, kToday, "a", "198.51.100.1", 23, 4);
  EXPECT_EQ(Build(s).headlines(1),
            "That is 2.00 per sensor and day, after 0.500 the day before, over 2 sensors live in "
            "both.");
}

TEST(ReportHeadline, TheFirstKnownRegionIsNamedAndTheUnknownShare) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 1, 100);
  Add(s, kToday, "a", "198.51.100.2", 1, 60, v1::TOOL_MARK_UNMARKED, "NL");
  Add(s, kToday, "a", "198.51.100.3", 1, 40, v1::TOOL_MARK_UNMARKED, "JP");
  EXPECT_EQ(Headline(Build(s), "source regions"),
            "Netherlands led the source regions of scans over IPv4 with 30.0 % of their packets, "
            "not seen the day before; then came Japan (20.0 %); of 50.0 % the region is unknown.");
}

TEST(ReportHeadline, AFewSourcesAreNotAboutAFew) {
  ActivityStore s = TwoSensors();
  ReportRequestResolved range = Day();  // over hours sources are estimated
  range.period = v1::REPORT_PERIOD_RANGE;
  range.to_unix_ms = kToday + 2 * kHourMs;
  range.previous_from_unix_ms = kToday - 2 * kHourMs;
  Add(s, kToday, "a", "198.51.100.1", 23, 900);
  EXPECT_THAT(Build(s, range).headlines(0), HasSubstr("900 unsolicited packets from 1 source "));
  for (int i = 0; i < 200; ++i) {
    Add(s, kToday + kHourMs, "a", "198.51.101." + std::to_string(i), 23, 1);
  }
  EXPECT_THAT(Build(s, range).headlines(0), HasSubstr(" from about 20"));
}

TEST(ReportHeadline, IcmpReadsWell) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 900);
  s.activities.push_back({kToday, "a", "198.51.100.1", Kind::kIcmpEchoRequest, 1, 0, 100});
  EXPECT_THAT(Headline(Build(s), "scans over IPv4"),
              HasSubstr("; then came 0/ICMP (echo and other requests, 10.0 %)."));
}

v1::ReportFigure Figure(const v1::Report& r, const std::string& id) {
  for (const v1::ReportFigure& f : r.figures()) {
    if (f.id() == id) return f;
  }
  ADD_FAILURE() << "no figure " << id;
  return {};
}

TEST(ReportFigures, AreOfOneShape) {
  ActivityStore s = TwoSensors();
  AddAnswers(s, "203.0.113.1", 80, 100);
  Add(s, kToday, "a", "198.51.100.1", 23, 300);
  Add(s, kYesterday, "a", "198.51.100.2", 23, 200);
  s.activities.push_back({kYesterday, "a", "203.0.113.1", Kind::kTcpSynack, 6, 80, 200});
  v1::Report r = Build(s);
  for (const v1::ReportFigure& f : r.figures()) EXPECT_TRUE(f.has_previous()) << f.id();
  EXPECT_DOUBLE_EQ(Figure(r, "packets").previous(), 400);
  EXPECT_DOUBLE_EQ(Figure(r, "scan").previous(), 200);
  EXPECT_DOUBLE_EQ(Figure(r, "scan").change_percent(), 50);
  EXPECT_DOUBLE_EQ(Figure(r, "backscatter").previous(), 200);
  EXPECT_DOUBLE_EQ(Figure(r, "backscatter").change_percent(), -50);
  EXPECT_DOUBLE_EQ(Figure(r, "sources").change_percent(), 0);
  EXPECT_DOUBLE_EQ(Figure(r, "live").previous(), 100);
  // Where a sensor was away for a while, totals are not compared in percent; the mean is.
  std::erase_if(s.hours, [](const auto& h) {
    return h.second.sensor == "b" && h.first < kToday && h.first > kToday - 3 * kHourMs;
  });
  r = Build(s);
  for (const char* id : {"packets", "sources", "scan", "backscatter"}) {
    EXPECT_TRUE(Figure(r, id).has_previous()) << id;
    EXPECT_FALSE(Figure(r, id).has_change_percent()) << id;
  }
  EXPECT_TRUE(Figure(r, "packets_per_sensor_day").has_change_percent());
}

}  // namespace
}  // namespace teiten
