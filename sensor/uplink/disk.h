// SPDX-License-Identifier: Apache-2.0
// The few things the spool asks of a disk, so that the simulation can put one in its place that
// crashes, fills up, fails and forgets. Names are relative to the spool folder and may have one
// sub-folder ("dead/000….sum"). Used by one thread.
//
// Errors: ResourceExhausted means no space (bytes, quota or inodes); NotFound; DataLoss is an I/O
// error; Unavailable anything else, as too few descriptors, which may pass. After a failed
// WriteFile the file must be taken for worthless: the kernel may have dropped the data and a second
// fsync would say OK (PostgreSQL's "fsyncgate").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace teiten {

class Disk {
 public:
  struct File {
    std::string name;
    uint64_t size_bytes = 0;
  };

  virtual ~Disk() = default;

  // Regular files of the folder itself ("") or of a sub-folder; a sub-folder is made if missing.
  [[nodiscard]] virtual absl::StatusOr<std::vector<File>> List(const std::string& folder) = 0;
  // A larger file is OutOfRange.
  [[nodiscard]] virtual absl::StatusOr<std::string> Read(const std::string& name,
                                                         uint64_t limit_bytes) = 0;
  // Creates or truncates, writes all and fsyncs the file. Not its name: that needs SyncFolder.
  [[nodiscard]] virtual absl::Status WriteFile(const std::string& name,
                                               const std::string& bytes) = 0;
  [[nodiscard]] virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  [[nodiscard]] virtual absl::Status Remove(const std::string& name) = 0;
  // Makes creations, renames and removals in the spool folder itself durable.
  [[nodiscard]] virtual absl::Status SyncFolder() = 0;
};

// A folder of a real file system, made if missing (mode 0700), with an flock on "lock" in it as
// long as the object lives. Errors: FailedPrecondition naming the process that holds the lock;
// else as open(2) says, with the path.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Disk>> OpenPosixDisk(const std::string& folder);

}  // namespace teiten
