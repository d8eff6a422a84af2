// SPDX-License-Identifier: Apache-2.0
// Zones and expiry: one suite for every implementation of the store.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

template <typename Backend>
class StoreTimeTest : public testing::Test {
 protected:
  Backend backend_;
};
using Backends = testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(StoreTimeTest, Backends);

TYPED_TEST(StoreTimeTest, DaysAndHoursAreThoseOfTheZone) {
  for (const int32_t offset : {540, -210, 345}) {
    TypeParam backend;
    auto store = backend.Open(offset);
    const int64_t midnight = kTestDay - int64_t{offset} * 60'000;
    Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = midnight - 60'000}),
                    MakeFact({.sequence = 2, .start_unix_ms = midnight}),
                    MakeFact({.sequence = 3, .start_unix_ms = midnight + kDayMs - 60'000})});
    EXPECT_THAT(*store->writer().DirtyHours(10),
                ElementsAre(midnight - kHourMs, midnight, midnight + 23 * kHourMs));
    RollUp(*store);
    std::map<int64_t, int> days;
    for (const RollupRow& row : Rows(*store, RollupTier::kDay, RollupTable::kKinds, true)) {
      days[row.start_unix_ms] += 1;
    }
    EXPECT_EQ(days.size(), 2U);
    EXPECT_TRUE(days.contains(midnight) && days.contains(midnight - kDayMs));
    ExpectRollupIs(*store, RollupTier::kDay, OracleOf(*store, All()));
  }
}

TYPED_TEST(StoreTimeTest, ClocksThatWereNeverSetHaveADayToo) {
  constexpr int64_t kLate = 253'402'200'000'000;  // 9999-12-30T20:00:00Z
  for (const int32_t offset : {540, 0, -210}) {
    TypeParam backend;
    auto store = backend.Open(offset);
    EXPECT_THAT(Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = 0}),
                                MakeFact({.sequence = 2, .start_unix_ms = 5 * kHourMs}),
                                MakeFact({.sequence = 3, .start_unix_ms = kLate})}),
                testing::Each(FactVerdict::kStored));
    EXPECT_THAT(*store->writer().DirtyHours(10), SizeIs(3));
    for (const bool again : {false, true}) {
      if (again) {
        // One of 1970 more: its day is behind its hours until somebody makes it anew.
        Commit(*store, {MakeFact({.sequence = 4, .start_unix_ms = 6 * kHourMs, .seed = 4})});
        ASSERT_TRUE(backend.Reopen(store, offset));
      }
      RollUp(*store);
      EXPECT_THAT(*store->writer().DirtyHours(10), IsEmpty());
      EXPECT_THAT(ScanKeys(*store, All()), SizeIs(again ? 4 : 3));
      const RollupOracle oracle = OracleOf(*store, All());
      ExpectRollupIs(*store, RollupTier::kHour, oracle);
      ExpectRollupIs(*store, RollupTier::kDay, oracle);
      std::set<int64_t> days;
      for (const RollupRow& row : Rows(*store, RollupTier::kDay, RollupTable::kKinds, true)) {
        days.insert(row.start_unix_ms);
      }
      const Zone zone(offset);
      const std::set<int64_t> want = {zone.DayOf(0), zone.DayOf(5 * kHourMs), zone.DayOf(kLate)};
      EXPECT_EQ(days, want);
    }
  }
}

TYPED_TEST(StoreTimeTest, AStaleDayBeforeTheEpochKeepsItsName) {
  auto store = this->backend_.Open(540);
  const int64_t day = Zone(540).DayOf(0);
  ASSERT_LT(day, 0);
  Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = 0})});
  // The hour alone: the day's own rows are not made yet, and readers add up its hours.
  const uint64_t generation = *store->writer().HourGeneration(0);
  HourRollup hour;
  hour.start_unix_ms = 0;
  KindRollup& kind = hour.kinds.emplace_back();
  kind.sensor = "alpha";
  kind.group = "live";
  kind.kind = Kind::kTcpSyn;
  kind.packets = 7;
  CoverageRollup& coverage = hour.coverage.emplace_back();
  coverage.sensor = "alpha";
  coverage.group = "live";
  coverage.live_ms = 60'000;
  ASSERT_TRUE(*store->writer().ReplaceHour(hour, generation, {}));
  const auto rows = Rows(*store, RollupTier::kDay, RollupTable::kKinds, true);
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].start_unix_ms, day);
  const auto by_time = Reader(*store)->ReadCoverageByTime(RollupTier::kDay, All());
  ASSERT_TRUE(by_time.ok()) << by_time.status();
  ASSERT_THAT(*by_time, SizeIs(1));
  EXPECT_EQ(by_time->at(0).first, day);
}

