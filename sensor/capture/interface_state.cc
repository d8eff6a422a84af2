// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/interface_state.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"

namespace teiten {
namespace {

constexpr int kTries = 3;

}  // namespace

std::string_view InterfaceStateName(InterfaceState state) {
  switch (state) {
    case InterfaceState::kUp:
      return "up";
    case InterfaceState::kNoLink:
      return "no_link";
    case InterfaceState::kDown:
      return "down";
    case InterfaceState::kGone:
      return "gone";
  }
  return "unknown";
}

std::string InterfaceAdvice(InterfaceState state, const std::string& interface) {
  switch (state) {
    case InterfaceState::kUp:
      return "";
    case InterfaceState::kNoLink:
      return absl::StrCat("waiting for ", interface,
                          " to get a link: look at the cable and its other end");
    case InterfaceState::kDown:
      return absl::StrCat("waiting for ", interface, " to come up: ip link set ", interface, " up");
    case InterfaceState::kGone:
      return absl::StrCat("start again when there is an interface ", interface,
                          ", as the service manager does");
  }
  return "";
}

InterfaceState ReadInterfaceState(int packet_socket) {
  sockaddr_ll bound{};
  socklen_t length = sizeof bound;
  if (getsockname(packet_socket, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    return InterfaceState::kGone;
  }
  ifreq request{};
  // Of the two questions the second goes by name, which may have changed in between.
  for (int i = 0; i < kTries; ++i) {
    request.ifr_ifindex = bound.sll_ifindex;  // -1 once the interface is unregistered
    if (ioctl(packet_socket, SIOCGIFNAME, &request) != 0) return InterfaceState::kGone;
    if (ioctl(packet_socket, SIOCGIFFLAGS, &request) != 0) continue;
    if ((request.ifr_flags & IFF_UP) == 0) return InterfaceState::kDown;
    return (request.ifr_flags & IFF_RUNNING) == 0 ? InterfaceState::kNoLink : InterfaceState::kUp;
  }
  return InterfaceState::kDown;
}

}  // namespace teiten
