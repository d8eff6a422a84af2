// SPDX-License-Identifier: Apache-2.0
// What an observed packet is: one pure function per protocol, rules in words in
// docs/measurement.md ("Kind, class and port").
#pragma once

#include "common/kind.h"
#include "sensor/decode/packet.h"

namespace teiten {

inline constexpr uint8_t kTcpFin = 0x01;
inline constexpr uint8_t kTcpSyn = 0x02;
inline constexpr uint8_t kTcpRst = 0x04;
inline constexpr uint8_t kTcpPsh = 0x08;
inline constexpr uint8_t kTcpAck = 0x10;
inline constexpr uint8_t kTcpUrg = 0x20;
inline constexpr uint8_t kTcpClassicFlags = 0x3f;  // without ECE and CWR

// 1024, 2048, 3072 or 4096: the windows nmap chooses from.
[[nodiscard]] constexpr bool IsNmapWindow(const Packet& p) {
  return p.tcp_window_known && p.tcp_window >= 1024 && p.tcp_window <= 4096 &&
         (p.tcp_window & 1023) == 0;
}

[[nodiscard]] constexpr Kind TcpKind(const Packet& p) {
  const uint8_t f = p.tcp_flags & kTcpClassicFlags;
  if ((f & (kTcpRst | kTcpSyn | kTcpAck)) == kTcpSyn) [[likely]] {
    return (f & kTcpFin) != 0 ? Kind::kTcpOdd : Kind::kTcpSyn;
  }
  if ((f & kTcpRst) != 0) {
    return (f & (kTcpSyn | kTcpFin)) != 0 ? Kind::kTcpOdd : Kind::kTcpRst;
  }
  if ((f & kTcpSyn) != 0) {  // with ACK
    return (f & kTcpFin) != 0 ? Kind::kTcpOdd : Kind::kTcpSynack;
  }
  if (f == (kTcpFin | kTcpAck) && p.data_length == 0 && p.tcp_options_length == 0 &&
      IsNmapWindow(p)) {
    return Kind::kTcpMaimon;
  }
  if ((f & kTcpAck) != 0) return Kind::kTcpAck;
  if (f == 0) return Kind::kTcpNull;
  if (f == kTcpFin) return Kind::kTcpFin;
  if (f == (kTcpFin | kTcpPsh | kTcpUrg)) return Kind::kTcpXmas;
  return Kind::kTcpOdd;
}

// Reads the payload only of packets from a listed service port.
[[nodiscard]] Kind UdpKind(const Packet& p);

// By type alone; errors are judged further by their quote.
[[nodiscard]] constexpr Kind IcmpKind(Family family, uint8_t type) {
  if (family == Family::kIpv4) {
    switch (type) {
      case 8:
        return Kind::kIcmpEchoRequest;
      case 13:
      case 15:
      case 17:
        return Kind::kIcmpRequest;
      case 0:
      case 14:
      case 16:
      case 18:
        return Kind::kIcmpReply;
      case 3:
      case 4:
      case 12:
        return Kind::kIcmpUnreachable;
      case 5:
      case 11:
        return Kind::kIcmpExceeded;
      default:
        return Kind::kIcmpOdd;
    }
  }
  switch (type) {
    case 128:
      return Kind::kIcmpEchoRequest;
    case 139:
      return Kind::kIcmpRequest;
    case 129:
    case 140:
      return Kind::kIcmpReply;
    case 1:
    case 2:
    case 4:
      return Kind::kIcmpUnreachable;
    case 3:
      return Kind::kIcmpExceeded;
    default:
      return Kind::kIcmpOdd;
  }
}

}  // namespace teiten
