// SPDX-License-Identifier: Apache-2.0
// Reports of small records whose figures are worked out by hand beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/util/message_differencer.h"
#include "report_days.h"

namespace teiten {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

int64_t At(const char* text) { return *ParseTimeMs(text); }

v1::ReportTable Table(const v1::Report& report, const std::string& id) {
  for (const v1::ReportTable& t : report.tables()) {
    if (t.id() == id) return t;
  }
  ADD_FAILURE() << "no table " << id;
  return {};
}

v1::ReportRow Row(const v1::ReportTable& table, const std::string& key) {
  for (const v1::ReportRow& r : table.rows()) {
    if (r.key() == key) return r;
  }
  ADD_FAILURE() << "no row " << key << " in " << table.id();
  return {};
}

std::vector<std::string> Keys(const v1::ReportTable& table) {
  std::vector<std::string> keys;
  for (const v1::ReportRow& r : table.rows())
    keys.push_back(std::to_string(r.rank()) + " " + r.key());
  return keys;
}

TEST(ReportBuilder, RanksPortsPerN4AndDay) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 40);      // 10 per N4
  Add(s, kToday + 1, "b", "198.51.100.2", 23, 60);  // 30 per N4: mean 20, pooled 100/6
  Add(s, kToday + 2, "b", "198.51.100.2", 80, 70);  // mean 17.5, more packets than 23 at b
  Add(s, kYesterday, "a", "198.51.100.1", 80, 80);  // mean 10
  Add(s, kYesterday, "b", "198.51.100.1", 23, 16);  // mean 4
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "ports_scan_ipv4");
  EXPECT_TRUE(t.ranked());
  EXPECT_TRUE(t.compared());
  EXPECT_EQ(t.unit(), "packets per N4 and day");
  EXPECT_THAT(Keys(t), ElementsAre("1 23/TCP", "2 80/TCP"));
  const v1::ReportRow telnet = Row(t, "23/TCP");
  EXPECT_EQ(telnet.name(), "telnet");
  EXPECT_DOUBLE_EQ(telnet.value(), 20);
  EXPECT_DOUBLE_EQ(telnet.median_value(), 20);
  EXPECT_DOUBLE_EQ(telnet.pooled_value(), 100.0 / 6);
  EXPECT_EQ(telnet.counts().packets(), 100U);
  EXPECT_EQ(telnet.counts().bytes(), 4000U);
  EXPECT_EQ(telnet.counts().sources(), 2);
  EXPECT_EQ(telnet.counts().sources_standard_error(), 0);
  EXPECT_EQ(telnet.previous_rank(), 2U);
  EXPECT_DOUBLE_EQ(telnet.previous_value(), 4);
  EXPECT_DOUBLE_EQ(telnet.change_value(), 16);
  EXPECT_DOUBLE_EQ(telnet.change_percent(), 400);
  EXPECT_EQ(telnet.sensors(), 2U);
  EXPECT_EQ(telnet.sensors_visible(), 2U);
  EXPECT_DOUBLE_EQ(telnet.share(), 100.0 / 170);
  EXPECT_EQ(t.total().packets(), 170U);
  EXPECT_EQ(t.total().sources(), 2);
  EXPECT_EQ(t.rest().packets(), 0U);
  EXPECT_EQ(r.total().packets(), 170U);
  EXPECT_EQ(r.previous_total().packets(), 96U);
}

