// SPDX-License-Identifier: Apache-2.0
// One process at a time in a data folder: flock on the file "lock" inside it, which holds the
// pid for the message the second one prints. The kernel drops the lock with the process, however
// that ends; the file stays and means nothing by itself.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace teiten {

class FolderLock {
 public:
  // Makes the folder (and its parents, mode 0700) if it is missing.
  // Errors: FailedPrecondition "DIR is used by process 1234"; others with path and reason.
  [[nodiscard]] static absl::StatusOr<FolderLock> Take(const std::string& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace teiten
