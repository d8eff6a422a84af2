// SPDX-License-Identifier: Apache-2.0
#include "sensor/decode/decode.h"

#include "common/definitions.h"
#include "sensor/decode/ip_payload.h"
#include "sensor/decode/quote.h"

namespace teiten {
namespace {

using definitions::kLargestFrameBytes;
using definitions::kMaxIpv6ExtensionHeaders;

// A header behind the IP header that is not whole: cut by the snapshot, or the rest is in a later
// fragment, or the packet is broken.
Fate NotWhole(Need need, bool first_fragment, Packet& packet) {
  if (need == Need::kCut) return Fate::kTruncated;
  if (!first_fragment) return Fate::kMalformed;
  packet.transport = Transport::kFragment;
  return Fate::kNone;
}

Fate DecodeTcp(const IpPayload& at, bool first_fragment, Packet& packet) {
  // 14 bytes reach the flags; everything behind only makes marks that need it fail.
  const Need need = Needs(at, 14);
  if (need != Need::kThere) return NotWhole(need, first_fragment, packet);
  if (at.length < 20) return NotWhole(Need::kBeyond, first_fragment, packet);
  const uint32_t header = (at.data[12] >> 4) * 4U;
  if (header < 20 || header > at.length) return Fate::kMalformed;
  packet.transport = Transport::kTcp;
  packet.source_port = Load16(at.data);
  packet.destination_port = Load16(at.data + 2);
  packet.tcp_sequence = Load32(at.data + 4);
  packet.tcp_flags = at.data[13];
  packet.tcp_window_known = at.captured >= 16;
  packet.tcp_window = packet.tcp_window_known ? Load16(at.data + 14) : uint16_t{0};
  packet.tcp_options_length = static_cast<uint8_t>(header - 20);
  packet.tcp_options = at.captured >= header ? at.data + 20 : nullptr;
  packet.data_length = at.length - header;
  return Fate::kNone;
}

Fate DecodeUdp(const IpPayload& at, bool first_fragment, Packet& packet) {
  const Need need = Needs(at, 8);
  if (need != Need::kThere) return NotWhole(need, first_fragment, packet);
  const uint32_t udp_length = Load16(at.data + 4);
  if (udp_length < 8 || (udp_length > at.length && !first_fragment)) return Fate::kMalformed;
  packet.transport = Transport::kUdp;
  packet.source_port = Load16(at.data);
  packet.destination_port = Load16(at.data + 2);
  packet.data_length = std::min(udp_length, at.length) - 8;
  packet.payload = {at.data + 8, std::min(at.captured - 8, packet.data_length)};
  return Fate::kNone;
}

Fate DecodeIcmp(const IpPayload& at, bool first_fragment, Packet& packet) {
  const Need need = Needs(at, 8);
  if (need != Need::kThere) return NotWhole(need, first_fragment, packet);
  packet.transport = Transport::kIcmp;
  packet.icmp_type = at.data[0];
  packet.icmp_id = Load16(at.data + 4);
  if (!IsIcmpError(packet.family == Family::kIpv6, packet.icmp_type)) return Fate::kNone;
  const Need quote = ReadQuote(packet.family, at.Skip(8), packet.quote);
  return quote == Need::kCut ? Fate::kTruncated : Fate::kNone;
}

Fate DecodeTransport(const IpPayload& at, bool first_fragment, Packet& packet) {
  const bool ipv6 = packet.family == Family::kIpv6;
  switch (packet.protocol) {
    case kProtocolTcp:
      return DecodeTcp(at, first_fragment, packet);
    case kProtocolUdp:
      return DecodeUdp(at, first_fragment, packet);
    case kProtocolIcmp:
      if (!ipv6) return DecodeIcmp(at, first_fragment, packet);
      break;
    case kProtocolIcmpv6:
      if (ipv6) return DecodeIcmp(at, first_fragment, packet);
      break;
    default:
      break;
  }
  packet.transport = Transport::kOther;
  return Fate::kNone;
}

Fate DecodeIpv4(const Frame& ip, uint32_t frame_length, Packet& packet) {
  const uint8_t* h = ip.data;
  if (ip.captured < 20) return ip.cut() ? Fate::kTruncated : Fate::kMalformed;
  const uint32_t header = (h[0] & 0x0fU) * 4;
  if (h[0] >> 4 != 4 || header < 20) return Fate::kMalformed;
  if (ip.captured < header) return ip.cut() ? Fate::kTruncated : Fate::kMalformed;
  uint32_t total = Load16(h + 2);
  if (total == 0 && frame_length > kLargestFrameBytes) total = ip.wire;
  if (total < header || total > ip.wire) return Fate::kMalformed;
  const uint16_t fragment = Load16(h + 6);

  packet.family = Family::kIpv4;
  packet.source = {0, Load32(h + 12)};
  packet.destination = {0, Load32(h + 16)};
  packet.protocol = h[9];
  packet.ttl = h[8];
  packet.ip_id = Load16(h + 4);
  packet.dont_fragment = (fragment & 0x4000) != 0;
  packet.ip_length = total;
  if ((fragment & 0x1fff) != 0) {
    packet.transport = Transport::kFragment;
    return Fate::kNone;
  }
  const IpPayload at{h + header, ip.captured - header, total - header};
  return DecodeTransport(at, (fragment & 0x2000) != 0, packet);
}

// Walks the extension headers (RFC 8200 §4) to the transport header.
Fate DecodeIpv6Payload(uint8_t next, IpPayload at, Packet& packet) {
  bool first_fragment = false;
  for (int count = 0; IsIpv6Extension(next); ++count) {
    if (count == kMaxIpv6ExtensionHeaders) return Fate::kMalformed;
    Need need = Needs(at, 8);
    if (need == Need::kThere) need = Needs(at, Ipv6ExtensionLength(next, at.data));
    if (need != Need::kThere) {
      packet.protocol = next;
      return NotWhole(need, first_fragment, packet);
    }
    const uint32_t length = Ipv6ExtensionLength(next, at.data);
    const uint8_t type = next;
    next = at.data[0];
    if (type == kExtFragment) {
      const uint16_t fragment = Load16(at.data + 2);
      if ((fragment >> 3) != 0) {
        packet.protocol = next;
        packet.transport = Transport::kFragment;
        return Fate::kNone;
      }
      first_fragment = first_fragment || (fragment & 1) != 0;
    }
    at = at.Skip(length);
  }
  packet.protocol = next;
  return DecodeTransport(at, first_fragment, packet);
}

Fate DecodeIpv6(const Frame& ip, uint32_t frame_length, Packet& packet) {
  const uint8_t* h = ip.data;
  if (ip.captured < 40) return ip.cut() ? Fate::kTruncated : Fate::kMalformed;
  if (h[0] >> 4 != 6) return Fate::kMalformed;
  uint32_t length = Load16(h + 4);
  if (length == 0 && frame_length > kLargestFrameBytes) length = ip.wire - 40;
  if (length + 40 > ip.wire) return Fate::kMalformed;

  packet.family = Family::kIpv6;
  packet.source = {Load64(h + 8), Load64(h + 16)};
  packet.destination = {Load64(h + 24), Load64(h + 32)};
  packet.ttl = h[7];
  packet.ip_id = 0;
  packet.dont_fragment = false;
  packet.ip_length = length + 40;
  return DecodeIpv6Payload(h[6], {h + 40, ip.captured - 40, length}, packet);
}

}  // namespace

Fate Decode(LinkType link, const Frame& frame, Packet& packet) {
  const LinkPayload payload = StripLink(link, frame);
  if (payload.fate != Fate::kNone) return payload.fate;
  packet.link_multicast = payload.multicast;
  uint8_t version = payload.version;
  if (version == 0) {
    if (payload.ip.captured == 0) return payload.ip.cut() ? Fate::kTruncated : Fate::kMalformed;
    version = payload.ip.data[0] >> 4;
  }
  if (version == 4) [[likely]]
    return DecodeIpv4(payload.ip, frame.wire, packet);
  if (version == 6) return DecodeIpv6(payload.ip, frame.wire, packet);
  return Fate::kMalformed;
}

}  // namespace teiten
