// SPDX-License-Identifier: Apache-2.0
// Packets for test tables, written the way one says them:
//
//   Eth().Vlan(7).IPv4("198.51.100.10", "203.0.113.5").Tcp(4000, 23, kSyn).Build()
//   Sll().IPv6("2001:db8::1", "2001:db8:d::2").HopByHop().Icmp6(1, 0).Quote(...).Cut(60).Build()
//
// Eth(), Sll() and the other beginnings: packet_starts.h. Layers are given from the outside to the
// inside. Each header's length and next-protocol fields follow from what stands behind it, unless a
// call overrides them (TotalLength, Ihl, UdpLength, …: they change the layer given last). Checksums
// stay 0: the sensor does not look at them.
#pragma once

#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sensor/decode/link.h"
#include "tests/sensor/bytes.h"
#include "tests/sensor/packet_layers.h"

namespace teiten::test {

inline constexpr uint8_t kFin = 0x01;
inline constexpr uint8_t kSyn = 0x02;
inline constexpr uint8_t kRst = 0x04;
inline constexpr uint8_t kPsh = 0x08;
inline constexpr uint8_t kAck = 0x10;
inline constexpr uint8_t kUrg = 0x20;
inline constexpr uint8_t kEce = 0x40;
inline constexpr uint8_t kCwr = 0x80;

inline const Bytes kMss1460 = Hex("02 04 05b4");

// A frame as the wire had it and as much of it as was captured.
struct BuiltPacket {
  LinkType link = LinkType::kEthernet;
  Bytes captured;
  uint32_t wire = 0;

  // Valid while this object lives.
  [[nodiscard]] Frame frame() const {
    return {captured.data(), static_cast<uint32_t>(captured.size()), wire};
  }
};

class PacketBuilder {
  using Type = LayerType;

 public:
  explicit PacketBuilder(LinkType link) : link_(link) {}

  // Link layer.
  PacketBuilder& Header(Bytes bytes) { return Add(Type::kLink, std::move(bytes)); }
  PacketBuilder& Vlan(uint16_t id, uint16_t tpid = 0x8100) {
    Bytes tag;
    Put16(tag, id);
    Put16(tag, 0);
    return Add(Type::kVlan, std::move(tag), tpid);
  }
  PacketBuilder& QinQ(uint16_t outer, uint16_t inner) { return Vlan(outer, 0x88a8).Vlan(inner); }
  PacketBuilder& Mpls(uint32_t label) {
    Bytes entry;
    Put32(entry, label << 12 | 64);
    return Add(Type::kMpls, std::move(entry), 0x8847);
  }
  PacketBuilder& Pppoe() { return Add(Type::kPppoe, Hex("11 00 0001 0000 0000"), 0x8864); }

  // Network layer. Ttl is IPv6's hop limit as well.
  PacketBuilder& IPv4(const char* source, const char* destination) {
    Bytes h = Hex("45 00 0000 0001 0000 40 00 0000");
    AppendAddress(AF_INET, source, h);
    AppendAddress(AF_INET, destination, h);
    return Add(Type::kIpv4, std::move(h), 4);
  }
  PacketBuilder& IPv6(const char* source, const char* destination) {
    Bytes h = Hex("60 000000 0000 00 40");
    AppendAddress(AF_INET6, source, h);
    AppendAddress(AF_INET6, destination, h);
    return Add(Type::kIpv6, std::move(h), 41);
  }
  // Whole 32-bit words.
  PacketBuilder& IpOptions(const Bytes& options) {
    Layer& ip = Last(Type::kIpv4);
    ip.bytes = ip.bytes + options;
    ip.bytes[0] = static_cast<uint8_t>(0x40 | ip.bytes.size() / 4);
    return *this;
  }
  PacketBuilder& Ttl(uint8_t ttl) {
    Layer& ip = LastIp();
    ip.bytes[ip.type == Type::kIpv4 ? 8 : 7] = ttl;
    return *this;
  }
  PacketBuilder& Id(uint16_t id) { return SetField(Last(Type::kIpv4), 4, id); }
  PacketBuilder& DontFragment() {
    Last(Type::kIpv4).bytes[6] |= 0x40;
    return *this;
  }
  // Offset in 8-byte units.
  PacketBuilder& Fragment(uint16_t offset, bool more) {
    Layer& ip = LastIp();
    const uint32_t flag = more ? 1 : 0;
    if (ip.type == Type::kIpv4) return SetField(ip, 6, flag << 13 | offset);
    Bytes h(4, 0);
    Set16(h, 2, static_cast<uint32_t>(offset) << 3 | flag);
    Put32(h, 0x1234);
    return Add(Type::kExtension, std::move(h), 44);
  }
  PacketBuilder& Version(uint8_t version) {
    Bytes& h = LastIp().bytes;
    h[0] = static_cast<uint8_t>(version << 4 | (h[0] & 0x0f));
    return *this;
  }
  PacketBuilder& Ihl(uint8_t words) {
    Bytes& h = Last(Type::kIpv4).bytes;
    h[0] = static_cast<uint8_t>((h[0] & 0xf0) | words);
    return *this;
  }
  // IPv4 total length or IPv6 payload length, instead of the right one.
  PacketBuilder& TotalLength(uint16_t length) { return Override(LastIp(), length); }

  // IPv6 extension headers of 8 bytes and `more` times 8.
  PacketBuilder& HopByHop(uint8_t more = 0) { return Extension(0, more); }
  PacketBuilder& Routing(uint8_t more = 0) { return Extension(43, more); }
  PacketBuilder& DestinationOptions(uint8_t more = 0) { return Extension(60, more); }
  PacketBuilder& Extension(uint8_t type, uint8_t more) {
    Bytes h = Zeros(8U + 8U * more);
    h[1] = more;
    return Add(Type::kExtension, std::move(h), type);
  }
  // 24 bytes: length field 4, in words minus 2 (RFC 4302).
  PacketBuilder& Ah() {
    Bytes h = Zeros(24);
    h[1] = 4;
    return Add(Type::kExtension, std::move(h), 51);
  }

