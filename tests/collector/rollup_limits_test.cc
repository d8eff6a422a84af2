// SPDX-License-Identifier: Apache-2.0
// The rollup core by itself: the split over tools, and what happens at its limits.
#include <gmock/gmock.h>

#include "collector/store/rollup.h"
#include "collector/store/tool_split.h"
#include "tests/collector/store_fixture.h"

namespace teiten {
namespace {

using testing::SizeIs;

std::string Nowhere(Family /*family*/, const Address& /*source*/) { return "unknown"; }

StoredFact FactOf(const FactSpec& spec, const std::vector<FlowRow>& rows) {
  StoredFact fact;
  fact.key = {spec.sensor, TestSpool(spec.spool), spec.sequence};
  fact.window_start_unix_ms = spec.start_unix_ms;
  fact.group = spec.group;
  fact.summary = MakeSummary({.rows = 0});
  fact.summary.clear_folded();
  EncodeColumns(rows, *fact.summary.mutable_ipv4());
  return fact;
}

FlowRow Syn(uint64_t source, uint16_t port) {
  FlowRow row;
  row.source = {0, source};
  row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  row.protocol = kProtocolTcp;
  row.port = port;
  row.packets = 10;
  row.set_bytes(401);
  row.ip_length = 40;
  return row;
}

std::vector<std::tuple<int, uint64_t, uint64_t, uint64_t>> Shares(const FlowRow& row) {
  std::vector<std::tuple<int, uint64_t, uint64_t, uint64_t>> out;
  for (const ToolShare& share : SplitByTool(row)) {
    out.emplace_back(share.tool, share.packets, share.bytes, share.tuples);
  }
  return out;
}

TEST(ToolSplit, TakesMarksInOrderEachFromWhatIsLeft) {
  using testing::ElementsAre;
  FlowRow row = Syn(1, 23);
  EXPECT_THAT(Shares(row), ElementsAre(std::tuple(v1::TOOL_MARK_UNMARKED, 10, 401, 1)));
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), 7);
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMasscan), 2);
  EXPECT_THAT(Shares(row), ElementsAre(std::tuple(v1::TOOL_MARK_MIRAI, 7, 281, 1),
                                       std::tuple(v1::TOOL_MARK_MASSCAN, 2, 80, 0),
                                       std::tuple(v1::TOOL_MARK_UNMARKED, 1, 40, 0)));
  // Marks overlap: Masscan takes no more than Mirai left.
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMasscan), 9);
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kNmap), 9);
  EXPECT_THAT(Shares(row), ElementsAre(std::tuple(v1::TOOL_MARK_MIRAI, 7, 281, 1),
                                       std::tuple(v1::TOOL_MARK_MASSCAN, 3, 120, 0)));
  // Of equal shares the first in order has the tuple and the byte that is over.
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), 5);
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMasscan), 5);
  EXPECT_THAT(Shares(row), ElementsAre(std::tuple(v1::TOOL_MARK_MIRAI, 5, 201, 1),
                                       std::tuple(v1::TOOL_MARK_MASSCAN, 5, 200, 0)));
  row.kind_flags = static_cast<uint8_t>(Kind::kUdpProbe);
  row.set_counter(CounterOf(Kind::kUdpProbe, Mark::kZmap), 0);
  row.set_counter(CounterOf(Kind::kUdpProbe, Mark::kAmplification), 10);
  EXPECT_THAT(Shares(row), ElementsAre(std::tuple(v1::TOOL_MARK_AMPLIFICATION, 10, 401, 1)));
}

TEST(ToolSplit, AnyRowIsSplitExactly) {
  RandomRows random(5);
  for (int i = 0; i < 20'000; ++i) {
    const FlowRow row = random.Row(Family::kIpv4);
    uint64_t packets = 0, bytes = 0, tuples = 0;
    for (const ToolShare& share : SplitByTool(row)) {
      packets += share.packets;
      bytes += share.bytes;
      tuples += share.tuples;
    }
    ASSERT_EQ(packets, row.packets);
    ASSERT_EQ(bytes, row.bytes());
    ASSERT_EQ(tuples, 1U);
  }
}

