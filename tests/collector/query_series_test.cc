// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/query_fixture.h"

namespace teiten {
namespace {

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

TEST_F(Series, SplitsByKeyMostPacketsFirst) {
  FactSpec spec{.start_unix_ms = kDay, .live_ms = kHourMs};
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
  EXPECT_EQ(RecordQuery(&reader_, context_).Series(request).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace teiten
