// SPDX-License-Identifier: Apache-2.0
// A real file system of a size of our choice: a tmpfs in a mount namespace of the test's own, which
// nobody else sees and which goes with the process.
#pragma once

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace teiten {

class SmallDisk {
 public:
  // `limits` as of tmpfs(5): "size=1m,nr_inodes=100".
  explicit SmallDisk(const std::string& limits) {
    std::string pattern = testing::TempDir() + "teiten_disk_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
    mounted_ = ::unshare(CLONE_NEWNS) == 0 &&
               ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("teiten", path_.c_str(), "tmpfs", 0, limits.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    ::rmdir(path_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // False where this needs more privilege than there is: skip the test.
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  void Become(const std::string& limits) const {
    ASSERT_EQ(::mount("teiten", path_.c_str(), "tmpfs", MS_REMOUNT, limits.c_str()), 0);
  }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace teiten
