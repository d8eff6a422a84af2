// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "collector/store/disk_error.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kSuffix = ".db";

absl::Status ErrnoStatus(std::string_view what, const std::string& path, int error) {
  return absl::Status(CodeOfErrno(error),
                      fmt::format("{}: cannot {}: {}", path, what, std::strerror(error)));
}

absl::Status Sync(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) return ErrnoStatus("open", path, errno);
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  return result == 0 ? absl::OkStatus() : ErrnoStatus("sync", path, error);
}

}  // namespace

std::string StorePaths::FactsOf(int64_t day_unix_ms) const {
  return fmt::format("{}/{}{}", Facts(), FormatDay(day_unix_ms, zone.utc_offset_minutes()),
                     kSuffix);
}

absl::StatusOr<std::vector<int64_t>> ListFactDays(const StorePaths& paths) {
  std::error_code error;
  std::vector<int64_t> days;
  std::filesystem::directory_iterator it(paths.Facts(), error);
  if (error) return ErrnoStatus("list", paths.Facts(), error.value());
  for (; it != std::filesystem::directory_iterator(); it.increment(error)) {
    if (error) return ErrnoStatus("list", paths.Facts(), error.value());
    const std::string name = it->path().filename().string();
    if (name.size() != 10 + kSuffix.size() || name.substr(10) != kSuffix) continue;
    const std::optional<int64_t> midnight_utc = ParseTimeMs(name.substr(0, 10));
    if (!midnight_utc.has_value()) continue;
    days.push_back(*midnight_utc - int64_t{paths.zone.utc_offset_minutes()} * 60'000);
  }
  std::sort(days.begin(), days.end());
  return days;
}

absl::Status MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoStatus("make the folder", path, errno);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& path) { return Sync(path, O_DIRECTORY); }
absl::Status SyncFile(const std::string& path) {
  const bool gone = ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
  return gone ? absl::OkStatus() : Sync(path, 0);
}

absl::Status RemoveDatabase(const std::string& path) {
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const std::string file = path + suffix;
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return ErrnoStatus("delete", file, errno);
  }
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

bool FileExists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

}  // namespace teiten
