// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "tests/collector/query_fixture.h"

namespace teiten {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(Query, RankIsTheMeanOverSensorsPerN4AndDay) {
  Watch({.sensor = "a", .start_unix_ms = kDay, .n4 = 2}, 60, 120);
  Watch({.sensor = "b", .start_unix_ms = kDay, .n4 = 8}, 30, 60);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  ASSERT_THAT(reply.rows(), SizeIs(1));
  // a: 120 / 2 / (1/24) = 1440. b: 60 / 8 / (0.5/24) = 360.
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 900);
  // 180 / (2/24 + 8 × 0.5/24)
  EXPECT_DOUBLE_EQ(reply.rows(0).pooled_value(), 720);
  EXPECT_EQ(reply.unit(), "packets per N4 and day");
  EXPECT_EQ(reply.rows(0).rank(), 1);
  EXPECT_EQ(reply.rows(0).key(), "23/TCP");
  EXPECT_EQ(reply.rows(0).name(), "telnet");
  EXPECT_EQ(reply.rows(0).counts().packets(), 180);
  EXPECT_EQ(reply.rows(0).counts().bytes(), 180 * 40);
  EXPECT_EQ(reply.rows(0).sensors(), 2);
  EXPECT_DOUBLE_EQ(reply.rows(0).share(), 1);
  EXPECT_EQ(reply.coverage().sensors(), 2);
  EXPECT_EQ(reply.coverage().live_ms(), 90 * kMinute);
  EXPECT_EQ(reply.coverage().expected_ms(), 120 * kMinute);
  EXPECT_DOUBLE_EQ(reply.coverage().mean_n4(), 6);  // 2, and 8 for half of the time
  EXPECT_EQ(reply.coverage().source(), "hourly rollups");
}

TEST_F(Query, BothFamiliesAreRankedPerSensor) {
  Watch({.sensor = "a", .start_unix_ms = kDay, .n4 = 2}, 60, 120);
  Watch({.sensor = "b", .start_unix_ms = kDay, .n4 = 8}, 30, 60);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.mutable_selection()->clear_families();
  const v1::RankReply reply = Rank(request);
  ASSERT_THAT(reply.rows(), SizeIs(1));
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 2880);
  EXPECT_EQ(reply.unit(), "packets per sensor and day");
}

TEST_F(Query, FamiliesAreNeverAdded) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.packets = 5}, {.source = 0x20010db800000000, .packets = 7, .ipv6 = true}};
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  EXPECT_EQ(Rank(request).rows(0).counts().packets(), 5);
  EXPECT_DOUBLE_EQ(Rank(request).rows(0).value(), 5 * 24);
  request.mutable_selection()->set_families(0, v1::ADDRESS_FAMILY_IPV6);
  EXPECT_EQ(Rank(request).rows(0).counts().packets(), 7);
  EXPECT_EQ(Rank(request).unit(), "packets per P6 and day");
}

TEST_F(Query, SensorBelowHalfLiveTimeIsLeftOut) {
  Watch({.sensor = "a", .start_unix_ms = kDay, .n4 = 2}, 60, 120);
  Watch({.sensor = "b", .start_unix_ms = kDay}, 29, 6000);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 1440);
  EXPECT_EQ(reply.rows(0).counts().packets(), 6120);  // counted, without a vote
  EXPECT_THAT(reply.coverage().left_out(), ElementsAre("b: live 48 % of the time"));
}

TEST_F(Query, FewerThanHalfLeftIsNotRanked) {
  Watch({.sensor = "a", .start_unix_ms = kDay}, 60, 120);
  Watch({.sensor = "b", .start_unix_ms = kDay}, 10, 1);
  Watch({.sensor = "c", .start_unix_ms = kDay}, 10, 1);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  ASSERT_THAT(reply.rows(), SizeIs(1));
  EXPECT_EQ(reply.rows(0).rank(), 0);
  EXPECT_FALSE(reply.rows(0).has_value());
  EXPECT_THAT(reply.not_ranked(), HasSubstr("1 of 3"));
}

TEST_F(Query, BlindPortHasNoVoteForThatPortAlone) {
  FakeFact a{.sensor = "a", .start_unix_ms = kDay, .live_ms = kHourMs};
  a.rows = {{.port = 23, .packets = 10}, {.port = 80, .packets = 10}};
  FakeFact b{.sensor = "b", .start_unix_ms = kDay, .live_ms = kHourMs};
  b.rows = {{.port = 80, .packets = 2}};
  b.blind_tcp = {23};
  reader_.Add(a);
  reader_.Add(b);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  ASSERT_THAT(reply.rows(), SizeIs(2));
  EXPECT_EQ(reply.rows(0).key(), "23/TCP");
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 240);
  EXPECT_EQ(reply.rows(0).sensors_visible(), 1);
  EXPECT_DOUBLE_EQ(reply.rows(1).value(), (240 + 48) / 2.0);
  EXPECT_EQ(reply.rows(1).sensors_visible(), 2);
}

