// SPDX-License-Identifier: Apache-2.0
// What only a store on disk can do: come back, be repaired, be damaged, be killed.
#include "collector/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "collector/store/fact_file.h"
#include "collector/store/record_db.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/sqlite_paths.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SqliteStoreOptions Options(const TestFolder& folder) {
  return {folder.path() + "/data", 0, Retention{}, TestKey()};
}

std::unique_ptr<Store> Open(const TestFolder& folder) {
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(Options(folder));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

std::string OpenError(const SqliteStoreOptions& options, absl::StatusCode code) {
  const absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(options);
  EXPECT_EQ(store.status().code(), code) << store.status();
  return std::string(store.status().message());
}

StorePaths Paths(const TestFolder& folder) { return {folder.path() + "/data", Zone(0)}; }

TEST(SqliteStore, APathMayHoldWhatUrisAndShellsSetApart) {
  const TestFolder folder;
  for (const std::string& path : {"/" + folder.path() + "/a", folder.path() + "/b?c=d#e%20f g"}) {
    const auto store = OpenSqliteStore({path, 0, Retention{}, TestKey()});
    EXPECT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE(std::filesystem::exists(path + "/record.db"));
  }
}

TEST(SqliteStore, EverythingIsThereAfterOpeningAgain) {
  const TestFolder folder;
  RollupOracle oracle;
  uint64_t generation = 0;
  {
    auto store = Open(folder);
    Commit(*store, {MakeFact({.sequence = 1}), MakeFact({.sequence = 2, .seed = 2})});
    RollUp(*store);
    oracle = OracleOf(*store, All());
    Commit(*store, {MakeFact({.sequence = 9, .start_unix_ms = kTestDay + 2 * kHourMs})});
    Commit(*store, {MakeFact({.sequence = 9, .seed = 3})});
    v1::Gap gap;
    gap.mutable_sequences()->set_first(3);
    gap.mutable_sequences()->set_last(4);
    ASSERT_TRUE(store->writer().CommitGaps("alpha", TestSpool(1), {&gap, 1}).ok());
    ASSERT_TRUE(
        store->writer()
            .CommitRejection({"alpha", TestSpool(1), 5}, v1::Rejection::REASON_IMPLAUSIBLE, "why")
            .ok());
    generation = *store->writer().HourGeneration(kTestDay + 2 * kHourMs);
  }
  auto store = Open(folder);
  EXPECT_THAT(ScanKeys(*store, All()), SizeIs(3));
  ExpectRollupIs(*store, RollupTier::kDay, oracle);
  const SpoolLedger ledger = *store->writer().Ledger("alpha", TestSpool(1));
  EXPECT_THAT(ledger.settled, SizeIs(2));
  EXPECT_EQ(ledger.conflicts, 1U);
  EXPECT_EQ(ledger.rejected, 1U);
  EXPECT_THAT(ledger.gaps, SizeIs(1));
  EXPECT_THAT(*store->writer().DirtyHours(10), ElementsAre(kTestDay + 2 * kHourMs));
  EXPECT_EQ(*store->writer().HourGeneration(kTestDay + 2 * kHourMs), generation);
  Commit(*store, {MakeFact({.sequence = 10})});
  EXPECT_GT(*store->writer().HourGeneration(kTestDay), generation);
  EXPECT_EQ(store->writer().DeploymentKey()->SerializeAsString(), TestKey().SerializeAsString());
}

TEST(SqliteStore, MakesItsOwnKey) {
  const TestFolder folder;
  SqliteStoreOptions options = Options(folder);
  options.deployment_key.reset();
  const v1::DeploymentKey key = *(*OpenSqliteStore(options))->writer().DeploymentKey();
  EXPECT_NE(key.id(), 0U);
  EXPECT_THAT(key.key(), SizeIs(16));
  EXPECT_EQ((*OpenSqliteStore(options))->writer().DeploymentKey()->key(), key.key());
}

TEST(SqliteStore, ACrashBetweenFactAndRangeIsRepairedAtTheStart) {
  const TestFolder folder;
  {
    auto store = Open(folder);
    Commit(*store, {MakeFact({.sequence = 1})});
    RollUp(*store);
  }
  {  // As left by a crash: in the day file, not in the ledger. One day was not even known.
    for (const int64_t day : {kTestDay, kTestDay + kDayMs}) {
      auto file = FactFile::Open(Paths(folder).FactsOf(day), SqliteMode::kCreate);
      ASSERT_TRUE(file.ok()) << file.status();
      auto transaction = Transaction::Begin(file->db());
      ASSERT_TRUE(transaction.ok());
      const uint64_t sequence = day == kTestDay ? 2 : 3;
      ASSERT_TRUE(
          file->Insert(MakeFact({.sequence = sequence, .start_unix_ms = day + kHourMs})).ok());
      ASSERT_TRUE(transaction->Commit().ok());
    }
  }
  auto store = Open(folder);
  const SpoolLedger ledger = *store->writer().Ledger("alpha", TestSpool(1));
  ASSERT_THAT(ledger.stored, SizeIs(1));
  EXPECT_EQ(ledger.stored[0].last(), 3U);
  EXPECT_THAT(*store->writer().DirtyHours(10),
              ElementsAre(kTestDay + kHourMs, kTestDay + kDayMs + kHourMs));
  EXPECT_THAT(Commit(*store, {MakeFact({.sequence = 2, .start_unix_ms = kTestDay + kHourMs})}),
              ElementsAre(FactVerdict::kDuplicate));
  RollUp(*store);
  ExpectRollupIs(*store, RollupTier::kHour, OracleOf(*store, All()));
  EXPECT_EQ(Reader(*store)->ReadSensors()->at(0).newest_window_end_unix_ms,
            kTestDay + kDayMs + kHourMs + 60'000);
}

TEST(SqliteStore, AnExpiryThatWasCutShortIsFinished) {
  const TestFolder folder;
  RollupOracle oracle;
  {
    auto store = Open(folder);
    Commit(*store, {MakeFact({.sequence = 1, .rows = 20})});
    RollUp(*store);
    oracle = OracleOf(*store, All());
  }
  {  // Marked, and then the crash.
    auto record = RecordDb::Open(Paths(folder).Record(), SqliteMode::kWriter);
    ASSERT_TRUE(record.ok());
    FactDay day = **record->Day(kTestDay);
    day.state = DayState::kExpiring;
    ASSERT_TRUE(record->SetDay(day).ok());
  }
  auto store = Open(folder);
  EXPECT_FALSE(FileExists(Paths(folder).FactsOf(kTestDay)));
  ExpectRollupIs(*store, RollupTier::kHour, oracle);
  const FactSpec late{.sequence = 2, .seed = 5};
  Commit(*store, {MakeFact(late)});
  RollUp(*store);
  oracle.Add("alpha", "live", MakeSummary(late));
  ExpectRollupIs(*store, RollupTier::kHour, oracle);
}

TEST(SqliteStore, FilesAreNamedByTheDayOfTheZone) {
  const TestFolder folder;
  SqliteStoreOptions options = Options(folder);
  options.utc_offset_minutes = 540;
  auto store = OpenSqliteStore(options);
  ASSERT_TRUE(store.ok());
  Commit(**store, {MakeFact({.start_unix_ms = kTestDay + 15 * kHourMs})});
  EXPECT_TRUE(FileExists(options.folder + "/facts/2026-11-23.db"));
  store->reset();
  options.utc_offset_minutes = 0;
  EXPECT_THAT(OpenError(options, absl::StatusCode::kFailedPrecondition),
              HasSubstr("made with +09:00"));
  options.utc_offset_minutes = 7;
  EXPECT_THAT(OpenError(options, absl::StatusCode::kInvalidArgument),
              HasSubstr("utc_offset_minutes 7"));
}

TEST(SqliteStore, MissingAndDamagedFilesAreNamedAndNothingIsStartedAfresh) {
  for (const char* name : {"record.db", "rollup.db", "facts/2026-11-22.db"}) {
    for (const char* damage : {"missing", "empty", "header", "foreign"}) {
      const TestFolder folder;
      {
        auto store = Open(folder);
        Commit(*store, {MakeFact({.sequence = 1, .rows = 300})});
        RollUp(*store);
      }
      const std::string path = Options(folder).folder + "/" + name;
      ASSERT_TRUE(FileExists(path));
      const std::string what = damage;
      if (what == "missing") std::filesystem::remove(path);
      if (what == "empty") std::filesystem::resize_file(path, 0);
      if (what == "header") std::fstream(path, std::ios::in | std::ios::out) << "not a database";
      if (what == "foreign") {
        std::filesystem::remove(path);
        constexpr SqliteSchema kForeign = {
            .name = "foreign", .application_id = 5, .sql = "CREATE TABLE t(a)"};
        ASSERT_TRUE(SqliteDb::Open(path, SqliteMode::kCreate, kForeign).ok());
      }
      const auto size_before = std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
      for (int twice = 0; twice < 2; ++twice) {
        EXPECT_THAT(OpenError(Options(folder), absl::StatusCode::kDataLoss), HasSubstr(path))
            << damage;
      }
      const auto size_after = std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
      EXPECT_EQ(size_before, size_after) << path << " " << damage;
    }
  }
}

TEST(SqliteStore, DamageInsideTheRecordIsFoundAtTheStart) {
  const TestFolder folder;
  {
    auto store = Open(folder);
    for (uint64_t i = 1; i < 200; i += 2) Commit(*store, {MakeFact({.sequence = i})});
  }
  const std::string path = Paths(folder).Record();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  // The header stays; what follows becomes noise.
  file.seekp(4096);
  const auto rest = std::filesystem::file_size(path) - 4096;
  file << std::string(rest, '\x5a');
  file.close();
  EXPECT_THAT(OpenError(Options(folder), absl::StatusCode::kDataLoss), HasSubstr("record.db"));
}

TEST(SqliteStore, DamageInsideADayIsNamedWhenItIsRead) {
  const TestFolder folder;
  {
    auto store = Open(folder);
    Commit(*store, {MakeFact({.sequence = 1, .rows = 3000}), MakeFact({.sequence = 2})});
  }
  const std::string path = Paths(folder).FactsOf(kTestDay);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-20'000, std::ios::end);
  file << std::string(19'000, '\x5a');
  file.close();
  auto store = Open(folder);
  ASSERT_NE(store, nullptr);
  const absl::Status s = Reader(*store)->ScanFacts(All(), [](const StoredFact&) { return true; });
  EXPECT_TRUE(absl::IsDataLoss(s)) << s;
  EXPECT_THAT(std::string(s.message()), HasSubstr("2026-11-22.db"));
}

TEST(SqliteStore, ReadersNeverWaitForTheWriter) {
  const TestFolder folder;
  auto store = Open(folder);
  auto reader = Reader(*store);
  for (uint64_t i = 1; i <= 30; ++i) {
    Commit(
        *store,
        {MakeFact({.sequence = i, .start_unix_ms = kTestDay + static_cast<int64_t>(i) * 60'000})});
    RollUp(*store);
    uint64_t seen = 0;
    ASSERT_TRUE(reader
                    ->ScanFacts(All(),
                                [&](const StoredFact&) {
                                  // Commits go on under an open scan.
                                  if (++seen == 1)
                                    Commit(*store, {MakeFact({.sequence = 1000 + i})});
                                  return true;
                                })
                    .ok());
    EXPECT_GE(seen, i);
  }
}

TEST(SqliteStore, LogsDoNotGrowWithoutEnd) {
  const TestFolder folder;
  auto store = Open(folder);
  auto reader = Reader(*store);
  uint64_t longest = 0;
  AcceptedFact fact = MakeFact({.rows = 4000});
  for (uint64_t i = 1; i <= 300; ++i) {
    fact.key.sequence = i;
    Commit(*store, {fact});
    longest = std::max<uint64_t>(
        longest, std::filesystem::file_size(Paths(folder).FactsOf(kTestDay) + "-wal"));
  }
  EXPECT_GT(std::filesystem::file_size(Paths(folder).FactsOf(kTestDay)), 20ULL << 20);
  EXPECT_LT(longest, 20ULL << 20);
}

TEST(SqliteStore, ExpiredDaysLeaveNoFileBehind) {
  const TestFolder folder;
  auto store = Open(folder);
  Commit(*store, {MakeFact({.sequence = 1})});
  RollUp(*store);
  auto reader = Reader(*store);
  EXPECT_TRUE(*store->writer().ApplyRetention(kTestDay + 40 * kDayMs));
  for (const auto& entry : std::filesystem::directory_iterator(Paths(folder).Facts())) {
    ADD_FAILURE() << entry.path();
  }
  EXPECT_TRUE(reader->ScanFacts(All(), [](const StoredFact&) { return true; }).ok());
}

// Two days in one batch: two files and the record. Spread over hours, or the sums of an hour would
// saturate on a fast disk.
std::vector<AcceptedFact> BatchOf(uint64_t number) {
  const int64_t hour = kTestDay + static_cast<int64_t>(number % 24) * kHourMs;
  return {MakeFact({.sequence = 2 * number, .start_unix_ms = hour, .rows = 40}),
          MakeFact({.sequence = 2 * number + 1, .start_unix_ms = hour + kDayMs})};
}

// A process commits and says over a pipe what was acknowledged; it is killed at any moment. What
// was acknowledged is there once, the ledger is exactly the facts, and rollups close.
TEST(SqliteStore, KilledAtAnyMomentItLosesNothingAcknowledged) {
  const TestFolder folder;
  uint64_t acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = Open(folder);
      for (uint64_t next = acknowledged + 1; store != nullptr; ++next) {
        Commit(*store, BatchOf(next));
        if (::write(pipe_fds[1], &next, sizeof next) != sizeof next) break;
        if (next % 5 == 0) RollUp(*store);
      }
      ::_exit(0);
    }
    ::close(pipe_fds[1]);
    // Somewhere within the commit that follows a few acknowledged ones.
    uint64_t number = 0;
    for (int i = 0; i < round % 4; ++i) {
      ASSERT_EQ(::read(pipe_fds[0], &number, sizeof number), static_cast<ssize_t>(sizeof number));
      acknowledged = number;
    }
    ::usleep(static_cast<useconds_t>(round * 7'919 % 30'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(pipe_fds[0], &number, sizeof number) == sizeof number) acknowledged = number;
    ::close(pipe_fds[0]);

    auto store = Open(folder);
    ASSERT_NE(store, nullptr);
    std::set<uint64_t> facts;
    for (const FactKey& key : ScanKeys(*store, All())) {
      EXPECT_TRUE(facts.insert(key.sequence).second);
    }
    for (uint64_t next = 1; next <= acknowledged; ++next) {
      EXPECT_TRUE(facts.contains(2 * next) && facts.contains(2 * next + 1)) << next;
    }
    uint64_t in_ledger = 0;
    const SpoolLedger ledger = *store->writer().Ledger("alpha", TestSpool(1));
    for (const v1::SequenceRange& range : ledger.stored) {
      for (uint64_t s = range.first(); s <= range.last(); ++s) in_ledger += facts.count(s);
      EXPECT_TRUE(facts.contains(range.last()));
    }
    EXPECT_EQ(in_ledger, facts.size());
    // The sensor resends what was not acknowledged; half of it may be there.
    const uint64_t next = acknowledged + 1;
    Commit(*store, BatchOf(next));
    acknowledged = next;
    if (round % 8 != 7) continue;
    RollUp(*store);
    ExpectRollupIs(*store, RollupTier::kDay, OracleOf(*store, All()));
  }
  EXPECT_GE(acknowledged, 25U + 36U);  // one a round here, and what the killed ones had done
}

}  // namespace
}  // namespace teiten
