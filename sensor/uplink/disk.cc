// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/folder_lock.h"
#include "fmt/format.h"

namespace teiten {
namespace {

absl::Status Failure(int error, std::string_view what) {
  const std::string message = fmt::format("{}: {}", what, std::generic_category().message(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EIO) return absl::DataLossError(message);
  return absl::UnavailableError(message);
}

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  // close(2) may report a write error of its own (NFS, quota).
  [[nodiscard]] bool Close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

absl::Status WriteAll(int fd, const std::string& bytes, const std::string& name) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failure(errno, absl::StrCat("write ", name));
    done += static_cast<std::size_t>(n);
  }
  return absl::OkStatus();
}

class PosixDisk : public Disk {
 public:
  PosixDisk(std::string path, FolderLock lock, int folder)
      : path_(std::move(path)), lock_(std::move(lock)), folder_(folder) {}

  absl::StatusOr<std::vector<File>> List(const std::string& folder) override {
    const std::string where = folder.empty() ? path_ : absl::StrCat(path_, "/", folder);
    if (!folder.empty() && ::mkdir(where.c_str(), 0700) != 0 && errno != EEXIST) {
      return Failure(errno, absl::StrCat("mkdir ", where));
    }
    DIR* const dir = ::opendir(where.c_str());
    if (dir == nullptr) return Failure(errno, absl::StrCat("open ", where));
    std::vector<File> files;
    while (const dirent* const entry = ::readdir(dir)) {
      struct stat info {};
      if (::fstatat(::dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (!S_ISREG(info.st_mode)) continue;
      files.push_back({entry->d_name, static_cast<uint64_t>(info.st_size)});
    }
    ::closedir(dir);
    // readdir's order differs between file systems.
    std::sort(files.begin(), files.end(),
              [](const File& a, const File& b) { return a.name < b.name; });
    return files;
  }

  absl::StatusOr<std::string> Read(const std::string& name, uint64_t limit_bytes) override {
    Fd fd(::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd.get() < 0) return Failure(errno, absl::StrCat("open ", name));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return Failure(errno, absl::StrCat("stat ", name));
    if (static_cast<uint64_t>(info.st_size) > limit_bytes) {
      return absl::OutOfRangeError(absl::StrCat(name, " has ", info.st_size, " bytes"));
    }
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t n = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failure(errno, absl::StrCat("read ", name));
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }

  absl::Status WriteFile(const std::string& name, const std::string& bytes) override {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    Fd fd(::openat(folder_.get(), name.c_str(), kFlags, 0600));
    if (fd.get() < 0) return Failure(errno, absl::StrCat("create ", name));
    if (absl::Status written = WriteAll(fd.get(), bytes, name); !written.ok()) return written;
    if (::fsync(fd.get()) != 0) return Failure(errno, absl::StrCat("fsync ", name));
    if (!fd.Close()) return Failure(errno, absl::StrCat("close ", name));
    return absl::OkStatus();
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()) != 0) {
      return Failure(errno, absl::StrCat("rename ", from, " to ", to));
    }
    return absl::OkStatus();
  }

  absl::Status Remove(const std::string& name) override {
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0) {
      return Failure(errno, absl::StrCat("remove ", name));
    }
    return absl::OkStatus();
  }

  absl::Status SyncFolder() override {
    if (::fsync(folder_.get()) != 0) return Failure(errno, absl::StrCat("fsync ", path_));
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const FolderLock lock_;
  const Fd folder_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Disk>> OpenPosixDisk(const std::string& folder) {
  absl::StatusOr<FolderLock> lock = FolderLock::Take(folder);
  if (!lock.ok()) return lock.status();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failure(errno, absl::StrCat("open ", folder));
  return std::make_unique<PosixDisk>(folder, *std::move(lock), fd);
}

}  // namespace teiten
