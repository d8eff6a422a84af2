// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "sensor/uplink/spool.h"

namespace teiten {
namespace {

class PosixDiskTest : public ::testing::Test {
 protected:
  PosixDiskTest() : folder_(::testing::TempDir() + "teiten-spool-XXXXXX") {
    if (::mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << "mkdtemp";
    folder_ += "/deep/spool";
  }
  ~PosixDiskTest() override {
    std::filesystem::remove_all(std::filesystem::path(folder_).parent_path().parent_path());
  }
  std::string folder_;
};

TEST_F(PosixDiskTest, WritesRenamesListsAndReads) {
  auto disk = OpenPosixDisk(folder_);
  ASSERT_TRUE(disk.ok()) << disk.status();
  ASSERT_TRUE((*disk)->WriteFile("a.tmp", "hello").ok());
  ASSERT_TRUE((*disk)->Rename("a.tmp", "a").ok());
  ASSERT_TRUE((*disk)->SyncFolder().ok());
  EXPECT_EQ(*(*disk)->Read("a", 100), "hello");
  EXPECT_EQ((*disk)->Read("a", 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ((*disk)->Read("b", 4).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE((*disk)->List("dead").ok());  // made
  ASSERT_TRUE((*disk)->Rename("a", "dead/a").ok());
  const auto dead = (*disk)->List("dead");
  ASSERT_EQ(dead->size(), 1);
  EXPECT_EQ((*dead)[0].name, "a");
  EXPECT_EQ((*dead)[0].size_bytes, 5);
  EXPECT_TRUE((*disk)->Remove("dead/a").ok());
  EXPECT_EQ((*disk)->Remove("dead/a").code(), absl::StatusCode::kNotFound);
}

TEST_F(PosixDiskTest, DoesNotFollowLinks) {
  auto disk = OpenPosixDisk(folder_);
  ASSERT_TRUE(disk.ok());
  std::filesystem::create_symlink("/etc/hostname", folder_ + "/link");
  EXPECT_FALSE((*disk)->Read("link", 100).ok());
  EXPECT_FALSE((*disk)->WriteFile("link", "x").ok());
}

TEST_F(PosixDiskTest, ASecondProcessIsRefusedByName) {
  auto disk = OpenPosixDisk(folder_);
  ASSERT_TRUE(disk.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = OpenPosixDisk(folder_);
    const std::string pid = std::to_string(::getppid());
    const bool named = second.status().code() == absl::StatusCode::kFailedPrecondition &&
                       std::string(second.status().message()).find(pid) != std::string::npos;
    ::_exit(named ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  disk->reset();
  EXPECT_TRUE(OpenPosixDisk(folder_).ok());
}

TEST_F(PosixDiskTest, CarriesASpoolOverARestart) {
  SpoolOptions options;
  options.sensor = "sensor-1";
  uint64_t counter = 1;
  const auto random = [&] { return counter++ * 0x9e3779b97f4a7c15ULL; };
  {
    auto disk = OpenPosixDisk(folder_);
    auto spool = SpoolStore::Open(**disk, options, random, {});
    ASSERT_TRUE(spool.ok()) << spool.status();
    for (int i = 0; i < 5; ++i) {
      SpoolAppend append;
      append.envelope.set_content(std::to_string(i));
      ASSERT_TRUE((*spool)->Append({}, std::move(append)).ok());
    }
    (*spool)->Apply({}, SpoolAcknowledged{2});
  }
  auto disk = OpenPosixDisk(folder_);
  auto spool = SpoolStore::Open(**disk, options, random, {});
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ((*spool)->core().entries().size(), 5);
  EXPECT_EQ((*spool)->core().counters().waiting, 4);
  EXPECT_EQ((*spool)->Read({}, 5)->content(), "4");
}

TEST_F(PosixDiskTest, SaysWhereAFolderCannotBeMade) {
  const auto disk = OpenPosixDisk("/proc/nothing/here");
  EXPECT_FALSE(disk.ok());
  EXPECT_THAT(disk.status().message(), ::testing::HasSubstr("/proc/nothing/here"));
}

}  // namespace
}  // namespace teiten
