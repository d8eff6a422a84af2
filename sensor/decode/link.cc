// SPDX-License-Identifier: Apache-2.0
#include "sensor/decode/link.h"

#include <pcap/dlt.h>

#include <array>

namespace teiten {
namespace {

constexpr uint16_t kEtherTypeVlan = 0x8100;
constexpr uint16_t kEtherTypeQinq = 0x88a8;
constexpr uint16_t kEtherTypeQinqOld = 0x9100;
constexpr uint16_t kEtherTypeQinqOlder = 0x9200;
constexpr uint16_t kEtherTypeMpls = 0x8847;
constexpr uint16_t kEtherTypeMplsMulticast = 0x8848;
constexpr uint16_t kEtherTypePppoeSession = 0x8864;
constexpr uint16_t kPppIpv4 = 0x0021;
constexpr uint16_t kPppIpv6 = 0x0057;
constexpr uint16_t kPppMpls = 0x0281;
constexpr uint16_t kPppMplsMulticast = 0x0283;
// More tags and labels than any network stacks; a longer stack is not understood.
constexpr int kMostTags = 16;

struct NamedLink {
  int dlt;
  LinkType type;
  const char* name;
};
constexpr int kDltRawOpenBsd = 14;
constexpr std::array<NamedLink, 12> kLinks = {{
    {DLT_EN10MB, LinkType::kEthernet, "EN10MB"},
    {DLT_LINUX_SLL, LinkType::kLinuxSll, "LINUX_SLL"},
    {DLT_LINUX_SLL2, LinkType::kLinuxSll2, "LINUX_SLL2"},
    {DLT_RAW, LinkType::kRaw, "RAW"},
    {kDltRawOpenBsd, LinkType::kRaw, "RAW (OpenBSD)"},
    {DLT_IPV4, LinkType::kRawIpv4, "IPV4"},
    {DLT_IPV6, LinkType::kRawIpv6, "IPV6"},
    {DLT_NULL, LinkType::kNull, "NULL"},
    {DLT_LOOP, LinkType::kLoop, "LOOP"},
    {DLT_PPP, LinkType::kPpp, "PPP"},
    {DLT_PPP_SERIAL, LinkType::kPppSerial, "PPP_SERIAL"},
    {DLT_PPP_ETHER, LinkType::kPppEther, "PPP_ETHER"},
}};

LinkPayload NoLink() { return {Fate::kUndecodableLink, 0, false, {}}; }
LinkPayload NoIp() { return {Fate::kNotIp, 0, false, {}}; }
LinkPayload Ip(uint8_t version, const Frame& at) { return {Fate::kNone, version, false, at}; }

// MPLS (RFC 3032) does not say what it carries; the nibble behind the last label does.
LinkPayload AfterMpls(const Frame& frame) {
  Frame at = frame;
  for (int label = 0; label < kMostTags; ++label) {
    if (at.captured < 4) return NoLink();
    const bool bottom = (at.data[2] & 1) != 0;
    at = at.Skip(4);
    if (!bottom) continue;
    if (at.captured < 1) return NoLink();
    const uint8_t nibble = at.data[0] >> 4;
    return nibble == 4 || nibble == 6 ? Ip(nibble, at) : NoIp();
  }
  return NoLink();
}

LinkPayload AfterPpp(const Frame& frame) {
  Frame at = frame;
  // Address and control field (RFC 1662 §3.1) may be left out.
  if (at.captured >= 2 && at.data[0] == 0xff && at.data[1] == 0x03) at = at.Skip(2);
  if (at.captured < 1) return NoLink();
  uint16_t protocol = at.data[0];
  if ((protocol & 1) != 0) {  // protocol field compressed to one byte
    at = at.Skip(1);
  } else {
    if (at.captured < 2) return NoLink();
    protocol = Load16(at.data);
    at = at.Skip(2);
  }
  if (protocol == kPppIpv4) return Ip(4, at);
  if (protocol == kPppIpv6) return Ip(6, at);
  if (protocol == kPppMpls || protocol == kPppMplsMulticast) return AfterMpls(at);
  return NoIp();
}

// PPPoE session (RFC 2516): version and type, code 0, session, length.
LinkPayload AfterPppoe(const Frame& at) {
  if (at.captured < 6) return NoLink();
  if (at.data[0] != 0x11 || at.data[1] != 0) return NoLink();
  return AfterPpp(at.Skip(6));
}

LinkPayload AfterEtherType(uint16_t ether_type, const Frame& frame) {
  Frame at = frame;
  for (int tag = 0; tag <= kMostTags; ++tag) {
    switch (ether_type) {
      case kEtherTypeIpv4:
        return Ip(4, at);
      case kEtherTypeIpv6:
        return Ip(6, at);
      case kEtherTypeMpls:
      case kEtherTypeMplsMulticast:
        return AfterMpls(at);
      case kEtherTypePppoeSession:
        return AfterPppoe(at);
      case kEtherTypeVlan:
      case kEtherTypeQinq:
      case kEtherTypeQinqOld:
      case kEtherTypeQinqOlder:
        if (at.captured < 4) return NoLink();
        ether_type = Load16(at.data + 2);
        at = at.Skip(4);
        break;
      default:
        return NoIp();
    }
  }
  return NoLink();
}

LinkPayload AfterEthernet(const Frame& frame) {
  if (frame.captured < 14) return NoLink();
  LinkPayload payload = AfterEtherType(Load16(frame.data + 12), frame.Skip(14));
  payload.multicast = (frame.data[0] & 1) != 0;
  return payload;
}

// Packet types of Linux cooked captures: 1 broadcast, 2 multicast.
LinkPayload AfterCooked(uint16_t protocol, uint16_t packet_type, const Frame& at) {
  LinkPayload payload = AfterEtherType(protocol, at);
  payload.multicast = packet_type == 1 || packet_type == 2;
  return payload;
}

LinkPayload AfterFamily(uint32_t family, const Frame& at) {
  switch (family) {
    case 2:
      return Ip(4, at);
    // AF_INET6 of Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS.
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
      return Ip(6, at);
    default:
      return NoIp();
  }
}

LinkPayload AfterNull(const Frame& frame) {
  if (frame.captured < 4) return NoLink();
  // Written in the capturing host's order, which the file need not tell: families are small.
  const uint32_t big = Load32(frame.data);
  const uint32_t family = big > 0xffff ? __builtin_bswap32(big) : big;
  return AfterFamily(family, frame.Skip(4));
}

// PPP in HDLC-like framing (RFC 1662), or Cisco HDLC: 0x0f unicast, 0x8f multicast, Ethernet type.
LinkPayload AfterPppSerial(const Frame& frame) {
  if (frame.captured < 1 || (frame.data[0] & 0x7f) != 0x0f) return AfterPpp(frame);
  if (frame.captured < 4) return NoLink();
  LinkPayload payload = AfterEtherType(Load16(frame.data + 2), frame.Skip(4));
  payload.multicast = frame.data[0] == 0x8f;
  return payload;
}

}  // namespace

std::optional<LinkType> LinkTypeFromDlt(int dlt) {
  for (const NamedLink& link : kLinks) {
    if (link.dlt == dlt) return link.type;
  }
  return std::nullopt;
}

std::string SupportedLinkTypes() {
  std::string names;
  for (const NamedLink& link : kLinks) {
    if (!names.empty()) names += ", ";
    names += link.name;
  }
  return names;
}

LinkPayload StripLinkUncommon(LinkType type, const Frame& frame) {
  switch (type) {
    case LinkType::kEthernet:
      return AfterEthernet(frame);
    case LinkType::kLinuxSll:
      if (frame.captured < 16) return NoLink();
      return AfterCooked(Load16(frame.data + 14), Load16(frame.data), frame.Skip(16));
    case LinkType::kLinuxSll2:
      if (frame.captured < 20) return NoLink();
      return AfterCooked(Load16(frame.data), frame.data[10], frame.Skip(20));
    case LinkType::kRaw:
      return Ip(0, frame);
    case LinkType::kRawIpv4:
      return Ip(4, frame);
    case LinkType::kRawIpv6:
      return Ip(6, frame);
    case LinkType::kNull:
      return AfterNull(frame);
    case LinkType::kLoop:
      if (frame.captured < 4) return NoLink();
      return AfterFamily(Load32(frame.data), frame.Skip(4));
    case LinkType::kPpp:
      return AfterPpp(frame);
    case LinkType::kPppSerial:
      return AfterPppSerial(frame);
    case LinkType::kPppEther:
      return AfterPppoe(frame);
  }
  return NoLink();
}

}  // namespace teiten