TEST_F(Query, BlindForTheOnlySelectedPortHasNoVoteForRegionsEither) {
  FakeFact a{.sensor = "a", .start_unix_ms = kDay, .live_ms = kHourMs};
  a.rows = {{.port = 23, .packets = 10}};
  FakeFact b = a;
  b.sensor = "b";
  b.rows.clear();
  b.blind_tcp = {23};
  reader_.Add(a);
  reader_.Add(b);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.set_by(v1::RANK_BY_REGION);
  request.mutable_selection()->add_ports()->set_protocol(6);
  request.mutable_selection()->mutable_ports(0)->set_port(23);
  const v1::RankReply reply = Rank(request);
  ASSERT_THAT(reply.rows(), SizeIs(1));
  EXPECT_EQ(reply.rows(0).key(), "unknown");
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 240);
  EXPECT_EQ(reply.coverage().source(), "facts");  // regions of one port are in no rollup
}

TEST_F(Query, ComparesWithTheSameLengthBeforeOnSensorsOfBoth) {
  const auto add = [this](const char* sensor, int64_t at, uint32_t telnet, uint32_t http) {
    FakeFact spec{.sensor = sensor, .start_unix_ms = at, .live_ms = kHourMs};
    if (telnet > 0) spec.rows.push_back({.port = 23, .packets = telnet});
    if (http > 0) spec.rows.push_back({.port = 80, .packets = http});
    reader_.Add(spec);
  };
  add("a", kDay, 10, 20);
  add("a", kDay + kHourMs, 15, 5);
  add("new", kDay + kHourMs, 1000, 1000);
  v1::RankRequest request = PortRank(kDay + kHourMs, kDay + 2 * kHourMs);
  request.set_compare_previous(true);
  const v1::RankReply reply = Rank(request);
  ASSERT_THAT(reply.rows(), SizeIs(2));
  EXPECT_EQ(reply.rows(0).key(), "23/TCP");
  EXPECT_EQ(reply.rows(0).previous_rank(), 2);
  EXPECT_EQ(reply.rows(0).previous().packets(), 10);
  EXPECT_DOUBLE_EQ(reply.rows(0).previous_value(), 240);
  EXPECT_DOUBLE_EQ(reply.rows(0).change_percent(), 50);  // 15 against 10, without the new sensor
  EXPECT_DOUBLE_EQ(reply.rows(1).change_percent(), -75);
  EXPECT_THAT(reply.coverage().notes(),
              ::testing::Contains(HasSubstr("not in the comparison: new")));
  EXPECT_EQ(reply.previous_coverage().sensors(), 1);
}

TEST_F(Query, TiesGoByPacketsSourcesProtocolPort) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.source = 1, .port = 90, .packets = 2},
               {.source = 1, .port = 80, .packets = 1},
               {.source = 2, .port = 80, .packets = 1},
               {.source = 1, .port = 70, .packets = 2},
               {.source = 1, .port = 60, .packets = 2, .kind = Kind::kUdpProbe, .protocol = 17}};
  reader_.Add(spec);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  std::vector<std::string> keys;
  for (const v1::RankRow& row : reply.rows()) keys.push_back(row.key());
  EXPECT_THAT(keys, ElementsAre("80/TCP", "70/TCP", "90/TCP", "60/UDP"));
}

TEST_F(Query, WithoutObservedAddressesRanksByPackets) {
  Watch({.start_unix_ms = kDay, .direction_unknown = true}, 60, 9);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  ASSERT_THAT(reply.rows(), SizeIs(1));
  EXPECT_EQ(reply.unit(), "packets");
  EXPECT_EQ(reply.rows(0).rank(), 1);
  EXPECT_FALSE(reply.rows(0).has_value());
  EXPECT_TRUE(reply.coverage().direction_unknown());
  EXPECT_THAT(reply.coverage().notes(), ::testing::Contains(HasSubstr("ranked by packets")));
}

