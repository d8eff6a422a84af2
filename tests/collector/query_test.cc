// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/query/gather.h"
#include "tests/collector/query_fixture.h"

namespace teiten {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(Query, EmptyAnswersSayWhy) {
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("No sensor has ever reported"));

  Watch({.sensor = "lab", .start_unix_ms = kDay, .group = "replay"}, 60, 5);
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("--group replay"));
  request.mutable_selection()->add_groups("replay");
  EXPECT_THAT(Rank(request).rows(), SizeIs(1));
  EXPECT_THAT(Rank(request).coverage().empty_reason(), IsEmpty());
  request.mutable_selection()->clear_groups();

  Watch({.sensor = "a", .start_unix_ms = kDay + 2 * kHourMs}, 60, 5);
  request = PortRank(kDay + 4 * kHourMs, kDay + 5 * kHourMs);
  EXPECT_THAT(Rank(request).coverage().empty_reason(),
              HasSubstr("newest data ends at 2026-11-22T03:00:00.000Z (sensor a)"));
  request.mutable_selection()->add_sensors("b");
  EXPECT_THAT(Rank(request).coverage().empty_reason(),
              HasSubstr("No sensor is called \"b\". Known: a, lab."));
  reader_.Add({.sensor = "quiet", .start_unix_ms = kDay + 8 * kHourMs, .live_ms = kHourMs});
  request = PortRank(kDay + 8 * kHourMs, kDay + 9 * kHourMs);
  request.mutable_selection()->clear_families();
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("nothing of class scan"));
  request.set_by(v1::RANK_BY_KIND);
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("observed nothing"));
  request = PortRank(kDay + 2 * kHourMs, kDay + 3 * kHourMs);
  request.mutable_selection()->add_ports()->set_protocol(17);
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("nothing they observed matches"));
}

TEST_F(Query, UnknownNamesAreSaid) {
  Watch({.sensor = "a", .start_unix_ms = kDay}, 60, 5);
  Watch({.sensor = "b", .start_unix_ms = kDay}, 60, 5);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  v1::Selection& selection = *request.mutable_selection();
  EXPECT_THAT(Rank(request).coverage().notes(), Not(Contains(HasSubstr("known"))));
  selection.add_sensors("a");
  selection.add_sensors("nosuch");
  EXPECT_THAT(Rank(request).coverage().notes(),
              Contains("sensor \"nosuch\" is not known; known: a, b"));
  selection.add_sensors("c");
  selection.add_groups("live");
  selection.add_groups("asia");
  v1::RankReply reply = Rank(request);
  EXPECT_THAT(reply.coverage().notes(),
              Contains("sensors \"nosuch\", \"c\" are not known; known: a, b"));
  EXPECT_THAT(reply.coverage().notes(), Contains("group \"asia\" is not known; known: live"));
  EXPECT_THAT(reply.rows(), SizeIs(1));
  // Nothing is left of the list: that is why there are no rows, said once.
  selection.clear_sensors();
  selection.clear_groups();
  selection.add_groups("asia");
  reply = Rank(request);
  EXPECT_EQ(reply.coverage().empty_reason(), "No sensor is in group \"asia\". Known: live.");
  EXPECT_THAT(reply.coverage().notes(), Not(Contains(HasSubstr("asia"))));
  // Of the other questions too.
  selection.add_groups("live");
  std::vector<v1::TuplesReply> tuples;
  v1::TuplesRequest tuples_request;
  *tuples_request.mutable_selection() = selection;
  ASSERT_TRUE(RecordQuery(&reader_, context_)
                  .Tuples(tuples_request,
                          [&](const v1::TuplesReply& r) {
                            tuples.push_back(r);
                            return true;
                          })
                  .ok());
  EXPECT_THAT(tuples.back().coverage().notes(), Contains(HasSubstr("\"asia\" is not known")));
  v1::SensorsRequest sensors;
  sensors.add_sensors("a");
  sensors.add_sensors("nosuch");
  EXPECT_THAT(RecordQuery(&reader_, context_).Sensors(sensors)->coverage().notes(),
              Contains(HasSubstr("\"nosuch\" is not known")));
}