// What no store can hold is refused whole and by name; the caller tries the others alone.
TYPED_TEST(StoreTimeTest, WhatHasNoDayIsRefusedByNameAndChangesNothing) {
  for (const int32_t offset : {540, 0, -210}) {
    TypeParam backend;
    auto store = backend.Open(offset);
    constexpr int64_t kYear10000 = 253'402'300'800'000;
    const int64_t first_bad = std::min(kYear10000, kYear10000 - int64_t{offset} * 60'000);
    const AcceptedFact good = MakeFact({.sequence = 1});
    AcceptedFact bad = MakeFact({.sequence = 2});
    for (const int64_t start : {int64_t{-1}, first_bad}) {
      bad.window_start_unix_ms = start;
      const auto verdicts = store->writer().CommitFacts(std::vector{good, bad});
      EXPECT_TRUE(absl::IsInvalidArgument(verdicts.status())) << verdicts.status();
      EXPECT_THAT(std::string(verdicts.status().message()),
                  testing::HasSubstr("alpha 2: window_start_unix_ms: "));
    }
    bad = MakeFact({.sequence = 2});
    bad.content_sha256.pop_back();
    EXPECT_TRUE(absl::IsInvalidArgument(store->writer().CommitFacts({&bad, 1}).status()));
    EXPECT_THAT(ScanKeys(*store, All()), IsEmpty());
    EXPECT_EQ(store->writer().Ledger("alpha", TestSpool(1))->highest_sequence, 0U);
    AcceptedFact last = MakeFact({.sequence = 3});
    last.window_start_unix_ms = first_bad - 1;
    EXPECT_THAT(Commit(*store, {good, last}), testing::Each(FactVerdict::kStored));
  }
}

TYPED_TEST(StoreTimeTest, FactsExpireAndTheirRollupsStay) {
  auto store = this->backend_.Open();
  StoreWriter& writer = store->writer();
  Commit(*store, RandomFacts(11, 30));
  const int64_t after_both = kTestDay + 2 * kDayMs + 30 * kDayMs;
  // Dirty days are left alone.
  EXPECT_FALSE(*writer.ApplyRetention(after_both));
  EXPECT_THAT(ScanKeys(*store, All()), SizeIs(30));
  RollUp(*store);
  RollupOracle oracle = OracleOf(*store, All());
  EXPECT_FALSE(*writer.ApplyRetention(kTestDay + 30 * kDayMs));  // not over for 30 days yet
  EXPECT_TRUE(*writer.ApplyRetention(after_both));
  EXPECT_TRUE(*writer.ApplyRetention(after_both));
  EXPECT_FALSE(*writer.ApplyRetention(after_both));
  EXPECT_THAT(ScanKeys(*store, All()), IsEmpty());
  ExpectRollupIs(*store, RollupTier::kHour, oracle);
  ExpectRollupIs(*store, RollupTier::kDay, oracle);

  // What was stored is known for ever; what is late is added to what was, as often as it comes.
  EXPECT_THAT(Commit(*store, {RandomFacts(11, 30)[4]}), ElementsAre(FactVerdict::kDuplicate));
  for (uint64_t late = 100; late < 103; ++late) {
    const FactSpec spec{.sequence = late, .rows = 6, .seed = late};
    EXPECT_THAT(Commit(*store, {MakeFact(spec)}), ElementsAre(FactVerdict::kStored));
    oracle.Add("alpha", "live", MakeSummary(spec));
    RollUp(*store);
    ExpectRollupIs(*store, RollupTier::kHour, oracle);
    ExpectRollupIs(*store, RollupTier::kDay, oracle);
    if (late != 100) {  // once without expiry in between
      EXPECT_TRUE(*writer.ApplyRetention(after_both));
      ExpectRollupIs(*store, RollupTier::kHour, oracle);
      EXPECT_THAT(ScanKeys(*store, All()), IsEmpty());
    }
  }
}

TYPED_TEST(StoreTimeTest, HoursAndSourcesExpireDaysStay) {
  auto store = this->backend_.Open();
  StoreWriter& writer = store->writer();
  Commit(*store, RandomFacts(12, 30));
  RollUp(*store);
  RollupOracle oracle = OracleOf(*store, All());
  const int64_t later = kTestDay + 2 * kDayMs + 400 * kDayMs;
  int turns = 0;
  while (*writer.ApplyRetention(later)) ASSERT_LT(++turns, 20);
  EXPECT_THAT(Rows(*store, RollupTier::kHour, RollupTable::kPorts), IsEmpty());
  ExpectRollupIs(*store, RollupTier::kDay, oracle);
  SourceQuery query;
  query.to_unix_ms = later;
  EXPECT_THAT(*Reader(*store)->ReadSources(query), IsEmpty());
  for (uint64_t late = 100; late < 102; ++late) {
    const FactSpec spec{.sequence = late, .rows = 6, .seed = late};
    Commit(*store, {MakeFact(spec)});
    oracle.Add("alpha", "live", MakeSummary(spec));
    RollUp(*store);
    ExpectRollupIs(*store, RollupTier::kDay, oracle);
    while (*writer.ApplyRetention(later)) ASSERT_LT(++turns, 40);
    ExpectRollupIs(*store, RollupTier::kDay, oracle);
  }
}

TYPED_TEST(StoreTimeTest, ImportsOfOldDaysAreKeptFromWhenTheyCame) {
  auto store = this->backend_.Open();
  StoreWriter& writer = store->writer();
  const int64_t now = kTestDay + 2000 * kDayMs;
  Commit(*store, {MakeFact({.sequence = 1, .received_unix_ms = now})});
  RollUp(*store);
  EXPECT_FALSE(*writer.ApplyRetention(now + 29 * kDayMs));
  EXPECT_THAT(ScanKeys(*store, All()), SizeIs(1));
  EXPECT_FALSE(Rows(*store, RollupTier::kHour, RollupTable::kPorts).empty());
  EXPECT_TRUE(*writer.ApplyRetention(now + 30 * kDayMs));
  EXPECT_THAT(ScanKeys(*store, All()), IsEmpty());
}

}  // namespace
}  // namespace teiten
