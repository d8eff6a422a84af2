// SPDX-License-Identifier: Apache-2.0
// From a captured frame to the IP header inside: Ethernet with 802.1Q, QinQ, MPLS and PPPoE in any
// order, Linux cooked captures, raw IP, BSD loopback, PPP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/kind.h"

namespace teiten {

enum class LinkType : uint8_t {
  kEthernet,
  kLinuxSll,
  kLinuxSll2,
  kRaw,  // version nibble decides
  kRawIpv4,
  kRawIpv6,
  kNull,  // family in the byte order of the capturing host
  kLoop,  // family in network order
  kPpp,
  kPppSerial,  // PPP or Cisco HDLC
  kPppEther,   // PPPoE session header, then PPP
};

// From libpcap's DLT_ value; nullopt: not one of ours.
[[nodiscard]] std::optional<LinkType> LinkTypeFromDlt(int dlt);
// "EN10MB, LINUX_SLL, …": for the error that names what would work.
[[nodiscard]] std::string SupportedLinkTypes();

// A frame as libpcap hands it over: `captured` of `wire` bytes are there.
struct Frame {
  const uint8_t* data = nullptr;
  uint32_t captured = 0;
  uint32_t wire = 0;

  [[nodiscard]] bool cut() const { return captured < wire; }
  // n ≤ captured.
  [[nodiscard]] Frame Skip(uint32_t n) const { return {data + n, captured - n, wire - n}; }
};

struct LinkPayload {
  Fate fate = Fate::kNone;  // kUndecodableLink or kNotIp, else kNone
  uint8_t version = 0;      // 4 or 6 as the link says; 0: the version nibble decides
  bool multicast = false;
  Frame ip;
};

// Never reads beyond frame.captured.
[[nodiscard]] LinkPayload StripLinkUncommon(LinkType type, const Frame& frame);

[[nodiscard]] constexpr uint16_t Load16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
[[nodiscard]] constexpr uint32_t Load32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 |
         static_cast<uint32_t>(p[2]) << 8 | static_cast<uint32_t>(p[3]);
}
[[nodiscard]] constexpr uint64_t Load64(const uint8_t* p) {
  return static_cast<uint64_t>(Load32(p)) << 32 | Load32(p + 4);
}

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;

// The common case inline: an Ethernet II frame with IP right behind the header.
[[nodiscard]] inline LinkPayload StripLink(LinkType type, const Frame& frame) {
  if (type == LinkType::kEthernet && frame.captured >= 14) [[likely]] {
    const uint16_t ether_type = Load16(frame.data + 12);
    if (ether_type == kEtherTypeIpv4 || ether_type == kEtherTypeIpv6) [[likely]] {
      return {Fate::kNone, static_cast<uint8_t>(ether_type == kEtherTypeIpv4 ? 4 : 6),
              (frame.data[0] & 1) != 0, frame.Skip(14)};
    }
  }
  return StripLinkUncommon(type, frame);
}

}  // namespace teiten
