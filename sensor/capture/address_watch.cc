// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/address_watch.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace teiten {

absl::Status AddressWatch::Open() {
  fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK;
  if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot watch this host's addresses (netlink): ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

AddressWatch::~AddressWatch() {
  if (fd_ >= 0) close(fd_);
}

bool AddressWatch::TakePending() {
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
