// SPDX-License-Identifier: Apache-2.0
// The store on a disk that is full, read-only or failing, at every one of its changes in turn: what
// was acknowledged is there once, questions are answered meanwhile, and it goes on by itself.
#include <gmock/gmock.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>

#include "collector/store/store_health.h"
#include "common/log.h"
#include "tests/collector/fault_disk.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What a sensor and the rollup worker have a store do, one step at a time; a step that failed is
// done again. Knows what was acknowledged.
class Script {
 public:
  explicit Script(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] absl::Status Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> store =
        OpenSqliteStore({folder_, 0, Retention{}, TestKey()});
    if (!store.ok()) return store.status();
    store_ = *std::move(store);
    return absl::OkStatus();
  }
  [[nodiscard]] bool open() const { return store_ != nullptr; }
  [[nodiscard]] Store& store() { return *store_; }
  void Close() { store_.reset(); }

  [[nodiscard]] bool done() const { return next_ == kSteps; }
  [[nodiscard]] absl::Status Step() {
    if (store_ == nullptr) return Open();
    const absl::Status status = Do(next_);
    if (status.ok()) ++next_;
    return status;
  }

  // All that was ever acknowledged can be read, and nothing twice.
  void ExpectAnswers() {
    std::set<uint64_t> seen;
    for (const FactKey& key : ScanKeys(*store_, All())) {
      EXPECT_TRUE(seen.insert(key.sequence).second) << key.sequence;
    }
    for (const uint64_t sequence : acknowledged_) EXPECT_TRUE(seen.contains(sequence)) << sequence;
    EXPECT_TRUE(Reader(*store_)->ReadSensors().ok());
    EXPECT_TRUE(Reader(*store_)->ReadCoverage(RollupTier::kDay, All()).ok());
  }

  void ExpectWhole() {
    ExpectAnswers();
    EXPECT_THAT(ScanKeys(*store_, All()), SizeIs(acknowledged_.size()));
    const absl::StatusOr<SpoolLedger> ledger = store_->writer().Ledger("alpha", TestSpool(1));
    ASSERT_TRUE(ledger.ok()) << ledger.status();
    uint64_t stored = 0;
    for (const v1::SequenceRange& range : ledger->stored) {
      stored += range.last() - range.first() + 1;
    }
    EXPECT_EQ(stored, acknowledged_.size());
    EXPECT_THAT(ledger->settled, SizeIs(1));
    EXPECT_THAT(ledger->gaps, SizeIs(1));
    EXPECT_EQ(ledger->rejected, 1U);
    RollUp(*store_);
    ExpectRollupIs(*store_, RollupTier::kHour, OracleOf(*store_, All()));
    ExpectRollupIs(*store_, RollupTier::kDay, OracleOf(*store_, All()));
  }

 private:
  static constexpr int kSteps = 8;

  absl::Status Do(int step) {
    StoreWriter& writer = store_->writer();
    switch (step) {
      case 0:
        return Contact(writer);
      case 1:
        return Facts({1, 2, 3}, kTestDay);
      case 2:
        return TryRollUp();
      case 3:
        return Gap(writer);
      case 4:  // another day, and late ones
        return Facts({6, 7, 2}, kTestDay + kDayMs);
      case 5:
        return writer.CommitRejection({"alpha", TestSpool(1), 8}, v1::Rejection::REASON_IMPLAUSIBLE,
                                      "why");
      case 6:
        return Facts({9, 10}, kTestDay);
      default:
        return TryRollUp();
    }
  }

  static absl::Status Contact(StoreWriter& writer) {
    SensorContact contact;
    contact.sensor = "alpha";
    contact.spool = TestSpool(1);
    contact.group = "live";
    return writer.CommitContact(contact);
  }

  static absl::Status Gap(StoreWriter& writer) {
    v1::Gap gap;
    gap.mutable_sequences()->set_first(4);
    gap.mutable_sequences()->set_last(5);
    return writer.CommitGaps("alpha", TestSpool(1), {&gap, 1});
  }

  absl::Status Facts(const std::vector<uint64_t>& sequences, int64_t day) {
    std::vector<AcceptedFact> facts;
    for (const uint64_t sequence : sequences) {
      // A sequence has one content, whenever it is sent.
      const bool first_day = sequence < 6 || sequence > 8;
      facts.push_back(MakeFact({.sequence = sequence,
                                .start_unix_ms = first_day ? kTestDay : day,
                                .rows = 8,
                                .seed = sequence}));
    }
    const absl::StatusOr<std::vector<FactVerdict>> verdicts = store_->writer().CommitFacts(facts);
    if (!verdicts.ok()) return verdicts.status();
    for (const FactVerdict verdict : *verdicts) EXPECT_NE(verdict, FactVerdict::kConflict);
    acknowledged_.insert(sequences.begin(), sequences.end());
    return absl::OkStatus();
  }

  absl::Status TryRollUp() {
    RollupWorker worker(
        Reader(*store_), Zone(0),
        [&](std::function<void(StoreWriter&)> work) {
          work(store_->writer());
          return true;
        },
        TestRegion);
    return worker.RunOnce();
  }

  const std::string folder_;
  std::unique_ptr<Store> store_;
  int next_ = 0;
  std::set<uint64_t> acknowledged_;
};

