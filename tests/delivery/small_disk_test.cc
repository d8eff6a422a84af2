// SPDX-License-Identifier: Apache-2.0
// The spool on a real file system that is too small, has no more files to give, or refuses writes.
#include "tests/common/small_disk.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <string>

#include "sensor/uplink/spool.h"

namespace teiten {
namespace {

constexpr int64_t kMinuteMs = 60'000;

class SmallDiskTest : public ::testing::Test {
 protected:
  void Open(const SmallDisk& small) {
    spool_.reset();
    disk_.reset();
    auto disk = OpenPosixDisk(small.path() + "/spool");
    ASSERT_TRUE(disk.ok()) << disk.status();
    disk_ = *std::move(disk);
    SpoolOptions options;
    options.sensor = "sensor-1";
    options.reserve_block = 4;
    auto spool = SpoolStore::Open(
        *disk_, options, [this] { return ++random_ * 0x9e3779b97f4a7c15ULL; }, now_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
  }
  bool Append() {
    SpoolAppend append;
    append.envelope.set_content(std::string(4'000, 'x'));
    append.from_unix_ms = now_.unix_ms;
    append.to_unix_ms = now_.unix_ms += kMinuteMs;
    ++produced_;
    return spool_->Append(now_, std::move(append)).ok();
  }
  // Every window is in the spool, shed or was refused; and every loss has its gap.
  void ExpectAllAccountedFor() const {
    const SpoolCore& core = spool_->core();
    const SpoolCounters& counters = core.counters();
    EXPECT_EQ(produced_, counters.waiting + counters.shed_size + counters.unwritable);
    uint64_t gaps = 0;
    for (const v1::Gap& gap : core.GapsOf(core.identity().spool, {})) {
      gaps += gap.sequences().last() - gap.sequences().first() + 1;
      EXPECT_TRUE(gap.has_from_unix_ms()) << "the loss has a length";
    }
    EXPECT_EQ(gaps, counters.shed_size + counters.unwritable);
  }
  [[nodiscard]] uint64_t Readable() {
    std::vector<uint64_t> sequences;
    for (const auto& [sequence, entry] : spool_->core().entries()) sequences.push_back(sequence);
    uint64_t count = 0;
    for (const uint64_t sequence : sequences) count += spool_->Read(now_, sequence).ok() ? 1U : 0U;
    return count;
  }

  uint64_t random_ = 0;
  uint64_t produced_ = 0;
  SpoolTime now_{1'000'000, 1'700'000'000'000};
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<SpoolStore> spool_;
};

TEST_F(SmallDiskTest, AFullOneShedsTheOldestUntilItGrows) {
  const SmallDisk small("size=256k");
  if (!small.mounted()) GTEST_SKIP() << "needs a mount namespace";
  Open(small);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Append()) << i << ": " << spool_->last_error();
  const uint64_t shed = spool_->core().counters().shed_size;
  EXPECT_GT(shed, 100);
  EXPECT_GT(spool_->core().counters().waiting, 20);
  ExpectAllAccountedFor();
  small.Become("size=8m");
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Append());
  EXPECT_EQ(spool_->core().counters().shed_size, shed);
  ExpectAllAccountedFor();
  const uint64_t held = spool_->core().entries().size();
  Open(small);
  EXPECT_EQ(spool_->core().entries().size(), held);
  EXPECT_EQ(Readable(), held);
}

TEST_F(SmallDiskTest, WithoutInodesItShedsToo) {
  const SmallDisk small("size=8m,nr_inodes=40");
  if (!small.mounted()) GTEST_SKIP() << "needs a mount namespace";
  Open(small);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Append()) << i << ": " << spool_->last_error();
  EXPECT_GT(spool_->core().counters().shed_size, 50);
  ExpectAllAccountedFor();
  EXPECT_EQ(Readable(), spool_->core().entries().size());
}

// A file may not grow (EFBIG): an error that is not about space, and passes.
TEST_F(SmallDiskTest, WhatRefusesEveryWriteLosesCountedAndRecovers) {
  const SmallDisk small("size=8m");
  if (!small.mounted()) GTEST_SKIP() << "needs a mount namespace";
  Open(small);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Append());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit nothing{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  int kept = 0;
  for (int i = 0; i < 7; ++i) kept += Append() ? 1 : 0;
  const uint64_t readable = Readable();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(kept, 0);
  EXPECT_EQ(readable, 5) << "what is there can still be sent";
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Append()) << spool_->last_error();
  EXPECT_EQ(spool_->core().counters().unwritable, 7);
  ExpectAllAccountedFor();
  Open(small);
  EXPECT_EQ(Readable(), 10);
}

}  // namespace
}  // namespace teiten
