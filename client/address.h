// SPDX-License-Identifier: Apache-2.0
// Where the collector is: --collector, else the profile, else this machine.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace teiten {

inline constexpr const char* kDefaultCollector = "127.0.0.1:7843";

// As gRPC takes it. This version speaks plaintext, so only a loopback address or a Unix socket is
// accepted (common/endpoint.h).
// Errors: InvalidArgument saying what to write.
[[nodiscard]] absl::StatusOr<std::string> CheckCollectorAddress(const std::string& address);

// The profile's collector; empty if there is no profile or it names none. `home` may be empty.
// Errors: InvalidArgument naming file, line and key; those of reading it.
[[nodiscard]] absl::StatusOr<std::string> ReadProfile(const std::string& home);

}  // namespace teiten