TEST_F(Query, PortsAreRankedOverClassScanUnlessAsked) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.port = 23, .packets = 1}, {.port = 80, .packets = 9, .kind = Kind::kTcpSynack}};
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  EXPECT_EQ(Rank(request).rows(0).key(), "23/TCP");
  request.mutable_selection()->add_classes(v1::KIND_CLASS_BACKSCATTER);
  EXPECT_EQ(Rank(request).rows(0).key(), "80/TCP");
  EXPECT_THAT(Rank(request).rows(), SizeIs(1));
}

TEST_F(Query, ToolsShareTheirRowsPackets) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.packets = 10, .mirai = 7}};
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.set_by(v1::RANK_BY_TOOL);
  const v1::RankReply reply = Rank(request);
  ASSERT_THAT(reply.rows(), SizeIs(2));
  EXPECT_EQ(reply.rows(0).key(), "mirai");
  EXPECT_EQ(reply.rows(0).counts().packets(), 7);
  EXPECT_EQ(reply.rows(1).key(), "unmarked");
  EXPECT_EQ(reply.rows(1).counts().packets(), 3);
  EXPECT_EQ(reply.total().bytes(), 400);
}

TEST_F(Query, FoldedPacketsAreInTheTotalAndSaid) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.packets = 30}};
  spec.folded_packets = 10;
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  v1::RankReply reply = Rank(request);
  EXPECT_EQ(reply.rows(0).counts().packets(), 40);
  EXPECT_EQ(reply.folded().packets(), 10);
  EXPECT_THAT(reply.coverage().notes(), ::testing::Contains(HasSubstr("25.00 %")));
  request.set_by(v1::RANK_BY_SOURCE);
  reply = Rank(request);
  ASSERT_THAT(reply.rows(), SizeIs(1));
  EXPECT_EQ(reply.rows(0).key(), "192.0.2.1");
  EXPECT_DOUBLE_EQ(reply.rows(0).share(), 0.75);
}

TEST_F(Query, SensorRowIsItsOwnRate) {
  Watch({.sensor = "a", .start_unix_ms = kDay, .n4 = 2}, 60, 120);
  Watch({.sensor = "b", .start_unix_ms = kDay, .n4 = 8}, 60, 60);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.set_by(v1::RANK_BY_SENSOR);
  const v1::RankReply reply = Rank(request);
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 1440);
  EXPECT_DOUBLE_EQ(reply.rows(1).value(), 180);
}

TEST_F(Query, WorkersOfOneWindowCountOnce) {
  for (const uint32_t worker : {0U, 1U}) {
    reader_.Add({.start_unix_ms = kDay, .live_ms = 60'000, .rows = {{}}, .worker = worker});
  }
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kMinute));
  EXPECT_EQ(reply.coverage().source(), "facts");
  EXPECT_EQ(reply.coverage().live_ms(), 60'000);
  EXPECT_DOUBLE_EQ(reply.rows(0).value(), 2 * 1440);
}

TEST_F(Query, SourcesOfOneDayAreCountedOneByOne) {
  // 600 of 23/TCP, 20 of them again in the next hour and on 80/TCP.
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  for (uint64_t source = 1; source <= 600; ++source) spec.rows.push_back({.source = source});
  reader_.Add(spec);
  spec = {.sensor = "b", .start_unix_ms = kDay + kHourMs, .live_ms = kHourMs};
  for (uint64_t source = 1; source <= 20; ++source) {
    spec.rows.push_back({.source = source});
    spec.rows.push_back({.source = source, .port = 80});
  }
  reader_.Add(spec);
  for (const int64_t to : {kDay + kHourMs + kHourMs, kDay + kDayMs}) {
    const v1::RankReply reply = Rank(PortRank(kDay, to));
    EXPECT_THAT(reply.coverage().source(), HasSubstr("rollups"));
    EXPECT_EQ(reply.rows(0).counts().sources(), 600);
    EXPECT_EQ(reply.rows(0).counts().sources_standard_error(), 0);
    EXPECT_EQ(reply.rows(1).counts().sources(), 20);
    EXPECT_EQ(reply.total().sources(), 600);
    EXPECT_EQ(reply.total().sources_standard_error(), 0);
  }
  v1::SensorsRequest sensors;
  *sensors.mutable_time() = PortRank(kDay, kDay + kDayMs).selection().time();
  const v1::SensorsReply listed = *RecordQuery(&reader_, context_).Sensors(sensors);
  EXPECT_EQ(listed.sensors(0).observed().sources(), 600);
  EXPECT_EQ(listed.sensors(0).observed().sources_standard_error(), 0);
  // Over two days, also of another zone, they are estimated.
  EXPECT_GT(Rank(PortRank(kDay - kHourMs, kDay + kDayMs)).total().sources_standard_error(), 0);
  context_.utc_offset_minutes = -60;
  EXPECT_GT(Rank(PortRank(kDay, kDay + 2 * kHourMs)).total().sources_standard_error(), 0);
}

TEST_F(Query, SourcesThatAreNotAllKnownAreEstimated) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs, .folded_packets = 5};  // of 23/TCP
  for (uint64_t source = 1; source <= 50; ++source) {
    spec.rows.push_back({.source = source});
    spec.rows.push_back({.source = source, .port = 80});
  }
  reader_.Add(spec);
  const v1::RankReply reply = Rank(PortRank(kDay, kDay + kHourMs));
  EXPECT_EQ(reply.rows(0).key(), "23/TCP");
  EXPECT_GT(reply.rows(0).counts().sources_standard_error(), 0);
  EXPECT_EQ(reply.rows(1).counts().sources_standard_error(), 0);
  EXPECT_GT(reply.total().sources_standard_error(), 0);
}

