// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace teiten {
namespace {

// 0 where the driver does not know the question.
uint32_t Ask(int socket, const std::string& interface, uint32_t command) {
  ethtool_value value{.cmd = command, .data = 0};
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ::ioctl(socket, SIOCETHTOOL, &request) == 0 ? value.data : 0;
}

}  // namespace

bool MergesFrames(const std::string& interface) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const bool merges = Ask(socket, interface, ETHTOOL_GGRO) != 0 ||
                      (Ask(socket, interface, ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0;
  ::close(socket);
  return merges;
}

}  // namespace teiten
