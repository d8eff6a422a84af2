// SPDX-License-Identifier: Apache-2.0
// IANA's name of a registered port, for those that observation reports talk about. A label beside
// the number, no proof of the protocol: a packet to 443/TCP need not speak HTTPS.
// Source: IANA Service Name and Transport Protocol Port Number Registry.
#pragma once

#include <cstdint>
#include <string_view>

namespace teiten {

// "" where the port has no registered name or is not in our selection.
[[nodiscard]] std::string_view ServiceName(uint32_t protocol, uint32_t port);

}  // namespace teiten
