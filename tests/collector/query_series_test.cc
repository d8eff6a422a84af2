// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/query_fixture.h"

namespace teiten {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class Series : public Query {
 protected:
  v1::SeriesReply Ask(int64_t from, int64_t to, uint64_t step_ms) {
    v1::SeriesRequest request;
    request.mutable_selection()->mutable_time()->set_from_unix_ms(from);
    request.mutable_selection()->mutable_time()->set_to_unix_ms(to);
    request.set_step_ms(step_ms);
    absl::StatusOr<v1::SeriesReply> reply = RecordQuery(&reader_, context_).Series(request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::SeriesReply();
  }
};

TEST_F(Series, GapIsAGapAndQuietIsAZero) {
  Watch({.start_unix_ms = kDay}, 60, 5);
  Watch({.start_unix_ms = kDay + 2 * kHourMs}, 30, 0);
  const v1::SeriesReply reply = Ask(kDay, kDay + 3 * kHourMs, kHourMs);
  ASSERT_THAT(reply.lines(), SizeIs(1));
  ASSERT_THAT(reply.lines(0).points(), SizeIs(3));
  EXPECT_EQ(reply.lines(0).points(0).counts().packets(), 5);
  EXPECT_EQ(reply.lines(0).points(0).live_ms(), kHourMs);
  EXPECT_EQ(reply.lines(0).points(1).live_ms(), 0);  // a gap
  EXPECT_EQ(reply.lines(0).points(2).live_ms(), kHourMs / 2);
  EXPECT_EQ(reply.lines(0).points(2).counts().packets(), 0);  // watched, and quiet
}

TEST_F(Series, StepsBelowAnHourComeFromFacts) {
  Watch({.start_unix_ms = kDay}, 60, 5);
  const v1::SeriesReply reply = Ask(kDay + kMinute, kDay + 30 * kMinute, 10 * kMinute);
  EXPECT_EQ(reply.coverage().source(), "facts");
  ASSERT_THAT(reply.lines(0).points(), SizeIs(3));
  EXPECT_EQ(reply.lines(0).points(0).start_unix_ms(), kDay);
  EXPECT_EQ(reply.lines(0).points(0).live_ms(), 9 * kMinute);
  EXPECT_EQ(reply.lines(0).points(0).counts().packets(), 0);  // the packets came before `from`
}

TEST_F(Series, DaysBeginInTheStoresZone) {
  context_.utc_offset_minutes = 9 * 60;
  Watch({.start_unix_ms = kDay}, 1, 5);
  const v1::SeriesReply reply = Ask(kDay, kDay + kHourMs, kDayMs);
  EXPECT_EQ(reply.lines(0).points(0).start_unix_ms(), kDay - 9 * kHourMs);
}

// Of a SYN-ACK the port is the attacked service: no scan of 80/TCP.
TEST_F(Series, PortsAreOfClassScanUnlessTold) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.port = 80, .packets = 5},
               {.source = 7, .port = 80, .packets = 40, .kind = Kind::kTcpSynack},
               {.source = 8, .port = 80, .packets = 300, .kind = Kind::kTcpAck}};
  reader_.Add(spec);
  const auto ask = [&](const std::function<void(v1::SeriesRequest&)>& change) {
    v1::SeriesRequest request;
    request.mutable_selection()->mutable_time()->set_from_unix_ms(kDay);
    request.mutable_selection()->mutable_time()->set_to_unix_ms(kDay + kHourMs);
    request.set_step_ms(kHourMs);
    change(request);
    return *RecordQuery(&reader_, context_).Series(request);
  };
  const auto port80 = [](v1::SeriesRequest& r) {
    r.mutable_selection()->add_ports()->set_protocol(kProtocolTcp);
    r.mutable_selection()->mutable_ports(0)->set_port(80);
  };
  const auto packets = [](const v1::SeriesReply& reply) {
    return reply.lines(0).points(0).counts().packets();
  };
  const auto said = Contains(HasSubstr("class scan only"));
  v1::SeriesReply reply = ask(port80);
  EXPECT_EQ(packets(reply), 5U);
  EXPECT_THAT(reply.coverage().notes(), said);
  reply = ask([](v1::SeriesRequest& r) { r.set_split_by(v1::RANK_BY_PORT); });
  EXPECT_EQ(packets(reply), 5U);
  EXPECT_THAT(reply.coverage().notes(), said);
  reply = ask([](v1::SeriesRequest&) {});  // all that was observed
  EXPECT_EQ(packets(reply), 345U);
  EXPECT_THAT(reply.coverage().notes(), Not(said));
  reply = ask([&](v1::SeriesRequest& r) {
    port80(r);
    r.mutable_selection()->add_classes(v1::KIND_CLASS_BACKSCATTER);
  });
  EXPECT_EQ(packets(reply), 40U);
  EXPECT_THAT(reply.coverage().notes(), Not(said));
  reply = ask([&](v1::SeriesRequest& r) {
    port80(r);
    r.set_split_by(v1::RANK_BY_KIND);
  });
  EXPECT_EQ(reply.lines_size(), 3);
  // The rank of sensors by one port takes what the series takes.
  v1::RankRequest rank = PortRank(kDay, kDay + kHourMs);
  rank.set_by(v1::RANK_BY_SENSOR);
  EXPECT_EQ(Rank(rank).rows(0).counts().packets(), 345U);
  rank.mutable_selection()->add_ports()->set_protocol(kProtocolTcp);
  rank.mutable_selection()->mutable_ports(0)->set_port(80);
  EXPECT_EQ(Rank(rank).rows(0).counts().packets(), 5U);
  EXPECT_THAT(Rank(rank).coverage().notes(), said);
}

