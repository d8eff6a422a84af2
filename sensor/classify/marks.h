// SPDX-License-Identifier: Apache-2.0
// Tool marks: evidence in one packet of the program that sent it (docs/measurement.md, "Tool
// marks", gives sources and chance rates). A mark that needs bytes the snapshot lacks fails.
#pragma once

#include "common/definitions.h"
#include "common/kind.h"
#include "sensor/classify/kinds.h"
#include "sensor/decode/packet.h"

namespace teiten {

// Option kind 2, length 4 (RFC 9293 §3.7.1), alone in the header.
[[nodiscard]] constexpr bool HasMssOnly(const Packet& p) {
  return p.tcp_options_length == 4 && p.tcp_options != nullptr && p.tcp_options[0] == 2 &&
         p.tcp_options[1] == 4;
}

[[nodiscard]] constexpr bool HasZmapIp(const Packet& p) {
  return p.family == Family::kIpv4 && p.ip_id == definitions::kZmapId &&
         p.ttl >= definitions::kZmapMinTtl;
}

[[nodiscard]] constexpr bool IsZmapSyn(const Packet& p) {
  return HasZmapIp(p) && p.tcp_flags == kTcpSyn && p.tcp_window_known &&
         p.tcp_window == definitions::kZmapWindow && (p.tcp_options_length == 0 || HasMssOnly(p));
}

[[nodiscard]] constexpr bool IsMasscanSyn(const Packet& p) {
  return p.family == Family::kIpv4 && p.tcp_flags == kTcpSyn &&
         p.ttl >= definitions::kMasscanMinTtl &&
         p.ip_id == static_cast<uint16_t>(p.destination.low ^ p.destination_port ^ p.tcp_sequence);
}

[[nodiscard]] constexpr bool IsMiraiSyn(const Packet& p) {
  return p.family == Family::kIpv4 && p.tcp_sequence == static_cast<uint32_t>(p.destination.low);
}

[[nodiscard]] constexpr bool IsNmapSyn(const Packet& p) {
  return p.tcp_flags == kTcpSyn && !p.dont_fragment && IsNmapWindow(p) && HasMssOnly(p) &&
         (p.tcp_options[2] << 8 | p.tcp_options[3]) == definitions::kNmapMss && !IsMasscanSyn(p);
}

// For tcp_null, tcp_fin, tcp_xmas, tcp_maimon and ACK alone.
[[nodiscard]] constexpr bool IsNmapFlagScan(const Packet& p) {
  return p.tcp_options_length == 0 && p.data_length == 0 && !p.dont_fragment && IsNmapWindow(p);
}

}  // namespace teiten