// Random facts over two days: every hour clean, some dirty, all dirty.
TEST_F(Query, RollupsAndFactsGiveTheSameRank) {
  std::mt19937 random(7);
  for (int i = 0; i < 400; ++i) {
    FakeFact spec{.sensor = random() % 2 == 0 ? "a" : "b",
                  .start_unix_ms = kDay + static_cast<int64_t>(random() % 2880) * kMinute,
                  .n4 = 1 + random() % 3};
    std::set<uint16_t> ports;
    for (int row = 0; row < 5; ++row) ports.insert(static_cast<uint16_t>(20 + random() % 8));
    for (const uint16_t port : ports) {
      const auto packets = static_cast<uint32_t>(1 + random() % 50);
      spec.rows.push_back({.source = 1 + random() % 40,
                           .port = port,
                           .packets = packets,
                           .mirai = static_cast<uint32_t>(random() % (packets + 1))});
    }
    reader_.Add(spec);
  }
  v1::RankRequest request = PortRank(kDay + 17 * kMinute, kDay + 2 * kDayMs);
  for (const v1::RankBy by : {v1::RANK_BY_PORT, v1::RANK_BY_KIND, v1::RANK_BY_REGION,
                              v1::RANK_BY_TOOL, v1::RANK_BY_SENSOR}) {
    request.set_by(by);
    reader_.dirty_hours.clear();
    v1::RankReply clean = Rank(request);
    EXPECT_EQ(clean.coverage().source(), "daily rollups + hourly rollups + facts");
    reader_.dirty_hours = {kDay + 5 * kHourMs, kDay + 6 * kHourMs, kDay + 30 * kHourMs};
    v1::RankReply mixed = Rank(request);
    for (int hour = 0; hour < 48; ++hour) reader_.dirty_hours.push_back(kDay + hour * kHourMs);
    v1::RankReply facts = Rank(request);
    EXPECT_EQ(facts.coverage().source(), "facts");
    ASSERT_GT(facts.rows_size(), 0);
    for (v1::RankReply* reply : {&clean, &mixed, &facts}) {
      reply->clear_coverage();
      reply->mutable_total()->clear_sources_standard_error();
      for (v1::RankRow& row : *reply->mutable_rows()) {
        // Sketches of so few sources differ from the exact count by a collision at most.
        EXPECT_NEAR(row.counts().sources(), std::round(row.counts().sources()), 0.3);
        row.mutable_counts()->clear_sources();
        row.mutable_counts()->clear_sources_standard_error();
      }
      reply->mutable_total()->clear_sources();
    }
    EXPECT_EQ(clean.DebugString(), facts.DebugString());
    EXPECT_EQ(mixed.DebugString(), facts.DebugString());
  }
  // Within a day the sources too are the same, to the last one.
  request = PortRank(kDay + 17 * kMinute, kDay + kDayMs);
  for (const v1::RankBy by : {v1::RANK_BY_PORT, v1::RANK_BY_KIND, v1::RANK_BY_REGION}) {
    request.set_by(by);
    reader_.dirty_hours.clear();
    v1::RankReply clean = Rank(request);
    reader_.dirty_hours = {kDay + 5 * kHourMs, kDay + 6 * kHourMs};
    v1::RankReply mixed = Rank(request);
    for (v1::RankReply* reply : {&clean, &mixed}) reply->clear_coverage();
    EXPECT_EQ(clean.DebugString(), mixed.DebugString());
    EXPECT_EQ(clean.total().sources_standard_error(), 0);
  }
}

}  // namespace
}  // namespace teiten