TEST(ReportBuilder, SaysItInWords) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 12000, v1::TOOL_MARK_MIRAI, "JP");
  Add(s, kToday, "b", "198.51.100.2", 23, 300, v1::TOOL_MARK_UNMARKED, "NL");
  Add(s, kToday, "b", "198.51.100.3", 80, 45, v1::TOOL_MARK_ZMAP, "NL");
  Add(s, kYesterday, "a", "198.51.100.1", 23, 24690);
  const v1::Report r = Build(s);
  EXPECT_EQ(r.title(), "Observation report: 22 November 2026");
  ASSERT_GE(r.headlines_size(), 4);
  EXPECT_EQ(r.headlines(0),
            "12,345 unsolicited packets from 3 sources reached 2 sensors on 22 November 2026.");
  EXPECT_EQ(
      r.headlines(1),
      "That is 50.0 % fewer per sensor and day than the day before, over 2 sensors live in both.");
  EXPECT_EQ(r.headlines(2),
            "23/TCP (telnet) led the scans over IPv4 with 99.6 % of their packets, as before; then "
            "came 80/TCP (http, 0.4 %).");
  EXPECT_THAT(r.headlines(), Contains("97.6 % of the Telnet packets carried the Mirai mark."));
  EXPECT_THAT(r.headlines(), Contains("Japan led the source regions of scans over IPv4 with 97.2 % "
                                      "of their packets, not seen the day before; then came "
                                      "Netherlands (2.8 %)."));
  EXPECT_THAT(r.headlines(),
              Contains("The sensors watched 100 % of the time; their kernels dropped "
                       "0 packets."));
  EXPECT_THAT(r.empty_reason(), IsEmpty());
}

TEST(ReportBuilder, FamiliesAreNeverAdded) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 443, 8);  // mean of 2 and 0
  Add(s, kToday, "a", "2001:db8::1", 443, 6);   // 6 per P6, on 1 of 1 sensors
  const v1::Report r = Build(s);
  const v1::ReportRow v4 = Row(Table(r, "ports_scan_ipv4"), "443/TCP");
  EXPECT_DOUBLE_EQ(v4.value(), 1);
  EXPECT_EQ(v4.counts().packets(), 8U);
  const v1::ReportTable v6 = Table(r, "ports_scan_ipv6");
  EXPECT_EQ(v6.unit(), "packets per P6 and day");
  EXPECT_DOUBLE_EQ(Row(v6, "443/TCP").value(), 6);
  EXPECT_EQ(Row(v6, "443/TCP").sensors_visible(), 1U);
  EXPECT_THAT(v6.left_out(), IsEmpty());
}

TEST(ReportBuilder, EchoRequestsAreOneLineAFamily) {
  ActivityStore s = TwoSensors();
  s.activities.push_back({kToday, "a", "198.51.100.1", Kind::kIcmpEchoRequest, 1, 0, 4});
  s.activities.push_back({kToday, "a", "198.51.100.1", Kind::kIcmpRequest, 1, 0, 4});
  s.activities.push_back({kToday, "a", "2001:db8::1", Kind::kIcmpEchoRequest, 58, 0, 3});
  const v1::Report r = Build(s);
  EXPECT_EQ(Row(Table(r, "ports_scan_ipv4"), "0/ICMP").counts().packets(), 8U);
  EXPECT_EQ(Row(Table(r, "ports_scan_ipv6"), "0/ICMPv6").counts().packets(), 3U);
}

