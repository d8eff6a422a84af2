// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/service_table.h"

#include <algorithm>
#include <utility>

namespace teiten {

ServiceTable::ServiceTable(std::vector<ServiceDeclaration> services)
    : declarations_(std::move(services)), ports_(std::make_unique<Ports>()) {
  for (const ServiceDeclaration& service : declarations_) {
    switch (service.protocol) {
      case kProtocolTcp:
        ports_->tcp.set(service.port);
        break;
      case kProtocolUdp:
        ports_->udp.set(service.port);
        break;
      default:
        ports_->other.set(service.protocol);
    }
  }
}

bool ServiceTable::ServesDeclared(uint8_t protocol, uint16_t port, Family family,
                                  const Address& peer) const {
  for (const ServiceDeclaration& service : declarations_) {
    if (service.protocol != protocol || service.port != port) continue;
    if (service.from.empty()) return true;
    if (std::any_of(service.from.begin(), service.from.end(),
                    [&](const Prefix& prefix) { return prefix.Contains(family, peer); })) {
      return true;
    }
  }
  return false;
}

}  // namespace teiten
