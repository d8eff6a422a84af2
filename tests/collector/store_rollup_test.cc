// SPDX-License-Identifier: Apache-2.0
// Rollups, coverage and sources: one suite for every implementation of the store.
#include <gmock/gmock.h>

#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

template <typename Backend>
class StoreRollupTest : public testing::Test {
 protected:
  Backend backend_;
};
using Backends = testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(StoreRollupTest, Backends);

OracleSum Total(const std::vector<RollupRow>& rows) {
  OracleSum sum;
  for (const RollupRow& row : rows) sum.Add(row.packets, row.bytes, row.tuples);
  return sum;
}

TYPED_TEST(StoreRollupTest, RollupsAreTheSumsOfFacts) {
  for (const uint64_t seed : {1U, 2U, 3U, 4U}) {
    TypeParam backend;
    auto store = backend.Open();
    Commit(*store, RandomFacts(seed, 40));
    RollUp(*store);
    EXPECT_THAT(*store->writer().DirtyHours(10), IsEmpty());
    EXPECT_THAT(*store->writer().StaleDays(10), IsEmpty());
    const RollupOracle oracle = OracleOf(*store, All());
    EXPECT_GT(oracle.total.packets, 0U);
    for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
      ExpectRollupIs(*store, tier, oracle);
      for (const RollupTable table :
           {RollupTable::kPorts, RollupTable::kRegions, RollupTable::kKinds}) {
        const OracleSum sum = Total(Rows(*store, tier, table));
        EXPECT_EQ(sum.packets, oracle.total.packets);
        EXPECT_EQ(sum.bytes, oracle.total.bytes);
        EXPECT_EQ(sum.tuples, oracle.total.tuples);
      }
    }
  }
}

TYPED_TEST(StoreRollupTest, ByTimeEachHourAndDayIsTheSumOfItsFacts) {
  auto store = this->backend_.Open();
  Commit(*store, RandomFacts(7, 40));
  RollUp(*store);
  for (const auto& [tier, length] :
       {std::pair(RollupTier::kHour, kHourMs), std::pair(RollupTier::kDay, kDayMs)}) {
    std::map<int64_t, std::vector<RollupRow>> by_start;
    for (RollupRow& row : Rows(*store, tier, RollupTable::kPorts, true)) {
      by_start[row.start_unix_ms].push_back(std::move(row));
    }
    EXPECT_GE(by_start.size(), 2U);
    for (const auto& [start, rows] : by_start) {
      FactSelection part = All();
      part.from_unix_ms = start;
      part.to_unix_ms = start + length;
      const RollupOracle oracle = OracleOf(*store, part);
      EXPECT_EQ(Total(rows).packets, oracle.total.packets);
      EXPECT_EQ(rows.size(), oracle.ports.size());
    }
  }
}

TYPED_TEST(StoreRollupTest, ADayEqualsItsHoursEvenBeforeItIsMadeAnew) {
  auto store = this->backend_.Open();
  Commit(*store, RandomFacts(8, 20));
  RollUp(*store);
  // Only the hours are rolled up again, as between two turns of the worker.
  Commit(*store, {MakeFact({.sensor = "gamma", .sequence = 900, .rows = 9, .seed = 5})});
  const uint64_t generation = *store->writer().HourGeneration(kTestDay);
  HourBuilder builder(kTestDay, Zone(0), TestKey(), TestRegion);
  FactSelection hour = All();
  hour.from_unix_ms = kTestDay;
  hour.to_unix_ms = kTestDay + kHourMs;
  ASSERT_TRUE(Reader(*store)
                  ->ScanFacts(hour, [&](const StoredFact& f) { return builder.Add(f).ok(); })
                  .ok());
  const HourBuilder::Result built = std::move(builder).Finish();
  ASSERT_TRUE(*store->writer().ReplaceHour(built.hour, generation, built.sources));
  ExpectRollupIs(*store, RollupTier::kDay, OracleOf(*store, All()));
  ASSERT_TRUE(store->writer().ReplaceDay(kTestDay).ok());
  EXPECT_THAT(*store->writer().StaleDays(10), IsEmpty());
  ExpectRollupIs(*store, RollupTier::kDay, OracleOf(*store, All()));
}

