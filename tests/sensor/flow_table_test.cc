// SPDX-License-Identifier: Apache-2.0
// The flow table against a std::map that is slow and obvious; then what it does when it is full.
#include "sensor/aggregate/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

namespace teiten {
namespace {

using Key = std::tuple<uint8_t, uint64_t, uint64_t, uint8_t, uint16_t>;

struct Sum {
  uint64_t packets = 0, bytes = 0, bitmap = 0;
  uint32_t first = UINT32_MAX, last = 0;
  uint64_t counters[4] = {};

  friend bool operator==(const Sum&, const Sum&) = default;
};

FlowRow OnePacket(uint32_t source, uint16_t port, Kind kind = Kind::kTcpSyn) {
  FlowRow row;
  row.source.low = source;
  row.kind_flags = static_cast<uint8_t>(kind);
  row.protocol = kProtocolTcp;
  row.port = port;
  row.packets = 1;
  row.set_bytes(40);
  row.ip_length = 40;
  return row;
}

Key KeyOf(const FlowRow& r) {
  return {static_cast<uint8_t>(r.kind_flags & ~kRowLowerBound), r.source.high, r.source.low,
          r.protocol, r.port};
}

void Add(std::map<Key, Sum>& model, const FlowRow& r) {
  Sum& sum = model[KeyOf(r)];
  sum.packets += r.packets;
  sum.bytes += r.bytes();
  sum.bitmap |= r.bitmap;
  sum.first = std::min(sum.first, r.first_ms());
  sum.last = std::max(sum.last, r.last_ms());
  for (int i = 0; i < 4 && !HasSlots(r.kind()); ++i) sum.counters[i] += r.counter(i);
}

std::map<Key, Sum> Contents(const FlowTable& table) {
  std::map<Key, Sum> all;
  for (const FlowRow& row : table.rows()) Add(all, row);
  return all;
}

void Count(FlowTable& table, const FlowRow& row) { table.Count(row, table.Hash(row)); }

uint64_t Packets(const FlowTable& table) {
  uint64_t sum = table.folded().packets();
  for (const FlowRow& row : table.rows()) sum += row.packets;
  return sum;
}

uint64_t Bytes(const FlowTable& table) {
  uint64_t sum = 0;
  for (const FoldedRow& row : table.folded().Rows()) sum += row.bytes;
  for (const FlowRow& row : table.rows()) sum += row.bytes();
  return sum;
}

// Few sources, ports and kinds, so that keys repeat and differ in each part alone.
FlowRow RandomPacket(std::mt19937_64& random) {
  FlowRow row;
  const bool ipv6 = random() % 4 == 0;
  row.source = {ipv6 ? 0x20010db800000000ULL + random() % 5 : 0, random() % 700};
  row.kind_flags = static_cast<uint8_t>(1 + random() % 20);
  if (ipv6) row.kind_flags |= kRowIpv6;
  row.protocol = static_cast<uint8_t>(random() % 3);
  row.port = static_cast<uint16_t>(random() % 6);
  row.packets = 1;
  row.bitmap = uint64_t{1} << random() % 64;
  row.ip_length = static_cast<uint16_t>(40 + random() % 1400);
  row.set_bytes(row.ip_length);
  const auto ms = static_cast<uint32_t>(random() % 60'000);
  row.set_first_ms(ms);
  row.set_last_ms(ms);
  if (HasSlots(row.kind())) {
    row.set_slot(static_cast<int>(random() % 6), 1);
  } else {
    for (int i = 0; i < 4; ++i) row.set_counter(i, random() % 2 == 0 ? 1 : 0);
  }
  return row;
}

TEST(FlowTable, CountsAsAMapDoes) {
  FlowTable table(FlowTable::kDefaultRows);
  std::mt19937_64 random(7);
  // Again after Clear: few rows are cleared word by word, many by a sweep.
  for (const int packets : {3000, 400'000, 0, 50'000}) {
    std::map<Key, Sum> model;
    for (int i = 0; i < packets; ++i) {
      const FlowRow row = RandomPacket(random);
      Add(model, row);
      Count(table, row);
    }
    EXPECT_EQ(table.rows().size(), model.size());
    EXPECT_TRUE(Contents(table) == model) << packets;
    EXPECT_EQ(table.folded().packets(), 0U);
    table.Clear();
    EXPECT_TRUE(table.empty());
  }
}

TEST(FlowTable, KeepsTheFirstPacketsFields) {
  FlowTable table(FlowTable::kLeastRows);
  FlowRow first = OnePacket(1, 23), second = OnePacket(1, 23);
  first.ttl = 50;
  first.tcp_window = 1024;
  second.ttl = 60;
  second.tcp_window = 2048;
  Count(table, first);
  Count(table, second);
  ASSERT_EQ(table.rows().size(), 1U);
  EXPECT_EQ(table.rows()[0].ttl, 50);
  EXPECT_EQ(table.rows()[0].tcp_window, 1024);
  EXPECT_EQ(table.rows()[0].packets, 2U);
}

TEST(FlowTable, OpensASecondRowBeforeACounterOverflows) {
  FlowTable table(FlowTable::kLeastRows);
  FlowRow row = OnePacket(1, 23);
  row.set_counter(0, 1);
  const uint64_t packets = uint64_t{kMax24} + 10;
  for (uint64_t i = 0; i < packets; ++i) Count(table, row);
  ASSERT_EQ(table.rows().size(), 2U);
  EXPECT_EQ(table.rows()[0].packets, kMax24);
  EXPECT_EQ(table.rows()[0].counter(0), kMax24);
  EXPECT_EQ(table.rows()[1].packets, 10U);
  EXPECT_EQ(table.rows()[1].counter(0), 10U);
  table.Clear();
  Count(table, row);
  EXPECT_EQ(table.rows().size(), 1U);
  EXPECT_EQ(table.rows()[0].packets, 1U);
}

TEST(FlowTable, SlotsSaturate) {
  FlowTable table(FlowTable::kLeastRows);
  FlowRow row = OnePacket(1, 80, Kind::kTcpSynack);
  row.set_slot(3, 1);
  for (int i = 0; i < 70'000; ++i) Count(table, row);
  EXPECT_EQ(table.rows()[0].slot(3), 65535);
  EXPECT_EQ(table.rows()[0].slot(2), 0);
  EXPECT_EQ(table.rows()[0].slot(4), 0);
  EXPECT_EQ(table.rows()[0].packets, 70'000U);
}

TEST(FlowTable, OnePortHoldsAtMostAQuarter) {
  FlowTable table(8192);
  for (uint32_t source = 0; source < 50'000; ++source) Count(table, OnePacket(source, 23));
  EXPECT_EQ(table.rows().size(), 8192U / 4);
  EXPECT_EQ(Packets(table), 50'000U);
  EXPECT_EQ(Bytes(table), 50'000U * 40);
  // Others still find room, exactly.
  for (uint32_t source = 0; source < 1000; ++source) Count(table, OnePacket(source, 80));
  uint64_t on_80 = 0;
  for (const FlowRow& row : table.rows()) on_80 += row.port == 80 ? row.packets : 0;
  EXPECT_EQ(on_80, 1000U);
}

TEST(FlowTable, SumsStayExactWhateverArrives) {
  FlowTable table(4096);
  std::mt19937_64 random(11);
  uint64_t packets = 0, bytes = 0;
  for (int i = 0; i < 300'000; ++i) {
    FlowRow row = OnePacket(static_cast<uint32_t>(random()), static_cast<uint16_t>(random()));
    if (i % 5 == 0) {
      row.kind_flags |= kRowIpv6;
      row.source = {random() % 64, random()};
    }
    ++packets;
    bytes += row.bytes();
    Count(table, row);
  }
  EXPECT_EQ(table.rows().size(), 4096U);
  EXPECT_EQ(Packets(table), packets);
  EXPECT_EQ(Bytes(table), bytes);
  uint64_t in_folded_rows = 0;
  bool other = false;
  for (const FoldedRow& row : table.folded().Rows()) {
    in_folded_rows += row.packets;
    other = other || row.other;
  }
  EXPECT_EQ(in_folded_rows, table.folded().packets());
  EXPECT_TRUE(other) << "more than 4,096 (kind, protocol, port)";
}

TEST(FlowTable, ReplacedRowsAreLowerBoundsAndEveryKeyIsFoundAgain) {
  FlowTable table(2048);
  std::mt19937_64 random(3);
  for (int i = 0; i < 100'000; ++i) {
    Count(table, OnePacket(static_cast<uint32_t>(random() % 20'000),
                           static_cast<uint16_t>(random() % 16)));
  }
  std::set<Key> keys;
  bool lower_bound = false;
  for (const FlowRow& row : table.rows()) {
    EXPECT_TRUE(keys.insert(KeyOf(row)).second) << "one row a key";
    lower_bound = lower_bound || row.lower_bound();
  }
  EXPECT_TRUE(lower_bound);
  // What is in the table is found, not inserted again: backward-shift deletion lost nothing.
  const uint64_t folded = table.folded().packets();
  const std::vector<FlowRow> rows(table.rows().begin(), table.rows().end());
  for (FlowRow row : rows) {
    row.packets = 1;
    Count(table, row);
  }
  EXPECT_EQ(table.folded().packets(), folded);
  EXPECT_EQ(table.rows().size(), rows.size());
}

TEST(FlowTable, NamesHeavySourcesInAFloodOfRandomOnes) {
  FlowTable table(8192);
  std::mt19937_64 random(5);
  constexpr int kPackets = 500'000;
  constexpr int kHeavy = 20;  // each 1 % of the packets
  std::map<uint64_t, uint64_t> sent;
  for (int i = 0; i < kPackets; ++i) {
    const bool heavy = random() % 100 < kHeavy;
    const auto source = static_cast<uint32_t>(heavy ? random() % kHeavy : random() | 0x80000000U);
    if (heavy) ++sent[source];
    Count(table, OnePacket(source, 443));
  }
  std::map<uint64_t, uint64_t> named;
  for (const FlowRow& row : table.rows()) {
    if (row.source.low < kHeavy) named[row.source.low] += row.packets;
  }
  for (const auto& [source, packets] : sent) {
    EXPECT_GE(static_cast<double>(named[source]), 0.95 * static_cast<double>(packets)) << source;
  }
}

TEST(FlowTable, SprayOfOnePrefixTakesOneRow) {
  FlowTable table(4096);
  std::mt19937_64 random(9);
  for (uint32_t i = 0; i < 4096; ++i) {
    Count(table, OnePacket(i, static_cast<uint16_t>(i % 8)));  // below each port's quota
  }
  ASSERT_EQ(table.rows().size(), 4096U);
  uint64_t prefix_packets = 0;
  for (int i = 0; i < 20'000; ++i) {
    FlowRow row = OnePacket(0, 22);
    row.kind_flags |= kRowIpv6;
    row.source = {0x20010db800000000ULL, random()};
    Count(table, row);
  }
  int prefix_rows = 0;
  for (const FlowRow& row : table.rows()) {
    if (!row.prefix64()) continue;
    ++prefix_rows;
    prefix_packets += row.packets;
    EXPECT_EQ(row.source.low, 0U);
  }
  EXPECT_EQ(prefix_rows, 1);
  EXPECT_GT(prefix_packets, 19'000U);
  EXPECT_EQ(Packets(table), 24'096U);
}

TEST(FlowTable, SketchesCountTheFoldedSources) {
  FlowTable table(FlowTable::kLeastRows);
  constexpr uint32_t kSources = 200'000;
  for (uint32_t source = 0; source < kSources; ++source) Count(table, OnePacket(source, 23));
  const std::vector<KindSources> sketches = table.folded().Sketches();
  ASSERT_EQ(sketches.size(), 1U);
  EXPECT_EQ(sketches[0].kind_flags, static_cast<uint8_t>(Kind::kTcpSyn));
  const double folded = kSources - static_cast<double>(table.rows().size());
  EXPECT_NEAR(sketches[0].sources.Estimate() / folded, 1.0, 3 * 0.0081);
}

TEST(FlowTable, SameKeysSameContents) {
  const auto fill = [](FlowTable& table) {
    std::mt19937_64 random(21);
    for (int i = 0; i < 60'000; ++i) Count(table, RandomPacket(random));
    return std::vector<FlowRow>(table.rows().begin(), table.rows().end());
  };
  FlowTable a(2048), b(2048);
  const std::vector<FlowRow> first = fill(a), second = fill(b);
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(std::memcmp(&first[i], &second[i], sizeof(FlowRow)), 0) << i;
  }
}

}  // namespace
}  // namespace teiten
