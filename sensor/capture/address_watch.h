// SPDX-License-Identifier: Apache-2.0
// Tells when an address of this host comes or goes (rtnetlink(7)). The socket is opened before
// privileges are dropped; what it says is only "look again", so a lost message loses nothing.
#pragma once

#include "absl/status/statusor.h"

namespace teiten {

class AddressWatch {
 public:
  AddressWatch() = default;
  ~AddressWatch();
  AddressWatch(const AddressWatch&) = delete;
  AddressWatch& operator=(const AddressWatch&) = delete;

  [[nodiscard]] absl::Status Open();
  [[nodiscard]] int fd() const { return fd_; }
  // Takes all pending messages; true where there were any.
  [[nodiscard]] bool TakePending();

 private:
  int fd_ = -1;
};

}  // namespace teiten
