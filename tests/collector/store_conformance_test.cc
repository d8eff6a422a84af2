// SPDX-License-Identifier: Apache-2.0
// Facts, ledger and sensors: one suite for every implementation of the store.
#include <gmock/gmock.h>

#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <typename Backend>
class StoreTest : public testing::Test {
 protected:
  Backend backend_;
};
using Backends = testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(StoreTest, Backends);

std::vector<std::pair<uint64_t, uint64_t>> Pairs(const std::vector<v1::SequenceRange>& ranges) {
  std::vector<std::pair<uint64_t, uint64_t>> out;
  for (const v1::SequenceRange& range : ranges) out.emplace_back(range.first(), range.last());
  return out;
}

v1::Gap MakeGap(uint64_t first, uint64_t last, v1::Gap::Reason reason) {
  v1::Gap gap;
  gap.mutable_sequences()->set_first(first);
  gap.mutable_sequences()->set_last(last);
  gap.set_reason(reason);
  gap.set_from_unix_ms(kTestDay);
  return gap;
}

TYPED_TEST(StoreTest, StoresAFactOnceByIdentity) {
  auto store = this->backend_.Open();
  const AcceptedFact fact = MakeFact({.sequence = 1});
  EXPECT_THAT(Commit(*store, {fact}), ElementsAre(FactVerdict::kStored));
  EXPECT_THAT(Commit(*store, {fact}), ElementsAre(FactVerdict::kDuplicate));
  const AcceptedFact second = MakeFact({.sequence = 2});
  EXPECT_THAT(Commit(*store, {second, fact, second}),
              ElementsAre(FactVerdict::kStored, FactVerdict::kDuplicate, FactVerdict::kDuplicate));
  EXPECT_EQ(ScanKeys(*store, All()).size(), 2U);
  EXPECT_THAT(Commit(*store, {}), IsEmpty());
}

TYPED_TEST(StoreTest, AnotherContentUnderTheSameIdentityIsAConflict) {
  auto store = this->backend_.Open();
  Commit(*store, {MakeFact({.sequence = 1, .seed = 1})});
  // On the same day, on another day, and twice within one batch.
  EXPECT_THAT(Commit(*store, {MakeFact({.sequence = 1, .seed = 2})}),
              ElementsAre(FactVerdict::kConflict));
  EXPECT_THAT(Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = kTestDay + 3 * kDayMs})}),
              ElementsAre(FactVerdict::kConflict));
  EXPECT_THAT(
      Commit(*store, {MakeFact({.sequence = 2, .seed = 1}), MakeFact({.sequence = 2, .seed = 2}),
                      MakeFact({.sequence = 2, .seed = 1})}),
      ElementsAre(FactVerdict::kStored, FactVerdict::kConflict, FactVerdict::kDuplicate));
  const auto ledger = store->writer().Ledger("alpha", TestSpool(1));
  ASSERT_TRUE(ledger.ok());
  EXPECT_EQ(ledger->conflicts, 3U);
  EXPECT_THAT(Pairs(ledger->stored), ElementsAre(std::pair(1, 2)));
  EXPECT_EQ(ScanKeys(*store, All()).size(), 2U);
}

TYPED_TEST(StoreTest, ADuplicateFoundOnAnotherDayIsOne) {
  // The sensor's clock is no part of the identity; the same bytes always have the same day, but
  // a rolled-back row must be found wherever it is.
  auto store = this->backend_.Open();
  AcceptedFact fact = MakeFact({.sequence = 5});
  Commit(*store, {fact});
  fact.window_start_unix_ms += 2 * kDayMs;
  EXPECT_THAT(Commit(*store, {fact}), ElementsAre(FactVerdict::kDuplicate));
}

TYPED_TEST(StoreTest, LedgerMergesRangesOfEachSpool) {
  auto store = this->backend_.Open();
  for (const uint64_t sequence : {5U, 7U, 6U, 1U, 9U}) {
    Commit(*store, {MakeFact({.sequence = sequence})});
  }
  Commit(*store, {MakeFact({.spool = 2, .sequence = 40}), MakeFact({.spool = 2, .sequence = 39}),
                  MakeFact({.sensor = "beta", .sequence = 3})});
  const auto ledger = store->writer().Ledger("alpha", TestSpool(1));
  ASSERT_TRUE(ledger.ok());
  EXPECT_THAT(Pairs(ledger->stored),
              ElementsAre(std::pair(1, 1), std::pair(5, 7), std::pair(9, 9)));
  EXPECT_EQ(ledger->highest_sequence, 9U);
  const auto other = Reader(*store)->ReadLedger("alpha", TestSpool(2));
  ASSERT_TRUE(other.ok());
  EXPECT_THAT(Pairs(other->stored), ElementsAre(std::pair(39, 40)));
  const auto unknown = store->writer().Ledger("gamma", TestSpool(1));
  ASSERT_TRUE(unknown.ok());
  EXPECT_EQ(unknown->highest_sequence, 0U);
  EXPECT_THAT(Pairs(unknown->settled), IsEmpty());
}