TEST(ReportBuilder, TablesCloseWithTheStore) {
  ActivityStore s = TwoSensors();
  uint64_t all = 0, scans = 0;
  for (int i = 0; i < 40; ++i) {
    const auto n = static_cast<uint64_t>(i);
    const std::string source = "198.51.100." + std::to_string(i);
    Add(s, kToday + i * 60'000, i % 2 == 0 ? "a" : "b", source, static_cast<uint16_t>(1000 + i),
        n + 1, v1::TOOL_MARK_UNMARKED, i % 3 == 0 ? "JP" : "unknown");
    scans += n + 1;
  }
  Add(s, kToday, "a", "", 0, 500);  // folded
  s.activities.back().protocol = 0;
  s.hours.back().second.accounting.set_folded(500);
  scans += 500;
  s.activities.push_back({kToday, "a", "203.0.113.9", Kind::kTcpSynack, 6, 443, 30});
  s.activities.push_back({kToday, "b", "203.0.113.9", Kind::kTcpAck, 6, 80, 7});
  all = scans + 37;
  const v1::Report r = Build(s);
  EXPECT_EQ(r.total().packets(), all);
  uint64_t by_class = 0;
  const v1::ReportTable classes = Table(r, "classes");
  for (const v1::ReportRow& row : classes.rows()) by_class += row.counts().packets();
  EXPECT_EQ(by_class, all);
  uint64_t by_sensor = 0;
  for (const v1::SensorLine& line : r.sensor_lines()) by_sensor += line.observed().packets();
  EXPECT_EQ(by_sensor, all);
  for (const v1::ReportTable& t : r.tables()) {
    uint64_t shown = t.rest().packets();
    for (const v1::ReportRow& row : t.rows()) shown += row.counts().packets();
    EXPECT_EQ(shown, t.total().packets()) << t.id();
  }
  const v1::ReportTable ports = Table(r, "ports_scan_ipv4");
  EXPECT_EQ(ports.total().packets(), scans);
  EXPECT_EQ(Table(r, "regions_scan_ipv4").total().packets(), scans);
  EXPECT_EQ(Table(r, "tools").total().packets(), scans);
  EXPECT_EQ(ports.rows_size(), 11);  // ten and the ports that were not kept
  EXPECT_EQ(ports.keys(), 41U);
  EXPECT_EQ(Row(ports, "other ports").counts().packets(), 500U);
  EXPECT_EQ(Row(ports, "other ports").rank(), 0U);
  EXPECT_THAT(ports.notes(),
              Contains(HasSubstr("37.9 % of these packets were folded")));  // 500/1320
  // A folded packet has no source: counts are estimates now.
  EXPECT_GT(ports.total().sources_standard_error(), 0);
  EXPECT_NEAR(ports.total().sources(), 40, 2);
}

TEST(ReportBuilder, UnknownRegionsStandLast) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 1, 100);
  Add(s, kToday, "a", "198.51.100.2", 1, 10, v1::TOOL_MARK_UNMARKED, "NL");
  Add(s, kToday, "a", "", 1, 50);
  const v1::Report r = Build(s);
  EXPECT_THAT(Keys(Table(r, "regions_scan_ipv4")),
              ElementsAre("1 NL", "0 unknown", "0 unknown (folded)"));
  EXPECT_EQ(Row(Table(r, "regions_scan_ipv4"), "NL").name(), "Netherlands");
}

TEST(ReportBuilder, TelnetIsSplitByTheMiraiMark) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 30, v1::TOOL_MARK_MIRAI);
  Add(s, kToday, "b", "198.51.100.2", 23, 20, v1::TOOL_MARK_MIRAI);
  Add(s, kToday, "a", "198.51.100.3", 23, 5);
  Add(s, kToday, "a", "198.51.100.4", 23, 5, v1::TOOL_MARK_ZMAP);
  Add(s, kToday, "a", "198.51.100.4", 2323, 3, v1::TOOL_MARK_MIRAI);
  Add(s, kToday, "a", "198.51.100.4", 22, 900, v1::TOOL_MARK_MIRAI);
  const v1::ReportTable t = Table(Build(s), "telnet");
  EXPECT_THAT(Keys(t), ElementsAre("0 23/TCP, Mirai mark", "0 23/TCP, no Mirai mark",
                                   "0 2323/TCP, Mirai mark", "0 2323/TCP, no Mirai mark"));
  EXPECT_EQ(t.rows(0).counts().packets(), 50U);
  EXPECT_EQ(t.rows(0).counts().sources(), 2);
  EXPECT_EQ(t.rows(1).counts().packets(), 10U);
  EXPECT_EQ(t.rows(1).counts().sources(), 2);
  EXPECT_EQ(t.rows(2).counts().packets(), 3U);
  EXPECT_EQ(t.rows(3).counts().packets(), 0U);
  EXPECT_EQ(t.total().packets(), 63U);
}

