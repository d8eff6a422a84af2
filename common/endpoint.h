// SPDX-License-Identifier: Apache-2.0
// Where a collector listens or is reached. Without certificates only loopback addresses and Unix
// sockets are taken, because anything else would let strangers read and write in a sensor's name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace teiten {

inline constexpr uint16_t kCollectorPort = 7843;

struct Endpoint {
  bool unix_socket = false;
  std::string host;  // "127.0.0.1" or "::1"; empty for a socket
  uint16_t port = 0;
  std::string path;  // of the socket

  // As gRPC names it: "ipv4:127.0.0.1:7843", "ipv6:[::1]:7843", "unix:/run/x.sock".
  [[nodiscard]] std::string Target() const;
  // As people write it.
  [[nodiscard]] std::string ToString() const;
};

enum class EndpointUse { kConnect, kListen };

// "127.0.0.1:7843", "127.0.0.1" (port 7843), "localhost", "[::1]:7843", "unix:/path".
// Errors: InvalidArgument (not an endpoint), PermissionDenied (plaintext would leave the host),
// with what to do instead: for who connects on that side, for who listens on this one.
[[nodiscard]] absl::StatusOr<Endpoint> ParseLocalEndpoint(std::string_view text,
                                                          EndpointUse use = EndpointUse::kConnect);

}  // namespace teiten
