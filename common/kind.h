// SPDX-License-Identifier: Apache-2.0
// Fates, kinds and classes: the words of docs/glossary.md with the numbers of
// proto/teiten/v1/summary.proto, so that the packet path needs no protobuf header.
// Numbers are stored in rows, files and databases; never reuse one (kind_test pins them).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace teiten {

enum class Fate : uint8_t {
  kNone = 0,  // not decided yet; never counted
  kUndecodableLink = 1,
  kNotIp = 2,
  kTruncated = 3,
  kMalformed = 4,
  kLinkLocal = 5,
  kOutbound = 6,
  kUnobserved = 7,
  kService = 8,
  kSolicited = 9,
  kObserved = 10,
};
inline constexpr int kFateCount = 11;  // with kNone

enum class Kind : uint8_t {
  kNone = 0,
  kTcpSyn = 1,
  kTcpSynack = 2,
  kTcpRst = 3,
  kTcpAck = 4,
  kTcpNull = 5,
  kTcpFin = 6,
  kTcpXmas = 7,
  kTcpMaimon = 8,
  kTcpOdd = 9,
  kUdpProbe = 10,
  kUdpResponse = 11,
  kUdpOdd = 12,
  kIcmpEchoRequest = 13,
  kIcmpRequest = 14,
  kIcmpReply = 15,
  kIcmpUnreachable = 16,
  kIcmpExceeded = 17,
  kIcmpOdd = 18,
  kFragment = 19,
  kIpOther = 20,
};
inline constexpr int kKindCount = 21;  // with kNone

enum class KindClass : uint8_t { kNone = 0, kScan = 1, kBackscatter = 2, kOther = 3 };

// "tcp_syn"; "none" for kNone.
[[nodiscard]] std::string_view KindName(Kind kind);
[[nodiscard]] std::string_view FateName(Fate fate);
[[nodiscard]] std::string_view KindClassName(KindClass c);
[[nodiscard]] std::optional<Kind> KindFromName(std::string_view name);
[[nodiscard]] std::optional<KindClass> KindClassFromName(std::string_view name);

[[nodiscard]] constexpr KindClass ClassOf(Kind kind) {
  switch (kind) {
    case Kind::kNone: return KindClass::kNone;
    case Kind::kTcpSyn:
    case Kind::kTcpNull:
    case Kind::kTcpFin:
    case Kind::kTcpXmas:
    case Kind::kTcpMaimon:
    case Kind::kUdpProbe:
    case Kind::kIcmpEchoRequest:
    case Kind::kIcmpRequest: return KindClass::kScan;
    case Kind::kTcpSynack:
    case Kind::kTcpRst:
    case Kind::kUdpResponse:
    case Kind::kIcmpReply:
    case Kind::kIcmpUnreachable:
    case Kind::kIcmpExceeded: return KindClass::kBackscatter;
    case Kind::kTcpAck:
    case Kind::kTcpOdd:
    case Kind::kUdpOdd:
    case Kind::kIcmpOdd:
    case Kind::kFragment:
    case Kind::kIpOther: return KindClass::kOther;
  }
  return KindClass::kNone;
}

// The tool marks a kind can carry, in order of the row's four counters. A counter no mark of
// the kind uses is 0 and not printed. Backscatter rows have slots in their place.
enum class Mark : uint8_t { kZmap = 0, kMasscan = 1, kMirai = 2, kNmap = 3, kAmplification = 4 };
inline constexpr int kMarkCount = 5;
[[nodiscard]] std::string_view MarkName(Mark mark);

[[nodiscard]] constexpr bool HasMark(Kind kind, Mark mark) {
  switch (kind) {
    case Kind::kTcpSyn: return mark != Mark::kAmplification;
    case Kind::kTcpNull:
    case Kind::kTcpFin:
    case Kind::kTcpXmas:
    case Kind::kTcpMaimon:
    case Kind::kTcpAck: return mark == Mark::kNmap;
    case Kind::kUdpProbe: return mark == Mark::kZmap || mark == Mark::kAmplification;
    case Kind::kIcmpEchoRequest: return mark == Mark::kZmap;
    default: return false;
  }
}

[[nodiscard]] constexpr bool HasSlots(Kind kind) {
  return ClassOf(kind) == KindClass::kBackscatter;
}

// IANA protocol numbers used by name.
inline constexpr uint8_t kProtocolIcmp = 1;
inline constexpr uint8_t kProtocolIgmp = 2;
inline constexpr uint8_t kProtocolTcp = 6;
inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolIcmpv6 = 58;

}  // namespace teiten