TEST_F(Query, ListsOfNamesAreBounded) {
  for (int i = 10; i < 25; ++i) {
    Watch({.sensor = "s" + std::to_string(i), .start_unix_ms = kDay}, 1, 1);
  }
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  for (int i = 0; i < 900; ++i) {
    request.mutable_selection()->add_sensors("n" + std::to_string(i));
  }
  EXPECT_THAT(Rank(request).coverage().empty_reason(),
              AllOf(HasSubstr("\"n0\" or \"n1\""), HasSubstr("\"n9\", and 890 more. Known: s10, "),
                    HasSubstr("s19, and 5 more.")));
}

TEST_F(Query, WhatIsOnlyInReplayIsSaid) {
  Watch({.sensor = "lab", .start_unix_ms = kDay, .group = "replay"}, 60, 5);
  v1::RankRequest request = PortRank(kDay + kDayMs, kDay + kDayMs + kHourMs);  // not of that time
  EXPECT_THAT(Rank(request).coverage().empty_reason(),
              HasSubstr("Only sensors of group \"replay\" have ever reported"));
  Watch({.sensor = "a", .start_unix_ms = kDay}, 60, 5);
  EXPECT_THAT(Rank(request).coverage().empty_reason(), HasSubstr("Nothing was received"));
  request.mutable_selection()->add_sensors("lab");
  EXPECT_THAT(Rank(request).coverage().empty_reason(),
              HasSubstr("Only sensors of group \"replay\" are asked for"));
  request.mutable_selection()->add_groups("live");
  EXPECT_EQ(Rank(request).coverage().empty_reason(),
            "No sensor asked for is in a group asked for: lab is in \"replay\".");
}

TEST_F(Query, DeclaredGapsAreClippedToTheTime) {
  Watch({.start_unix_ms = kDay}, 60, 5);
  v1::Gap gap;
  gap.mutable_sequences()->set_first(61);
  gap.mutable_sequences()->set_last(70);
  gap.set_reason(v1::Gap::REASON_SHED_SIZE);
  gap.set_from_unix_ms(kDay + 50 * kMinute);
  gap.set_to_unix_ms(kDay + 70 * kMinute);
  reader_.gaps = {gap};
  EXPECT_EQ(Rank(PortRank(kDay, kDay + kHourMs)).coverage().gap_ms(), 10 * kMinute);
  EXPECT_EQ(Rank(PortRank(kDay, kDay + kHourMs)).coverage().shed_summaries(), 10);
  EXPECT_EQ(Rank(PortRank(kDay - kHourMs, kDay)).coverage().gap_ms(), 0);
}

TEST_F(Query, SelectionErrorsNameTheField) {
  const auto error = [this](const std::function<void(v1::RankRequest&)>& change) {
    v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
    change(request);
    const absl::Status status = RecordQuery(&reader_, context_).Rank(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  using R = v1::RankRequest;
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->clear_time(); }), HasSubstr("time: "));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->mutable_time()->set_to_unix_ms(5); }),
              HasSubstr("time: begins at 2026-11-22T00:00:00.000Z"));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->add_source_prefixes("192.0.2.1/24"); }),
              HasSubstr("source_prefixes: \"192.0.2.1/24\""));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->add_regions("jp"); }),
              HasSubstr("regions: "));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->add_protocols(256); }),
              HasSubstr("protocols: "));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->add_sensors("A B"); }),
              HasSubstr("sensors: "));
  EXPECT_THAT(error([](R& r) { r.mutable_selection()->add_systems(7); }), HasSubstr("systems: "));
  EXPECT_THAT(error([](R& r) {
                r.mutable_selection()->add_kinds(v1::KIND_TCP_SYN);
                r.mutable_selection()->add_classes(v1::KIND_CLASS_OTHER);
              }),
              HasSubstr("kinds: "));
  EXPECT_THAT(error([](R& r) { r.clear_by(); }), HasSubstr("by: "));
  EXPECT_THAT(error([](R& r) { r.set_limit(1001); }), HasSubstr("limit: "));
}

