// SPDX-License-Identifier: Apache-2.0
// Ranges that cut windows, and time that was counted twice.
#include <gmock/gmock.h>

#include "tests/collector/query_fixture.h"

namespace teiten {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kSecond = 1000;
constexpr int64_t kTen = kDay + 10 * kHourMs;

class Range : public Query {
 protected:
  // One packet a window.
  void Fill(const std::string& sensor, int64_t from, int64_t to, int64_t window_ms) {
    for (int64_t at = from; at < to; at += window_ms) {
      reader_.Add({.sensor = sensor,
                   .start_unix_ms = at,
                   .live_ms = static_cast<uint64_t>(window_ms),
                   .rows = {{}},
                   .window_ms = window_ms});
    }
  }

  v1::SeriesReply Series(int64_t from, int64_t to, int64_t step_ms) {
    v1::SeriesRequest request;
    request.mutable_selection()->mutable_time()->set_from_unix_ms(from);
    request.mutable_selection()->mutable_time()->set_to_unix_ms(to);
    request.set_step_ms(static_cast<uint64_t>(step_ms));
    return *RecordQuery(&reader_, context_).Series(request);
  }

  static double Percent(const v1::Coverage& c) {
    return 100.0 * static_cast<double>(c.live_ms()) / static_cast<double>(c.expected_ms());
  }
};

// However the range lies: the packets of all windows that overlap it and of no other, all of them
// within the range that is named, watched for no more than its length.
TEST_F(Range, IsAllWindowsThatOverlapIt) {
  Fill("a", kTen, kTen + 10 * kMinute, kMinute);
  for (int64_t from = kTen; from < kTen + 3 * kMinute; from += 17 * kSecond) {
    for (const int64_t length : {kSecond, 19 * kSecond, 2 * kMinute, 150 * kSecond}) {
      const int64_t to = from + length;
      uint64_t overlapping = 0;
      for (int64_t w = kTen; w < kTen + 10 * kMinute; w += kMinute) {
        if (w < to && w + kMinute > from) ++overlapping;
      }
      const v1::RankReply reply = Rank(PortRank(from, to));
      EXPECT_EQ(reply.total().packets(), overlapping);
      EXPECT_EQ(reply.coverage().live_ms(), overlapping * kMinute);
      EXPECT_EQ(Percent(reply.coverage()), 100.0);
      const bool whole = from % kMinute == 0 && to % kMinute == 0;
      const auto said = Contains(HasSubstr("widened to whole windows"));
      if (whole) {
        EXPECT_THAT(reply.coverage().notes(), Not(said));
      } else {
        EXPECT_THAT(reply.coverage().notes(), said);
      }
    }
  }
  EXPECT_THAT(Rank(PortRank(kTen + 30 * kSecond, kTen + 150 * kSecond)).coverage().notes(),
              Contains("asked for 2026-11-22T10:00:30.000Z to 2026-11-22T10:02:30.000Z, widened to "
                       "whole windows: 2026-11-22T10:00:00.000Z to 2026-11-22T10:03:00.000Z"));
}

// Of 20 and 15 minutes: 10:36 is widened to 10:20, which cuts 10:15 to 10:30, and that 10:00 to
// 10:20; 10:41 to 10:45, which cuts 10:40 to 11:00.
TEST_F(Range, CutsNoWindowOfAnySensor) {
  Fill("fifteen", kTen, kTen + kHourMs, 15 * kMinute);
  Fill("twenty", kTen, kTen + kHourMs, 20 * kMinute);
  v1::RankReply reply = Rank(PortRank(kTen + 36 * kMinute, kTen + 41 * kMinute));
  EXPECT_EQ(reply.total().packets(), 7U);
  EXPECT_EQ(Percent(reply.coverage()), 100.0);
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("windows: 2026-11-22T10:00:00.000Z to 2026-11-22T11:00:00.000Z")));
  // What is not selected widens nothing.
  v1::RankRequest request = PortRank(kTen + 16 * kMinute, kTen + 41 * kMinute);
  request.mutable_selection()->add_sensors("fifteen");
  reply = Rank(request);
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("windows: 2026-11-22T10:15:00.000Z to 2026-11-22T10:45:00.000Z")));
  EXPECT_EQ(reply.total().packets(), 2U);
}

TEST_F(Range, TheFirstStepIsNoGapWhereSensorsWatched) {
  Fill("a", kTen, kTen + 20 * kMinute, kMinute);
  const v1::SeriesReply reply = Series(kTen + 90 * kSecond, kTen + 14 * kMinute, kMinute);
  ASSERT_THAT(reply.lines(0).points(), SizeIs(13));
  for (const v1::SeriesPoint& point : reply.lines(0).points()) {
    EXPECT_EQ(point.live_ms(), kMinute);
    EXPECT_EQ(point.counts().packets(), 1U);
  }
}

