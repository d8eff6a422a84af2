// SPDX-License-Identifier: Apache-2.0
// (protocol, port) as people write it: "23/TCP", "53/UDP", "0/ICMP", "0/ICMPv6", "0/47".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teiten {

struct ProtocolAndPort {
  uint8_t protocol = 0;
  uint16_t port = 0;
  friend auto operator<=>(const ProtocolAndPort&, const ProtocolAndPort&) = default;
};

// "TCP"; the number where there is no usual name.
[[nodiscard]] std::string FormatProtocol(uint32_t protocol);
[[nodiscard]] std::string FormatPort(uint32_t protocol, uint32_t port);

// A name in any case or a number 0-255.
[[nodiscard]] std::optional<uint8_t> ParseProtocol(std::string_view text);
// nullopt unless "port/protocol".
[[nodiscard]] std::optional<ProtocolAndPort> ParsePort(std::string_view text);

}  // namespace teiten
