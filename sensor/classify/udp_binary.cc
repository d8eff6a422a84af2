// SPDX-License-Identifier: Apache-2.0
// Protocols told by a fixed header: NTP, IKE, BACnet, ONC RPC, CoAP, OpenVPN, Valve's queries.
#include <algorithm>
#include <array>

#include "sensor/classify/udp_protocols.h"

namespace teiten::udp {
namespace {

constexpr uint8_t kNtpVersions = 4;     // 1 to 4
constexpr uint8_t kNtpMaxStratum = 16;  // unsynchronised; 0 is a kiss of death
constexpr uint8_t kNtpMonlist = 42;     // MON_GETLIST_1

enum class NtpMode : uint8_t { kClient = 3, kServer = 4, kControl = 6, kPrivate = 7 };

NtpMode ModeOf(Payload p) { return static_cast<NtpMode>(p[0] & 0x07); }

// RFC 9327 2: R E M and an operation code, 12 bytes; a request has neither E nor M.
UdpPayload JudgeNtpControl(Payload p) {
  if (p.size() < 12) return UdpPayload::kOther;
  const uint8_t operation = p[1] & 0x1f;
  if (operation > 12 && operation != 31) return UdpPayload::kOther;
  if ((p[1] & 0x80) != 0) return UdpPayload::kResponse;
  return (p[1] & 0x60) == 0 ? UdpPayload::kRequest : UdpPayload::kOther;
}

// ntpd, include/ntp_request.h: R, M, version, mode; sequence; implementation (0, 2, 3); request
// code; then error, counts and sizes: 8 bytes.
UdpPayload JudgeNtpPrivate(Payload p) {
  if (p.size() < 8) return UdpPayload::kOther;
  if (p[2] != 0 && p[2] != 2 && p[2] != 3) return UdpPayload::kOther;
  if ((p[0] & 0x80) != 0) return UdpPayload::kResponse;
  return (p[0] & 0x40) == 0 ? UdpPayload::kRequest : UdpPayload::kOther;
}

// Exchange types: ISAKMP RFC 2408 3.1 with 6 (transaction), 32 and 33 (RFC 2409); IKEv2's from 34
// to 44 (IANA).
bool KnownIkeHeader(uint8_t major, uint8_t exchange, uint8_t flags) {
  constexpr uint8_t kIkev1Flags = 0x07;
  constexpr uint8_t kIkev2Flags = 0x38;
  if (major == 1) {
    return ((exchange >= 1 && exchange <= 6) || exchange == 32 || exchange == 33) &&
           (flags & ~kIkev1Flags) == 0;
  }
  return major == 2 && exchange >= 34 && exchange <= 44 && (flags & ~kIkev2Flags) == 0;
}

bool AnySet(Payload p) {
  return std::any_of(p.begin(), p.end(), [](uint8_t byte) { return byte != 0; });
}

// Offset of the APDU in BACnet/IP, 0 where there is none: BVLL (ASHRAE 135 annex J.2), with the
// six bytes of a forwarded one, then the NPDU with its addresses (6.2).
std::size_t BacnetApdu(Payload p) {
  if (p.size() < 4 || p[0] != 0x81) return 0;
  const uint8_t function = p[1];
  const bool forwarded = function == 0x04;
  if (!forwarded && function != 0x0a && function != 0x0b) return 0;
  std::size_t at = forwarded ? 10 : 4;
  if (p.size() < at + 2 || p[at] != 0x01) return 0;
  const uint8_t control = p[at + 1];
  if ((control & 0x80) != 0) return 0;  // a message of the network layer
  at += 2;
  for (const int address : {0x20, 0x08}) {  // destination, then source
    if ((control & address) == 0) continue;
    if (p.size() < at + 3) return 0;
    at += 3U + p[at + 2];
  }
  if ((control & 0x20) != 0) ++at;  // hop count
  return at + 2 <= p.size() && at < Be16(p, 2) ? at : 0;
}

// RFC 7252 12.1.2 and IANA's registry, with room in the classes of errors: 2.01 to 2.05 and 2.31,
// 4.00 to 4.29, 5.00 to 5.08. All of 2.xx would take "HTTP/1.1" for an answer ('T' is 2.20).
bool IsCoapResponse(uint8_t code) {
  const uint8_t detail = code & 0x1f;
  switch (code >> 5) {
    case 2:
      return (detail >= 1 && detail <= 5) || detail == 31;
    case 4:
      return detail <= 29;
    case 5:
      return detail <= 8;
    default:
      return false;
  }
}

// A hard reset has a list of no or one acknowledgement (12 bytes) and packet id 0: 14 or 26 bytes,
// and 8 bytes and a digest of 16 to 64 more where control packets are authenticated.
bool IsOpenVpnReset(Payload p) {
  if (p.size() == 14) return p[9] == 0 && Be32(p, 10) == 0;
  if (p.size() == 26) return p[9] == 1 && Be32(p, 22) == 0;
  constexpr std::array<std::size_t, 5> kDigestBytes = {16, 20, 32, 48, 64};
  return std::any_of(kDigestBytes.begin(), kDigestBytes.end(), [p](std::size_t digest) {
    return p.size() == 14 + 8 + digest || p.size() == 26 + 8 + digest;
  });
}

}  // namespace

// RFC 5905 7.3: 48 bytes; client and server mode only, as the symmetric modes name no side.
UdpPayload JudgeNtp(Payload p) {
  if (p.empty()) return UdpPayload::kOther;
  const uint8_t version = p[0] >> 3 & 0x07;
  if (version == 0 || version > kNtpVersions) return UdpPayload::kOther;
  const NtpMode mode = ModeOf(p);
  if (mode == NtpMode::kControl) return JudgeNtpControl(p);
  if (mode == NtpMode::kPrivate) return JudgeNtpPrivate(p);
  if (p.size() < 48 || p[1] > kNtpMaxStratum) return UdpPayload::kOther;
  if (mode == NtpMode::kServer) return UdpPayload::kResponse;
  return mode == NtpMode::kClient ? UdpPayload::kRequest : UdpPayload::kOther;
}

bool IsNtpAmplification(Payload p) {
  if (JudgeNtp(p) != UdpPayload::kRequest) return false;
  const NtpMode mode = ModeOf(p);
  return mode == NtpMode::kControl || (mode == NtpMode::kPrivate && p[3] == kNtpMonlist);
}

// RFC 7296 3.1 and RFC 2408 3.1: both cookies (SPIs), next payload, version, exchange, flags,
// message id, length; 28 bytes. Who answers sets R (IKEv2) or knows the responder's SPI.
UdpPayload JudgeIke(Payload p) {
  constexpr std::size_t kIkeHeaderBytes = 28;
  constexpr uint8_t kResponseFlag = 0x20;
  if (p.size() < kIkeHeaderBytes || !AnySet(p.first(8))) return UdpPayload::kOther;
  const uint8_t flags = p[19];
  if (!KnownIkeHeader(p[17] >> 4, p[18], flags)) return UdpPayload::kOther;
  if (Be32(p, 24) < kIkeHeaderBytes || Be32(p, 24) > 65'535) return UdpPayload::kOther;
  const bool response = (flags & kResponseFlag) != 0 || AnySet(p.subspan(8, 8));
  return response ? UdpPayload::kResponse : UdpPayload::kRequest;
}

// RFC 3948 2.2: four zero bytes tell IKE from ESP.
UdpPayload JudgeIkeBehindNat(Payload p) {
  if (p.size() < 4 || Be32(p, 0) != 0) return UdpPayload::kOther;
  return JudgeIke(p.subspan(4));
}

// ASHRAE 135 20.1: the upper four bits name the APDU. I-Am is an unconfirmed request by form, and
// the answer to Who-Is.
UdpPayload JudgeBacnet(Payload p) {
  constexpr uint8_t kIAm = 0;
  constexpr uint8_t kWhoHas = 7;
  constexpr uint8_t kWhoIs = 8;
  const std::size_t at = BacnetApdu(p);
  if (at == 0) return UdpPayload::kOther;
  const uint8_t type = p[at] >> 4;
  if (type == 0) return UdpPayload::kRequest;  // confirmed request
  if (type == 1) {
    if (p[at + 1] == kIAm) return UdpPayload::kResponse;
    const bool request = p[at + 1] == kWhoHas || p[at + 1] == kWhoIs;
    return request ? UdpPayload::kRequest : UdpPayload::kOther;
  }
  // Simple and complex ACK, error, reject come from servers. Either side sends segment ACK and
  // abort, and says with the lowest bit whether it is the server.
  const bool either_side = type == 4 || type == 7;
  const bool response = either_side ? (p[at] & 1) != 0 : type <= 6;
  return response ? UdpPayload::kResponse : UdpPayload::kOther;
}

// RFC 5531 9: xid, CALL or REPLY; a call has RPC version 2; an accepted reply has a verifier of at
// most 400 bytes, then its state; a denied one its reason.
UdpPayload JudgeRpc(Payload p) {
  constexpr uint32_t kMaxVerifierBytes = 400;
  if (p.size() < 16) return UdpPayload::kOther;
  if (Be32(p, 4) == 0) {
    const bool call = p.size() >= 24 && Be32(p, 8) == 2;
    return call ? UdpPayload::kRequest : UdpPayload::kOther;
  }
  if (Be32(p, 4) != 1) return UdpPayload::kOther;
  if (Be32(p, 8) == 1) return Be32(p, 12) <= 1 ? UdpPayload::kResponse : UdpPayload::kOther;
  if (Be32(p, 8) != 0 || p.size() < 20) return UdpPayload::kOther;
  const uint32_t verifier = Be32(p, 16);
  if (verifier > kMaxVerifierBytes) return UdpPayload::kOther;
  const std::size_t state = 20U + (verifier + 3) / 4 * 4;
  const bool reply = p.size() >= state + 4 && Be32(p, state) <= 5;
  return reply ? UdpPayload::kResponse : UdpPayload::kOther;
}

// RFC 7252 3: version 1, type, token length up to 8; methods 1 to 7 (with RFC 8132) ask. A reset
// (type 3) is empty, an acknowledgement (type 2) never asks.
UdpPayload JudgeCoap(Payload p) {
  if (p.size() < 4 || p[0] >> 6 != 1) return UdpPayload::kOther;
  const std::size_t token = p[0] & 0x0f;
  const uint8_t type = p[0] >> 4 & 0x03;
  if (token > 8 || p.size() < 4 + token || type == 3) return UdpPayload::kOther;
  if (IsCoapResponse(p[1])) return UdpPayload::kResponse;
  const bool method = p[1] >= 1 && p[1] <= 7 && type != 2;
  return method ? UdpPayload::kRequest : UdpPayload::kOther;
}

// OpenVPN 2.x, src/openvpn/ssl_pkt.h: five bits of opcode, three of key id (0 in a hard reset),
// the sender's session id. Only hard resets name the side: client 1, 7, 10, server 2, 8. One of
// version 3 (10) begins with the packet id of tls-crypt, 1 (its first byte 0x0f announces early
// negotiation), and carries its wrapped key behind 54 bytes.
UdpPayload JudgeOpenVpn(Payload p) {
  constexpr std::size_t kWrappedBytes = 54;
  if (p.size() < 14 || (p[0] & 0x07) != 0 || !AnySet(p.subspan(1, 8))) return UdpPayload::kOther;
  const uint8_t opcode = p[0] >> 3;
  if (opcode == 10) {
    const uint32_t packet_id = p.size() > kWrappedBytes ? Be32(p, 9) : 0;
    const bool request = packet_id == 1 || packet_id == 0x0f000001;
    return request ? UdpPayload::kRequest : UdpPayload::kOther;
  }
  if (!IsOpenVpnReset(p)) return UdpPayload::kOther;
  if (opcode == 2 || opcode == 8) return UdpPayload::kResponse;
  return opcode == 1 || opcode == 7 ? UdpPayload::kRequest : UdpPayload::kOther;
}

// Valve Developer Community, "Server queries": 0xFFFFFFFF (not split), then a letter. Replies:
// info (I, GoldSource m), players D, rules E, challenge A, ping j.
UdpPayload JudgeValve(Payload p) {
  if (p.size() < 5 || Be32(p, 0) != 0xffffffff) return UdpPayload::kOther;
  switch (p[4]) {
    case 'I':
    case 'm':
    case 'D':
    case 'E':
    case 'A':
    case 'j':
      return UdpPayload::kResponse;
    case 'T':
    case 'U':
    case 'V':
    case 'W':
    case 'i':
      return UdpPayload::kRequest;
    default:
      return UdpPayload::kOther;
  }
}

}  // namespace teiten::udp