TEST(ReportBuilder, CountsPacketsPerMark) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 30, v1::TOOL_MARK_MIRAI);
  Add(s, kToday, "a", "198.51.100.2", 80, 20, v1::TOOL_MARK_ZMAP);
  Add(s, kToday, "a", "198.51.100.2", 81, 50);
  const v1::ReportTable t = Table(Build(s), "tools");
  EXPECT_THAT(Keys(t), ElementsAre("1 mirai", "2 zmap", "0 unmarked"));
  EXPECT_DOUBLE_EQ(t.rows(0).share(), 0.3);
  EXPECT_DOUBLE_EQ(t.rows(2).share(), 0.5);
  EXPECT_EQ(t.unit(), "packets per sensor and day");
}

TEST(ReportBuilder, BackscatterIsByAttackedService) {
  ActivityStore s = TwoSensors();
  s.activities.push_back({kToday, "a", "203.0.113.1", Kind::kTcpSynack, 6, 443, 12});
  s.activities.push_back({kToday, "a", "203.0.113.1", Kind::kTcpRst, 6, 443, 8});
  s.activities.push_back({kToday, "b", "203.0.113.2", Kind::kIcmpUnreachable, 17, 53, 4});
  // The port of backscatter is the victim's: a is not blind for it though it serves 443 itself.
  for (auto& [hour, c] : s.hours) c.blind.push_back({6, 443, kHourMs});
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "backscatter_ipv4");
  EXPECT_THAT(Keys(t), ElementsAre("1 443/TCP", "2 53/UDP"));
  EXPECT_DOUBLE_EQ(t.rows(0).value(), 2.5);  // 20 / 4 and 0
  EXPECT_EQ(t.rows(0).sensors_visible(), 2U);
  EXPECT_THAT(r.headlines(), Contains("Backscatter, the answers of hosts under attack or of "
                                      "reflectors, came to 24 packets from 2 sources, most of it "
                                      "of 443/TCP (https)."));
}

TEST(ReportBuilder, BlindPortsAreNamed) {
  ActivityStore s = TwoSensors();
  for (auto& [hour, c] : s.hours) {
    if (c.sensor == "a") c.blind.push_back({6, 22, kHourMs});
  }
  Add(s, kToday, "b", "198.51.100.1", 22, 10);
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "ports_scan_ipv4");
  EXPECT_DOUBLE_EQ(t.rows(0).value(), 5);  // 10 / 2 at b alone
  EXPECT_EQ(t.rows(0).sensors_visible(), 1U);
  EXPECT_THAT(t.notes(), Contains(HasSubstr("22/TCP (1 of 2)")));
  EXPECT_THAT(r.sensor_lines(0).blind_ports(), ElementsAre("22/TCP"));
}

TEST(ReportBuilder, UnknownDirectionMakesTablesPerSensor) {
  ActivityStore s;
  s.Know("a", kToday + kDayMs);
  for (int h = 0; h < 24; ++h) {
    s.Watch("a", kToday + h * kHourMs, 0).direction_unknown_ms = kHourMs;
  }
  Add(s, kToday, "a", "198.51.100.1", 23, 24);
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "ports_scan_ipv4");
  EXPECT_EQ(t.unit(), "packets per sensor and day");
  EXPECT_DOUBLE_EQ(t.rows(0).value(), 24);
  EXPECT_THAT(t.notes(), Contains(HasSubstr("N4 is not known")));
  EXPECT_THAT(r.sensitivity(), IsEmpty());
  EXPECT_TRUE(r.coverage().direction_unknown());
  EXPECT_THAT(r.notes(), Contains(HasSubstr("a observes every destination")));
}

