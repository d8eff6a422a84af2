// SPDX-License-Identifier: Apache-2.0
// The table of kinds, row by row, behind every link type and encapsulation, IPv4 and IPv6 alike.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/sensor/expect_row.h"

namespace teiten::test {
namespace {

// `transport` adds what stands behind the IP header. The same row must come out of every wrapping
// and every dress; only the IP length differs with the dress.
void ExpectEverywhere(const std::string& name, bool ipv6,
                      const std::function<void(PacketBuilder&)>& transport, const Want& want) {
  for (const Dress& dress : AllDresses(ipv6)) {
    for (const Wrapping& wrapping : AllWrappings()) {
      PacketBuilder p = wrapping.start;
      if (ipv6) {
        p.IPv6(kScanner6, kDark6);
      } else {
        p.IPv4(kScanner4, kDark4);
      }
      dress.put_on(p);
      transport(p);
      SensorUnderTest sensor;
      const std::string where =
          name + (ipv6 ? ", IPv6 " : ", IPv4 ") + dress.name + " in " + wrapping.name;
      const Judgement j = sensor.Judge(p);
      ExpectRow(j, want, ipv6, where);
      PacketBuilder bare = RawIp();
      if (ipv6) {
        bare.IPv6(kScanner6, kDark6);
      } else {
        bare.IPv4(kScanner4, kDark4);
      }
      dress.put_on(bare);
      transport(bare);
      EXPECT_EQ(j.row.bytes(), bare.WireBytes().size()) << where;
    }
  }
}

// The table for TCP in its own words, first that fits.
Kind TcpKindOfTheTable(int f, bool maimon_shape) {
  const bool syn = (f & kSyn) != 0;
  const bool fin = (f & kFin) != 0;
  if ((f & kRst) != 0 && (syn || fin)) return Kind::kTcpOdd;
  if ((f & kRst) != 0) return Kind::kTcpRst;
  if (syn && fin) return Kind::kTcpOdd;
  if (syn && (f & kAck) != 0) return Kind::kTcpSynack;
  if (syn) return Kind::kTcpSyn;
  if (f == (kFin | kAck) && maimon_shape) return Kind::kTcpMaimon;
  if ((f & kAck) != 0) return Kind::kTcpAck;
  if (f == 0) return Kind::kTcpNull;
  if (f == kFin) return Kind::kTcpFin;
  if (f == (kFin | kPsh | kUrg)) return Kind::kTcpXmas;
  return Kind::kTcpOdd;
}

Want TcpWant(int f, bool maimon_shape) {
  const Kind kind = TcpKindOfTheTable(f, maimon_shape);
  if (kind == Kind::kTcpRst || kind == Kind::kTcpSynack) return {kind, 4000};
  return {kind, 23, kProtocolTcp, 4000};
}

TEST(Kinds, All64TcpFlagMixes) {
  for (int f = 0; f < 64; ++f) {
    for (const bool ipv6 : {false, true}) {
      ExpectEverywhere(
          "flags " + std::to_string(f), ipv6,
          [f](PacketBuilder& p) { p.Tcp(4000, 23, static_cast<uint8_t>(f)); }, TcpWant(f, false));
    }
  }
}

TEST(Kinds, EcnBitsChangeNoKind) {
  for (int f = 0; f < 256; ++f) {
    for (const uint16_t window : {uint16_t{1024}, uint16_t{64240}}) {
      SensorUnderTest sensor;
      PacketBuilder p = In4();
      p.Tcp(4000, 23, static_cast<uint8_t>(f)).Window(window);
      ExpectRow(sensor.Judge(p), TcpWant(f & 63, window == 1024), false, std::to_string(f));
      BuiltPacket with_ns = p.Build();
      with_ns.captured.at(20 + 12) |= 1;
      ExpectRow(sensor.Judge(with_ns), TcpWant(f & 63, window == 1024), false, std::to_string(f));
    }
  }
}

TEST(Kinds, MaimonIsFinAckOfThatShapeOnly) {
  for (const bool ipv6 : {false, true}) {
    for (uint32_t window = 0; window <= 0xffff; ++window) {
      const bool nmap = window == 1024 || window == 2048 || window == 3072 || window == 4096;
      SensorUnderTest sensor;
      PacketBuilder p = In(ipv6);
      p.Tcp(4000, 23, kFin | kAck).Window(static_cast<uint16_t>(window));
      ASSERT_EQ(sensor.Judge(p).kind(), nmap ? Kind::kTcpMaimon : Kind::kTcpAck) << window;
      if (!nmap && window % 1024 > 1 && window % 1024 < 1023) window += 61;  // sample the rest
    }
    SensorUnderTest sensor;
    PacketBuilder with_data = In(ipv6);
    with_data.Tcp(4000, 23, kFin | kAck).Window(1024).Payload(Zeros(1));
    EXPECT_EQ(sensor.Judge(with_data).kind(), Kind::kTcpAck);
    PacketBuilder with_options = In(ipv6);
    with_options.Tcp(4000, 23, kFin | kAck).Window(1024).Options(kMss1460);
    EXPECT_EQ(sensor.Judge(with_options).kind(), Kind::kTcpAck);
    PacketBuilder with_push = In(ipv6);
    with_push.Tcp(4000, 23, kFin | kAck | kPsh).Window(1024);
    EXPECT_EQ(sensor.Judge(with_push).kind(), Kind::kTcpAck);
  }
}

// The window stands behind the 14 bytes a snapshot must hold: without it nothing is proven.
TEST(Kinds, MaimonNeedsItsWindowCaptured) {
  PacketBuilder p = In4();
  p.Tcp(4000, 23, kFin | kAck).Window(1024);
  for (std::size_t cut = 34; cut <= 40; ++cut) {
    SensorUnderTest sensor;
    const Judgement j = sensor.Judge(p.Cut(cut));
    EXPECT_EQ(j.kind(), cut >= 36 ? Kind::kTcpMaimon : Kind::kTcpAck) << cut;
  }
}

TEST(Kinds, IcmpByType) {
  for (int type = 0; type < 256; ++type) {
    const auto in = [type](std::initializer_list<int> types) {
      return std::find(types.begin(), types.end(), type) != types.end();
    };
    const auto t = static_cast<uint8_t>(type);
    const auto port_of = [type](Kind kind) {
      return static_cast<uint16_t>(kind == Kind::kIcmpOdd ? type : 0);
    };
    // Errors quote nothing here, so they are odd.
    const Kind v4 = type == 8             ? Kind::kIcmpEchoRequest
                    : in({13, 15, 17})    ? Kind::kIcmpRequest
                    : in({0, 14, 16, 18}) ? Kind::kIcmpReply
                                          : Kind::kIcmpOdd;
    ExpectEverywhere("type " + std::to_string(type), false, [t](PacketBuilder& p) { p.Icmp(t); },
                     {v4, port_of(v4), kProtocolIcmp});
    if (in({130, 131, 132, 133, 134, 135, 136, 137, 143})) continue;  // link_local
    const Kind v6 = type == 128      ? Kind::kIcmpEchoRequest
                    : type == 139    ? Kind::kIcmpRequest
                    : in({129, 140}) ? Kind::kIcmpReply
                                     : Kind::kIcmpOdd;
    ExpectEverywhere("type " + std::to_string(type), true, [t](PacketBuilder& p) { p.Icmp6(t); },
                     {v6, port_of(v6), kProtocolIcmpv6});
  }
}

// One family's ICMP in the other is another protocol.
TEST(Kinds, IcmpOfTheOtherFamilyIsIpOther) {
  ExpectEverywhere("ICMPv6 over IPv4", false, [](PacketBuilder& p) { p.Icmp6(128); },
                   {Kind::kIpOther, 0, kProtocolIcmpv6});
  ExpectEverywhere("ICMP over IPv6", true, [](PacketBuilder& p) { p.Icmp(8); },
                   {Kind::kIpOther, 0, kProtocolIcmp});
}

TEST(Kinds, OtherProtocols) {
  for (int protocol = 0; protocol < 256; ++protocol) {
    const auto number = static_cast<uint8_t>(protocol);
    if (number == 1 || number == 6 || number == 17) continue;
    const auto transport = [number](PacketBuilder& p) { p.Ip(number).Payload(Zeros(40)); };
    if (number != 2) {  // IGMP is link_local
      ExpectEverywhere("protocol " + std::to_string(protocol), false, transport,
                       {Kind::kIpOther, 0, number});
    }
    const bool extension = number == 0 || number == 43 || number == 44 || number == 51 ||
                           number == 60 || number == 135 || number == 139 || number == 140;
    if (extension || number == 2 || number == 58) continue;
    ExpectEverywhere("protocol " + std::to_string(protocol), true, transport,
                     {Kind::kIpOther, 0, number});
  }
  // Tunnels: the outer packet counts.
  ExpectEverywhere("IPv4 in IPv4", false,
                   [](PacketBuilder& p) { p.IPv4("10.0.0.1", "10.0.0.2").Tcp(1, 2, kSyn); },
                   {Kind::kIpOther, 0, 4});
  ExpectEverywhere("IPv6 in IPv4", false,
                   [](PacketBuilder& p) { p.IPv6("fe80::1", "ff02::1").Icmp6(135); },
                   {Kind::kIpOther, 0, 41});
}

TEST(Kinds, Fragments) {
  for (const bool ipv6 : {false, true}) {
    for (const uint8_t protocol : {uint8_t{6}, uint8_t{17}, ipv6 ? uint8_t{58} : uint8_t{1}}) {
      for (const bool more : {false, true}) {
        ExpectEverywhere(
            "later fragment", ipv6,
            [=](PacketBuilder& p) { p.Fragment(185, more).Ip(protocol).Payload(Zeros(64)); },
            {Kind::kFragment, 0, protocol});
      }
      // First ones that end inside their transport header.
      ExpectEverywhere(
          "tiny first fragment", ipv6,
          [=](PacketBuilder& p) { p.Fragment(0, true).Ip(protocol).Payload(Zeros(7)); },
          {Kind::kFragment, 0, protocol});
    }
    ExpectEverywhere("first fragment, 19 bytes of TCP", ipv6,
                     [](PacketBuilder& p) { p.Fragment(0, true).Ip(6).Payload(Zeros(19)); },
                     {Kind::kFragment, 0, kProtocolTcp});
    ExpectEverywhere("first fragment, whole header", ipv6,
                     [](PacketBuilder& p) { p.Fragment(0, true).Tcp(4000, 23, kSyn); },
                     {Kind::kTcpSyn, 23, kProtocolTcp, 4000});
    ExpectEverywhere("first fragment of UDP", ipv6,
                     [](PacketBuilder& p) {
                       p.Fragment(0, true).Udp(4000, 7).UdpLength(3000).Payload(Zeros(64));
                     },
                     {Kind::kUdpProbe, 7, kProtocolUdp, 4000});
    // Each of the 13 bits alone says "not the first".
    for (int bit = 0; bit < 13; ++bit) {
      const auto offset = static_cast<uint16_t>(1 << bit);
      ExpectEverywhere("fragment at one bit's offset", ipv6,
                       [=](PacketBuilder& p) { p.Fragment(offset, true).Tcp(4000, 23, kSyn); },
                       {Kind::kFragment, 0, kProtocolTcp});
    }
    ExpectEverywhere("later fragment of another protocol", ipv6,
                     [](PacketBuilder& p) { p.Fragment(9, false).Ip(47).Payload(Zeros(8)); },
                     {Kind::kFragment, 0, 47});
  }
}

// Fields of the row that come from the first packet.
TEST(Kinds, RowKeepsTheFirstPacket) {
  SensorUnderTest sensor;
  PacketBuilder p = In4();
  p.Ttl(37).Tcp(4000, 23, kSyn).Window(5840).Options(Hex("02 04 05b4 0402 0000"));
  const Judgement j = sensor.Judge(p);
  EXPECT_EQ(j.row.ttl, 37);
  EXPECT_EQ(j.row.ip_length, 48);
  EXPECT_EQ(j.row.tcp_window, 5840);
  EXPECT_EQ(j.row.tcp_options_length, 8);
  EXPECT_EQ(j.row.source_port, 4000);
  PacketBuilder v6 = In6();
  v6.Ttl(3).Udp(4000, 7).Payload(Zeros(20));
  const Judgement k = sensor.Judge(v6);
  EXPECT_EQ(k.row.ttl, 3);
  EXPECT_EQ(k.row.ip_length, 68);
  EXPECT_EQ(k.row.tcp_window, 0);
  EXPECT_EQ(k.row.tcp_options_length, 0);
}

// Backscatter counts into the sixth of its window, the last takes what an extended one has more;
// nothing else has slots.
TEST(Kinds, BackscatterHasSlots) {
  const std::vector<std::pair<uint32_t, int>> slots = {
      {0, 0},      {9'999, 0},  {10'000, 1}, {29'999, 2}, {30'000, 3},
      {49'999, 4}, {50'000, 5}, {59'999, 5}, {60'000, 5}, {16'777'215, 5}};
  for (const auto& [offset_ms, slot] : slots) {
    SensorUnderTest sensor;
    PacketBuilder p = In4();
    p.Tcp(80, 4000, kSyn | kAck);
    const Judgement j = sensor.Judge(p, SensorUnderTest::kNow, offset_ms);
    for (int i = 0; i < kSlots; ++i) EXPECT_EQ(j.row.slot(i), i == slot ? 1 : 0) << offset_ms;
    EXPECT_EQ(j.row.first_ms(), offset_ms);
    EXPECT_EQ(j.row.last_ms(), offset_ms);
    PacketBuilder scan = In4();
    scan.Tcp(4000, 80, kSyn);
    const Judgement k = sensor.Judge(scan, SensorUnderTest::kNow, offset_ms);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(k.row.counter(i), 0U);
  }
}

}  // namespace
}  // namespace teiten::test
