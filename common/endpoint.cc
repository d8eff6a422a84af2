// SPDX-License-Identifier: Apache-2.0
#include "common/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>

#include "absl/status/status.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::string_view kUnix = "unix:";

absl::Status NotAnEndpoint(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("\"{}\": {}; expected HOST:PORT, as 127.0.0.1:7843, or unix:/path", text, why));
}

absl::StatusOr<Endpoint> ParseUnix(std::string_view text) {
  Endpoint endpoint;
  endpoint.unix_socket = true;
  endpoint.path = std::string(text.substr(kUnix.size()));
  if (endpoint.path.rfind("//", 0) == 0) endpoint.path.erase(0, 2);
  if (endpoint.path.empty() || endpoint.path[0] != '/') {
    return NotAnEndpoint(text, "a socket needs an absolute path");
  }
  if (endpoint.path.size() >= sizeof(sockaddr_un::sun_path)) {
    return NotAnEndpoint(text, fmt::format("a socket's path has at most {} bytes",
                                           sizeof(sockaddr_un::sun_path) - 1));
  }
  return endpoint;
}

bool IsLoopback(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// "[::1]:7843" → "::1", "7843"; a bare IPv6 address has no port.
bool Split(std::string_view text, std::string& host, std::string_view& port) {
  if (!text.empty() && text[0] == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = std::string(text.substr(1, end - 1));
    port = text.substr(end + 1);
    return port.empty() || port[0] == ':';
  }
  const std::size_t colon = text.rfind(':');
  const bool bare_ipv6 = colon != std::string_view::npos && text.find(':') != colon;
  host = std::string(bare_ipv6 ? text : text.substr(0, colon));
  port = bare_ipv6 || colon == std::string_view::npos ? "" : text.substr(colon);
  return true;
}

absl::Status LeavesTheHost(std::string_view text, const Endpoint& endpoint, EndpointUse use) {
  const bool listen = use == EndpointUse::kListen;
  const std::string tunnel = fmt::format("ssh -N -L {}:127.0.0.1:{} {}", endpoint.port,
                                         endpoint.port, listen ? "THIS-HOST" : endpoint.host);
  return absl::PermissionDeniedError(fmt::format(
      "\"{}\" is not a loopback address: without certificates everyone on the way could read {} "
      "and write in {}. {}",
      text, listen ? "the record" : "what the sensor saw",
      listen ? "any sensor's name" : "its name",
      listen ? fmt::format("Listen on 127.0.0.1:{} or unix:/path, and let each sensor's host open "
                           "an encrypted tunnel to it: {}",
                           endpoint.port, tunnel)
             : fmt::format("Open an encrypted tunnel, {}, and give 127.0.0.1:{} or unix:/path",
                           tunnel, endpoint.port)));
}

}  // namespace

std::string Endpoint::Target() const {
  if (unix_socket) return fmt::format("unix:{}", path);
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("ipv6:[{}]:{}", host, port) : fmt::format("ipv4:{}:{}", host, port);
}

std::string Endpoint::ToString() const {
  if (unix_socket) return fmt::format("unix:{}", path);
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

absl::StatusOr<Endpoint> ParseLocalEndpoint(std::string_view text, EndpointUse use) {
  if (text.substr(0, kUnix.size()) == kUnix) return ParseUnix(text);
  Endpoint endpoint;
  std::string_view port;
  if (!Split(text, endpoint.host, port) || endpoint.host.empty()) {
    return NotAnEndpoint(text, "no host");
  }
  endpoint.port = kCollectorPort;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (error != std::errc() || end != port.data() + port.size()) {
      return NotAnEndpoint(text, "the port is not a number from 0 to 65535");
    }
  }
  // Not asked of the resolver: what it answers may be changed by others.
  if (endpoint.host == "localhost") endpoint.host = "127.0.0.1";
  if (IsLoopback(endpoint.host)) return endpoint;
  return LeavesTheHost(text, endpoint, use);
}

}  // namespace teiten