TEST_F(Query, SourcePrefixNeedsFacts) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.source = 0xc0000201, .packets = 3}, {.source = 0xc6336401, .packets = 4}};
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.mutable_selection()->add_source_prefixes("192.0.2.0/24");
  const v1::RankReply reply = Rank(request);
  EXPECT_EQ(reply.rows(0).counts().packets(), 3);
  EXPECT_EQ(reply.rows(0).counts().sources(), 1);
  EXPECT_EQ(reply.coverage().source(), "facts");
}

TEST_F(Query, TooManyFactsAreRefusedWithTheLimit) {
  for (uint64_t i = 0; i <= kMostFacts; ++i) {
    reader_.Append({.start_unix_ms = kDay + static_cast<int64_t>(i)});
  }
  v1::RankRequest request = PortRank(kDay, kDay + kHourMs);
  request.mutable_selection()->add_source_prefixes("192.0.2.0/24");
  const absl::Status status = RecordQuery(&reader_, context_).Rank(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("30,000 facts"));
}

TEST_F(Query, SourceTellsWhatAnAddressDid) {
  // A whole day from the record's source-days and an hour of the next from facts.
  FakeFact spec{.start_unix_ms = kDay + kHourMs, .live_ms = kHourMs};
  spec.rows = {{.port = 23, .packets = 10, .mirai = 9}, {.port = 80, .packets = 4}};
  reader_.Add(spec);
  spec.sensor = "b";
  spec.start_unix_ms = kDay + kDayMs;
  spec.rows = {{.port = 23, .packets = 1, .mirai = 1}, {.source = 7, .port = 23, .packets = 50}};
  reader_.Add(spec);
  v1::SourceRequest request;
  request.set_source("192.0.2.1");
  request.mutable_time()->set_from_unix_ms(kDay);
  request.mutable_time()->set_to_unix_ms(kDay + kDayMs + kHourMs);
  const absl::StatusOr<v1::SourceReply> reply = RecordQuery(&reader_, context_).Source(request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->coverage().source(), "daily rollups + facts");
  EXPECT_EQ(reply->total().packets(), 15);
  ASSERT_THAT(reply->activities(), SizeIs(2));
  const v1::SourceActivity& telnet = reply->activities(0);
  EXPECT_EQ(telnet.port(), 23);
  EXPECT_EQ(telnet.counts().packets(), 11);
  EXPECT_EQ(telnet.sensors(), 2);
  EXPECT_EQ(telnet.days(), 2);
  EXPECT_EQ(telnet.tool(), "mirai");
  EXPECT_EQ(telnet.first_unix_ms(), kDay + kHourMs + 100);
  EXPECT_EQ(telnet.last_unix_ms(), kDay + kDayMs + 200);
  EXPECT_EQ(reply->activities(1).tool(), "");

  request.set_source("192.0.2.1/24");
  EXPECT_THAT(std::string(RecordQuery(&reader_, context_).Source(request).status().message()),
              HasSubstr("source: "));
}