TYPED_TEST(StoreTest, GapsAndRejectionsSettleSequences) {
  auto store = this->backend_.Open();
  StoreWriter& writer = store->writer();
  Commit(*store, {MakeFact({.sequence = 1}), MakeFact({.sequence = 6})});
  const v1::Gap gap = MakeGap(2, 4, v1::Gap::REASON_SHED_SIZE);
  ASSERT_TRUE(writer.CommitGaps("alpha", TestSpool(1), {&gap, 1}).ok());
  ASSERT_TRUE(writer
                  .CommitRejection({"alpha", TestSpool(1), 8}, v1::Rejection::REASON_MALFORMED,
                                   std::string(2000, 'x'))
                  .ok());
  // Declared again, wider: only what is new is booked; what is stored never is.
  const v1::Gap wider = MakeGap(3, 7, v1::Gap::REASON_SHED_AGE);
  for (int twice = 0; twice < 2; ++twice) {
    ASSERT_TRUE(writer.CommitGaps("alpha", TestSpool(1), {&wider, 1}).ok());
  }
  const auto ledger = Reader(*store)->ReadLedger("alpha", TestSpool(1));
  ASSERT_TRUE(ledger.ok());
  EXPECT_THAT(Pairs(ledger->settled), ElementsAre(std::pair(1, 8)));
  EXPECT_THAT(Pairs(ledger->stored), ElementsAre(std::pair(1, 1), std::pair(6, 6)));
  EXPECT_EQ(ledger->rejected, 1U);
  EXPECT_EQ(ledger->highest_sequence, 8U);
  ASSERT_EQ(ledger->gaps.size(), 3U);
  EXPECT_EQ(ledger->gaps[0].sequences().last(), 4U);
  EXPECT_EQ(ledger->gaps[0].reason(), v1::Gap::REASON_SHED_SIZE);
  EXPECT_EQ(ledger->gaps[1].sequences().first(), 5U);
  EXPECT_EQ(ledger->gaps[2].sequences().first(), 7U);
  EXPECT_TRUE(ledger->gaps[2].has_from_unix_ms());
  EXPECT_FALSE(ledger->gaps[2].has_to_unix_ms());
}

