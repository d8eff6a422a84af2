// SPDX-License-Identifier: Apache-2.0
#include "collector/store/rollup_worker.h"

#include <gmock/gmock.h>

#include <deque>
#include <thread>

#include "common/log.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A writer thread as the collector has one: a bounded queue of work.
class WriterThread {
 public:
  explicit WriterThread(Store& store) : store_(store), thread_([this] { Run(); }) {}
  ~WriterThread() { Stop(); }

  bool Post(std::function<void(StoreWriter&)> work) {
    const std::lock_guard lock(mutex_);
    if (stop_ || work_.size() >= 16) return false;
    work_.push_back(std::move(work));
    changed_.notify_one();
    return true;
  }
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
      work_.clear();  // thrown away undone
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || !work_.empty(); });
      if (stop_) return;
      auto work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work(store_.writer());
    }
  }
  Store& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::deque<std::function<void(StoreWriter&)>> work_;
  std::thread thread_;
};

bool WaitFor(const std::function<bool()>& done) {
  for (int i = 0; i < 2000; ++i) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

constexpr RollupWorkerOptions kFast{.poll_ms = 5, .least_pause_ms = 1};

// A store whose hours cannot be rolled up.
class NoHours final : public StoreReader {
 public:
  absl::Status ScanFacts(const FactSelection&,
                         const std::function<bool(const StoredFact&)>&) override {
    return error_;
  }
  absl::StatusOr<std::vector<RollupRow>> ReadRollup(const RollupQuery&) override { return error_; }
  absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(RollupTier,
                                                           const FactSelection&) override {
    return error_;
  }
  absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverageByTime(
      RollupTier, const FactSelection&) override {
    return error_;
  }
  absl::StatusOr<std::vector<SourceDay>> ReadSources(const SourceQuery&) override { return error_; }
  absl::StatusOr<std::vector<SensorRecord>> ReadSensors() override { return error_; }
  absl::StatusOr<SpoolLedger> ReadLedger(const std::string&, const Spool&) override {
    return error_;
  }
  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t) override { return error_; }

 private:
  const absl::Status error_ = absl::ResourceExhaustedError("no room");
};

template <typename Backend>
class RollupWorkerTest : public testing::Test {
 protected:
  Backend backend_;
};
using Backends = testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(RollupWorkerTest, Backends);

TYPED_TEST(RollupWorkerTest, RollsUpWhileFactsComeIn) {
  auto store = this->backend_.Open();
  WriterThread writer(*store);
  RollupWorker worker(
      Reader(*store), Zone(0), [&](auto work) { return writer.Post(std::move(work)); }, TestRegion,
      kFast);
  // Retention would take what is as old as these facts; they are kept from when they came.
  const int64_t received = std::numeric_limits<int64_t>::max() / 2;
  worker.Start();
  for (uint64_t i = 1; i <= 60; ++i) {
    const AcceptedFact fact =
        MakeFact({.sequence = i,
                  .start_unix_ms = kTestDay + static_cast<int64_t>(i % 3) * kHourMs,
                  .seed = i,
                  .received_unix_ms = received});
    ASSERT_TRUE(WaitFor([&] {
      return writer.Post([fact](StoreWriter& w) { EXPECT_TRUE(w.CommitFacts({&fact, 1}).ok()); });
    }));
    if (i % 10 == 0) worker.Wake();
  }
  auto reader = Reader(*store);
  EXPECT_TRUE(WaitFor([&] {
    std::size_t facts = 0;
    EXPECT_TRUE(reader->ScanFacts(All(), [&](const StoredFact&) { return ++facts > 0; }).ok());
    return facts == 60 && reader->DirtyHours(1)->empty();
  }));
  worker.Stop();
  writer.Stop();
  EXPECT_GE(worker.counters().hours, 3U);
  EXPECT_EQ(worker.counters().damaged_facts, 0U);
  ExpectRollupIs(*store, RollupTier::kHour, OracleOf(*store, All()));
  ExpectRollupIs(*store, RollupTier::kDay, OracleOf(*store, All()));
}

TYPED_TEST(RollupWorkerTest, ExpiresWhatIsOldThoughNoHourCanBeRolledUp) {
  auto store = this->backend_.Open();
  Commit(*store, {MakeFact({.start_unix_ms = 0, .received_unix_ms = 0})});
  RollUp(*store);
  WriterThread writer(*store);
  RollupWorker worker(
      std::make_unique<NoHours>(), Zone(0), [&](auto work) { return writer.Post(std::move(work)); },
      TestRegion, kFast);
  worker.Start();
  EXPECT_TRUE(WaitFor([&] { return ScanKeys(*store, All()).empty(); }));
}

TYPED_TEST(RollupWorkerTest, StopsWhenTheWriterIsGone) {
  auto store = this->backend_.Open();
  Commit(*store, {MakeFact({})});
  WriterThread writer(*store);
  writer.Stop();
  RollupWorker worker(
      Reader(*store), Zone(0), [&](auto work) { return writer.Post(std::move(work)); }, TestRegion,
      kFast);
  worker.Start();
  EXPECT_TRUE(WaitFor([&] { return worker.counters().failures > 0; }));
  worker.Stop();
  EXPECT_THAT(*store->writer().DirtyHours(10), SizeIs(1));
}

TYPED_TEST(RollupWorkerTest, WorkThrownAwayDoesNotHangIt) {
  auto store = this->backend_.Open();
  Commit(*store, {MakeFact({})});
  RollupWorker worker(
      Reader(*store), Zone(0), [](const auto& /*work*/) { return true; }, TestRegion, kFast);
  EXPECT_TRUE(absl::IsUnavailable(worker.RunOnce()));
}

TYPED_TEST(RollupWorkerTest, ADamagedFactIsLeftOutAndSaid) {
  ConfigureLog({.least = LogLevel::kError});
  auto store = this->backend_.Open();
  const FactSpec spec{.sequence = 2, .rows = 30, .seed = 4};
  v1::WindowSummary damaged = MakeSummary(spec);
  damaged.mutable_ipv4()->set_row_count(damaged.ipv4().row_count() + 1);
  Commit(*store, {MakeFact({.sequence = 1, .seed = 5}), Seal(spec, damaged)});
  RollupWorker worker(
      Reader(*store), Zone(0),
      [&](std::function<void(StoreWriter&)> work) {
        work(store->writer());
        return true;
      },
      TestRegion, kFast);
  ASSERT_TRUE(worker.RunOnce().ok());
  EXPECT_EQ(worker.counters().damaged_facts, 1U);
  EXPECT_THAT(*store->writer().DirtyHours(10), IsEmpty());
  RollupOracle oracle;
  oracle.Add("alpha", "live", MakeSummary({.sequence = 1, .seed = 5}));
  ExpectRollupIs(*store, RollupTier::kHour, oracle);
  ConfigureLog({});
}

}  // namespace
}  // namespace teiten