// One packet in 65,536 has ZMap's number by chance: said wherever one packet is all there is.
TEST_F(Query, ASinglePacketIsNamedWithItsChance) {
  FakeFact spec{.start_unix_ms = kDay + 2 * kDayMs, .live_ms = kHourMs};
  for (uint64_t source = 1; source <= 200; ++source) spec.rows.push_back({.source = source});
  spec.rows[0].zmap = 1;
  spec.rows.push_back({.source = 300, .packets = 2, .zmap = 2});
  spec.rows.push_back({.source = 301, .kind = Kind::kTcpAck});  // can have no such mark
  reader_.Add(spec);
  v1::SourceRequest request;
  request.set_source("0.0.0.0/8");
  request.mutable_time()->set_from_unix_ms(kDay + 2 * kDayMs);
  request.mutable_time()->set_to_unix_ms(kDay + 2 * kDayMs + kHourMs);
  const v1::SourceReply reply = *RecordQuery(&reader_, context_).Source(request);
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("0.003 expected by chance among the 200 single packets here")));
  request.set_source("0.0.0.1");
  EXPECT_THAT(RecordQuery(&reader_, context_).Source(request)->coverage().notes(),
              Contains(HasSubstr("under 0.001 expected by chance among the 1 single packet here")));
  request.set_source("0.0.1.44");  // 300: two packets need no such note
  EXPECT_EQ(RecordQuery(&reader_, context_).Source(request)->coverage().notes_size(), 0);
}

TEST_F(Query, TheZoneIsTheStores) {
  context_.utc_offset_minutes = -210;
  EXPECT_EQ(RecordQuery(&reader_, context_).Zone({})->utc_offset_minutes(), -210);
}

TEST_F(Query, SensorsAreListedWithTheirState) {
  context_.now_unix_ms = [] { return kDay + 61 * kMinute; };
  context_.connected = [](const std::string& sensor) { return sensor == "a"; };
  Watch({.sensor = "a", .start_unix_ms = kDay, .n4 = 4}, 60, 5);
  Watch({.sensor = "b", .start_unix_ms = kDay}, 30, 2);
  Watch({.sensor = "lab", .start_unix_ms = kDay, .group = "replay"}, 5, 1);
  v1::SensorsRequest request;
  request.add_groups("live");
  request.add_groups("replay");
  absl::StatusOr<v1::SensorsReply> reply = RecordQuery(&reader_, context_).Sensors(request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  ASSERT_THAT(reply->sensors(), SizeIs(3));
  EXPECT_EQ(reply->coverage().sensors(), 3U);
  EXPECT_EQ(reply->sensors(0).state(), "live");
  EXPECT_TRUE(reply->sensors(0).connected());
  EXPECT_EQ(reply->sensors(0).observed().packets(), 5);
  EXPECT_EQ(reply->sensors(0).live_ms(), kHourMs);
  EXPECT_EQ(reply->sensors(0).n4(), 4);
  EXPECT_EQ(reply->sensors(1).state(), "silent");
  EXPECT_FALSE(reply->sensors(1).connected());
  EXPECT_EQ(reply->sensors(2).state(), "replay");
  // Left out of the list and of its coverage unless selected, and said.
  reply = RecordQuery(&reader_, context_).Sensors({});
  EXPECT_THAT(reply->sensors(), SizeIs(2));
  EXPECT_EQ(reply->coverage().sensors(), 2U);
  EXPECT_THAT(reply->coverage().notes(),
              Contains("1 sensor of group \"replay\" not listed: add --group replay"));
  request.Clear();
  request.add_sensors("lab");
  reply = RecordQuery(&reader_, context_).Sensors(request);
  EXPECT_THAT(reply->sensors(), IsEmpty());
  EXPECT_THAT(reply->coverage().empty_reason(), HasSubstr("add --group replay"));
}

// Three of the sensor's own windows, whatever their length, and 30 s.
TEST_F(Query, ASensorIsSilentByItsOwnWindow) {
  constexpr int64_t kWindowMs = 10 * kMinute;
  reader_.Add({.sensor = "a", .start_unix_ms = kDay, .window_ms = kWindowMs});
  const auto state_at = [this](int64_t now_unix_ms) {
    context_.now_unix_ms = [now_unix_ms] { return now_unix_ms; };
    return RecordQuery(&reader_, context_).Sensors({})->sensors(0).state();
  };
  EXPECT_EQ(state_at(kDay + 4 * kWindowMs + 30'000), "live");
  EXPECT_EQ(state_at(kDay + 4 * kWindowMs + 30'001), "silent");
}

}  // namespace
}  // namespace teiten
