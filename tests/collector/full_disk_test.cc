// SPDX-License-Identifier: Apache-2.0
// The store on a real disk that is full: it says so, answers what it is asked, and goes on as soon
// as there is space, with nothing lost or doubled.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "collector/store/sqlite_store.h"
#include "tests/collector/store_backends.h"
#include "tests/common/small_disk.h"

namespace teiten {
namespace {

TEST(FullDisk, IsSaidAndPasses) {
  const SmallDisk small("size=1m");
  if (!small.mounted()) GTEST_SKIP() << "needs a mount namespace";
  const SqliteStoreOptions options{small.path() + "/data", 0, Retention{}, TestKey()};
  std::set<uint64_t> acknowledged;
  uint64_t refused = 0;
  {
    auto store = OpenSqliteStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    for (uint64_t s = 1; refused < 20; ++s) {
      const AcceptedFact fact = MakeFact({.sequence = s, .rows = 200, .seed = s});
      const auto verdicts = (*store)->writer().CommitFacts({&fact, 1});
      if (verdicts.ok()) {
        acknowledged.insert(s);
        continue;
      }
      ++refused;
      EXPECT_TRUE(absl::IsResourceExhausted(verdicts.status())) << verdicts.status();
    }
    EXPECT_GT(acknowledged.size(), 5U);
    EXPECT_GE(ScanKeys(**store, All()).size(), acknowledged.size());
    EXPECT_TRUE((*store)->writer().Ledger("alpha", TestSpool(1)).ok());

    small.Become("size=64m");
    // The sensor sends again what was not acknowledged, and goes on.
    const uint64_t last = *acknowledged.rbegin() + refused + 20;
    for (uint64_t s = 1; s <= last; ++s) {
      const AcceptedFact fact = MakeFact({.sequence = s, .rows = 200, .seed = s});
      const auto verdicts = (*store)->writer().CommitFacts({&fact, 1});
      ASSERT_TRUE(verdicts.ok()) << verdicts.status();
      if (acknowledged.contains(s)) {
        EXPECT_EQ(verdicts->front(), FactVerdict::kDuplicate) << s;
      }
      EXPECT_NE(verdicts->front(), FactVerdict::kConflict) << s;
      acknowledged.insert(s);
    }
    RollUp(**store);
    ExpectRollupIs(**store, RollupTier::kDay, OracleOf(**store, All()));
  }
  auto store = OpenSqliteStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(ScanKeys(**store, All()).size(), acknowledged.size());
  const SpoolLedger ledger = *(*store)->writer().Ledger("alpha", TestSpool(1));
  ASSERT_EQ(ledger.stored.size(), 1U);
  EXPECT_EQ(ledger.stored[0].last(), *acknowledged.rbegin());
}

}  // namespace
}  // namespace teiten
