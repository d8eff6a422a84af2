// SPDX-License-Identifier: Apache-2.0
// DNS (RFC 1035), multicast DNS (RFC 6762) and the NetBIOS name service (RFC 1002): one header of
// 12 bytes, QR in its third byte, then names made of labels.
#include <optional>

#include "sensor/classify/udp_protocols.h"

namespace teiten::udp {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr uint8_t kQr = 0x80;         // third byte
constexpr uint8_t kReservedZ = 0x40;  // fourth byte; RFC 1035 4.1.1, the bit RFC 4035 left over
constexpr std::size_t kMaxNameBytes = 255;
constexpr uint8_t kMaxLabelBytes = 63;
constexpr uint16_t kTypeTxt = 16;
constexpr uint16_t kTypeOpt = 41;
constexpr uint16_t kTypeRrsig = 46;
constexpr uint16_t kTypeAny = 255;
constexpr uint16_t kLargeEdnsBytes = 4096;

uint8_t Opcode(Payload p) { return p[2] >> 3 & 0x0f; }

// QUERY, IQUERY, STATUS, NOTIFY, UPDATE (RFC 6895 2.2). DSO (6) is never sent over UDP (RFC 8490).
bool KnownOpcode(uint8_t opcode) { return opcode <= 2 || opcode == 4 || opcode == 5; }

// Offset behind the name at `at`, or nullopt. A compression pointer ends a name and is not
// followed.
std::optional<std::size_t> SkipName(Payload p, std::size_t at, bool pointers) {
  const std::size_t start = at;
  while (at < p.size() && at - start < kMaxNameBytes) {
    const uint8_t length = p[at];
    if (length == 0) return at + 1;
    if (pointers && length >= 0xc0) {
      return at + 2 <= p.size() ? std::optional(at + 2) : std::nullopt;
    }
    if (length > kMaxLabelBytes) return std::nullopt;
    at += 1U + length;
  }
  return std::nullopt;
}

// UDP size of the first OPT record among the records from `at` on (RFC 6891 6.1.2); 0 without.
// Each turn eats at least eleven bytes.
uint16_t EdnsSize(Payload p, std::size_t at, uint32_t records) {
  for (; records > 0; --records) {
    const bool root = at < p.size() && p[at] == 0;
    const std::optional<std::size_t> fixed = SkipName(p, at, true);
    if (!fixed || p.size() - *fixed < 10) return 0;
    if (root && Be16(p, *fixed) == kTypeOpt) return Be16(p, *fixed + 2);
    at = *fixed + 10 + Be16(p, *fixed + 8);
    if (at > p.size()) return 0;
  }
  return 0;
}

// RFC 1002 4.1: half-ASCII, 16 bytes as 32 letters A to P.
bool HasNetbiosName(Payload p) {
  if (p.size() < kHeaderBytes + 33 || p[kHeaderBytes] != 32) return false;
  for (const uint8_t letter : p.subspan(kHeaderBytes + 1, 32)) {
    if (letter < 'A' || letter > 'P') return false;
  }
  return true;
}

}  // namespace

// Needed: the header and the questions it announces, whole. Without that check half of all random
// bytes would be "responses". More than one question is real in multicast DNS
// alone (RFC 9619, RFC 6762 5.3); a request carries no error code.
UdpPayload JudgeDns(Payload p, DnsFlavour flavour) {
  if (p.size() < kHeaderBytes) return UdpPayload::kOther;
  if (!KnownOpcode(Opcode(p)) || (p[3] & kReservedZ) != 0) return UdpPayload::kOther;
  const uint16_t questions = Be16(p, 4);
  if (questions > 1 && flavour == DnsFlavour::kUnicast) return UdpPayload::kOther;
  std::size_t at = kHeaderBytes;
  for (uint16_t i = 0; i < questions; ++i) {  // each eats at least five bytes
    const std::optional<std::size_t> end = SkipName(p, at, i > 0);
    if (!end || p.size() - *end < 4) return UdpPayload::kOther;
    at = *end + 4;
  }
  if ((p[2] & kQr) != 0) return UdpPayload::kResponse;
  return (p[3] & 0x0f) == 0 ? UdpPayload::kRequest : UdpPayload::kOther;
}

// QTYPE ANY; or RRSIG or TXT by a sender that announces room for 4,096 bytes or more ("ANY/RRSIG/
// TXT with EDNS >= 4,096 or QTYPE 255": ANY counts with and without EDNS).
bool IsDnsAmplification(Payload p, DnsFlavour flavour) {
  if (JudgeDns(p, flavour) != UdpPayload::kRequest) return false;
  if (Opcode(p) != 0 || Be16(p, 4) != 1) return false;
  const std::optional<std::size_t> end = SkipName(p, kHeaderBytes, false);
  if (!end) return false;
  const uint16_t type = Be16(p, *end);
  if (type == kTypeAny) return true;
  if (type != kTypeRrsig && type != kTypeTxt) return false;
  const uint32_t records = uint32_t{Be16(p, 6)} + Be16(p, 8) + Be16(p, 10);
  return EdnsSize(p, *end + 4, records) >= kLargeEdnsBytes;
}

// RFC 1002 4.2: R is DNS's QR. Requests carry one question, responses none; a response has one
// resource record, or none when it is negative (4.2.14).
UdpPayload JudgeNetbios(Payload p) {
  if (p.size() < kHeaderBytes) return UdpPayload::kOther;
  const uint8_t opcode = Opcode(p);  // query, registration, release, WACK, refresh, multi-homed
  if (opcode != 0 && (opcode < 5 || opcode > 9) && opcode != 15) return UdpPayload::kOther;
  const uint16_t questions = Be16(p, 4);
  const uint16_t answers = Be16(p, 6);
  const bool error = (p[3] & 0x0f) != 0;
  if ((p[2] & kQr) == 0) {
    const bool request = questions == 1 && answers == 0 && !error && HasNetbiosName(p);
    return request ? UdpPayload::kRequest : UdpPayload::kOther;
  }
  if (questions != 0) return UdpPayload::kOther;
  const bool response = answers == 1 ? HasNetbiosName(p) : answers == 0 && error;
  return response ? UdpPayload::kResponse : UdpPayload::kOther;
}

}  // namespace teiten::udp
