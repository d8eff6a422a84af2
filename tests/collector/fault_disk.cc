// SPDX-License-Identifier: Apache-2.0
#include "tests/collector/fault_disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <utility>

namespace teiten {
namespace {

std::atomic<FaultDisk*> the_disk = nullptr;

using Call = FaultDisk::Call;

// The errno that the call is to fail with; 0: none.
int JudgePath(Call call, const char* path) {
  FaultDisk* const disk = the_disk.load();
  return disk == nullptr || path == nullptr ? 0 : disk->Judge(call, path);
}

int JudgeFd(Call call, int fd) {
  FaultDisk* const disk = the_disk.load();
  if (disk == nullptr) return 0;
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  char path[PATH_MAX];
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size <= 0 ? 0 : disk->Judge(call, {path, static_cast<std::size_t>(size)});
}

int Failed(int error) {
  errno = error;
  return -1;
}

int Open(const char* path, int flags, mode_t mode) {
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  struct stat info {};
  const bool makes = (flags & O_CREAT) != 0 && ::stat(path, &info) != 0;
  if (writes || makes) {
    if (const int error = JudgePath(makes ? Call::kMake : Call::kOpen, path); error != 0) {
      return Failed(error);
    }
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

// A mode follows only where a file may be made.
bool HasMode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

}  // namespace

FaultDisk::FaultDisk(std::string folder) : folder_(std::move(folder)) { the_disk = this; }
FaultDisk::~FaultDisk() { the_disk = nullptr; }

void FaultDisk::Fail(int error, uint64_t nth, uint64_t times) {
  const std::lock_guard lock(mutex_);
  error_ = error;
  first_ = nth;
  times_ = times;
  changes_ = failed_ = 0;
}

void FaultDisk::Heal() {
  const std::lock_guard lock(mutex_);
  error_ = 0;
}

uint64_t FaultDisk::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

uint64_t FaultDisk::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

int FaultDisk::Judge(Call call, std::string_view path) {
  const std::lock_guard lock(mutex_);
  if (!path.starts_with(folder_)) return 0;
  const bool concerned = error_ == ENOSPC ? call == Call::kWrite || call == Call::kMake
                         : error_ == EIO  ? call != Call::kOpen
                                          : call != Call::kSync;
  if (!concerned) return 0;
  ++changes_;
  if (error_ == 0 || changes_ < first_ || changes_ - first_ >= times_) return 0;
  ++failed_;
  return error_;
}

}  // namespace teiten

// ---- The system calls, for this executable and the libraries it has loaded.

extern "C" {

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  const int error = teiten::JudgeFd(teiten::Call::kWrite, fd);
  if (error == 0) return ::syscall(SYS_pwrite64, fd, data, size, offset);
  if (error != EROFS) static_cast<void>(::syscall(SYS_pwrite64, fd, data, size / 2, offset));
  return teiten::Failed(error);
}

int fsync(int fd) {
  const int error = teiten::JudgeFd(teiten::Call::kSync, fd);
  return error == 0 ? static_cast<int>(::syscall(SYS_fsync, fd)) : teiten::Failed(error);
}

int fdatasync(int fd) {
  const int error = teiten::JudgeFd(teiten::Call::kSync, fd);
  return error == 0 ? static_cast<int>(::syscall(SYS_fdatasync, fd)) : teiten::Failed(error);
}

int ftruncate64(int fd, off64_t size) noexcept {
  const int error = teiten::JudgeFd(teiten::Call::kTruncate, fd);
  return error == 0 ? static_cast<int>(::syscall(SYS_ftruncate, fd, size)) : teiten::Failed(error);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = teiten::HasMode(flags) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return teiten::Open(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = teiten::HasMode(flags) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return teiten::Open(path, flags, mode);
}

int unlink(const char* path) noexcept {
  const int error = teiten::JudgePath(teiten::Call::kDelete, path);
  return error == 0 ? static_cast<int>(::syscall(SYS_unlink, path)) : teiten::Failed(error);
}

int mkdir(const char* path, mode_t mode) noexcept {
  const int error = teiten::JudgePath(teiten::Call::kMake, path);
  return error == 0 ? static_cast<int>(::syscall(SYS_mkdir, path, mode)) : teiten::Failed(error);
}
}
