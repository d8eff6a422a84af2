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

// $XDG_CONFIG_HOME where that is an absolute path, else ~/.config; empty without either.
// Source: XDG Base Directory Specification 0.8.
[[nodiscard]] std::string ConfigHome(const std::string& xdg_config_home, const std::string& home);

// The collector of teiten/profile.toml in that folder; empty if there is no profile or it names
// none. `config_home` may be empty.
// Errors: InvalidArgument naming file, line and key; those of reading it.
[[nodiscard]] absl::StatusOr<std::string> ReadProfile(const std::string& config_home);

}  // namespace teiten
