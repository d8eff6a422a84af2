// SPDX-License-Identifier: Apache-2.0
// The implementations that the conformance suite holds to the same answers.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "collector/store/memory_store.h"
#include "collector/store/rollup_worker.h"
#include "collector/store/sqlite_store.h"
#include "tests/collector/rollup_oracle.h"
#include "tests/collector/store_fixture.h"

namespace teiten {

struct MemoryBackend {
  std::unique_ptr<Store> Open(int32_t utc_offset_minutes = 0) {
    return MakeMemoryStore({utc_offset_minutes, Retention{}, TestKey()});
  }
  // Memory is gone with its store, so it stays.
  bool Reopen(std::unique_ptr<Store>& /*store*/, int32_t /*utc_offset_minutes*/) { return true; }
};

struct SqliteBackend {
  TestFolder folder;
  std::unique_ptr<Store> Open(int32_t utc_offset_minutes = 0) {
    absl::StatusOr<std::unique_ptr<Store>> store =
        OpenSqliteStore({folder.path() + "/data", utc_offset_minutes, Retention{}, TestKey()});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  bool Reopen(std::unique_ptr<Store>& store, int32_t utc_offset_minutes) {
    store.reset();
    store = Open(utc_offset_minutes);
    return store != nullptr;
  }
};

inline std::unique_ptr<StoreReader> Reader(Store& store) {
  absl::StatusOr<std::unique_ptr<StoreReader>> reader = store.OpenReader();
  EXPECT_TRUE(reader.ok()) << reader.status();
  return *std::move(reader);
}

inline std::vector<FactVerdict> Commit(Store& store, const std::vector<AcceptedFact>& facts) {
  const absl::StatusOr<std::vector<FactVerdict>> verdicts = store.writer().CommitFacts(facts);
  EXPECT_TRUE(verdicts.ok()) << verdicts.status();
  return verdicts.ok() ? *verdicts : std::vector<FactVerdict>();
}

// Rolls up all dirty hours, on this thread.
inline void RollUp(Store& store) {
  RollupWorker worker(
      Reader(store), Zone(store.utc_offset_minutes()),
      [&](std::function<void(StoreWriter&)> work) {
        work(store.writer());
        return true;
      },
      TestRegion);
  const absl::Status s = worker.RunOnce();
  EXPECT_TRUE(s.ok()) << s;
}

inline FactSelection All() {
  FactSelection all;
  all.from_unix_ms = -kDayMs;  // west of Greenwich 1970 begins on a day and in an hour of 1969
  all.to_unix_ms = std::numeric_limits<int64_t>::max();
  return all;
}

inline std::vector<FactKey> ScanKeys(Store& store, const FactSelection& selection) {
  std::vector<FactKey> keys;
  const absl::Status s = Reader(store)->ScanFacts(selection, [&](const StoredFact& fact) {
    keys.push_back(fact.key);
    return true;
  });
  EXPECT_TRUE(s.ok()) << s;
  return keys;
}

inline std::vector<RollupRow> Rows(Store& store, RollupTier tier, RollupTable table,
                                   bool by_time = false) {
  RollupQuery query;
  query.tier = tier;
  query.table = table;
  query.selection = All();
  query.by_time = by_time;
  const absl::StatusOr<std::vector<RollupRow>> rows = Reader(store)->ReadRollup(query);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? *rows : std::vector<RollupRow>();
}

inline RollupOracle OracleOf(Store& store, const FactSelection& selection) {
  RollupOracle oracle;
  const absl::Status s = Reader(store)->ScanFacts(selection, [&](const StoredFact& fact) {
    oracle.Add(fact.key.sensor, fact.group, fact.summary);
    return true;
  });
  EXPECT_TRUE(s.ok()) << s;
  return oracle;
}

inline void ExpectRollupIs(Store& store, RollupTier tier, const RollupOracle& oracle) {
  const auto kind_key = [](const RollupRow& r) {
    return RollupOracle::KindKey{r.sensor, r.group, r.family, r.kind};
  };
  const std::vector<RollupRow> kinds = Rows(store, tier, RollupTable::kKinds);
  EXPECT_EQ(kinds.size(), oracle.kinds.size());
  for (const RollupRow& row : kinds) {
    ASSERT_TRUE(oracle.kinds.contains(kind_key(row)));
    ExpectSum(row, oracle.kinds.at(kind_key(row)));
  }
  const std::vector<RollupRow> regions = Rows(store, tier, RollupTable::kRegions);
  EXPECT_EQ(regions.size(), oracle.regions.size());
  for (const RollupRow& row : regions) {
    ASSERT_TRUE(oracle.regions.contains({kind_key(row), row.region})) << row.region;
    ExpectSum(row, oracle.regions.at({kind_key(row), row.region}));
  }
  const std::vector<RollupRow> ports = Rows(store, tier, RollupTable::kPorts);
  EXPECT_EQ(ports.size(), oracle.ports.size());
  for (const RollupRow& row : ports) {
    const std::tuple key{kind_key(row), row.protocol, row.port, static_cast<int>(row.tool),
                         row.folded};
    ASSERT_TRUE(oracle.ports.contains(key));
    ExpectSum(row, oracle.ports.at(key));
  }
}

// Facts of two sensors and groups over hours of two days.
inline std::vector<AcceptedFact> RandomFacts(uint64_t seed, int count) {
  RandomRows random(seed);
  std::vector<AcceptedFact> facts;
  for (int i = 1; i <= count; ++i) {
    facts.push_back(
        MakeFact({.sensor = random.Below(2) == 0 ? "alpha" : "beta",
                  .sequence = static_cast<uint64_t>(i),
                  .start_unix_ms = kTestDay + static_cast<int64_t>(random.Below(2)) * kDayMs +
                                   static_cast<int64_t>(random.Below(180)) * 60'000,
                  .group = random.Below(4) == 0 ? "replay" : "live",
                  .rows = 1 + random.Below(12),
                  .seed = seed * 1000 + static_cast<uint64_t>(i)}));
  }
  return facts;
}

}  // namespace teiten
