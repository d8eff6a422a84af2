// SPDX-License-Identifier: Apache-2.0
// What an observed address and a stranger say to each other, second by second, for the tables of
// the solicited table.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "tests/sensor/judge.h"

namespace teiten::test {

inline constexpr uint32_t kStart = SensorUnderTest::kNow;

// One conversation between an observed address and a stranger.
class Conversation {
 public:
  explicit Conversation(bool ipv6 = false, std::vector<ServiceDeclaration> services = {})
      : ipv6_(ipv6), sensor_(std::move(services)) {}

  using Transport = std::function<void(PacketBuilder&)>;
  // Seconds are counted from kStart.
  Fate Out(uint32_t second, const Transport& transport) {
    PacketBuilder p = RawIp();
    if (ipv6_) {
      p.IPv6(kDark6, kScanner6);
    } else {
      p.IPv4(kDark4, kScanner4);
    }
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  Fate Raw(uint32_t second, const PacketBuilder& p) { return sensor_.FateOf(p, kStart + second); }
  Fate In(uint32_t second, const Transport& transport) {
    PacketBuilder p = test::In(ipv6_);
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  Fate From(uint32_t second, const char* source, const Transport& transport) {
    PacketBuilder p = RawIp();
    p.IPv4(source, kDark4);
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  SolicitedTable& table() { return sensor_.solicited(); }
  [[nodiscard]] bool ipv6() const { return ipv6_; }

 private:
  bool ipv6_;
  SensorUnderTest sensor_;
};

using Transport = Conversation::Transport;

inline Transport Tcp(uint16_t from, uint16_t to, uint8_t flags) {
  return [=](PacketBuilder& p) { p.Tcp(from, to, flags); };
}
inline Transport Udp(uint16_t from, uint16_t to) {
  return [=](PacketBuilder& p) { p.Udp(from, to).Payload(Zeros(4)); };
}
inline Transport Icmp(bool ipv6, uint8_t type, uint16_t id) {
  return [=](PacketBuilder& p) {
    if (ipv6) {
      p.Icmp6(type, 0, id);
    } else {
      p.Icmp(type, 0, id);
    }
  };
}
inline Transport Protocol(uint8_t number) {
  return [=](PacketBuilder& p) { p.Ip(number).Payload(Zeros(16)); };
}

}  // namespace teiten::test
