// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/netlink_watch.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace teiten {

absl::Status NetlinkWatch::Open(uint32_t groups) {
  fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot watch the network of this host (netlink): ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

NetlinkWatch::~NetlinkWatch() {
  if (fd_ >= 0) close(fd_);
}

bool NetlinkWatch::TakePending() {
  std::array<char, 8192> buffer;
  bool any = false;
  for (;;) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    // ENOBUFS: messages were lost, which also means that something changed.
    if (got < 0 && errno != ENOBUFS) return any;
    any = true;
  }
}

}  // namespace teiten