// What has not come yet from a step that is not over is no gap; what is over is.
TEST_F(Range, AnOpenStepIsNoGap) {
  Fill("a", kTen, kTen + 10 * kMinute, kMinute);
  context_.now_unix_ms = [] { return kTen + 10 * kMinute + 20 * kSecond; };
  const v1::SeriesReply open = Series(kTen, kTen + 12 * kMinute, kMinute);
  ASSERT_THAT(open.lines(0).points(), SizeIs(10));
  EXPECT_EQ(open.lines(0).points(9).live_ms(), kMinute);
  context_.now_unix_ms = [] { return kTen + 12 * kMinute; };
  const v1::SeriesReply over = Series(kTen, kTen + 12 * kMinute, kMinute);
  ASSERT_THAT(over.lines(0).points(), SizeIs(12));
  EXPECT_EQ(over.lines(0).points(11).live_ms(), 0U);
}

// The half hour before 10:00 cuts the window of an hour.
TEST_F(Range, ThePreviousPeriodIsWidenedToo) {
  Fill("long", kTen - kHourMs, kTen, kHourMs);
  Fill("short", kTen - kHourMs, kTen + kHourMs, kMinute);
  v1::RankRequest request = PortRank(kTen, kTen + 30 * kMinute);
  request.set_compare_previous(true);
  const v1::RankReply reply = Rank(request);
  EXPECT_EQ(reply.total().packets(), 30U);
  EXPECT_THAT(reply.coverage().notes(), Not(Contains(HasSubstr("widened"))));
  EXPECT_EQ(reply.previous_coverage().sensors(), 2U);
  EXPECT_EQ(Percent(reply.previous_coverage()), 100.0);
  EXPECT_THAT(reply.previous_coverage().notes(), Contains(HasSubstr("widened")));
}

TEST_F(Range, SaysHowIpv6SourcesAreCounted) {
  const auto said = Contains("IPv6 sources are counted by their /64");
  FakeFact spec{.start_unix_ms = kTen};
  spec.rows = {{}};
  reader_.Add(spec);
  v1::RankRequest request = PortRank(kTen, kTen + kHourMs);
  request.mutable_selection()->clear_families();
  EXPECT_THAT(Rank(request).coverage().notes(), Not(said));
  spec.sensor = "b";
  spec.rows = {{.source = 0x20010db800000000, .ipv6 = true}};
  reader_.Add(spec);
  EXPECT_THAT(Rank(request).coverage().notes(), said);
  EXPECT_THAT(Series(kTen, kTen + kHourMs, kMinute).coverage().notes(), said);
  v1::SensorsRequest sensors;
  sensors.mutable_time()->set_from_unix_ms(kTen);
  sensors.mutable_time()->set_to_unix_ms(kTen + kHourMs);
  EXPECT_THAT(RecordQuery(&reader_, context_).Sensors(sensors)->coverage().notes(), said);
  sensors.add_sensors("a");
  EXPECT_THAT(RecordQuery(&reader_, context_).Sensors(sensors)->coverage().notes(), Not(said));
}

TEST_F(Range, AFileImportedTwiceIsSaid) {
  for (const uint8_t spool : {uint8_t{1}, uint8_t{2}}) {
    for (int minute = 0; minute < 60; ++minute) {
      reader_.Add({.start_unix_ms = kTen + minute * kMinute, .rows = {{}}, .spool = spool});
    }
  }
  const v1::RankReply reply = Rank(PortRank(kTen, kTen + kHourMs));
  EXPECT_EQ(reply.total().packets(), 120U);  // facts are added
  EXPECT_EQ(reply.coverage().live_ms(), static_cast<uint64_t>(kHourMs));
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("sensor a: windows of 1h 00m came from two spools at once")));
  EXPECT_THAT(Rank(PortRank(kTen - kHourMs, kTen)).coverage().notes(), IsEmpty());
}

// A sensor that lost its state goes on under a new spool, within the same window.
TEST_F(Range, ANewSpoolIsNoSecondImport) {
  reader_.Add({.start_unix_ms = kTen, .spool = 1});
  reader_.Add({.start_unix_ms = kTen + kMinute, .live_ms = 20'000, .rows = {{}}, .spool = 1});
  reader_.Add(
      {.start_unix_ms = kTen + kMinute, .live_ms = 40'000, .live_from_ms = 20'000, .spool = 2});
  reader_.Add({.start_unix_ms = kTen + 2 * kMinute, .spool = 2});
  // Two workers share one spool.
  reader_.Add({.start_unix_ms = kTen + 2 * kMinute, .worker = 1, .spool = 2});
  const v1::RankReply reply = Rank(PortRank(kTen, kTen + kHourMs));
  EXPECT_EQ(reply.coverage().live_ms(), static_cast<uint64_t>(3 * kMinute));
  EXPECT_THAT(reply.coverage().notes(), Not(Contains(HasSubstr("two spools"))));
}

}  // namespace
}  // namespace teiten
