// SPDX-License-Identifier: Apache-2.0
// Zones and expiry: one suite for every implementation of the store.
#include <gmock/gmock.h>

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
  for (const int32_t offset : {540, 0, -210}) {
    TypeParam backend;
    auto store = backend.Open(offset);
    EXPECT_THAT(Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = 0}),
                                MakeFact({.sequence = 2, .start_unix_ms = 5 * kHourMs}),
                                MakeFact({.sequence = 3, .start_unix_ms = 253'402'200'000'000})}),
                testing::Each(FactVerdict::kStored));
    RollUp(*store);
    EXPECT_THAT(*store->writer().DirtyHours(10), IsEmpty());
    EXPECT_THAT(ScanKeys(*store, All()), SizeIs(3));
    ExpectRollupIs(*store, RollupTier::kHour, OracleOf(*store, All()));
    if constexpr (std::is_same_v<TypeParam, SqliteBackend>) {
      store.reset();
      store = backend.Open(offset);
      ASSERT_NE(store, nullptr);
      EXPECT_THAT(ScanKeys(*store, All()), SizeIs(3));
    }
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
