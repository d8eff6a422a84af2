// SPDX-License-Identifier: Apache-2.0
// Live time, and N4 of several sensors, against seconds ticked off one by one.
#include "collector/store/coverage_sum.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

#include "collector/query/coverage.h"
#include "collector/store/range_blob.h"
#include "collector/store/rollup.h"
#include "tests/collector/store_fixture.h"

namespace teiten {
namespace {

using testing::ElementsAre;

constexpr uint64_t kSecond = 1000;

StoredFact Watched(const std::string& sensor, int64_t from_unix_ms, int64_t to_unix_ms,
                   uint64_t n4 = 1) {
  StoredFact fact;
  fact.key.sensor = sensor;
  fact.group = "live";
  fact.window_start_unix_ms = from_unix_ms - from_unix_ms % 60'000;
  fact.summary.set_window_start_unix_ms(fact.window_start_unix_ms);
  fact.summary.set_live_from_unix_ms(from_unix_ms);
  fact.summary.set_live_to_unix_ms(to_unix_ms);
  fact.summary.set_live_ms(static_cast<uint64_t>(to_unix_ms - from_unix_ms));
  fact.summary.set_n4(n4);
  fact.summary.set_p6(1);
  fact.summary.mutable_accounting()->set_kernel_dropped(0);
  return fact;
}

TEST(CoverageSum, RestartsAddAndRepetitionsDoNot) {
  CoverageSum sum;
  EXPECT_EQ(sum.Add(Watched("a", kTestDay, kTestDay + 20'000)), 20'000U);
  EXPECT_EQ(sum.Add(Watched("a", kTestDay + 30'000, kTestDay + 60'000)), 30'000U);
  EXPECT_EQ(sum.Add(Watched("a", kTestDay, kTestDay + 60'000)), 10'000U);
  EXPECT_EQ(sum.Add(Watched("a", kTestDay + 10'000, kTestDay + 50'000)), 0U);
  EXPECT_EQ(sum.sum().live_ms, 60'000U);
  EXPECT_EQ(sum.sum().summaries, 4U);
}

TEST(CoverageSum, TheMonotonicClockCountsWhereAMachineSlept) {
  StoredFact fact = Watched("a", kTestDay, kTestDay + 60'000, 4);
  fact.summary.set_live_ms(59'990);  // clocks apart: no hole, but its own seconds
  CoverageSum sum;
  sum.Add(fact);
  EXPECT_EQ(sum.sum().live_ms, 59'990U);
  EXPECT_EQ(sum.sum().live.count(), 60'000U);
  fact = Watched("a", kTestDay + 60'000, kTestDay + 120'000, 4);
  fact.summary.set_live_ms(20'000);  // asleep for 40 s of them
  sum.Add(fact);
  EXPECT_EQ(sum.sum().live_ms, 79'990U);
  EXPECT_EQ(sum.sum().live.count(), 80'000U);
  EXPECT_NEAR(MeanAddressesOf({&sum.sum()}).n4, 4, 0.001);
  fact = Watched("a", kTestDay + 120'000, kTestDay + 180'000, 4);
  fact.summary.set_live_ms(600'000);  // more than it covers
  EXPECT_EQ(sum.Add(fact), 60'000U);
}

TEST(CoverageSum, RollupsOfDisjointTimeAddWhole) {
  CoverageSum first, second, both;
  StoredFact fact = Watched("a", kTestDay, kTestDay + 60'000, 3);
  fact.summary.mutable_accounting()->clear_kernel_dropped();
  fact.summary.add_blind_ports()->set_port(22);
  first.Add(fact);
  second.Add(Watched("a", kTestDay + 60'000, kTestDay + 90'000, 5));
  EXPECT_EQ(both.Add(first.sum()), 60'000U);
  EXPECT_EQ(both.Add(second.sum()), 30'000U);
  EXPECT_DOUBLE_EQ(both.sum().n4_live_ms, 3.0 * 60'000 + 5.0 * 30'000);
  EXPECT_EQ(both.sum().drops_unknown_ms, 60'000U);
  ASSERT_EQ(both.sum().blind.size(), 1U);
  EXPECT_EQ(both.sum().blind[0].live_ms, 60'000U);
  // The same time in another group of the sensor, half of it known already.
  CoverageSum replay;
  replay.Add(Watched("a", kTestDay + 60'000, kTestDay + 120'000, 8));
  EXPECT_EQ(both.Add(replay.sum()), 30'000U);
  EXPECT_EQ(both.sum().live_ms, 120'000U);
  EXPECT_DOUBLE_EQ(both.sum().n4_live_ms, 3.0 * 60'000 + 5.0 * 30'000 + 8.0 * 30'000);
}

// A row to which a late fact was added has time twice (store.h): it counts once.
TEST(CoverageSum, ARollupCountsNoMoreThanItCovers) {
  CoverageSum sum;
  sum.Add(Watched("a", kTestDay, kTestDay + 60'000, 4));
  CoverageRollup twice = sum.sum();
  twice.live_ms *= 2;
  twice.n4_live_ms *= 2;
  CoverageSum read;
  EXPECT_EQ(read.Add(twice), 60'000U);
  EXPECT_DOUBLE_EQ(read.sum().n4_live_ms, 4 * 60'000);
}

TEST(MeanAddresses, AreOverTheTimeInWhichAnyoneWatched) {
  const auto of = [](const std::vector<StoredFact>& facts) {
    CoverageBook book;
    for (const StoredFact& fact : facts) book.AddFact(fact);
    v1::Coverage coverage;
    book.Write(kDayMs, coverage);
    return coverage.mean_n4();
  };
  const int64_t noon = kTestDay + kDayMs / 2;
  const int64_t end = kTestDay + kDayMs;
  // One after the other they are 256 addresses, never 512.
  EXPECT_DOUBLE_EQ(of({Watched("x", kTestDay, noon, 256), Watched("y", noon, end, 256)}), 256);
  // And in one hour, of which each has a part.
  EXPECT_DOUBLE_EQ(of({Watched("x", kTestDay, kTestDay + 600'000, 256),
                       Watched("y", kTestDay + 600'000, kTestDay + 900'000, 256)}),
                   256);
  EXPECT_DOUBLE_EQ(of({Watched("x", kTestDay, end, 256), Watched("y", noon, end, 256)}), 384);
  EXPECT_DOUBLE_EQ(of({Watched("x", kTestDay, end, 256), Watched("y", kTestDay, end, 256)}), 512);
  StoredFact unknown = Watched("u", kTestDay, end);
  unknown.summary.mutable_flags()->set_direction_unknown(true);
  unknown.summary.clear_n4();
  EXPECT_DOUBLE_EQ(of({unknown}), 0);
  EXPECT_DOUBLE_EQ(of({unknown, Watched("x", noon, end, 256)}), 256);
}

struct Second {
  bool live = false, drops_unknown = false, addresses_unknown = false, blind = false;
  uint64_t n4 = 0;
};

// Seconds of one sensor, ticked off one by one.
void Tick(const StoredFact& fact, std::map<int64_t, Second>& seconds) {
  const v1::WindowSummary& s = fact.summary;
  for (int64_t at = s.live_from_unix_ms(); at < s.live_to_unix_ms(); at += 1000) {
    Second& second = seconds[at];
    if (!second.live) {
      second.n4 = s.n4();
      second.addresses_unknown = s.flags().direction_unknown();
    }
    second.live = true;
    second.drops_unknown |= !s.accounting().has_kernel_dropped();
    second.blind |= s.blind_ports_size() > 0;
  }
}

void ExpectSeconds(const CoverageRollup& c, const std::map<int64_t, Second>& seconds) {
  uint64_t drops = 0, unknown = 0, blind = 0;
  double n4 = 0;
  for (const auto& [at, second] : seconds) {
    drops += second.drops_unknown ? kSecond : 0;
    unknown += second.addresses_unknown ? kSecond : 0;
    blind += second.blind ? kSecond : 0;
    n4 += static_cast<double>(second.n4 * kSecond);
  }
  EXPECT_EQ(c.live_ms, seconds.size() * kSecond);
  EXPECT_EQ(c.live.count(), c.live_ms);
  EXPECT_EQ(c.drops_unknown_ms, drops);
  EXPECT_EQ(c.direction_unknown_ms, unknown);
  EXPECT_EQ(c.addresses_unknown.count(), unknown);
  EXPECT_DOUBLE_EQ(c.n4_live_ms, n4);
  ASSERT_EQ(c.blind.empty(), blind == 0);
  EXPECT_EQ(blind, c.blind.empty() ? 0 : c.blind[0].live_ms);
}

StoredFact RandomFact(std::mt19937& random) {
  const int64_t window = kTestDay + static_cast<int64_t>(random() % 60) * 60'000;
  const int64_t from = window + static_cast<int64_t>(random() % 60) * 1000;
  const int64_t to = from + static_cast<int64_t>(random() % 90) * 1000;  // some are extended
  StoredFact fact = Watched(random() % 2 == 0 ? "a" : "b", from, to, 1 + random() % 4);
  if (random() % 4 == 0) fact.summary.mutable_accounting()->clear_kernel_dropped();
  if (random() % 5 == 0) {
    fact.summary.mutable_flags()->set_direction_unknown(true);
    fact.summary.clear_n4();
  }
  if (random() % 3 == 0) fact.summary.add_blind_ports()->set_port(22);
  return fact;
}

TEST(CoverageSum, RollupsAndAnswersTickTheSameSeconds) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    HourBuilder hour(kTestDay, Zone(0), TestKey(),
                     [](Family, const Address&) { return std::string("unknown"); });
    CoverageBook from_facts;
    std::map<std::string, std::map<int64_t, Second>> seconds;
    for (int i = 0; i < 60; ++i) {
      const StoredFact fact = RandomFact(random);
      ASSERT_TRUE(hour.Add(fact).ok());
      from_facts.AddFact(fact);
      Tick(fact, seconds[fact.key.sensor]);
    }
    const HourBuilder::Result built = std::move(hour).Finish();
    CoverageBook from_rollup;
    for (const CoverageRollup& c : built.hour.coverage) from_rollup.AddRollup(kTestDay, c);
    std::set<int64_t> known;
    double n4 = 0;
    for (const auto& [sensor, of_sensor] : seconds) {
      ExpectSeconds(from_facts.sensors().at(sensor).sum(), of_sensor);
      ExpectSeconds(from_rollup.sensors().at(sensor).sum(), of_sensor);
      for (const auto& [at, second] : of_sensor) {
        if (!second.addresses_unknown) known.insert(at);
        n4 += static_cast<double>(second.n4);
      }
    }
    for (const CoverageBook* book : {&from_facts, &from_rollup}) {
      v1::Coverage coverage;
      book->Write(kHourMs, coverage);
      EXPECT_DOUBLE_EQ(coverage.mean_n4(), n4 / static_cast<double>(known.size()));
    }
  }
}

TEST(RangeBlob, ReadsWhatItWrote) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    RangeSet ranges;
    for (uint64_t i = random() % 20; i > 0; --i) {
      const uint64_t first = random() >> (random() % 64);
      const uint64_t length = random() >> (random() % 64);
      ranges.Add(first, first + std::min(length, ~first / 2));
    }
    RangeSet read;
    const std::string blob = RangesToBlob(ranges);
    ASSERT_TRUE(AddBlobRanges(blob, read).ok());
    ASSERT_EQ(read, ranges);
  }
  RangeSet hour;
  hour.Add(1'795'305'600'000, 1'795'309'199'999);
  EXPECT_LE(RangesToBlob(hour).size(), 10U);
  EXPECT_EQ(RangesToBlob({}), "");
}

TEST(RangeBlob, RefusesDamage) {
  RangeSet ranges;
  for (const std::string& blob :
       {std::string("\x05"), std::string("\x05\x00", 2), std::string("\x80"),
        std::string("\x01\x02\x83"), std::string(11, '\xff'),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01", 11)}) {
    EXPECT_EQ(AddBlobRanges(blob, ranges).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace teiten
