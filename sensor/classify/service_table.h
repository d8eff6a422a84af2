// SPDX-License-Identifier: Apache-2.0
// What this host declares to serve: traffic to it is asked for and never observed. "80/tcp" for
// everyone makes the port blind; "22/tcp from 192.0.2.0/24" only for those sources.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/address.h"
#include "common/kind.h"

namespace teiten {

struct ServiceDeclaration {
  uint8_t protocol = kProtocolTcp;
  uint16_t port = 0;         // 0 for protocols without ports
  std::vector<Prefix> from;  // empty: everyone
};

// Immutable; shared by workers.
class ServiceTable {
 public:
  explicit ServiceTable(std::vector<ServiceDeclaration> services);

  [[nodiscard]] bool empty() const { return declarations_.empty(); }
  // Is (protocol, port) declared at all, for anyone?
  [[nodiscard]] bool IsDeclared(uint8_t protocol, uint16_t port) const {
    if (protocol == kProtocolTcp) return ports_->tcp.test(port);
    if (protocol == kProtocolUdp) return ports_->udp.test(port);
    return ports_->other.test(protocol);
  }
  // Does it serve this peer?
  [[nodiscard]] bool Serves(uint8_t protocol, uint16_t port, Family family,
                            const Address& peer) const {
    return IsDeclared(protocol, port) && ServesDeclared(protocol, port, family, peer);
  }
  [[nodiscard]] const std::vector<ServiceDeclaration>& declarations() const {
    return declarations_;
  }

 private:
  struct Ports {
    std::bitset<65536> tcp, udp;
    std::bitset<256> other;
  };
  [[nodiscard]] bool ServesDeclared(uint8_t protocol, uint16_t port, Family family,
                                    const Address& peer) const;

  std::vector<ServiceDeclaration> declarations_;
  std::unique_ptr<Ports> ports_;
};

}  // namespace teiten