TYPED_TEST(StoreRollupTest, SelectsByEveryDimension) {
  auto store = this->backend_.Open();
  Commit(*store, RandomFacts(9, 60));
  RollUp(*store);
  auto reader = Reader(*store);
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    const std::vector<RollupRow> all = Rows(*store, tier, RollupTable::kPorts);
    ASSERT_FALSE(all.empty());
    const RollupRow& wanted = all[all.size() / 2];
    RollupQuery query;
    query.tier = tier;
    query.selection = All();
    for (int i = 0; i < 2; ++i) {  // asked for twice, counted once
      v1::ProtocolPort& port = query.ports.emplace_back();
      port.set_protocol(wanted.protocol);
      port.set_port(wanted.port);
    }
    const auto want = [&](auto&& matches) {
      return std::count_if(all.begin(), all.end(), matches);
    };
    const auto got = [&] { return static_cast<std::ptrdiff_t>(reader->ReadRollup(query)->size()); };
    EXPECT_EQ(got(), want([&](const RollupRow& r) {
                return r.protocol == wanted.protocol && r.port == wanted.port;
              }));
    query.ports.clear();
    query.kinds = {wanted.kind};
    EXPECT_EQ(got(), want([&](const RollupRow& r) { return r.kind == wanted.kind; }));
    query.tools = {wanted.tool};
    EXPECT_EQ(got(), want([&](const RollupRow& r) {
                return r.kind == wanted.kind && r.tool == wanted.tool;
              }));
    query.tools.clear();
    query.kinds.clear();
    query.selection.sensors = {wanted.sensor};
    query.selection.groups = {wanted.group};
    EXPECT_EQ(got(), want([&](const RollupRow& r) {
                return r.sensor == wanted.sensor && r.group == wanted.group;
              }));
    query.selection = All();
    query.table = RollupTable::kRegions;
    query.regions = {"JP", "folded"};
    const std::vector<RollupRow> regions = *reader->ReadRollup(query);
    for (const RollupRow& row : regions) {
      EXPECT_TRUE(row.region == "JP" || row.region == "folded");
    }
    query.selection.to_unix_ms = kTestDay;
    EXPECT_THAT(*reader->ReadRollup(query), IsEmpty());
  }
}

