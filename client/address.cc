// SPDX-License-Identifier: Apache-2.0
#include "client/address.h"

#include "common/config_file.h"
#include "common/endpoint.h"
#include "fmt/format.h"

namespace teiten {

absl::StatusOr<std::string> CheckCollectorAddress(const std::string& address) {
  const absl::StatusOr<Endpoint> endpoint = ParseLocalEndpoint(address);
  if (endpoint.ok() && (endpoint->unix_socket || endpoint->port > 0)) return endpoint->Target();
  const std::string why =
      endpoint.ok() ? "port 0 cannot be reached" : std::string(endpoint.status().message());
  return absl::InvalidArgumentError(fmt::format("collector {}", why));
}

std::string ConfigHome(const std::string& xdg_config_home, const std::string& home) {
  if (xdg_config_home.starts_with('/')) return xdg_config_home;
  return home.empty() ? "" : home + "/.config";
}

absl::StatusOr<std::string> ReadProfile(const std::string& config_home) {
  if (config_home.empty()) return "";
  std::string collector;
  ConfigFile file({ConfigKey::String(
      "collector", &collector, "Address of the collector to ask: HOST:PORT or unix:PATH.",
      [](std::string_view text) -> std::string {
        if (CheckCollectorAddress(std::string(text)).ok()) return "";
        return std::string(CheckCollectorAddress(std::string(text)).status().message());
      })});
  const absl::Status status = file.Read(config_home + "/teiten/profile.toml");
  if (absl::IsNotFound(status)) return "";
  if (!status.ok()) return status;
  return collector;
}

}  // namespace teiten
