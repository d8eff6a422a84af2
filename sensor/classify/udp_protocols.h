// SPDX-License-Identifier: Apache-2.0
// The rules behind udp_rules.h, one function per protocol; for udp_rules.cc and nobody else.
// All are total on any bytes, as udp_rules.h promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/classify/udp_rules.h"

namespace teiten::udp {

using Payload = std::span<const uint8_t>;

// Callers have checked that the bytes are there.
[[nodiscard]] constexpr uint16_t Be16(Payload p, std::size_t at) {
  return static_cast<uint16_t>(p[at] << 8 | p[at + 1]);
}
[[nodiscard]] constexpr uint32_t Be32(Payload p, std::size_t at) {
  return static_cast<uint32_t>(Be16(p, at)) << 16 | Be16(p, at + 2);
}
[[nodiscard]] inline std::string_view Text(Payload p) {
  return {reinterpret_cast<const char*>(p.data()), p.size()};
}

// udp_dns.cc: names of labels.
enum class DnsFlavour : uint8_t { kUnicast, kMulticast };
[[nodiscard]] UdpPayload JudgeDns(Payload p, DnsFlavour flavour);
[[nodiscard]] bool IsDnsAmplification(Payload p, DnsFlavour flavour);
[[nodiscard]] UdpPayload JudgeNetbios(Payload p);

// udp_ber.cc: ASN.1 in BER.
[[nodiscard]] UdpPayload JudgeSnmp(Payload p);
[[nodiscard]] bool IsSnmpGetBulk(Payload p);
[[nodiscard]] UdpPayload JudgeCldap(Payload p);
[[nodiscard]] bool IsCldapRootDse(Payload p);

// udp_binary.cc: fixed headers.
[[nodiscard]] UdpPayload JudgeNtp(Payload p);
[[nodiscard]] bool IsNtpAmplification(Payload p);
[[nodiscard]] UdpPayload JudgeIke(Payload p);
[[nodiscard]] UdpPayload JudgeIkeBehindNat(Payload p);
[[nodiscard]] UdpPayload JudgeBacnet(Payload p);
[[nodiscard]] UdpPayload JudgeRpc(Payload p);
[[nodiscard]] UdpPayload JudgeCoap(Payload p);
[[nodiscard]] UdpPayload JudgeOpenVpn(Payload p);
[[nodiscard]] UdpPayload JudgeValve(Payload p);

// udp_text.cc: words.
[[nodiscard]] UdpPayload JudgeSsdp(Payload p);
[[nodiscard]] UdpPayload JudgeSip(Payload p);
[[nodiscard]] UdpPayload JudgeMemcached(Payload p);
[[nodiscard]] bool IsMemcachedAmplification(Payload p);
[[nodiscard]] UdpPayload JudgeWsDiscovery(Payload p);
[[nodiscard]] UdpPayload JudgeTftp(Payload p);
[[nodiscard]] UdpPayload JudgeBitTorrent(Payload p);
[[nodiscard]] UdpPayload JudgeDhDiscover(Payload p);

}  // namespace teiten::udp