struct Trouble {
  const char* name;
  int error;
  uint64_t times;
};

class StoreFaultTest : public testing::TestWithParam<Trouble> {};

// Runs the script with the trouble at its `nth` change; false if it has fewer.
bool RunWithFault(const Trouble& trouble, uint64_t nth, uint64_t* faults) {
  testing::internal::CaptureStderr();  // of a thousand stores, each tells its trouble
  const TestFolder folder("/dev/shm/");
  FaultDisk disk(folder.path());
  Script script(folder.path() + "/data");
  disk.Fail(trouble.error, nth, trouble.times);
  int failures = 0;
  while (!script.done()) {
    const absl::Status status = script.Step();
    if (status.ok()) continue;
    EXPECT_GT(disk.failed(), 0U) << status;
    EXPECT_FALSE(absl::IsDataLoss(status) || absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(folder.path()));
    if (script.open()) {
      script.ExpectAnswers();
      EXPECT_FALSE(script.Step().ok() && trouble.times == FaultDisk::kAlways) << "acknowledged";
    }
    disk.Heal();
    // It goes on by itself: what failed is done by asking again.
    if (++failures > 3) {
      ADD_FAILURE() << "does not go on: " << status;
      break;
    }
  }
  const bool hit = disk.failed() > 0;
  *faults += disk.failed();
  disk.Heal();
  EXPECT_EQ(script.Open(), absl::OkStatus());
  script.ExpectWhole();
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(testing::Test::HasFailure()) << trouble.name << " at change " << nth << ":\n" << log;
  return hit;
}

// Every fourth change, another for each trouble; all of them with TEITEN_EVERY_CHANGE in the
// environment.
TEST_P(StoreFaultTest, AtEveryChangeInTurn) {
  const uint64_t step = std::getenv("TEITEN_EVERY_CHANGE") != nullptr ? 1 : 4;
  uint64_t faults = 0, runs = 0;
  uint64_t nth = 1 + static_cast<uint64_t>(GetParam().error) % step;
  for (; !HasFailure() && RunWithFault(GetParam(), nth, &faults); nth += step) ++runs;
  std::printf("%s: %llu of about %llu changes, %llu faults\n", GetParam().name,
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(nth - 1),
              static_cast<unsigned long long>(faults));
  EXPECT_GT(nth, 30U);
}

INSTANTIATE_TEST_SUITE_P(Disks, StoreFaultTest,
                         testing::Values(Trouble{"FullOnce", ENOSPC, 1},
                                         Trouble{"Full", ENOSPC, FaultDisk::kAlways},
                                         Trouble{"BrokenOnce", EIO, 1},
                                         Trouble{"Broken", EIO, FaultDisk::kAlways},
                                         Trouble{"ReadOnly", EROFS, FaultDisk::kAlways}),
                         [](const auto& param) { return param.param.name; });

