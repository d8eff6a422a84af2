// SPDX-License-Identifier: Apache-2.0
// The SQLite store against the model: the same random operations, reopening in between, and all
// answers equal, to the last byte of every sketch.
#include <gmock/gmock.h>

#include "fmt/format.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

class Pair {
 public:
  explicit Pair(uint64_t seed) : random_(seed) {
    disk_ = backend_.Open();
    model_ = MemoryBackend().Open();
  }

  void Step() {
    switch (random_.Below(10)) {
      case 0:
        return RollUpBoth();
      case 1:
        return Retain();
      case 2:
        return Gap();
      case 3:
        return Reopen();
      case 4:
        return Reject();
      default:
        return Facts();
    }
  }

  void ExpectEqual() {
    EXPECT_EQ(ScanKeys(*disk_, All()), ScanKeys(*model_, All()));
    EXPECT_EQ(*disk_->writer().DirtyHours(1000), *model_->writer().DirtyHours(1000));
    for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
      for (const bool by_time : {false, true}) {
        for (const RollupTable table :
             {RollupTable::kPorts, RollupTable::kRegions, RollupTable::kKinds}) {
          ExpectSameRows(Rows(*disk_, tier, table, by_time), Rows(*model_, tier, table, by_time));
        }
      }
      EXPECT_EQ(Coverage(*disk_, tier), Coverage(*model_, tier));
    }
    EXPECT_EQ(Sources(*disk_), Sources(*model_));
    for (const char* sensor : {"alpha", "beta"}) {
      EXPECT_EQ(Ledger(*disk_, sensor), Ledger(*model_, sensor));
    }
  }

 private:
  void Facts() {
    std::vector<AcceptedFact> facts;
    for (uint64_t i = random_.Below(4) + 1; i > 0; --i) {
      facts.push_back(
          MakeFact({.sensor = random_.Below(2) == 0 ? "alpha" : "beta",
                    .sequence = 1 + random_.Below(60),
                    .start_unix_ms = Day() + static_cast<int64_t>(random_.Below(120)) * 60'000,
                    .group = random_.Below(5) == 0 ? "replay" : "live",
                    .worker = static_cast<uint32_t>(random_.Below(2)),
                    .live_ms = 10'000 + random_.Below(50) * 1000,
                    .live_from_ms = static_cast<int64_t>(random_.Below(3)) * 5'000,
                    .rows = random_.Below(6),
                    .seed = random_.Below(3),
                    .received_unix_ms = now_}));
    }
    EXPECT_EQ(Commit(*disk_, facts), Commit(*model_, facts));
  }
  int64_t Day() { return kTestDay + static_cast<int64_t>(random_.Below(3)) * kDayMs; }

  void RollUpBoth() {
    RollUp(*disk_);
    RollUp(*model_);
  }

  void Retain() {
    now_ += static_cast<int64_t>(random_.Below(3)) * 15 * kDayMs;
    if (random_.Below(8) == 0) now_ += 400 * kDayMs;
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(*disk_->writer().ApplyRetention(now_), *model_->writer().ApplyRetention(now_));
    }
  }

  void Gap() {
    v1::Gap gap;
    const uint64_t first = 1 + random_.Below(60);
    gap.mutable_sequences()->set_first(first);
    gap.mutable_sequences()->set_last(first + random_.Below(10));
    gap.set_reason(v1::Gap::REASON_SHED_AGE);
    for (Store* store : {disk_.get(), model_.get()}) {
      EXPECT_TRUE(store->writer().CommitGaps("alpha", TestSpool(1), {&gap, 1}).ok());
    }
  }

  void Reject() {
    const FactKey key{"beta", TestSpool(1), 1 + random_.Below(80)};
    for (Store* store : {disk_.get(), model_.get()}) {
      EXPECT_TRUE(
          store->writer().CommitRejection(key, v1::Rejection::REASON_MALFORMED, "test").ok());
    }
  }

  void Reopen() {
    disk_.reset();
    disk_ = backend_.Open();
  }

  static void ExpectSameRows(const std::vector<RollupRow>& a, const std::vector<RollupRow>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_FALSE(RollupRowLess(a[i], b[i]) || RollupRowLess(b[i], a[i]));
      EXPECT_EQ(a[i].packets, b[i].packets);
      EXPECT_EQ(a[i].bytes, b[i].bytes);
      EXPECT_EQ(a[i].tuples, b[i].tuples);
      EXPECT_EQ(a[i].sources.Serialize(), b[i].sources.Serialize());
      EXPECT_EQ(a[i].foreign_sources, b[i].foreign_sources);
    }
  }

  static std::vector<std::string> Coverage(Store& store, RollupTier tier) {
    std::vector<std::string> out;
    const auto rows = *Reader(store)->ReadCoverageByTime(tier, All());
    for (const auto& [start, row] : rows) {
      std::string text =
          fmt::format("{} {} {} {} {} {} {} {} {} {}", start, row.sensor, row.group, row.summaries,
                      row.live_ms, row.n4_live_ms, row.p6_live_ms, row.direction_unknown_ms,
                      row.drops_unknown_ms, row.accounting.ShortDebugString());
      for (const auto& b : row.blind)
        text += fmt::format(" {}/{}:{}", b.protocol, b.port, b.live_ms);
      for (const RangeSet* ranges : {&row.live, &row.addresses_unknown}) {
        for (const RangeSet::Range& r : ranges->ToVector()) {
          text += fmt::format(" {}-{}", r.first, r.last);
        }
      }
      out.push_back(std::move(text));
    }
    return out;
  }

  static std::vector<std::string> Sources(Store& store) {
    SourceQuery query;
    query.to_unix_ms = kTestDay + 10 * kDayMs;
    std::vector<std::string> out;
    const std::vector<SourceDay> rows = *Reader(store)->ReadSources(query);
    for (const SourceDay& row : rows) {
      out.push_back(fmt::format("{} {} {} {} {}/{}/{} {} {} {} {}-{} {} {} {}", row.day_unix_ms,
                                row.sensor, row.group, FormatAddress(row.family, row.source),
                                static_cast<int>(row.kind), row.protocol, row.port, row.packets,
                                row.bytes, row.windows, row.first_unix_ms, row.last_unix_ms,
                                row.marks[0], row.destinations, row.region));
    }
    return out;
  }

  static std::string Ledger(Store& store, const std::string& sensor) {
    const SpoolLedger ledger = *Reader(store)->ReadLedger(sensor, TestSpool(1));
    std::string text =
        fmt::format("{} {} {}:", ledger.highest_sequence, ledger.rejected, ledger.conflicts);
    for (const auto& r : ledger.settled) text += fmt::format(" {}-{}", r.first(), r.last());
    text += " stored";
    for (const auto& r : ledger.stored) text += fmt::format(" {}-{}", r.first(), r.last());
    for (const v1::Gap& gap : ledger.gaps) text += " gap " + gap.ShortDebugString();
    return text;
  }

  RandomRows random_;
  SqliteBackend backend_;
  std::unique_ptr<Store> disk_, model_;
  int64_t now_ = kTestDay;
};

TEST(StoreModel, TheSameOperationsGiveTheSameAnswers) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Pair pair(seed);
    for (int i = 0; i < 40; ++i) {
      pair.Step();
      if (i % 10 == 9) pair.ExpectEqual();
      if (testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace teiten
