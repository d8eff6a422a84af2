// SPDX-License-Identifier: Apache-2.0
// Whether the interface behind a packet socket can receive anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace teiten {

enum class InterfaceState : uint8_t {
  kUp,
  kNoLink,  // set up, but without carrier
  kDown,    // not set up by the administrator
  kGone,    // deleted, or moved to another network namespace: never comes back to this socket
};

// "up", "no_link", "down", "gone".
[[nodiscard]] std::string_view InterfaceStateName(InterfaceState state);

// What an operator does about it; empty where nothing is to be done.
[[nodiscard]] std::string InterfaceAdvice(InterfaceState state, const std::string& interface);

// Asked by the socket's own binding (packet(7)), not by a name: an interface may be renamed, and
// another one made with the old name. Needs no privilege.
[[nodiscard]] InterfaceState ReadInterfaceState(int packet_socket);

}  // namespace teiten
