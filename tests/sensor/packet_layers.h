// SPDX-License-Identifier: Apache-2.0
// The layers of packet_builder.h: what each header says of the layer behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sensor/decode/link.h"
#include "tests/sensor/bytes.h"

namespace teiten::test {

inline void Put16(Bytes& out, uint32_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void Put32(Bytes& out, uint32_t value) {
  Put16(out, value >> 16);
  Put16(out, value & 0xffff);
}
inline void Set16(Bytes& bytes, std::size_t at, uint32_t value) {
  bytes.at(at) = static_cast<uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<uint8_t>(value);
}

enum class LayerType : uint8_t {
  kLink,
  kVlan,
  kMpls,
  kPppoe,
  kIpv4,
  kIpv6,
  kExtension,
  kProtocol,
  kTcp,
  kUdp,
  kIcmp,
  kPayload
};
struct Layer {
  LayerType type;
  Bytes bytes;
  uint16_t number = 0;  // what the header before it says of it: EtherType or IP protocol
  std::optional<uint16_t> length;
};

inline bool IsV6(const Layer* layer) { return layer != nullptr && layer->type == LayerType::kIpv6; }
inline uint16_t EtherType(const Layer* next) {
  if (next == nullptr) return 0x0806;
  if (next->type == LayerType::kIpv4) return 0x0800;
  return next->type == LayerType::kIpv6 ? 0x86dd : next->number;
}
// What a link header says of the layer behind it.
inline void FinishLink(LinkType link, Bytes& h, const Layer* next) {
  switch (link) {
    case LinkType::kEthernet:
      Set16(h, 12, EtherType(next));
      break;
    case LinkType::kLinuxSll:
      Set16(h, 14, EtherType(next));
      break;
    case LinkType::kLinuxSll2:
      Set16(h, 0, EtherType(next));
      break;
    case LinkType::kNull:
      h[0] = IsV6(next) ? 10 : 2;
      break;
    case LinkType::kLoop:
      h[3] = IsV6(next) ? 24 : 2;
      break;
    case LinkType::kPpp:
    case LinkType::kPppEther:
      Set16(h, h.size() - 2, IsV6(next) ? 0x0057 : 0x0021);
      break;
    case LinkType::kPppSerial:
      Set16(h, 2, h[0] == 0xff ? (IsV6(next) ? 0x0057 : 0x0021) : EtherType(next));
      break;
    case LinkType::kRaw:
    case LinkType::kRawIpv4:
    case LinkType::kRawIpv6:
      break;
  }
}
inline Bytes FinishLayer(LinkType link, const Layer& layer, const Layer* next, const Bytes& inner) {
  Bytes h = layer.bytes;
  const uint8_t protocol = next != nullptr ? static_cast<uint8_t>(next->number) : uint8_t{59};
  const auto all = static_cast<uint32_t>(h.size() + inner.size());
  const auto size = static_cast<uint32_t>(inner.size());
  switch (layer.type) {
    case LayerType::kLink:
      FinishLink(link, h, next);
      break;
    case LayerType::kVlan:
      Set16(h, 2, EtherType(next));
      break;
    case LayerType::kMpls:
      h[2] |= next != nullptr && next->type == LayerType::kMpls ? 0 : 1;
      break;
    case LayerType::kPppoe:
      Set16(h, 4, size + 2);
      Set16(h, 6, IsV6(next) ? 0x0057 : 0x0021);
      break;
    case LayerType::kIpv4:
      Set16(h, 2, layer.length.value_or(static_cast<uint16_t>(all)));
      h[9] = protocol;
      break;
    case LayerType::kIpv6:
      Set16(h, 4, layer.length.value_or(static_cast<uint16_t>(size)));
      h[6] = protocol;
      break;
    case LayerType::kExtension:
      h[0] = protocol;
      break;
    case LayerType::kUdp:
      Set16(h, 4, layer.length.value_or(static_cast<uint16_t>(all)));
      break;
    case LayerType::kProtocol:
    case LayerType::kTcp:
    case LayerType::kIcmp:
    case LayerType::kPayload:
      break;
  }
  return h + inner;
}

}  // namespace teiten::test
