// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/interface.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace teiten {
namespace {

constexpr uint32_t kLinkHeaderBytes = 14 + 2 * 4;

std::string StatisticsPath(const std::string& interface, const char* what) {
  return absl::StrCat("/sys/class/net/", interface, "/", what);
}

std::string ReadAll(int fd) {
  std::array<char, 64> text{};
  const ssize_t got = fd < 0 ? -1 : pread(fd, text.data(), text.size(), 0);
  return got <= 0 ? "" : std::string(text.data(), static_cast<std::size_t>(got));
}

std::optional<uint64_t> ReadNumber(int fd) {
  const std::string text = ReadAll(fd);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<Prefix> PrefixOf(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  std::optional<ParsedAddress> parsed;
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    parsed = AddressFromBytes({reinterpret_cast<const char*>(&v4->sin_addr), 4});
  } else if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    parsed = AddressFromBytes({reinterpret_cast<const char*>(&v6->sin6_addr), 16});
  }
  if (!parsed.has_value()) return std::nullopt;
  const uint8_t length = parsed->family == Family::kIpv4 ? 32 : 128;
  return Prefix{parsed->family, parsed->address, length};
}

bool IsRoutable(const Prefix& prefix) {
  if (prefix.family == Family::kIpv4) {
    return prefix.base.low >> 24 != 127 && prefix.base.low >> 16 != 0xa9fe;
  }
  return prefix.base.high >> 54 != 0xfe80ULL << 48 >> 54 && prefix.base != Address{0, 1};
}

}  // namespace

absl::StatusOr<HostAddresses> ReadAddresses(const std::string& interface) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot read the addresses of this host: ", std::strerror(errno)));
  }
  HostAddresses addresses;
  std::set<std::string> names;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    names.insert(entry->ifa_name);
    const std::optional<Prefix> prefix = PrefixOf(entry->ifa_addr);
    if (!prefix.has_value()) continue;
    addresses.host.push_back(*prefix);
    if (interface == entry->ifa_name && IsRoutable(*prefix)) {
      addresses.interface.push_back(*prefix);
    }
  }
  freeifaddrs(list);
  if (!names.contains(interface)) {
    return absl::NotFoundError(absl::StrCat("no interface \"", interface, "\"; this host has ",
                                            absl::StrJoin(names, ", ")));
  }
  return addresses;
}

uint32_t LargestFrame(const std::string& interface) {
  const int fd = open(StatisticsPath(interface, "mtu").c_str(), O_RDONLY | O_CLOEXEC);
  const std::optional<uint64_t> mtu = ReadNumber(fd);
  if (fd >= 0) close(fd);
  return mtu.has_value() ? static_cast<uint32_t>(*mtu) + kLinkHeaderBytes : UINT32_MAX;
}

InterfaceStatistics::InterfaceStatistics(const std::string& interface)
    : missed_fd_(open(StatisticsPath(interface, "statistics/rx_missed_errors").c_str(),
                      O_RDONLY | O_CLOEXEC)),
      fifo_fd_(open(StatisticsPath(interface, "statistics/rx_fifo_errors").c_str(),
                    O_RDONLY | O_CLOEXEC)),
      before_(Total()) {}

InterfaceStatistics::~InterfaceStatistics() {
  for (const int fd : {missed_fd_, fifo_fd_}) {
    if (fd >= 0) close(fd);
  }
}

std::optional<uint64_t> InterfaceStatistics::Total() const {
  const std::optional<uint64_t> missed = ReadNumber(missed_fd_);
  const std::optional<uint64_t> fifo = ReadNumber(fifo_fd_);
  if (!missed.has_value() || !fifo.has_value()) return std::nullopt;
  return *missed + *fifo;
}

std::optional<uint64_t> InterfaceStatistics::TakeDropped() {
  const std::optional<uint64_t> now = Total();
  const std::optional<uint64_t> before = std::exchange(before_, now);
  // A driver that was reset counts from zero again.
  if (!now.has_value() || !before.has_value() || *now < *before) return std::nullopt;
  return *now - *before;
}

}  // namespace teiten
