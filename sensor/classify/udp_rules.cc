// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/udp_rules.h"

#include "sensor/classify/udp_protocols.h"

namespace teiten {

using udp::DnsFlavour;

UdpPayload JudgeUdpPayload(uint16_t service_port, std::span<const uint8_t> payload) {
  switch (service_port) {
    case 17:
    case 19:
      return UdpPayload::kResponse;
    case 53:
      return udp::JudgeDns(payload, DnsFlavour::kUnicast);
    case 69:
      return udp::JudgeTftp(payload);
    case 111:
      return udp::JudgeRpc(payload);
    case 123:
      return udp::JudgeNtp(payload);
    case 137:
      return udp::JudgeNetbios(payload);
    case 161:
      return udp::JudgeSnmp(payload);
    case 389:
      return udp::JudgeCldap(payload);
    case 500:
      return udp::JudgeIke(payload);
    case 1194:
      return udp::JudgeOpenVpn(payload);
    case 1900:
      return udp::JudgeSsdp(payload);
    case 3702:
      return udp::JudgeWsDiscovery(payload);
    case 4500:
      return udp::JudgeIkeBehindNat(payload);
    case 5060:
      return udp::JudgeSip(payload);
    case 5353:
      return udp::JudgeDns(payload, DnsFlavour::kMulticast);
    case 5683:
      return udp::JudgeCoap(payload);
    case 6881:
      return udp::JudgeBitTorrent(payload);
    case 11211:
      return udp::JudgeMemcached(payload);
    case 27015:
      return udp::JudgeValve(payload);
    case 37810:
      return udp::JudgeDhDiscover(payload);
    case 47808:
      return udp::JudgeBacnet(payload);
    // No specification or capture of a response at hand: nothing is proven.
    case 3283:
    case 10001:
    case 30718:
      return UdpPayload::kOther;
    default:
      return UdpPayload::kOther;
  }
}

bool IsAmplificationRequest(uint16_t destination_port, std::span<const uint8_t> payload) {
  switch (destination_port) {
    // Whatever arrives is answered, even nothing (RFC 864, RFC 865).
    case 17:
    case 19:
      return true;
    case 53:
      return udp::IsDnsAmplification(payload, DnsFlavour::kUnicast);
    case 123:
      return udp::IsNtpAmplification(payload);
    case 161:
      return udp::IsSnmpGetBulk(payload);
    case 389:
      return udp::IsCldapRootDse(payload);
    case 1900:
      return udp::JudgeSsdp(payload) == UdpPayload::kRequest;
    case 3702:
      return udp::JudgeWsDiscovery(payload) == UdpPayload::kRequest;
    case 5353:
      return udp::IsDnsAmplification(payload, DnsFlavour::kMulticast);
    case 11211:
      return udp::IsMemcachedAmplification(payload);
    case 37810:
      return udp::JudgeDhDiscover(payload) == UdpPayload::kRequest;
    default:
      return false;
  }
}

}  // namespace teiten
