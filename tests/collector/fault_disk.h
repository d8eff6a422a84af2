// SPDX-License-Identifier: Apache-2.0
// A disk that fails on purpose, below the real SQLite: this test executable defines the system
// calls that change files, and while a FaultDisk lives those on its folder are counted and, when
// it says so, fail as the kernel would let them:
//   ENOSPC  nothing grows and nothing is made; what is there can be opened and deleted
//   EIO     nothing is written, synced, made or deleted
//   EROFS   nothing is even opened for writing
// A write that fails has written its first half.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace teiten {

class FaultDisk {
 public:
  enum class Call { kWrite, kSync, kTruncate, kOpen, kMake, kDelete };
  static constexpr uint64_t kAlways = UINT64_MAX;

  // One at a time in the process.
  explicit FaultDisk(std::string folder);
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  // `times` changes fail, from the `nth` after this call on (1: the next).
  void Fail(int error, uint64_t nth, uint64_t times);
  void Heal();
  [[nodiscard]] uint64_t changes() const;  // that were asked for since Fail, or from the beginning
  [[nodiscard]] uint64_t failed() const;   // of them

  // For the system calls: the errno to fail with, or 0.
  [[nodiscard]] int Judge(Call call, std::string_view path);

 private:
  const std::string folder_;
  mutable std::mutex mutex_;  // protects what follows
  int error_ = 0;
  uint64_t first_ = 0;
  uint64_t times_ = 0;
  uint64_t changes_ = 0;
  uint64_t failed_ = 0;
};

}  // namespace teiten