TEST(RollupLimits, PortsBeyondTheLimitAreCountedTogether) {
  RollupLimits limits;
  limits.most_port_rows = 10;
  HourBuilder builder(kTestDay, Zone(0), TestKey(), Nowhere, limits);
  std::vector<FlowRow> rows;
  for (uint16_t port = 1; port <= 100; ++port) rows.push_back(Syn(7, port));
  ASSERT_TRUE(builder.Add(FactOf({}, rows)).ok());
  ASSERT_TRUE(builder.Add(FactOf({.sensor = "beta"}, {Syn(7, 99)})).ok());
  const HourBuilder::Result result = std::move(builder).Finish();
  ASSERT_THAT(result.hour.ports, SizeIs(12));  // 10, their rest, and beta's own
  const PortRollup& rest = result.hour.ports.front();
  EXPECT_EQ(rest.protocol, 0);
  EXPECT_EQ(rest.port, 0);
  EXPECT_EQ(rest.packets, 900U);
  EXPECT_EQ(rest.tuples, 90U);
  EXPECT_EQ(result.counters.ports_merged, 90U);
  uint64_t bytes = 0;
  for (const PortRollup& row : result.hour.ports) bytes += row.bytes;
  EXPECT_EQ(bytes, 401U * 101);
}

TEST(RollupLimits, SourcesSeenTwiceComeFirst) {
  RollupLimits limits;
  limits.most_sources = 4;
  HourBuilder builder(kTestDay, Zone(0), TestKey(), Nowhere, limits);
  std::vector<FlowRow> rows;
  for (uint64_t source = 1; source <= 10; ++source) rows.push_back(Syn(source, 23));
  ASSERT_TRUE(builder.Add(FactOf({}, rows)).ok());
  ASSERT_TRUE(builder.Add(FactOf({.sensor = "beta"}, {Syn(9, 80)})).ok());  // by two sensors
  ASSERT_TRUE(builder.Add(FactOf({.start_unix_ms = kTestDay + 60'000}, {Syn(8, 23)})).ok());
  const HourBuilder::Result result = std::move(builder).Finish();
  ASSERT_THAT(result.sources, SizeIs(4));
  EXPECT_EQ(result.sources[0].source.low, 8U);
  EXPECT_EQ(result.sources[0].windows, 2U);
  EXPECT_EQ(result.sources[1].source.low, 9U);
  EXPECT_EQ(result.sources[2].source.low, 9U);
  EXPECT_EQ(result.sources[3].source.low, 1U);
  EXPECT_EQ(result.hour.sources_refused, 7U);
}

TEST(RollupLimits, ActivitiesBeyondTheLimitAreCountedAsRefused) {
  RollupLimits limits;
  limits.most_activities = 3;
  HourBuilder builder(kTestDay, Zone(0), TestKey(), Nowhere, limits);
  std::vector<FlowRow> rows;
  for (uint64_t source = 1; source <= 10; ++source) rows.push_back(Syn(source, 23));
  ASSERT_TRUE(builder.Add(FactOf({}, rows)).ok());
  const HourBuilder::Result result = std::move(builder).Finish();
  EXPECT_THAT(result.sources, SizeIs(3));
  EXPECT_EQ(result.hour.sources_refused, 7U);
  ASSERT_THAT(result.hour.kinds, SizeIs(1));
  EXPECT_EQ(result.hour.kinds[0].packets, 100U);  // sums stay whole
}

TEST(RollupLimits, CellsSaturateInsteadOfTurningOver) {
  HourBuilder builder(kTestDay, Zone(0), TestKey(), Nowhere);
  FlowRow row = Syn(1, 23);
  row.set_bytes(kMax48);
  row.packets = UINT32_MAX;
  for (uint64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(builder.Add(FactOf({.sequence = i + 1}, {row})).ok());
  }
  const HourBuilder::Result result = std::move(builder).Finish();
  EXPECT_EQ(result.hour.kinds[0].bytes, 1ULL << 56);
}

}  // namespace
}  // namespace teiten
