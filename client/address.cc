// SPDX-License-Identifier: Apache-2.0
#include "client/address.h"

#include <charconv>

#include "common/address.h"
#include "common/config_file.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr const char* kDefaultPort = "7843";

absl::Status Wrong(const std::string& address) {
  return absl::InvalidArgumentError(
      fmt::format("collector \"{}\": write HOST:PORT, [IPv6]:PORT or unix:PATH", address));
}

struct HostAndPort {
  std::string host, port;
};

// A colon inside an address without brackets belongs to the address.
HostAndPort Split(const std::string& address) {
  if (address.starts_with('[')) {
    const std::size_t end = address.find(']');
    if (end == std::string::npos) return {};
    const std::string rest = address.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return {};
    return {address.substr(1, end - 1), rest.empty() ? kDefaultPort : rest.substr(1)};
  }
  const std::size_t colon = address.find(':');
  if (colon == std::string::npos) return {address, kDefaultPort};
  if (address.find(':', colon + 1) != std::string::npos) return {address, kDefaultPort};
  return {address.substr(0, colon), address.substr(colon + 1)};
}

bool ValidPort(const std::string& text) {
  uint32_t port = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && stop == text.data() + text.size() && port > 0 && port <= 65535;
}

bool IsLoopback(const std::string& host) {
  if (host == "localhost") return true;
  const auto address = ParseAddress(host);
  if (!address) return false;
  if (address->family == Family::kIpv4) return address->address.low >> 24 == 127;
  return address->address == Address{0, 1};
}

}  // namespace

absl::StatusOr<std::string> CheckCollectorAddress(const std::string& address) {
  if (address.starts_with("unix:")) {
    if (address.size() == 5) return Wrong(address);
    return address;
  }
  const HostAndPort parts = Split(address);
  if (parts.host.empty() || !ValidPort(parts.port)) return Wrong(address);
  if (!IsLoopback(parts.host)) {
    return absl::InvalidArgumentError(fmt::format(
        "collector {}: answers would cross the network in clear, so only this machine is asked. "
        "Make a tunnel and ask its end: ssh -N -L 7843:127.0.0.1:{} {}",
        address, parts.port, parts.host));
  }
  const bool ipv6 = parts.host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", parts.host, parts.port)
              : fmt::format("{}:{}", parts.host, parts.port);
}

absl::StatusOr<std::string> ReadProfile(const std::string& home) {
  if (home.empty()) return "";
  std::string collector;
  ConfigFile file({ConfigKey::String(
      "collector", &collector, "Address of the collector to ask: HOST:PORT or unix:PATH.",
      [](std::string_view text) -> std::string {
        if (CheckCollectorAddress(std::string(text)).ok()) return "";
        return std::string(CheckCollectorAddress(std::string(text)).status().message());
      })});
  const absl::Status status = file.Read(home + "/.config/teiten/profile.toml");
  if (absl::IsNotFound(status)) return "";
  if (!status.ok()) return status;
  return collector;
}

}  // namespace teiten
