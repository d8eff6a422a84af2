// SPDX-License-Identifier: Apache-2.0
#include "sensor/decode/quote.h"

#include "common/definitions.h"
#include "sensor/decode/link.h"

namespace teiten {
namespace {

using definitions::kMaxIpv6ExtensionHeaders;
using definitions::kQuotePortBytes;

constexpr uint8_t kProtocolDccp = 33;
constexpr uint8_t kProtocolSctp = 132;
constexpr uint8_t kProtocolUdpLite = 136;

// Protocols whose first 4 bytes are source and destination port.
bool HasPorts(uint8_t protocol) {
  return protocol == kProtocolTcp || protocol == kProtocolUdp || protocol == kProtocolDccp ||
         protocol == kProtocolSctp || protocol == kProtocolUdpLite;
}

// `at` starts at the quoted transport header.
Need ReadQuotedTransport(bool ipv6, const IpPayload& at, Quote& quote) {
  const Need need = Needs(at, kQuotePortBytes);
  if (need != Need::kThere) return need;
  quote.readable = true;
  if (quote.later_fragment) return Need::kThere;
  if (HasPorts(quote.protocol)) {
    quote.source_port = Load16(at.data);
    quote.destination_port = Load16(at.data + 2);
  } else if (quote.protocol == (ipv6 ? kProtocolIcmpv6 : kProtocolIcmp)) {
    quote.icmp_type = at.data[0];
    quote.icmp_error = ipv6 ? quote.icmp_type < 128 : IsIcmpError(false, quote.icmp_type);
    quote.has_icmp_id = at.readable() >= 6;
    if (quote.has_icmp_id) quote.icmp_id = Load16(at.data + 4);
  }
  return Need::kThere;
}

Need ReadQuotedIpv4(const IpPayload& at, Quote& quote) {
  Need need = Needs(at, 20);
  if (need != Need::kThere) return need;
  const uint32_t header = (at.data[0] & 0x0fU) * 4;
  if (at.data[0] >> 4 != 4 || header < 20) return Need::kBeyond;
  need = Needs(at, header);
  if (need != Need::kThere) return need;
  quote.protocol = at.data[9];
  quote.source.low = Load32(at.data + 12);
  quote.destination.low = Load32(at.data + 16);
  quote.later_fragment = (Load16(at.data + 6) & 0x1fff) != 0;
  return ReadQuotedTransport(false, at.Skip(header), quote);
}

Need ReadQuotedIpv6(const IpPayload& start, Quote& quote) {
  IpPayload at = start;
  Need need = Needs(at, 40);
  if (need != Need::kThere) return need;
  if (at.data[0] >> 4 != 6) return Need::kBeyond;
  quote.source = {Load64(at.data + 8), Load64(at.data + 16)};
  quote.destination = {Load64(at.data + 24), Load64(at.data + 32)};
  uint8_t next = at.data[6];
  at = at.Skip(40);
  for (int count = 0; IsIpv6Extension(next) && !quote.later_fragment; ++count) {
    if (count == kMaxIpv6ExtensionHeaders) return Need::kBeyond;
    need = Needs(at, 8);
    if (need != Need::kThere) return need;
    const uint32_t length = Ipv6ExtensionLength(next, at.data);
    need = Needs(at, length);
    if (need != Need::kThere) return need;
    if (next == kExtFragment) quote.later_fragment = (Load16(at.data + 2) >> 3) != 0;
    next = at.data[0];
    at = at.Skip(length);
  }
  quote.protocol = next;
  return ReadQuotedTransport(true, at, quote);
}

}  // namespace

Need ReadQuote(Family family, const IpPayload& at, Quote& quote) {
  quote = Quote{};
  return family == Family::kIpv6 ? ReadQuotedIpv6(at, quote) : ReadQuotedIpv4(at, quote);
}

}  // namespace teiten