TYPED_TEST(StoreRollupTest, CoverageCountsWhatIsCoveredTwiceOnceAndLossAlways) {
  auto store = this->backend_.Open();
  // Two workers of one window; a restart in the middle of the next; another sensor.
  Commit(
      *store,
      {MakeFact({.sequence = 1, .worker = 0, .live_ms = 60'000, .seed = 2}),
       MakeFact({.sequence = 2, .worker = 1, .live_ms = 59'000, .seed = 3}),
       MakeFact({.sequence = 3, .start_unix_ms = kTestDay + 60'000, .live_ms = 20'000, .seed = 4}),
       MakeFact({.spool = 2,
                 .sequence = 1,
                 .start_unix_ms = kTestDay + 60'000,
                 .live_ms = 30'000,
                 .live_from_ms = 30'000,
                 .seed = 6}),
       MakeFact({.sensor = "beta",
                 .sequence = 1,
                 .start_unix_ms = kTestDay + kHourMs,
                 .live_ms = 1'000,
                 .seed = 8})});
  RollUp(*store);
  auto reader = Reader(*store);
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    const auto rows = reader->ReadCoverage(tier, All());
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_THAT(*rows, SizeIs(2));
    const CoverageRollup& alpha = rows->at(0);
    EXPECT_EQ(alpha.sensor, "alpha");
    EXPECT_EQ(alpha.summaries, 4U);
    EXPECT_EQ(alpha.live_ms, 110'000U);
    EXPECT_DOUBLE_EQ(alpha.n4_live_ms, 440'000);
    EXPECT_DOUBLE_EQ(alpha.p6_live_ms, 110'000);
    EXPECT_EQ(alpha.drops_unknown_ms, 59'000U);  // seed 3 does not know its drops
    EXPECT_EQ(alpha.accounting.kernel_dropped(), 2U + 4 + 6);
    EXPECT_EQ(alpha.accounting.not_ip(), 12U);
    EXPECT_FALSE(alpha.accounting.has_interface_dropped());
    ASSERT_THAT(alpha.blind, SizeIs(1));
    EXPECT_EQ(alpha.blind[0].port, 22);
    EXPECT_EQ(alpha.blind[0].live_ms, 110'000U);
    const auto by_time = reader->ReadCoverageByTime(tier, All());
    ASSERT_TRUE(by_time.ok());
    ASSERT_THAT(*by_time, SizeIs(2));
    EXPECT_EQ(by_time->at(1).first, tier == RollupTier::kHour ? kTestDay + kHourMs : kTestDay);
    EXPECT_EQ(by_time->at(1).second.live_ms, 1'000U);
  }
  FactSelection beta = All();
  beta.sensors = {"beta"};
  EXPECT_THAT(*reader->ReadCoverage(RollupTier::kHour, beta), SizeIs(1));
}

TYPED_TEST(StoreRollupTest, TheSameTimeSentTwiceIsLiveOnce) {
  auto store = this->backend_.Open();
  std::vector<AcceptedFact> facts;
  for (const uint8_t spool : {uint8_t{1}, uint8_t{2}}) {  // one file, read twice
    for (uint64_t minute = 0; minute < 90; ++minute) {
      facts.push_back(MakeFact({.spool = spool,
                                .sequence = minute + 1,
                                .start_unix_ms = kTestDay + static_cast<int64_t>(minute) * 60'000,
                                .rows = 1}));
    }
  }
  Commit(*store, facts);
  RollUp(*store);
  const auto start = static_cast<uint64_t>(kTestDay);
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    const auto rows = Reader(*store)->ReadCoverage(tier, All());
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_THAT(*rows, SizeIs(1));
    EXPECT_EQ(rows->at(0).summaries, 180U);
    EXPECT_EQ(rows->at(0).live_ms, 90U * 60'000);
    EXPECT_DOUBLE_EQ(rows->at(0).n4_live_ms, 4.0 * 90 * 60'000);
    EXPECT_EQ(rows->at(0).drops_unknown_ms, 90U * 60'000);
    EXPECT_EQ(rows->at(0).blind[0].live_ms, 90U * 60'000);
    EXPECT_THAT(rows->at(0).live.ToVector(),
                ElementsAre(RangeSet::Range{start, start + 90 * 60'000 - 1}));
  }
}

// One source's tuple, by hand.
FlowRow Tuple(Family family, Address source, uint16_t port, uint32_t packets, uint32_t at_ms) {
  FlowRow row;
  row.source = source;
  row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  if (family == Family::kIpv6) row.kind_flags |= kRowIpv6;
  row.protocol = kProtocolTcp;
  row.port = port;
  row.packets = packets;
  row.set_bytes(40ULL * packets);
  row.ip_length = 40;
  row.set_first_ms(at_ms);
  row.set_last_ms(at_ms + packets);
  row.bitmap = 7;
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), packets);
  return row;
}

AcceptedFact FactOf(FactSpec spec, const std::vector<FlowRow>& ipv4,
                    const std::vector<FlowRow>& ipv6 = {}) {
  v1::WindowSummary summary = MakeSummary(spec);
  summary.clear_ipv4();
  summary.clear_ipv6();
  summary.clear_folded();
  summary.set_bitmap_exact_ipv4(true);
  EncodeColumns(ipv4, *summary.mutable_ipv4());
  EncodeColumns(ipv6, *summary.mutable_ipv6());
  return Seal(spec, summary);
}

TYPED_TEST(StoreRollupTest, SourcesAreAddedUpOverTheDay) {
  auto store = this->backend_.Open();
  const Address a{0, 0xc6336407};  // 198.51.100.7
  const Address b{0, 0xc6336408};
  const Address c{0x20010db800000001, 5};
  const Address d{0x20010db800000001, 6};  // the same /64
  Commit(*store, {FactOf({.sequence = 1},
                         {Tuple(Family::kIpv4, a, 23, 10, 100), Tuple(Family::kIpv4, b, 23, 1, 0)}),
                  FactOf({.sequence = 2, .start_unix_ms = kTestDay + 5 * kHourMs},
                         {Tuple(Family::kIpv4, a, 23, 5, 50)},
                         {Tuple(Family::kIpv6, c, 23, 2, 0), Tuple(Family::kIpv6, d, 23, 3, 0)}),
                  FactOf({.sensor = "beta", .sequence = 1}, {Tuple(Family::kIpv4, a, 23, 7, 0)})});
  RollUp(*store);
  auto reader = Reader(*store);
  SourceQuery query;
  query.to_unix_ms = kTestDay + 1;
  query.from_unix_ms = kTestDay + kDayMs - 1;  // any moment of the day selects it
  query.to_unix_ms = kTestDay + kDayMs;
  const auto all = reader->ReadSources(query);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_THAT(*all, SizeIs(4));
  EXPECT_EQ(all->at(0).source, a);
  EXPECT_EQ(all->at(0).sensor, "alpha");
  EXPECT_EQ(all->at(0).packets, 15U);
  EXPECT_EQ(all->at(0).bytes, 600U);
  EXPECT_EQ(all->at(0).windows, 2U);
  EXPECT_EQ(all->at(0).first_unix_ms, kTestDay + 100);
  EXPECT_EQ(all->at(0).last_unix_ms, kTestDay + 5 * kHourMs + 55);
  EXPECT_EQ(all->at(0).marks[static_cast<int>(Mark::kMirai)], 15U);
  EXPECT_EQ(all->at(0).destinations, 3U);
  EXPECT_EQ(all->at(0).region, TestRegion(Family::kIpv4, a));
  EXPECT_EQ(all->at(1).sensor, "beta");
  EXPECT_EQ(all->at(2).packets, 5U);  // both addresses of the /64
  EXPECT_TRUE(all->at(2).prefix64);
  EXPECT_EQ(all->at(2).source, (Address{c.high, 0}));
  EXPECT_EQ(all->at(3).source, b);

  query.source = Prefix{Family::kIpv4, a, 32};
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(2));
  query.source = Prefix{Family::kIpv4, {0, 0xc6336400}, 24};
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(3));
  query.source = Prefix{Family::kIpv6, d, 128};
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(1));
  query.source = Prefix{Family::kIpv6, {0x20010db800000000, 0}, 32};
  query.sensors = {"beta"};
  EXPECT_THAT(*reader->ReadSources(query), IsEmpty());
  query.source.reset();
  query.sensors.clear();
  query.limit = 1;
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(1));
  query.all_or_none = true;
  query.limit = 3;
  EXPECT_THAT(*reader->ReadSources(query), IsEmpty());
  query.limit = 4;
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(4));
  query.by_hour = true;
  EXPECT_THAT(*reader->ReadSources(query), IsEmpty());  // only the end of the day is in the range
  query.from_unix_ms = kTestDay + 5 * kHourMs;
  ASSERT_THAT(*reader->ReadSources(query), SizeIs(2));
  EXPECT_EQ(reader->ReadSources(query)->at(0).packets, 5U);
  query.to_unix_ms = query.from_unix_ms;
  query.from_unix_ms = kTestDay;
  EXPECT_THAT(*reader->ReadSources(query), SizeIs(3));
  query.by_hour = query.all_or_none = false;
  query.limit = 1000;
  query.to_unix_ms = query.from_unix_ms = kTestDay - 1;
  EXPECT_THAT(*reader->ReadSources(query), IsEmpty());

  // The hour is computed again: nothing is counted twice.
  Commit(*store, {FactOf({.sequence = 3, .start_unix_ms = kTestDay + 60'000},
                         {Tuple(Family::kIpv4, a, 23, 100, 0)})});
  RollUp(*store);
  query.from_unix_ms = kTestDay;
  query.to_unix_ms = kTestDay + kDayMs;
  EXPECT_EQ(reader->ReadSources(query)->at(0).packets, 115U);
  EXPECT_EQ(reader->ReadSources(query)->at(0).windows, 3U);
}

TYPED_TEST(StoreRollupTest, FoldedSketchesUnderOurKeyMergeOthersStandApart) {
  auto store = this->backend_.Open();
  const HashMultipliers ours = DeriveMultipliers(
      [] {
        Key128 key;
        std::copy_n(TestKey().key().begin(), key.size(), key.begin());
        return key;
      }(),
      "source sketch");
  std::vector<AcceptedFact> facts;
  for (const uint64_t key_id : {uint64_t{77}, uint64_t{0}}) {
    FactSpec spec{.sequence = key_id + 1, .start_unix_ms = kTestDay};
    v1::WindowSummary summary = MakeSummary(spec);
    for (auto* columns : {summary.mutable_ipv4(), summary.mutable_ipv6()}) columns->Clear();
    EncodeColumns(std::vector<FlowRow>{Tuple(Family::kIpv4, {0, 1}, 23, 1, 0)},
                  *summary.mutable_ipv4());
    summary.clear_folded();
    HyperLogLog sketch(14);
    for (uint64_t source = 1; source <= 200; ++source) {
      sketch.AddHash(SketchHash(ours, Family::kIpv4, {0, source}));
    }
    v1::KindSketch& folded = *summary.add_folded_sources();
    folded.set_family(v1::ADDRESS_FAMILY_IPV4);
    folded.set_kind(v1::KIND_TCP_SYN);
    folded.set_hyperloglog(sketch.Serialize());
    summary.set_sketch_key_id(key_id);
    facts.push_back(Seal(spec, summary));
  }
  Commit(*store, facts);
  RollUp(*store);
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    const std::vector<RollupRow> rows = Rows(*store, tier, RollupTable::kKinds);
    ASSERT_THAT(rows, SizeIs(1));
    // Source 1 has a row too: it is one of the 200.
    EXPECT_NEAR(rows[0].sources.Estimate(), 200, 5);
    EXPECT_EQ(rows[0].sources.precision(), 14);
    EXPECT_NEAR(rows[0].foreign_sources, 200, 5);
  }
}

}  // namespace
}  // namespace teiten