TEST(ReportBuilder, ShortLiveTimeIsNotRanked) {
  ActivityStore s;
  s.Know("a", kToday + kHourMs);
  s.Watch("a", kToday, 4);
  Add(s, kToday, "a", "198.51.100.1", 80, 5);
  Add(s, kToday, "a", "198.51.100.1", 23, 24);
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "ports_scan_ipv4");
  EXPECT_FALSE(t.ranked());
  EXPECT_EQ(t.not_ranked(), "the only sensor was live for less than half of the period");
  EXPECT_THAT(Keys(t), ElementsAre("0 23/TCP", "0 80/TCP"));
  EXPECT_EQ(
      r.headlines(1),
      "Nothing is ranked or compared: the only sensor was live for less than half of the period.");
  EXPECT_THAT(r.notes(), Contains(HasSubstr("the store has nothing of the previous period")));
  EXPECT_TRUE(r.sensor_lines(0).left_out());
  EXPECT_EQ(r.sensor_lines(0).reason(), "live 4.2 % of the period");
  // The same hour of a day that was only two hours old would do.
  ReportRequestResolved running = Day();
  running.cut_unix_ms = kToday + 2 * kHourMs;
  const v1::Report cut = Build(s, running);
  EXPECT_TRUE(Table(cut, "ports_scan_ipv4").ranked());
  EXPECT_EQ(cut.coverage().expected_ms(), 2U * kHourMs);
  EXPECT_THAT(cut.notes(), Contains(HasSubstr("The period is not over")));
}

TEST(ReportBuilder, SaysHowIpv6SourcesAreCounted) {
  for (const double p6 : {0.0, 1.0}) {
    ActivityStore s;
    s.Know("a", kToday + kDayMs);
    s.WatchDay("a", kToday, 4, p6);
    const auto notes = Build(s).notes();
    EXPECT_EQ(std::count(notes.begin(), notes.end(), "IPv6 sources are counted by their /64."),
              p6 > 0 ? 1 : 0);
  }
}

TEST(ReportBuilder, ASensorThatWentSilentIsNoZero) {
  ActivityStore s = TwoSensors();
  std::erase_if(s.hours, [](const auto& h) { return h.second.sensor == "b" && h.first >= kToday; });
  s.sensors[1].newest_window_end_unix_ms = kToday;
  Add(s, kYesterday, "a", "198.51.100.1", 23, 4);
  Add(s, kYesterday, "b", "198.51.100.1", 23, 400);
  Add(s, kToday, "a", "198.51.100.1", 23, 4);
  const v1::Report r = Build(s);
  const v1::ReportTable t = Table(r, "ports_scan_ipv4");
  EXPECT_DOUBLE_EQ(t.rows(0).value(), 1);
  EXPECT_DOUBLE_EQ(t.rows(0).change_percent(), 0);  // a alone, both days
  EXPECT_THAT(t.left_out(), ElementsAre("b: no live time"));
  ASSERT_EQ(r.sensor_lines_size(), 2);
  EXPECT_EQ(r.sensor_lines(1).reason(), "silent since 2026-11-22T00:00:00+00:00");
  EXPECT_THAT(r.notes(),
              Contains("b has no vote in ranks: silent since 2026-11-22T00:00:00+00:00."));
  EXPECT_EQ(r.coverage().sensors(), 1U);
  EXPECT_EQ(r.coverage().expected_ms(), 2U * kDayMs);
}