// Days that nobody has open for writing are read where no file can be made beside them.
TEST(StoreFaults, ClosedDaysAnswerOnADiskThatTakesNothing) {
  for (const int error : {ENOSPC, EROFS, EIO}) {
    const TestFolder folder;
    auto store = OpenSqliteStore({folder.path() + "/data", 0, Retention{}, TestKey()});
    ASSERT_TRUE(store.ok()) << store.status();
    for (int day = 0; day < 8; ++day) {
      Commit(**store, {MakeFact({.sequence = static_cast<uint64_t>(day + 1),
                                 .start_unix_ms = kTestDay + day * kDayMs})});
    }
    auto old_reader = Reader(**store);
    FaultDisk disk(folder.path());
    disk.Fail(error, 1, FaultDisk::kAlways);
    EXPECT_THAT(ScanKeys(**store, All()), SizeIs(8)) << error;
    int seen = 0;
    const absl::Status s = old_reader->ScanFacts(All(), [&](const StoredFact&) {
      ++seen;
      return true;
    });
    EXPECT_TRUE(s.ok()) << s;
    EXPECT_EQ(seen, 8);
  }
}

// Once in the log and to whoever asks: what, why, where, how much is free, what to do.
TEST(StoreFaults, TellsItsTroubleUntilItHasBeenWellForAWhile) {
  const TestFolder folder;
  int64_t now_ms = 0;
  SqliteStoreOptions options{folder.path() + "/data", 0, Retention{}, TestKey()};
  options.mono_ms = [&] { return now_ms; };
  auto store = OpenSqliteStore(options);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->trouble(), "");
  const AcceptedFact fact = MakeFact({.sequence = 1});
  FaultDisk disk(folder.path());
  disk.Fail(ENOSPC, 1, FaultDisk::kAlways);
  FlushLog();  // what was folded of other tests
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(absl::IsResourceExhausted((*store)->writer().CommitFacts({&fact, 1}).status()));
    now_ms += 60'000;
  }
  const std::string trouble = (*store)->trouble();
  EXPECT_THAT(trouble, HasSubstr("no summaries for 5m 00s"));
  EXPECT_THAT(trouble, HasSubstr(options.folder));
  EXPECT_THAT(trouble, HasSubstr("free: "));
  disk.Heal();
  now_ms += StoreHealth::kCalmMs - 60'001;
  EXPECT_TRUE((*store)->writer().CommitFacts({&fact, 1}).ok());
  EXPECT_NE((*store)->trouble(), "");
  now_ms += 1;
  EXPECT_EQ((*store)->trouble(), "") << "nobody has to write for it to be over";
  EXPECT_TRUE((*store)->writer().CommitFacts({&fact, 1}).ok());
  const std::string log = testing::internal::GetCapturedStderr();
  const auto count = [&](std::string_view what) {
    int found = 0;
    for (std::size_t at = log.find(what); at != std::string::npos; at = log.find(what, at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count("event=store_failing"), 1) << log;
  EXPECT_EQ(count("event=store_works"), 1) << log;
  EXPECT_EQ(count("event="), 2) << log;
  EXPECT_THAT(log, HasSubstr(" do=\"make room on the disk of " + options.folder));
}

TEST(StoreFaults, AStartOnABadDiskSaysWhatToDo) {
  for (const auto& [error, code, advice] :
       {std::tuple{ENOSPC, absl::StatusCode::kResourceExhausted, "make room on the disk of "},
        std::tuple{EROFS, absl::StatusCode::kPermissionDenied, " writable again"},
        std::tuple{EIO, absl::StatusCode::kInternal, "in the kernel's log"}}) {
    const TestFolder folder;
    FaultDisk disk(folder.path());
    disk.Fail(error, 1, FaultDisk::kAlways);
    const auto store = OpenSqliteStore({folder.path() + "/data", 0, Retention{}, TestKey()});
    EXPECT_EQ(store.status().code(), code) << store.status();
    EXPECT_THAT(std::string(store.status().message()), HasSubstr(advice));
    EXPECT_THAT(std::string(store.status().message()), HasSubstr("free: "));
    EXPECT_THAT(std::string(store.status().message()), HasSubstr(folder.path()));
  }
}

}  // namespace
}  // namespace teiten
