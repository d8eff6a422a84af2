// SPDX-License-Identifier: Apache-2.0
// Tells when something of this host's network changes: an address, an interface (rtnetlink(7)). The
// socket is opened before privileges are dropped; what it says is only "look again", so a lost
// message loses nothing.
#pragma once

#include <cstdint>

#include "absl/status/status.h"

namespace teiten {

class NetlinkWatch {
 public:
  NetlinkWatch() = default;
  ~NetlinkWatch();
  NetlinkWatch(const NetlinkWatch&) = delete;
  NetlinkWatch& operator=(const NetlinkWatch&) = delete;

  // Groups: RTMGRP_… of <linux/rtnetlink.h>.
  [[nodiscard]] absl::Status Open(uint32_t groups);
  [[nodiscard]] int fd() const { return fd_; }
  // Takes all pending messages; true where there were any.
  [[nodiscard]] bool TakePending();

 private:
  int fd_ = -1;
};

}  // namespace teiten
