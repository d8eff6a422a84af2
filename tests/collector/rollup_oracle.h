// SPDX-License-Identifier: Apache-2.0
// What a rollup has to say, added up slowly and obviously from the rows of facts.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "collector/store/zone.h"
#include "common/columns.h"
#include "gtest/gtest.h"

namespace teiten {

struct OracleSum {
  uint64_t packets = 0, bytes = 0, tuples = 0;
  std::set<std::pair<Family, uint64_t>> sources;
  void Add(uint64_t p, uint64_t b, uint64_t t) {
    packets += p;
    bytes += b;
    tuples += t;
  }
};

inline std::string TestRegion(Family family, const Address& source) {
  if (family == Family::kIpv6) return source.high % 2 == 0 ? "JP" : "unknown";
  return source.low % 3 == 0 ? "US" : source.low % 3 == 1 ? "JP" : "unknown";
}

// Of the facts of one hour or day.
struct RollupOracle {
  // sensor, group, family, kind, then what the table has
  using KindKey = std::tuple<std::string, std::string, Family, Kind>;
  std::map<KindKey, OracleSum> kinds;
  std::map<std::tuple<KindKey, std::string>, OracleSum> regions;
  std::map<std::tuple<KindKey, uint8_t, uint16_t, int, bool>, OracleSum> ports;
  OracleSum total;

  void Add(const std::string& sensor, const std::string& group, const v1::WindowSummary& summary) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const auto rows =
          DecodeColumns(family == Family::kIpv4 ? summary.ipv4() : summary.ipv6(), family);
      ASSERT_TRUE(rows.ok());
      for (const FlowRow& row : *rows) AddRow({sensor, group, family, row.kind()}, row);
    }
    for (const v1::FoldedRow& row : summary.folded()) {
      const KindKey key{sensor, group, Family::kIpv4, static_cast<Kind>(row.kind())};
      total.Add(row.packets(), row.bytes(), 0);
      kinds[key].Add(row.packets(), row.bytes(), 0);
      regions[{key, "folded"}].Add(row.packets(), row.bytes(), 0);
      ports[{key, row.protocol(), row.port(), v1::TOOL_MARK_UNMARKED, true}].Add(row.packets(),
                                                                                 row.bytes(), 0);
    }
  }

 private:
  void AddRow(const KindKey& key, const FlowRow& row) {
    const std::pair<Family, uint64_t> source{
        row.family(), row.family() == Family::kIpv4 ? row.source.low : row.source.high};
    const auto add = [&](OracleSum& sum) {
      sum.Add(row.packets, row.bytes(), 1);
      sum.sources.insert(source);
    };
    add(total);
    add(kinds[key]);
    add(regions[{key, TestRegion(row.family(), row.source)}]);

    // Packet by packet would take too long; the rule in words: each mark takes what is left.
    std::vector<std::pair<int, uint64_t>> shares;
    uint64_t left = row.packets;
    const std::array<std::pair<Mark, int>, 5> order = {
        {{Mark::kMirai, v1::TOOL_MARK_MIRAI},
         {Mark::kMasscan, v1::TOOL_MARK_MASSCAN},
         {Mark::kZmap, v1::TOOL_MARK_ZMAP},
         {Mark::kNmap, v1::TOOL_MARK_NMAP},
         {Mark::kAmplification, v1::TOOL_MARK_AMPLIFICATION}}};
    for (const auto& [mark, tool] : order) {
      if (!HasMark(row.kind(), mark)) continue;
      const uint64_t marked = row.counter(CounterOf(row.kind(), mark));
      const uint64_t taken = marked < left ? marked : left;
      if (taken > 0) shares.emplace_back(tool, taken);
      left -= taken;
    }
    if (left > 0) shares.emplace_back(v1::TOOL_MARK_UNMARKED, left);
    std::size_t most = 0;
    for (std::size_t i = 1; i < shares.size(); ++i) {
      if (shares[i].second > shares[most].second) most = i;
    }
    std::vector<uint64_t> bytes;
    uint64_t others = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      __extension__ const unsigned __int128 product =
          static_cast<unsigned __int128>(row.bytes()) * shares[i].second;
      bytes.push_back(static_cast<uint64_t>(product / row.packets));
      if (i != most) others += bytes[i];
    }
    bytes[most] = row.bytes() - others;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      OracleSum& sum = ports[{key, row.protocol, row.port, shares[i].first, false}];
      sum.Add(shares[i].second, bytes[i], i == most ? 1 : 0);
      sum.sources.insert(source);
    }
  }
};

// Exact sums; distinct sources within what a sketch promises (small sets are exact but for
// collisions of a register).
inline void ExpectSum(const RollupRow& row, const OracleSum& want) {
  EXPECT_EQ(row.packets, want.packets);
  EXPECT_EQ(row.bytes, want.bytes);
  EXPECT_EQ(row.tuples, want.tuples);
  const auto sources = static_cast<double>(want.sources.size());
  EXPECT_NEAR(row.sources.Estimate(), sources, 1 + 0.08 * sources);
}

}  // namespace teiten