TEST_F(Series, SplitsByKeyMostPacketsFirst) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  spec.rows = {{.port = 23, .packets = 1}, {.port = 80, .packets = 5}, {.port = 22, .packets = 3}};
  reader_.Add(spec);
  v1::SeriesRequest request;
  request.mutable_selection()->mutable_time()->set_from_unix_ms(kDay);
  request.mutable_selection()->mutable_time()->set_to_unix_ms(kDay + kHourMs);
  request.set_step_ms(kHourMs);
  request.set_split_by(v1::RANK_BY_PORT);
  request.set_limit(2);
  const v1::SeriesReply reply = *RecordQuery(&reader_, context_).Series(request);
  ASSERT_THAT(reply.lines(), SizeIs(2));
  EXPECT_EQ(reply.lines(0).key(), "80/TCP");
  EXPECT_EQ(reply.lines(1).key(), "22/TCP");
  EXPECT_EQ(reply.keys(), 3);
}

TEST_F(Series, RefusesUnequalStepsAndTooManyPoints) {
  v1::SeriesRequest request;
  request.mutable_selection()->mutable_time()->set_from_unix_ms(kDay);
  request.mutable_selection()->mutable_time()->set_to_unix_ms(kDay + 30 * kDayMs);
  for (const uint64_t step : {0UL, 7UL * kMinute, 5UL * kHourMs, 1'000UL, 90UL * kMinute}) {
    request.set_step_ms(step);
    EXPECT_EQ(RecordQuery(&reader_, context_).Series(request).status().code(),
              absl::StatusCode::kInvalidArgument)
        << step;
  }
  request.set_step_ms(kMinute);
  const absl::Status status = RecordQuery(&reader_, context_).Series(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("step_ms: 43,200 steps, at most 20,000"));
}

// What counts is the lines there are, not how many were allowed.
TEST_F(Series, PointsAreThoseOfTheLinesThereAre) {
  FakeFact spec{.start_unix_ms = kDay, .live_ms = kHourMs};
  for (uint16_t port = 1; port <= 30; ++port) spec.rows.push_back({.port = port});
  reader_.Add(spec);
  v1::SeriesRequest request;
  request.mutable_selection()->mutable_time()->set_from_unix_ms(kDay);
  request.mutable_selection()->mutable_time()->set_to_unix_ms(kDay + 4 * kDayMs);
  request.set_split_by(v1::RANK_BY_PORT);
  request.set_limit(1000);
  request.set_step_ms(kHourMs);
  const absl::StatusOr<v1::SeriesReply> reply = RecordQuery(&reader_, context_).Series(request);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->lines_size(), 30);
  // 960 steps of 30 lines are too many; of the 20 that fit they are not.
  request.set_step_ms(6 * kMinute);
  const absl::Status status = RecordQuery(&reader_, context_).Series(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("limit: 30 lines of 960 steps are above 20,000 points: take at most 20 "
                        "lines"));
  request.set_limit(20);
  EXPECT_TRUE(RecordQuery(&reader_, context_).Series(request).ok());
}

}  // namespace
}  // namespace teiten
