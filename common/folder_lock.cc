// SPDX-License-Identifier: Apache-2.0
#include "common/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace teiten {
namespace {

absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", folder));
  }
  if (!std::filesystem::is_directory(folder, error) && !error) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " is not a folder; give another, or move that away"));
  }
  return absl::OkStatus();
}

std::string ReadOwner(int fd) {
  char text[32];
  const ssize_t got = ::pread(fd, text, sizeof(text), 0);
  if (got <= 0) return "another process";
  std::string pid(text, static_cast<std::size_t>(got));
  pid.erase(pid.find_last_not_of(" \n") + 1);
  return absl::StrCat("process ", pid);
}

}  // namespace

absl::StatusOr<FolderLock> FolderLock::Take(const std::string& folder) {
  if (absl::Status made = MakeFolder(folder); !made.ok()) return made;
  const std::string path = absl::StrCat(folder, "/lock");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("flock ", path));
    return absl::FailedPreconditionError(absl::StrCat(
        folder, " is used by ", ReadOwner(fd), "; stop it, or give this one another folder"));
  }
  // Only for the message above, so a full disk does not matter here.
  const std::string pid = absl::StrCat(::getpid(), "\n");
  if (::ftruncate(fd, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(fd, pid.data(), pid.size(), 0);
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace teiten