TEST(ReportBuilder, LossIsInTheReport) {
  ActivityStore s = TwoSensors();
  Add(s, kToday, "a", "198.51.100.1", 23, 4);
  for (auto& [hour, c] : s.hours) {
    if (c.sensor == "b") {
      c.accounting.clear_kernel_dropped();
      c.drops_unknown_ms = c.live_ms;
    } else {
      c.accounting.set_kernel_dropped(2);
      c.accounting.set_truncated(1);
    }
  }
  v1::Gap gap;
  gap.set_reason(v1::Gap::REASON_SHED_AGE);
  gap.mutable_sequences()->set_first(5);
  gap.mutable_sequences()->set_last(14);
  gap.set_from_unix_ms(kToday - 300'000);
  gap.set_to_unix_ms(kToday + 300'000);
  s.ledgers["a"].gaps.push_back(gap);
  gap.set_reason(v1::Gap::REASON_NEVER_USED);
  s.ledgers["a"].gaps.push_back(gap);
  gap.set_reason(v1::Gap::REASON_QUARANTINED);
  gap.clear_from_unix_ms();
  s.ledgers["b"].gaps.push_back(gap);
  const v1::Report r = Build(s);
  EXPECT_EQ(r.sensor_lines(0).accounting().kernel_dropped(), 48U);
  EXPECT_EQ(r.sensor_lines(0).accounting().truncated(), 24U);
  EXPECT_EQ(r.sensor_lines(0).lost_summaries(), 10U);
  EXPECT_EQ(r.sensor_lines(0).gap_ms(), 300'000U);
  EXPECT_FALSE(r.sensor_lines(1).accounting().has_kernel_dropped());
  EXPECT_EQ(r.sensor_lines(1).drops_unknown_ms(), static_cast<uint64_t>(kDayMs));
  EXPECT_THAT(r.notes(), Contains("b lost 10 summaries at a time nobody knows."));
  EXPECT_THAT(r.headlines(),
              Contains("The sensors watched 100 % of the time; their kernels dropped "
                       "48 packets or more; 10 summaries were lost on the way."));
}

TEST(ReportBuilder, SensitivityIsOfTheFleet) {
  ActivityStore s = TwoSensors();  // N4 = 6
  const v1::Report r = Build(s);
  ASSERT_EQ(r.sensitivity_size(), 7);
  EXPECT_DOUBLE_EQ(r.coverage().mean_n4(), 6);
  EXPECT_DOUBLE_EQ(r.coverage().mean_p6(), 1);
  EXPECT_NEAR(r.sensitivity(0).packets_per_second(), 11.6046 * 4294967296.0 / (6 * 300), 1500);
  EXPECT_EQ(r.sensitivity(2).watched_ms(), static_cast<uint64_t>(kDayMs));
}

// One sensor in the first half of an hour, another in the second: 4 addresses at any time, not 8.
TEST(ReportBuilder, AddressesAreOverTheTimeAnyoneWatched) {
  ActivityStore s;
  s.Know("a", kToday + kDayMs);
  s.Know("b", kToday + kDayMs);
  s.Watch("a", kToday, 4, 0, kHourMs / 2);
  CoverageRollup& b = s.Watch("b", kToday, 4, 0, kHourMs / 2);
  b.live = RangeSet();
  b.live.Add(static_cast<uint64_t>(kToday + kHourMs / 2),
             static_cast<uint64_t>(kToday + kHourMs - 1));
  const v1::Report r = Build(s);
  EXPECT_DOUBLE_EQ(r.coverage().mean_n4(), 4);
  EXPECT_EQ(r.coverage().live_ms(), uint64_t{kHourMs});
  EXPECT_EQ(r.sensitivity(2).watched_ms(), uint64_t{kHourMs});
}

// The store keeps groups apart; a capture that was sent to both is watched once.
TEST(ReportBuilder, TimeIsCountedOnceInTwoGroups) {
  ActivityStore s = TwoSensors();
  std::vector<std::pair<int64_t, CoverageRollup>> again = s.hours;
  for (auto& [hour, c] : again) {
    c.group = "other";
    s.hours.emplace_back(hour, c);
  }
  ReportRequestResolved request = Day();
  request.groups = {"live", "other"};
  EXPECT_EQ(Build(s, request).coverage().live_ms(), uint64_t{2 * kDayMs});
}

TEST(ReportBuilder, ReplayIsLeftOutUnlessAsked) {
  ActivityStore s = TwoSensors();
  s.group_of["r"] = "replay";
  s.Know("r", kToday + kDayMs);
  s.WatchDay("r", kToday, 256);
  Add(s, kToday, "a", "198.51.100.1", 23, 4);
  Add(s, kToday, "r", "198.51.100.1", 23, 1000);
  EXPECT_EQ(Build(s).total().packets(), 4U);
  ReportRequestResolved request = Day();
  request.groups = {"replay"};
  const v1::Report r = Build(s, request);
  EXPECT_EQ(r.total().packets(), 1000U);
  EXPECT_EQ(r.sensor_lines_size(), 1);
}

TEST(ReportBuilder, OnlyReplayInTheStoreIsAnEmptyReport) {
  ActivityStore s;
  s.group_of["r"] = "replay";
  s.Know("r", kToday + kDayMs);
  s.WatchDay("r", kToday, 256);
  Add(s, kToday, "r", "198.51.100.1", 23, 1000);
  const v1::Report r = Build(s);
  EXPECT_EQ(r.total().packets(), 0U);
  EXPECT_EQ(
      r.empty_reason(),
      "Only group \"replay\" has data in this time, and replays are left out unless selected: "
      "add --group replay.");
  EXPECT_THAT(r.sensor_lines(), IsEmpty());
  EXPECT_THAT(Build(s, Day(kToday + 5 * kDayMs)).empty_reason(),
              HasSubstr("Only sensors of group \"replay\" have ever reported"));
}

TEST(ReportBuilder, UnknownNamesAreSaid) {
  ActivityStore s = TwoSensors();
  ReportRequestResolved request = Day();
  request.sensors = {"a", "nosuch"};
  EXPECT_THAT(Build(s, request).notes(),
              Contains(HasSubstr("sensor \"nosuch\" is not known; known: a, b")));
  request.sensors = {};
  request.groups = {"nosuch"};
  const v1::Report r = Build(s, request);
  EXPECT_EQ(r.empty_reason(), "No sensor is in group \"nosuch\". Known: live.");
  EXPECT_THAT(r.next_steps(), Contains(HasSubstr("teiten sensors")));
}

TEST(ReportBuilder, ThePeriodThatHasNotBegunSaysSo) {
  ActivityStore s = TwoSensors();
  ReportRequestResolved request = Day(kToday + 10 * kDayMs);
  request.cut_unix_ms = kToday + kDayMs;
  const v1::Report r = Build(s, request);
  EXPECT_EQ(r.empty_reason(), "This period has not begun: it begins at 2026-12-02T00:00:00+00:00.");
  EXPECT_THAT(r.notes(), Not(Contains(HasSubstr("is not over"))));
  const std::string text = *RenderReport(r, v1::REPORT_FORMAT_MARKDOWN);
  EXPECT_THAT(text, HasSubstr("2026-12-02 00:00 to 24:00 UTC, not begun yet"));
  EXPECT_THAT(text, Not(HasSubstr("not over")));
  EXPECT_TRUE(RenderReport(r, v1::REPORT_FORMAT_HTML).ok());
  s.sensors.clear();
  s.group_of["r"] = "replay";
  s.Know("r", kToday + kDayMs);  // what else is missing matters less
  EXPECT_EQ(Build(s, request).empty_reason(), r.empty_reason());
}

TEST(ReportBuilder, EmptyPeriodsSayWhyAndWhatNext) {
  ActivityStore empty;
  v1::Report r = Build(empty);
  EXPECT_EQ(r.empty_reason(), "No sensor has ever reported to this collector.");
  EXPECT_THAT(r.next_steps(), Contains(HasSubstr("teiten-sensor --interface")));
  EXPECT_EQ(Table(r, "ports_scan_ipv4").empty_reason(), "no sensor was live");

  ActivityStore s = TwoSensors();
  r = Build(s, Day(kToday + 5 * kDayMs));
  EXPECT_EQ(r.empty_reason(), "No sensor was live in this period.");
  EXPECT_THAT(r.next_steps(), Contains("The newest data is of 2026-11-22: ask for that day."));
  EXPECT_EQ(r.total().packets(), 0U);
  EXPECT_FALSE(Table(r, "ports_scan_ipv4").compared());
}

TEST(ReportBuilder, ALiveDayWithoutPacketsIsNotEmpty) {
  ActivityStore s = TwoSensors();
  const v1::Report r = Build(s);
  EXPECT_EQ(r.empty_reason(), "");
  EXPECT_EQ(r.headlines(0),
            "0 unsolicited packets from 0 sources reached 2 sensors on 22 November 2026.");
  EXPECT_EQ(Table(r, "ports_scan_ipv4").empty_reason(), "no such packets were observed");
}

TEST(ReportBuilder, DaysAreOfTheStoresZone) {
  ActivityStore s;
  s.zone = Zone(540);
  s.Know("a", kToday + kDayMs);
  const int64_t day = At("2026-11-21T15:00:00Z");  // 00:00 of the 22nd in UTC+09:00
  s.WatchDay("a", day, 1);
  Add(s, day - 1, "a", "198.51.100.1", 23, 1);
  Add(s, day, "a", "198.51.100.1", 23, 10);
  Add(s, day + kDayMs - 1, "a", "198.51.100.1", 23, 100);
  Add(s, day + kDayMs, "a", "198.51.100.1", 23, 1000);
  v1::GetReportRequest request;
  request.mutable_time()->set_from_unix_ms(At("2026-11-22T03:00:00Z"));
  auto resolved = ResolveReportRequest(request, 540, At("2026-12-01"));
  ASSERT_TRUE(resolved.ok());
  const v1::Report r = Build(s, *resolved);
  EXPECT_EQ(r.total().packets(), 110U);
  EXPECT_EQ(r.title(), "Observation report: 22 November 2026");
}

TEST(ReportBuilder, LongPeriodsAreReadByDays) {
  ActivityStore s;
  s.Know("a", kToday + kDayMs);
  for (int d = 0; d < 30; ++d) {
    s.WatchDay("a", At("2026-11-01") + d * kDayMs, 2);
    Add(s, At("2026-11-01") + d * kDayMs + 5000, "a", "198.51.100.1", 23, 4);
  }
  s.hours_expired = true;  // only days are kept
  v1::GetReportRequest request;
  request.set_period(v1::REPORT_PERIOD_MONTH);
  request.mutable_time()->set_from_unix_ms(kToday);
  auto resolved = ResolveReportRequest(request, 0, At("2027-01-01"));
  ASSERT_TRUE(resolved.ok());
  const v1::Report r = Build(s, *resolved);
  EXPECT_EQ(r.total().packets(), 120U);
  EXPECT_DOUBLE_EQ(Table(r, "ports_scan_ipv4").rows(0).value(), 2);  // 4 / 2 addresses a day
  EXPECT_EQ(r.coverage().source(), "daily rollups");
  EXPECT_EQ(r.charts(1).unit(), "packets per N4 and day, mean over sensors");
  EXPECT_EQ(r.charts(1).lines(0).points_size(), 30);
  EXPECT_GT(r.total().sources_standard_error(), 0);  // distinct over days is an estimate
  // An old day, of which the hours are gone, too.
  const v1::Report day = Build(s, Day(At("2026-11-05")));
  EXPECT_EQ(day.total().packets(), 4U);
  EXPECT_EQ(day.previous_total().packets(), 4U);
}

TEST(ReportBuilder, DirtyHoursAreSaid) {
  ActivityStore s = TwoSensors();
  s.dirty = {kToday, kToday + kHourMs, kToday + 2 * kDayMs};
  EXPECT_THAT(Build(s).notes(), Contains(HasSubstr("2 hours are not summed up")));
}

TEST(ReportBuilder, SameStoreSameBytes) {
  ActivityStore s = TwoSensors();
  for (int i = 0; i < 50; ++i) {
    Add(s, kToday + i * 1000, i % 3 == 0 ? "a" : "b", "198.51.100." + std::to_string(i),
        static_cast<uint16_t>(20 + i % 7), static_cast<uint64_t>(i));
  }
  const std::string once = Build(s).SerializeAsString();
  std::reverse(s.activities.begin(), s.activities.end());
  std::reverse(s.sensors.begin(), s.sensors.end());
  EXPECT_EQ(once, Build(s).SerializeAsString());
}

}  // namespace
}  // namespace teiten
