// SPDX-License-Identifier: Apache-2.0
// What the kernel says of the capture interface: addresses, MTU, drop statistics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"

namespace teiten {

struct HostAddresses {
  std::vector<Prefix> host;       // of all interfaces: own
  std::vector<Prefix> interface;  // of the capture interface, routable: observed by default
};

// Single addresses. Link-local and loopback ones are never observed. NotFound: no such interface,
// with the names of those there are.
[[nodiscard]] absl::StatusOr<HostAddresses> ReadAddresses(const std::string& interface);

// Largest frame without offload: MTU and link header with two VLAN tags. UINT32_MAX: not known.
[[nodiscard]] uint32_t LargestFrame(const std::string& interface);

// Receive drops of the interface's driver (rx_missed_errors + rx_fifo_errors), from descriptors
// opened before privileges are dropped. Not what the kernel dropped for this process.
class InterfaceStatistics {
 public:
  explicit InterfaceStatistics(const std::string& interface);
  ~InterfaceStatistics();
  InterfaceStatistics(const InterfaceStatistics&) = delete;
  InterfaceStatistics& operator=(const InterfaceStatistics&) = delete;

  // Since the call before (or construction); nullopt: unknown.
  [[nodiscard]] std::optional<uint64_t> TakeDropped();

 private:
  [[nodiscard]] std::optional<uint64_t> Total() const;

  int missed_fd_;
  int fifo_fd_;
  std::optional<uint64_t> before_;
};

}  // namespace teiten