  // Transport layer. Ip(p) has no header: the payload is what stands behind IP.
  PacketBuilder& Ip(uint8_t protocol) { return Add(Type::kProtocol, {}, protocol); }
  PacketBuilder& Tcp(uint16_t source_port, uint16_t destination_port, uint8_t flags) {
    Bytes h;
    Put16(h, source_port);
    Put16(h, destination_port);
    Put32(h, 0x01020304);
    Put32(h, (flags & kAck) != 0 ? 0x05060708 : 0);
    h.push_back(0x50);
    h.push_back(flags);
    Put16(h, 64240);
    Put32(h, 0);
    return Add(Type::kTcp, std::move(h), 6);
  }
  PacketBuilder& Sequence(uint32_t sequence) {
    Layer& tcp = Last(Type::kTcp);
    SetField(tcp, 4, sequence >> 16);
    return SetField(tcp, 6, sequence & 0xffff);
  }
  PacketBuilder& Window(uint16_t window) { return SetField(Last(Type::kTcp), 14, window); }
  // Whole 32-bit words.
  PacketBuilder& Options(const Bytes& options) {
    Layer& tcp = Last(Type::kTcp);
    tcp.bytes = tcp.bytes + options;
    tcp.bytes[12] = static_cast<uint8_t>(tcp.bytes.size() / 4 << 4);
    return *this;
  }
  PacketBuilder& TcpOffset(uint8_t words) {
    Last(Type::kTcp).bytes[12] = static_cast<uint8_t>(words << 4);
    return *this;
  }
  PacketBuilder& Udp(uint16_t source_port, uint16_t destination_port) {
    Bytes h;
    Put16(h, source_port);
    Put16(h, destination_port);
    Put32(h, 0);
    return Add(Type::kUdp, std::move(h), 17);
  }
  PacketBuilder& UdpLength(uint16_t length) { return Override(Last(Type::kUdp), length); }
  PacketBuilder& Icmp(uint8_t type, uint8_t code = 0, uint16_t identifier = 0) {
    return AddIcmp(1, type, code, identifier);
  }
  PacketBuilder& Icmp6(uint8_t type, uint8_t code = 0, uint16_t identifier = 0) {
    return AddIcmp(58, type, code, identifier);
  }

  PacketBuilder& Payload(const Bytes& bytes) { return Add(Type::kPayload, bytes); }
  // The packet an ICMP error quotes: `inner` from its IP header on, its first `bytes` bytes.
  PacketBuilder& Quote(const PacketBuilder& inner, std::size_t bytes = SIZE_MAX) {
    Bytes quoted = inner.WireBytes();
    if (bytes < quoted.size()) quoted.resize(bytes);
    return Payload(quoted);
  }
  // Bytes behind the packet, as Ethernet pads short frames.
  PacketBuilder& Padding(std::size_t bytes) {
    padding_ = bytes;
    return *this;
  }
  // The snapshot ends here.
  PacketBuilder& Cut(std::size_t captured) {
    cut_ = captured;
    return *this;
  }

  [[nodiscard]] Bytes WireBytes() const {
    Bytes inner;
    for (std::size_t i = layers_.size(); i > 0; --i) {
      const Layer* next = i < layers_.size() ? &layers_[i] : nullptr;
      inner = FinishLayer(link_, layers_[i - 1], next, inner);
    }
    return inner + Zeros(padding_);
  }
  [[nodiscard]] BuiltPacket Build() const {
    BuiltPacket built{link_, WireBytes(), 0};
    built.wire = static_cast<uint32_t>(built.captured.size());
    if (cut_ && *cut_ < built.captured.size()) built.captured.resize(*cut_);
    return built;
  }

 private:
  PacketBuilder& Add(Type type, Bytes bytes, uint16_t number = 0) {
    layers_.push_back({type, std::move(bytes), number, std::nullopt});
    return *this;
  }
  PacketBuilder& AddIcmp(uint16_t protocol, uint8_t type, uint8_t code, uint16_t identifier) {
    Bytes h = {type, code, 0, 0};
    Put16(h, identifier);
    Put16(h, 1);
    return Add(Type::kIcmp, std::move(h), protocol);
  }
  Layer& Last(Type type) {
    for (std::size_t i = layers_.size(); i > 0; --i) {
      if (layers_[i - 1].type == type) return layers_[i - 1];
    }
    throw std::logic_error("no such layer yet");
  }
  Layer& LastIp() {
    for (std::size_t i = layers_.size(); i > 0; --i) {
      Layer& layer = layers_[i - 1];
      if (layer.type == Type::kIpv4 || layer.type == Type::kIpv6) return layer;
    }
    throw std::logic_error("no IP layer yet");
  }
  PacketBuilder& SetField(Layer& layer, std::size_t at, uint32_t value) {
    Set16(layer.bytes, at, value);
    return *this;
  }
  PacketBuilder& Override(Layer& layer, uint16_t length) {
    layer.length = length;
    return *this;
  }
  static void AppendAddress(int family, const char* text, Bytes& out) {
    uint8_t bytes[16];
    if (inet_pton(family, text, bytes) != 1) throw std::logic_error(text);
    out.insert(out.end(), bytes, bytes + (family == AF_INET ? 4 : 16));
  }

  LinkType link_;
  std::vector<Layer> layers_;
  std::size_t padding_ = 0;
  std::optional<std::size_t> cut_;
};

}  // namespace teiten::test
