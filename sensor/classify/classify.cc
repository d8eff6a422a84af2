// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/classify.h"

#include <algorithm>

#include "sensor/classify/kinds.h"
#include "sensor/classify/marks.h"
#include "sensor/classify/udp_rules.h"
#include "sensor/decode/ip_payload.h"

namespace teiten {
namespace {

// 224/4, 240/4 and the limited broadcast address; ff00::/8.
bool NeverObserved(Family family, const Address& a) {
  return family == Family::kIpv4 ? a.low >= 0xe0000000U : a.high >> 56 == 0xff;
}

bool IsMulticast(Family family, const Address& a) {
  return family == Family::kIpv4 ? a.low >> 28 == 0xe : a.high >> 56 == 0xff;
}

bool IsLoopback(Family family, const Address& a) {
  return family == Family::kIpv4 ? a.low >> 24 == 127 : a == Address{0, 1};
}

// Services of other protocols are declared as a whole, with port 0.
bool HasServicePorts(uint8_t protocol) {
  return protocol == kProtocolTcp || protocol == kProtocolUdp;
}

// Neighbour discovery, multicast listener reports and router traffic never leave a link.
bool IsLinkLocalIcmpv6(uint8_t type) { return (type >= 130 && type <= 137) || type == 143; }

bool IsLinkLocal(const Packet& p) {
  if (p.family == Family::kIpv4) {
    return p.source.low >> 16 == 0xa9fe || p.destination.low >> 16 == 0xa9fe || p.source.low == 0 ||
           p.protocol == kProtocolIgmp;
  }
  constexpr uint64_t kLinkLocal = 0xfe80ULL << 48 >> 54;  // fe80::/10
  return p.source.high >> 54 == kLinkLocal || p.destination.high >> 54 == kLinkLocal ||
         p.source == Address{} ||
         (p.transport == Transport::kIcmp && IsLinkLocalIcmpv6(p.icmp_type));
}

// By the rule of the source port alone: some rule or other reads almost any bytes as a request.
bool IsRequestOf(uint16_t port, std::span<const uint8_t> payload) {
  return JudgeUdpPayload(port, payload) == UdpPayload::kRequest ||
         IsAmplificationRequest(port, payload);
}

void Count(FlowRow& row, Kind kind, Mark mark) { row.set_counter(CounterOf(kind, mark), 1); }

void MarkTcpSyn(const Packet& p, FlowRow& row) {
  if (IsZmapSyn(p)) Count(row, Kind::kTcpSyn, Mark::kZmap);
  if (IsMasscanSyn(p)) Count(row, Kind::kTcpSyn, Mark::kMasscan);
  if (IsMiraiSyn(p)) Count(row, Kind::kTcpSyn, Mark::kMirai);
  if (IsNmapSyn(p)) Count(row, Kind::kTcpSyn, Mark::kNmap);
}

Kind FillTcp(const Packet& p, FlowRow& row) {
  const Kind kind = TcpKind(p);
  row.tcp_window = p.tcp_window;
  row.tcp_options_length = p.tcp_options_length;
  if (kind == Kind::kTcpSynack || kind == Kind::kTcpRst) {
    row.port = p.source_port;  // the attacked service
    return kind;
  }
  row.port = p.destination_port;
  row.source_port = p.source_port;
  if (kind == Kind::kTcpSyn) {
    MarkTcpSyn(p, row);
  } else if (HasMark(kind, Mark::kNmap) && IsNmapFlagScan(p) &&
             (kind != Kind::kTcpAck || p.tcp_flags == kTcpAck)) {
    Count(row, kind, Mark::kNmap);
  }
  return kind;
}

Kind FillUdp(const Packet& p, FlowRow& row) {
  const Kind kind = UdpKind(p);
  if (kind != Kind::kUdpProbe) {
    row.port = p.source_port;
    return kind;
  }
  row.port = p.destination_port;
  row.source_port = p.source_port;
  if (HasZmapIp(p)) Count(row, kind, Mark::kZmap);
  if (IsListedUdpPort(p.destination_port) &&
      IsAmplificationRequest(p.destination_port, p.payload)) {
    Count(row, kind, Mark::kAmplification);
  }
  return kind;
}

}  // namespace

Kind UdpKind(const Packet& p) {
  if (!IsListedUdpPort(p.source_port)) [[likely]]
    return Kind::kUdpProbe;
  if (JudgeUdpPayload(p.source_port, p.payload) == UdpPayload::kResponse) {
    return Kind::kUdpResponse;
  }
  const bool to_client = p.destination_port >= 1024 && !IsListedUdpPort(p.destination_port);
  return to_client && !IsRequestOf(p.source_port, p.payload) ? Kind::kUdpOdd : Kind::kUdpProbe;
}

bool Classifier::IsService(const Packet& p) const {
  if (services_->empty()) return false;
  if (p.transport == Transport::kTcp || p.transport == Transport::kUdp) {
    return services_->Serves(p.protocol, p.destination_port, p.family, p.source);
  }
  if (p.transport == Transport::kIcmp && IsIcmpError(p.family == Family::kIpv6, p.icmp_type)) {
    return QuotesService(p);
  }
  // Other protocols are declared as a whole, and their fragments with them.
  return !HasServicePorts(p.protocol) && services_->Serves(p.protocol, 0, p.family, p.source);
}

bool Classifier::QuotesService(const Packet& p) const {
  const Quote& q = p.quote;
  if (!q.readable || q.icmp_error) return false;
  if (!view_->everything() && !view_->IsOwn(p.family, q.source)) return false;
  if (!HasServicePorts(q.protocol))
    return services_->Serves(q.protocol, 0, p.family, q.destination);
  return !q.later_fragment && services_->Serves(q.protocol, q.source_port, p.family, q.destination);
}

Fate Classifier::Judge(const Packet& p, uint32_t now_s, WindowCounts& counts) {
  if (IsLinkLocal(p)) return Fate::kLinkLocal;
  const bool never = p.link_multicast || NeverObserved(p.family, p.destination);
  if (view_->everything()) {
    if (never || solicited_->IsUplink(p)) return Fate::kUnobserved;
    return IsService(p) ? Fate::kService : Fate::kObserved;
  }
  const bool to_own = view_->IsOwn(p.family, p.destination);
  if (view_->IsOwn(p.family, p.source)) {
    if (!to_own) {
      solicited_->Outbound(p, now_s);
      return Fate::kOutbound;
    }
    ++counts.self_addressed;
    return Fate::kUnobserved;
  }
  if (never || !to_own || !view_->IsObserved(p.family, p.destination)) return Fate::kUnobserved;
  if (IsService(p)) return Fate::kService;
  return solicited_->Inbound(p, now_s) ? Fate::kSolicited : Fate::kObserved;
}

Kind Classifier::FillIcmp(const Packet& p, FlowRow& row, WindowCounts& counts) const {
  Kind kind = IcmpKind(p.family, p.icmp_type);
  if (IsIcmpError(p.family == Family::kIpv6, p.icmp_type)) {
    const Quote& q = p.quote;
    const bool mismatch = q.readable && q.source != p.destination;
    if (mismatch) ++counts.quote_mismatch;
    const bool believable =
        q.readable && !mismatch && !q.icmp_error && !IsMulticast(p.family, q.destination) &&
        !IsLoopback(p.family, q.destination) && !view_->IsOwn(p.family, q.destination);
    if (believable) {
      row.source = q.destination;  // the victim
      row.protocol = q.protocol;
      row.port = q.destination_port;
      return kind;
    }
    kind = Kind::kIcmpOdd;
  }
  if (kind == Kind::kIcmpOdd) row.port = p.icmp_type;
  if (kind == Kind::kIcmpEchoRequest && HasZmapIp(p)) Count(row, kind, Mark::kZmap);
  return kind;
}

void Classifier::FillRow(const Packet& p, uint32_t offset_ms, FlowRow& row,
                         WindowCounts& counts) const {
  row = FlowRow{};
  row.set_first_ms(offset_ms);
  row.set_last_ms(offset_ms);
  row.source = p.source;
  row.protocol = p.protocol;
  row.packets = 1;
  row.bitmap = view_->BitmapBit(p.family, p.destination);
  row.set_bytes(p.ip_length);
  row.ttl = p.ttl;
  row.ip_length = static_cast<uint16_t>(std::min<uint32_t>(p.ip_length, UINT16_MAX));
  Kind kind = Kind::kIpOther;
  switch (p.transport) {
    case Transport::kTcp:
      kind = FillTcp(p, row);
      break;
    case Transport::kUdp:
      kind = FillUdp(p, row);
      break;
    case Transport::kIcmp:
      kind = FillIcmp(p, row, counts);
      break;
    case Transport::kFragment:
      kind = Kind::kFragment;
      break;
    case Transport::kOther:
      break;
  }
  row.kind_flags =
      static_cast<uint8_t>(static_cast<uint8_t>(kind) | (p.family == Family::kIpv6 ? kRowIpv6 : 0));
  // Sixths of the nominal length; the last takes what an extended window has more.
  if (HasSlots(kind)) {
    const uint64_t slot = uint64_t{offset_ms} * kSlots / window_ms_;
    row.set_slot(static_cast<int>(std::min<uint64_t>(slot, kSlots - 1)), 1);
  }
}

}  // namespace teiten
