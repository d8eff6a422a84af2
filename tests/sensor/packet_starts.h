// SPDX-License-Identifier: Apache-2.0
// How a packet of packet_builder.h begins: one function for each link type.
#pragma once

#include <cstdint>

#include "tests/sensor/packet_builder.h"

namespace teiten::test {

// The field that says what follows is filled in later.
inline PacketBuilder Eth(const char* destination = "02 00 00 00 00 01") {
  PacketBuilder p(LinkType::kEthernet);
  p.Header(Hex(destination) + Hex("02 00 00 00 00 02 0000"));
  return p;
}
inline PacketBuilder Sll(uint8_t packet_type = 0) {
  PacketBuilder p(LinkType::kLinuxSll);
  p.Header(Bytes{0, packet_type} + Hex("0001 0006 020000000002 0000 0000"));
  return p;
}
inline PacketBuilder Sll2(uint8_t packet_type = 0) {
  PacketBuilder p(LinkType::kLinuxSll2);
  p.Header(Hex("0000 0000 00000002 0001") + Bytes{packet_type, 6} + Hex("020000000002 0000"));
  return p;
}
inline PacketBuilder RawIp(LinkType link = LinkType::kRaw) { return PacketBuilder(link); }
inline PacketBuilder Null() {
  PacketBuilder p(LinkType::kNull);
  p.Header(Zeros(4));
  return p;
}
inline PacketBuilder Loop() {
  PacketBuilder p(LinkType::kLoop);
  p.Header(Zeros(4));
  return p;
}
inline PacketBuilder Ppp() {
  PacketBuilder p(LinkType::kPpp);
  p.Header(Hex("ff 03 0000"));
  return p;
}
inline PacketBuilder PppSerial() {
  PacketBuilder p(LinkType::kPppSerial);
  p.Header(Hex("ff 03 0000"));
  return p;
}
// Cisco HDLC: 0x0f unicast, 0x8f multicast.
inline PacketBuilder CiscoHdlc(uint8_t address = 0x0f) {
  PacketBuilder p(LinkType::kPppSerial);
  p.Header(Bytes{address, 0, 0, 0});
  return p;
}
inline PacketBuilder PppEther() {
  PacketBuilder p(LinkType::kPppEther);
  p.Header(Hex("11 00 0001 0000 0000"));
  return p;
}

}  // namespace teiten::test
