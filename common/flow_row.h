// SPDX-License-Identifier: Apache-2.0
// One counted row: a flow tuple (source, kind, protocol, port) of one window, in 64 bytes, one
// cache line, no pointers. The sensor's table, its encoder and the collector's decoder share it.
//
//   0  source        16   two host-order words; IPv4 in the last 4 bytes' worth
//  16  kind_flags     1   5 bits Kind, 3 bits kRow…
//  17  protocol       1
//  18  port           2
//  20  packets        4
//  24  bitmap         8   destinations (definitions: destination bitmap)
//  32  bytes          6   IP length; little-endian, low word and high half-word
//  38  first_ms       3   from window start, saturating
//  41  last_ms        3
//  44  counters      12   four 24-bit mark counters, or six 16-bit slots for backscatter
//  56  ttl            1   of the first packet, as all that follow
//  57  tcp_options    1   length in bytes
//  58  ip_length      2   saturating
//  60  tcp_window     2
//  62  source_port    2   0 where the port is the source port already
//
// The counters of a mark: kTcpSyn zmap, masscan, mirai, nmap; other nmap kinds use counter 3;
// kUdpProbe zmap in 0 and amplification in 1; kIcmpEchoRequest zmap in 0.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "common/address.h"
#include "common/kind.h"

namespace teiten {

static_assert(std::endian::native == std::endian::little, "rows are read back as words");

inline constexpr uint8_t kRowKindMask = 0x1f;
inline constexpr uint8_t kRowIpv6 = 0x20;
inline constexpr uint8_t kRowLowerBound = 0x40;  // packets are a lower bound; not part of the key
inline constexpr uint8_t kRowPrefix64 = 0x80;    // source is a /64; part of the key
inline constexpr uint32_t kMax24 = 0xffffff;
inline constexpr uint64_t kMax48 = 0xffffffffffffULL;
inline constexpr int kSlots = 6;

struct FlowRow {
  Address source;
  uint8_t kind_flags = 0;
  uint8_t protocol = 0;
  uint16_t port = 0;
  uint32_t packets = 0;
  uint64_t bitmap = 0;
  uint8_t bytes48[6] = {};
  uint8_t first24[3] = {};
  uint8_t last24[3] = {};
  uint8_t counters[12] = {};
  uint8_t ttl = 0;
  uint8_t tcp_options_length = 0;
  uint16_t ip_length = 0;
  uint16_t tcp_window = 0;
  uint16_t source_port = 0;

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(kind_flags & kRowKindMask); }
  [[nodiscard]] Family family() const {
    return (kind_flags & kRowIpv6) != 0 ? Family::kIpv6 : Family::kIpv4;
  }
  [[nodiscard]] bool lower_bound() const { return (kind_flags & kRowLowerBound) != 0; }
  [[nodiscard]] bool prefix64() const { return (kind_flags & kRowPrefix64) != 0; }

  [[nodiscard]] uint64_t bytes() const {
    uint64_t value = 0;
    std::memcpy(&value, bytes48, 6);
    return value;
  }
  void set_bytes(uint64_t value) { std::memcpy(bytes48, &value, 6); }

  [[nodiscard]] uint32_t first_ms() const { return Load24(first24); }
  [[nodiscard]] uint32_t last_ms() const { return Load24(last24); }
  void set_first_ms(uint32_t ms) { Store24(first24, std::min(ms, kMax24)); }
  void set_last_ms(uint32_t ms) { Store24(last24, std::min(ms, kMax24)); }

  // Index 0..3. Only for kinds without slots.
  [[nodiscard]] uint32_t counter(int index) const { return Load24(counters + 3 * index); }
  void set_counter(int index, uint32_t value) { Store24(counters + 3 * index, value); }

  // Index 0..5. Only for kinds of class backscatter.
  [[nodiscard]] uint16_t slot(int index) const {
    uint16_t value;
    std::memcpy(&value, counters + 2 * index, 2);
    return value;
  }
  void set_slot(int index, uint16_t value) { std::memcpy(counters + 2 * index, &value, 2); }

 private:
  static uint32_t Load24(const uint8_t* at) {
    return static_cast<uint32_t>(at[0]) | static_cast<uint32_t>(at[1]) << 8 |
           static_cast<uint32_t>(at[2]) << 16;
  }
  static void Store24(uint8_t* at, uint32_t value) { std::memcpy(at, &value, 3); }
};
static_assert(sizeof(FlowRow) == 64 && alignof(FlowRow) == 8);

// Index of a mark's counter in a row of that kind, -1 if the kind does not have it.
[[nodiscard]] constexpr int CounterOf(Kind kind, Mark mark) {
  if (!HasMark(kind, mark)) return -1;
  return mark == Mark::kAmplification ? 1 : static_cast<int>(mark);
}

// IPv4 before IPv6, then source, kind, protocol, port; the order of wire and print.
[[nodiscard]] inline bool RowLess(const FlowRow& a, const FlowRow& b) {
  if (a.family() != b.family()) return a.family() < b.family();
  if (a.source != b.source) return a.source < b.source;
  const auto key = [](const FlowRow& r) {
    return static_cast<uint64_t>(r.kind()) << 32 | static_cast<uint64_t>(r.protocol) << 24 |
           static_cast<uint64_t>(r.port) << 8 | (r.prefix64() ? 1U : 0U);
  };
  return key(a) < key(b);
}

[[nodiscard]] inline bool SameKey(const FlowRow& a, const FlowRow& b) {
  return a.source == b.source && a.port == b.port && a.protocol == b.protocol &&
         ((a.kind_flags ^ b.kind_flags) & static_cast<uint8_t>(~kRowLowerBound)) == 0;
}

// Number of distinct destinations a bitmap stands for, at most 160 ("≥ 160" when printed).
// Exact where each observed address owns a bit, else 64 ln(64/zeros) (linear counting, Whang
// et al. 1990).
[[nodiscard]] uint32_t DestinationCount(uint64_t bitmap, bool exact);

// Packets that were folded: counted exactly, without source.
struct FoldedRow {
  uint8_t kind_flags = 0;  // Kind and kRowIpv6
  uint8_t protocol = 0;
  uint16_t port = 0;
  bool other = false;
  uint64_t packets = 0;
  uint64_t bytes = 0;

  [[nodiscard]] Kind kind() const { return static_cast<Kind>(kind_flags & kRowKindMask); }
  [[nodiscard]] Family family() const {
    return (kind_flags & kRowIpv6) != 0 ? Family::kIpv6 : Family::kIpv4;
  }
};

}  // namespace teiten
