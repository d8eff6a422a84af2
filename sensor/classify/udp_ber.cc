// SPDX-License-Identifier: Apache-2.0
// SNMP (RFC 1157, 3412, 3416) and connection-less LDAP (RFC 4511, MS-ADTS 6.3.3): ASN.1 in BER.
#include <algorithm>
#include <limits>
#include <optional>

#include "sensor/classify/udp_protocols.h"

namespace teiten::udp {
namespace {

constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kEnumerated = 0x0a;
constexpr uint8_t kSequence = 0x30;

// The inside of an element: `bytes` are those captured, `declared` is what its length field says,
// more than the bytes where the payload was cut.
struct Content {
  Payload bytes;
  uint64_t declared = 0;
};

struct Element {
  uint8_t tag = 0;
  Content content;
};

// Takes the next element off `from`. nullopt where its tag or length is not there, the length is
// indefinite or of more than four octets, or it reaches beyond the element around it.
std::optional<Element> TakeAny(Content& from) {
  const Payload b = from.bytes;
  if (b.size() < 2) return std::nullopt;
  uint64_t length = b[1];
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7f;
    if (octets == 0 || octets > 4 || b.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (; header < 2 + octets; ++header) length = length << 8 | b[header];
  }
  if (header + length > from.declared) return std::nullopt;
  const std::size_t have = std::min<uint64_t>(length, b.size() - header);
  const Element element{b[0], {b.subspan(header, have), length}};
  from.bytes = b.subspan(header + have);
  from.declared -= header + length;
  return element;
}

std::optional<Content> Take(Content& from, uint8_t tag) {
  const std::optional<Element> element = TakeAny(from);
  if (!element || element->tag != tag) return std::nullopt;
  return element->content;
}

// The inside of the message's outer SEQUENCE; how long the datagram was before it was cut is
// unknown, so any length that UDP can carry may be declared here.
std::optional<Content> Message(Payload p) {
  Content all{p, std::numeric_limits<uint16_t>::max()};
  return Take(all, kSequence);
}

constexpr uint8_t kGet = 0xa0;
constexpr uint8_t kGetNext = 0xa1;
constexpr uint8_t kResponse = 0xa2;
constexpr uint8_t kSet = 0xa3;
constexpr uint8_t kGetBulk = 0xa5;
constexpr uint8_t kReport = 0xa8;

// Tag of the PDU, 0 where there is none. Versions 1 and 2c: version, community, PDU (RFC 1157 4,
// RFC 1901 3). Version 3: version, header, security parameters, then context engine and name
// before the PDU (RFC 3412 6); an encrypted one is an OCTET STRING and tells nothing. GetBulk came
// with version 2c, Report belongs to version 3.
uint8_t SnmpPdu(Payload p) {
  std::optional<Content> message = Message(p);
  if (!message) return 0;
  const std::optional<Content> version = Take(*message, kInteger);
  if (!version || version->declared != 1 || version->bytes.size() != 1) return 0;
  const uint8_t number = version->bytes[0];
  if (number == 0 || number == 1) {
    if (!Take(*message, kOctetString)) return 0;
  } else if (number == 3) {
    if (!Take(*message, kSequence) || !Take(*message, kOctetString)) return 0;
    message = Take(*message, kSequence);
    if (!message || !Take(*message, kOctetString) || !Take(*message, kOctetString)) return 0;
  } else {
    return 0;
  }
  const std::optional<Element> pdu = TakeAny(*message);
  if (!pdu || (pdu->tag == kGetBulk && number == 0) || (pdu->tag == kReport && number != 3)) {
    return 0;
  }
  return pdu->tag;
}

struct LdapOperation {
  uint8_t tag = 0;
  Content content;
};

// LDAPMessage: message id (0 to 2^31 - 1), then the operation (RFC 4511 4.1.1).
LdapOperation Operation(Payload p) {
  std::optional<Content> message = Message(p);
  if (!message) return {};
  const std::optional<Content> id = Take(*message, kInteger);
  if (!id || id->declared < 1 || id->declared > 4) return {};
  const std::optional<Element> operation = TakeAny(*message);
  if (!operation) return {};
  return {operation->tag, operation->content};
}

constexpr uint8_t kSearchRequest = 0x63;
constexpr uint8_t kSearchResultEntry = 0x64;
constexpr uint8_t kSearchResultDone = 0x65;

}  // namespace

// Response and Report are RFC 3411's response class (2.8): a Report is what an SNMPv3 agent answers
// to a stranger.
UdpPayload JudgeSnmp(Payload p) {
  switch (SnmpPdu(p)) {
    case kResponse:
    case kReport:
      return UdpPayload::kResponse;
    case kGet:
    case kGetNext:
    case kSet:
    case kGetBulk:
      return UdpPayload::kRequest;
    default:
      return UdpPayload::kOther;
  }
}

bool IsSnmpGetBulk(Payload p) { return SnmpPdu(p) == kGetBulk; }

UdpPayload JudgeCldap(Payload p) {
  switch (Operation(p).tag) {
    case kSearchResultEntry:
    case kSearchResultDone:
      return UdpPayload::kResponse;
    case kSearchRequest:
      return UdpPayload::kRequest;
    default:
      return UdpPayload::kOther;
  }
}

// A search of the empty name with scope baseObject (RFC 4512 5.1, RFC 4511 4.5.1), whatever its
// filter: the LDAP ping of MS-ADTS 6.3.3 is one too.
bool IsCldapRootDse(Payload p) {
  LdapOperation operation = Operation(p);
  if (operation.tag != kSearchRequest) return false;
  const std::optional<Content> base = Take(operation.content, kOctetString);
  const std::optional<Content> scope = base ? Take(operation.content, kEnumerated) : std::nullopt;
  return scope && base->declared == 0 && scope->declared == 1 && scope->bytes.size() == 1 &&
         scope->bytes[0] == 0;
}

}  // namespace teiten::udp