TYPED_TEST(StoreTest, ScansInOrderOfWindowSensorSpoolSequence) {
  auto store = this->backend_.Open();
  std::vector<AcceptedFact> facts;
  uint64_t sequence = 0;
  for (const int64_t day : {1, 0, 2}) {
    for (const char* sensor : {"beta", "alpha"}) {
      for (const uint8_t spool : {uint8_t{2}, uint8_t{1}}) {
        for (const int64_t minute : {7, 3, 7}) {
          facts.push_back(MakeFact({.sensor = sensor,
                                    .spool = spool,
                                    .sequence = ++sequence,
                                    .start_unix_ms = kTestDay + day * kDayMs + minute * 60'000}));
        }
      }
    }
  }
  Commit(*store, facts);
  std::vector<FactPosition> want;
  for (const AcceptedFact& fact : facts) want.push_back({fact.window_start_unix_ms, fact.key});
  std::sort(want.begin(), want.end());
  std::vector<FactKey> keys;
  for (const FactPosition& position : want) keys.push_back(position.key);
  EXPECT_EQ(ScanKeys(*store, All()), keys);

  // From any place on.
  for (std::size_t i = 0; i < want.size(); i += 5) {
    FactSelection rest = All();
    rest.after = want[i];
    EXPECT_EQ(ScanKeys(*store, rest),
              std::vector<FactKey>(keys.begin() + static_cast<std::ptrdiff_t>(i) + 1, keys.end()));
  }
  FactSelection some = All();
  some.from_unix_ms = kTestDay + 3 * 60'000;
  some.to_unix_ms = kTestDay + 7 * 60'000;
  some.sensors = {"beta"};
  EXPECT_EQ(ScanKeys(*store, some).size(), 2U);
  some.groups = {"replay"};
  EXPECT_THAT(ScanKeys(*store, some), IsEmpty());
}

TYPED_TEST(StoreTest, AVisitorMayStopAndSeesWhatWasSent) {
  auto store = this->backend_.Open();
  const FactSpec spec{.sequence = 1, .rows = 50, .seed = 9};
  Commit(*store, {MakeFact(spec), MakeFact({.sequence = 2, .start_unix_ms = kTestDay + 60'000})});
  int seen = 0;
  const absl::Status s = Reader(*store)->ScanFacts(All(), [&](const StoredFact& fact) {
    EXPECT_EQ(fact.summary.SerializeAsString(), MakeSummary(spec).SerializeAsString());
    EXPECT_EQ(fact.group, "live");
    ++seen;
    return false;
  });
  EXPECT_TRUE(s.ok());
  EXPECT_EQ(seen, 1);
}

TYPED_TEST(StoreTest, KnowsSensorsByContactAndByFacts) {
  auto store = this->backend_.Open();
  SensorContact contact;
  contact.sensor = "alpha";
  contact.spool = TestSpool(3);
  contact.group = "live";
  contact.software = "teiten-sensor 0.1.0";
  contact.machine_sha256 = std::string("\0\1\2", 3);
  contact.contact_unix_ms = kTestDay;
  contact.clock_skew_ms = -7;
  ASSERT_TRUE(store->writer().CommitContact(contact).ok());
  contact.clock_skew_ms = 9;
  ASSERT_TRUE(store->writer().CommitContact(contact).ok());
  Commit(*store, {MakeFact({.sensor = "beta",
                            .sequence = 2,
                            .start_unix_ms = kTestDay + 60'000,
                            .group = "replay",
                            .seed = 12}),
                  MakeFact({.sensor = "beta", .sequence = 1, .group = "replay", .seed = 11})});
  const auto sensors = Reader(*store)->ReadSensors();
  ASSERT_TRUE(sensors.ok()) << sensors.status();
  ASSERT_EQ(sensors->size(), 2U);
  const SensorRecord& alpha = sensors->at(0);
  EXPECT_EQ(alpha.contact.clock_skew_ms, 9);
  EXPECT_EQ(alpha.contact.machine_sha256, contact.machine_sha256);
  EXPECT_THAT(alpha.spools, ElementsAre(TestSpool(3)));
  EXPECT_EQ(alpha.newest_window_end_unix_ms, 0);
  const SensorRecord& beta = sensors->at(1);
  EXPECT_EQ(beta.contact.sensor, "beta");
  EXPECT_EQ(beta.contact.group, "replay");
  EXPECT_EQ(beta.newest_window_end_unix_ms, kTestDay + 120'000);
  EXPECT_EQ(beta.window_ms, 60'000);
  EXPECT_EQ(beta.health.spool_bytes(), 12U);
  EXPECT_EQ(beta.n4, 4U);
  EXPECT_THAT(beta.spools, ElementsAre(TestSpool(1)));
}

TYPED_TEST(StoreTest, EveryFactMakesItsHourDirtyAndGenerationsNeverRepeat) {
  auto store = this->backend_.Open();
  StoreWriter& writer = store->writer();
  EXPECT_THAT(*writer.DirtyHours(10), IsEmpty());
  Commit(*store, {MakeFact({.sequence = 1, .start_unix_ms = kTestDay + kHourMs}),
                  MakeFact({.sequence = 2, .start_unix_ms = kTestDay + 59 * 60'000})});
  EXPECT_THAT(*writer.DirtyHours(10), ElementsAre(kTestDay, kTestDay + kHourMs));
  EXPECT_THAT(*Reader(*store)->DirtyHours(1), ElementsAre(kTestDay));
  const uint64_t first = *writer.HourGeneration(kTestDay);
  EXPECT_GT(first, 0U);
  Commit(*store, {MakeFact({.sequence = 3})});
  const uint64_t second = *writer.HourGeneration(kTestDay);
  EXPECT_GT(second, first);
  Commit(*store, {MakeFact({.sequence = 3})});  // a duplicate changes nothing
  EXPECT_EQ(*writer.HourGeneration(kTestDay), second);

  HourRollup hour;
  hour.start_unix_ms = kTestDay;
  // A fact came in between reading the generation and replacing: the hour stays dirty.
  EXPECT_FALSE(*writer.ReplaceHour(hour, first, {}));
  EXPECT_EQ(*writer.HourGeneration(kTestDay), second);
  EXPECT_TRUE(*writer.ReplaceHour(hour, second, {}));
  EXPECT_EQ(*writer.HourGeneration(kTestDay), 0U);
  EXPECT_THAT(*writer.DirtyHours(10), ElementsAre(kTestDay + kHourMs));
  EXPECT_TRUE(absl::IsAborted(writer.ReplaceHour(hour, 0, {}).status()));
  Commit(*store, {MakeFact({.sequence = 4})});
  EXPECT_GT(*writer.HourGeneration(kTestDay), second);
}

TYPED_TEST(StoreTest, TheDeploymentKeyStays) {
  auto store = this->backend_.Open();
  EXPECT_EQ(store->writer().DeploymentKey()->SerializeAsString(), TestKey().SerializeAsString());
}

}  // namespace
}  // namespace teiten
