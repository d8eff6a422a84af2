// SPDX-License-Identifier: Apache-2.0
#include "collector/enrich/region.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/log.h"
#include "common/sha256.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return absl::NotFoundError(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) return absl::NotFoundError(path + ": is not a file");
  if (static_cast<uint64_t>(info.st_size) > RegionLookup::kMostBytes) {
    return absl::ResourceExhaustedError(fmt::format(
        "{}: {} is more than {}", path, FormatBytes(static_cast<uint64_t>(info.st_size)),
        FormatBytes(RegionLookup::kMostBytes)));
  }
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return absl::DataLossError(path + ": cannot be read to its end");
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

// A file in memory that nobody else can change; the library opens files by name only.
absl::StatusOr<int> MemoryFile(const std::string& bytes) {
  const int fd = ::memfd_create("region", MFD_CLOEXEC);
  if (fd < 0) return absl::InternalError(fmt::format("memfd_create: {}", std::strerror(errno)));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      ::close(fd);
      return absl::InternalError(fmt::format("memory file: {}", std::strerror(errno)));
    }
    done += static_cast<std::size_t>(n);
  }
  return fd;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

bool IsCode(std::string_view text) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.size() == 2 && capital(text[0]) && capital(text[1]);
}

}  // namespace

class RegionLookup::File {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<const File>> Open(const std::string& path);
  ~File() {
    if (open_) MMDB_close(&db_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] std::string RegionOf(Family family, const Address& address) const;
  [[nodiscard]] const RegionFileInfo& info() const { return info_; }

 private:
  File() = default;

  MMDB_s db_{};
  bool open_ = false;
  RegionFileInfo info_;
};

absl::StatusOr<std::unique_ptr<const RegionLookup::File>> RegionLookup::File::Open(
    const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadWhole(path);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<int> fd = MemoryFile(*bytes);
  if (!fd.ok()) return fd.status();
  const Descriptor memory(*fd);
  std::unique_ptr<File> file(new File);
  const std::string name = fmt::format("/proc/self/fd/{}", memory.get());
  const int code = MMDB_open(name.c_str(), MMDB_MODE_MMAP, &file->db_);
  if (code != MMDB_SUCCESS) {
    return absl::DataLossError(
        fmt::format("{}: is not a MaxMind DB file: {}", path, MMDB_strerror(code)));
  }
  file->open_ = true;
  const uint64_t built_s = file->db_.metadata.build_epoch;
  if (built_s > kLastSecond) {
    return absl::DataLossError(fmt::format("{}: is damaged: its build time is no date", path));
  }
  file->info_.path = path;
  file->info_.sha256 = Hex(Sha256Bytes(*bytes));
  file->info_.built_unix_ms = static_cast<int64_t>(built_s) * 1000;
  file->info_.type = file->db_.metadata.database_type;
  return std::unique_ptr<const File>(std::move(file));
}

std::string RegionLookup::File::RegionOf(Family family, const Address& address) const {
  const std::string bytes = AddressBytes(family, address);
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const sockaddr* target = nullptr;
  if (family == Family::kIpv4) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    target = reinterpret_cast<const sockaddr*>(&v4);
  } else {
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    target = reinterpret_cast<const sockaddr*>(&v6);
  }
  int code = MMDB_SUCCESS;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&db_, target, &code);
  if (code != MMDB_SUCCESS || !found.found_entry) return kUnknownRegion;

  static constexpr std::array<const char*, 2> kFlat = {"country_code", nullptr};
  static constexpr std::array<const char*, 3> kNested = {"country", "iso_code", nullptr};
  for (const char* const* path : {kFlat.data(), kNested.data()}) {
    MMDB_entry_data_s data{};
    if (MMDB_aget_value(&found.entry, &data, path) != MMDB_SUCCESS) continue;
    if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING) continue;
    const std::string_view text(data.utf8_string, data.data_size);
    if (IsCode(text)) return std::string(text);
  }
  return kUnknownRegion;
}

RegionLookup::RegionLookup() = default;
RegionLookup::~RegionLookup() = default;

absl::Status RegionLookup::Load(const std::string& path) {
  if (path.empty()) {
    Log(LogLevel::kWarn, "region_file", {{"path", ""}, {"regions", kUnknownRegion}});
    const std::lock_guard lock(mutex_);
    file_.reset();
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<const File>> file = File::Open(path);
  if (!file.ok()) return file.status();
  const RegionFileInfo& info = (*file)->info();
  Log(LogLevel::kInfo, "region_file",
      {{"path", info.path},
       {"sha256", info.sha256},
       {"built", FormatUtcMs(info.built_unix_ms)},
       {"type", info.type}});
  const std::lock_guard lock(mutex_);
  file_ = *std::move(file);
  return absl::OkStatus();
}

std::string RegionLookup::RegionOf(Family family, const Address& address) const {
  const std::lock_guard lock(mutex_);
  return file_ == nullptr ? kUnknownRegion : file_->RegionOf(family, address);
}

RegionFileInfo RegionLookup::info() const {
  const std::lock_guard lock(mutex_);
  return file_ == nullptr ? RegionFileInfo{} : file_->info();
}

}  // namespace teiten
