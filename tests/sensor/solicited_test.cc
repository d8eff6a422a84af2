// SPDX-License-Identifier: Apache-2.0
// The solicited table: what opens an entry, what refreshes it, and the second at which it ends.
#include <gtest/gtest.h>

#include <array>

#include "tests/sensor/conversation.h"

namespace teiten::test {
namespace {

TEST(Solicited, SynEndsAfter60Seconds) {
  for (const bool ipv6 : {false, true}) {
    for (const auto& [second, want] : {std::pair(0U, Fate::kSolicited),
                                       {1, Fate::kSolicited},
                                       {59, Fate::kSolicited},
                                       {60, Fate::kObserved},
                                       {61, Fate::kObserved}}) {
      Conversation c(ipv6);
      EXPECT_EQ(c.Out(0, Tcp(4000, 80, kSyn)), Fate::kOutbound);
      EXPECT_EQ(c.In(second, Tcp(80, 4000, kSyn | kAck)), want) << second;
    }
  }
}

TEST(Solicited, ConnectionEndsAfter7200Seconds) {
  for (const bool ipv6 : {false, true}) {
    for (const uint32_t second : {7'199U, 7'200U}) {
      Conversation c(ipv6);
      c.Out(0, Tcp(4000, 80, kSyn));
      EXPECT_EQ(c.In(1, Tcp(80, 4000, kSyn | kAck)), Fate::kSolicited);
      EXPECT_EQ(c.In(1 + second, Tcp(80, 4000, kAck)),
                second < 7'200 ? Fate::kSolicited : Fate::kObserved);
    }
  }
}

TEST(Solicited, PacketsEitherWayRefresh) {
  Conversation c;
  c.Out(0, Tcp(4000, 80, kSyn));
  c.Out(2, Tcp(4000, 80, kAck));
  EXPECT_EQ(c.In(7'201, Tcp(80, 4000, kAck)), Fate::kSolicited);
  EXPECT_EQ(c.In(14'400, Tcp(80, 4000, kAck | kPsh)), Fate::kSolicited);
  EXPECT_EQ(c.In(14'400 + 7'200, Tcp(80, 4000, kAck)), Fate::kObserved);
  // A retransmitted SYN refreshes a young entry, and never shortens an old one.
  Conversation d;
  d.Out(0, Tcp(4000, 80, kSyn));
  d.Out(50, Tcp(4000, 80, kSyn));
  EXPECT_EQ(d.In(109, Tcp(80, 4000, kSyn | kAck)), Fate::kSolicited);
  d.Out(110, Tcp(4000, 80, kSyn));
  EXPECT_EQ(d.In(200, Tcp(80, 4000, kAck)), Fate::kSolicited);
}

TEST(Solicited, RstDoesNotRefresh) {
  for (const uint8_t rst : std::array<uint8_t, 2>{kRst, kRst | kAck}) {
    Conversation in;
    in.Out(0, Tcp(4000, 80, kSyn));
    EXPECT_EQ(in.In(50, Tcp(80, 4000, rst)), Fate::kSolicited);
    EXPECT_EQ(in.In(59, Tcp(80, 4000, rst)), Fate::kSolicited);
    EXPECT_EQ(in.In(60, Tcp(80, 4000, rst)), Fate::kObserved);
    Conversation out;
    out.Out(0, Tcp(4000, 80, kSyn));
    out.Out(50, Tcp(4000, 80, rst));
    EXPECT_EQ(out.In(60, Tcp(80, 4000, kAck)), Fate::kObserved);
  }
}

TEST(Solicited, OnlySynWithoutAckOpens) {
  for (int flags = 0; flags < 64; ++flags) {
    Conversation c;
    EXPECT_EQ(c.Out(0, Tcp(4000, 80, static_cast<uint8_t>(flags))), Fate::kOutbound);
    const bool opens = (flags & (kSyn | kAck | kRst)) == kSyn;
    EXPECT_EQ(c.In(1, Tcp(80, 4000, kAck)), opens ? Fate::kSolicited : Fate::kObserved) << flags;
  }
}

// Connections older than the sensor.
TEST(Solicited, AckOpensInTheFirst300Seconds) {
  for (int flags = 0; flags < 64; ++flags) {
    for (const uint32_t second : {0U, 299U, 300U}) {
      Conversation c;
      c.table().set_startup_ends_s(kStart + 300);
      c.Out(second, Tcp(22, 50000, static_cast<uint8_t>(flags)));
      const bool syn = (flags & (kSyn | kAck | kRst)) == kSyn;
      const bool ack = (flags & (kSyn | kAck | kRst)) == kAck && second < 300;
      EXPECT_EQ(c.In(second + 1, Tcp(50000, 22, kAck)),
                syn || ack ? Fate::kSolicited : Fate::kObserved)
          << flags << " at " << second;
    }
  }
}

TEST(Solicited, Udp) {
  for (const bool ipv6 : {false, true}) {
    for (const uint32_t second : {0U, 59U, 60U}) {
      Conversation c(ipv6);
      EXPECT_EQ(c.Out(0, Udp(4000, 53)), Fate::kOutbound);
      EXPECT_EQ(c.In(second, Udp(53, 4000)), second < 60 ? Fate::kSolicited : Fate::kObserved)
          << second;
    }
  }
  Conversation c;
  c.Out(0, Udp(4000, 53));
  EXPECT_EQ(c.In(30, Udp(53, 4000)), Fate::kSolicited);
  EXPECT_EQ(c.In(89, Udp(53, 4000)), Fate::kSolicited);
  EXPECT_EQ(c.In(149, Udp(53, 4000)), Fate::kObserved);
}

// A host that answers a probe has not asked for anything.
TEST(Solicited, UdpAnswerOpensNothing) {
  for (const uint32_t answered : {0U, 59U, 60U}) {
    Conversation c;
    EXPECT_EQ(c.In(0, Udp(5000, 7)), Fate::kObserved);
    EXPECT_EQ(c.Out(answered, Udp(7, 5000)), Fate::kOutbound);
    EXPECT_EQ(c.In(answered + 1, Udp(5000, 7)), answered < 60 ? Fate::kObserved : Fate::kSolicited)
        << answered;
  }
  // Another port of the same stranger was asked for all the same.
  Conversation c;
  c.In(0, Udp(5000, 7));
  c.Out(1, Udp(7, 5001));
  EXPECT_EQ(c.In(2, Udp(5001, 7)), Fate::kSolicited);
}

TEST(Solicited, DeclaredPortsOpenNothing) {
  const std::vector<ServiceDeclaration> services = {{kProtocolTcp, 80, {}}, {kProtocolUdp, 53, {}}};
  Conversation c(false, services);
  c.table().set_startup_ends_s(kStart + 300);
  c.Out(0, Tcp(80, 5000, kSyn));
  c.Out(0, Tcp(80, 5000, kAck));
  c.Out(0, Udp(53, 5000));
  EXPECT_EQ(c.In(1, Tcp(5000, 80, kAck)), Fate::kService);
  EXPECT_EQ(c.In(1, Udp(5000, 53)), Fate::kService);
  // An error about it is the service's, about anything else nobody's.
  Conversation d;
  d.Out(0, Tcp(81, 5000, kSyn | kAck));
  EXPECT_EQ(d.In(1, Tcp(5000, 81, kAck)), Fate::kObserved);
}

TEST(Solicited, OtherProtocols) {
  for (const bool ipv6 : {false, true}) {
    for (const uint32_t second : {59U, 60U}) {
      Conversation c(ipv6);
      EXPECT_EQ(c.Out(0, Protocol(47)), Fate::kOutbound);
      EXPECT_EQ(c.In(1, Protocol(50)), Fate::kObserved) << "another protocol";
      EXPECT_EQ(c.In(second, Protocol(47)), second < 60 ? Fate::kSolicited : Fate::kObserved);
    }
  }
}

TEST(Solicited, EveryPartOfTheKeyCounts) {
  for (const bool ipv6 : {false, true}) {
    Conversation c(ipv6);
    c.Out(0, Tcp(4000, 80, kSyn));
    EXPECT_EQ(c.In(1, Tcp(81, 4000, kSyn | kAck)), Fate::kObserved) << "remote port";
    EXPECT_EQ(c.In(1, Tcp(80, 4001, kSyn | kAck)), Fate::kObserved) << "own port";
    EXPECT_EQ(c.In(1, Tcp(4000, 80, kSyn | kAck)), Fate::kObserved) << "mirrored";
    EXPECT_EQ(c.In(1, Udp(80, 4000)), Fate::kObserved) << "protocol";
    EXPECT_EQ(c.In(1, Tcp(80, 4000, kSyn | kAck)), Fate::kSolicited);
  }
  SensorUnderTest sensor;
  PacketBuilder syn = RawIp();
  EXPECT_EQ(sensor.FateOf(syn.IPv4(kDark4, kScanner4).Tcp(4000, 80, kSyn)), Fate::kOutbound);
  PacketBuilder other_remote = RawIp();
  EXPECT_EQ(sensor.FateOf(other_remote.IPv4("198.51.100.11", kDark4).Tcp(80, 4000, kSyn | kAck)),
            Fate::kObserved);
  PacketBuilder other_own = RawIp();
  EXPECT_EQ(sensor.FateOf(other_own.IPv4(kScanner4, "203.0.113.6").Tcp(80, 4000, kSyn | kAck)),
            Fate::kObserved);
}

TEST(Solicited, PinnedPeerIsAlwaysSolicited) {
  Conversation c;
  EXPECT_EQ(c.In(0, Tcp(7843, 5000, kAck)), Fate::kObserved);
  c.table().PinPeers({{Family::kIpv4, A(kScanner4), 7843}});
  EXPECT_EQ(c.In(1, Tcp(7843, 5000, kAck)), Fate::kSolicited);
  EXPECT_EQ(c.In(100'000, Tcp(7843, 5000, kSyn | kAck)), Fate::kSolicited);
  EXPECT_EQ(c.In(1, Tcp(7844, 5000, kAck)), Fate::kObserved);
  EXPECT_EQ(c.In(1, Udp(7843, 5000)), Fate::kObserved);
  EXPECT_EQ(c.From(1, "198.51.100.11", Tcp(7843, 5000, kAck)), Fate::kObserved);
}

// Nothing is solicited or outbound where nothing is own, but it is no unsolicited traffic either.
TEST(Solicited, PinnedPeerIsUnobservedWhereEverythingIsObserved) {
  SensorUnderTest sensor(AddressView::Everything(PublishedKey()), {});
  const auto fate = [&](const char* from, const char* to, uint16_t source_port, uint16_t port,
                        uint8_t protocol) {
    PacketBuilder p = RawIp();
    p.IPv4(from, to);
    return sensor.FateOf(protocol == kProtocolTcp ? p.Tcp(source_port, port, kAck)
                                                  : p.Udp(source_port, port));
  };
  EXPECT_EQ(fate(kScanner4, kDark4, 7843, 5000, kProtocolTcp), Fate::kObserved);
  sensor.solicited().PinPeers({{Family::kIpv4, A(kScanner4), 7843}});
  EXPECT_EQ(fate(kScanner4, kDark4, 7843, 5000, kProtocolTcp), Fate::kUnobserved);
  EXPECT_EQ(fate(kDark4, kScanner4, 5000, 7843, kProtocolTcp), Fate::kUnobserved);
  EXPECT_EQ(fate(kDark4, kScanner4, 7843, 5000, kProtocolTcp), Fate::kObserved);
  EXPECT_EQ(fate(kScanner4, kDark4, 5000, 7843, kProtocolTcp), Fate::kObserved);
  EXPECT_EQ(fate(kScanner4, kDark4, 7843, 5000, kProtocolUdp), Fate::kObserved);
  EXPECT_EQ(fate(kDark4, "198.51.100.11", 5000, 7843, kProtocolTcp), Fate::kObserved);
}

// Half a million probes, each remembered, and the host's own question still has its answer.
TEST(Solicited, FloodOfUnsolicitedUdpEvictsNothing) {
  SensorUnderTest sensor;
  PacketBuilder asked = RawIp();
  EXPECT_EQ(sensor.FateOf(asked.IPv4(kDark4, kScanner4).Udp(4000, 53)), Fate::kOutbound);
  BuiltPacket probe = [] {
    PacketBuilder p = RawIp();
    return p.IPv4("198.18.0.0", kDark4).Udp(5000, 7).Build();
  }();
  for (uint32_t i = 0; i < 500'000; ++i) {
    Set16(probe.captured, 14, i & 0xffff);
    probe.captured[13] = static_cast<uint8_t>(18 + (i >> 16));
    ASSERT_EQ(sensor.Judge(probe).fate, Fate::kObserved);
  }
  PacketBuilder answer = RawIp();
  EXPECT_EQ(sensor.FateOf(answer.IPv4(kScanner4, kDark4).Udp(53, 4000), kStart + 59),
            Fate::kSolicited);
  EXPECT_EQ(sensor.solicited().TakeEvicted(), 0U);
}

// The host's i-th connection, each to another server.
BuiltPacket NumberedSyn(uint32_t i) {
  PacketBuilder p = RawIp();
  BuiltPacket built = p.IPv4(kDark4, "198.18.0.0").Tcp(4000, 80, kSyn).Build();
  Set16(built.captured, 18, i & 0xffff);
  built.captured[17] = static_cast<uint8_t>(18 + (i >> 16));
  return built;
}

// Each connection has two entries, its own and that of its fragments: 2^17 are all it can hold.
TEST(Solicited, NothingIsEvictedUntilHalfIsInUse) {
  SensorUnderTest sensor;
  constexpr uint32_t kConnections = (1U << 17) / 2;
  for (uint32_t i = 0; i < kConnections; ++i) {
    ASSERT_EQ(sensor.Judge(NumberedSyn(i)).fate, Fate::kOutbound);
  }
  EXPECT_EQ(sensor.solicited().TakeEvicted(), 0U);
}

// More live entries than places: the loss is counted, once.
TEST(Solicited, EvictionsOfLiveEntriesAreCounted) {
  SensorUnderTest sensor;
  const auto answer = [&](uint32_t i) {
    PacketBuilder p = RawIp();
    BuiltPacket built = p.IPv4("198.18.0.0", kDark4).Tcp(80, 4000, kSyn | kAck).Build();
    Set16(built.captured, 14, i & 0xffff);
    built.captured[13] = static_cast<uint8_t>(18 + (i >> 16));
    return built;
  };
  constexpr uint32_t kMany = 300'000;
  for (uint32_t i = 0; i < kMany; ++i)
    ASSERT_EQ(sensor.Judge(NumberedSyn(i)).fate, Fate::kOutbound);
  const uint64_t evicted = sensor.solicited().TakeEvicted();
  EXPECT_GT(evicted, 0U);
  EXPECT_EQ(sensor.solicited().TakeEvicted(), 0U);
  uint64_t lost = 0;
  for (uint32_t i = 0; i < kMany; ++i) lost += sensor.Judge(answer(i)).fate == Fate::kObserved;
  // Each eviction took at most one entry of these, or one for their fragments.
  EXPECT_LE(lost, evicted);
  EXPECT_GT(lost, 0U);
}

// One question a second, for days: the places fill with dead entries, and those are no loss.
TEST(Solicited, DeadEntriesAreNoEviction) {
  SensorUnderTest sensor;
  for (uint32_t i = 0; i < 400'000; ++i) {
    PacketBuilder p = RawIp();
    BuiltPacket built = p.IPv4(kDark4, kScanner4).Icmp(8, 0, static_cast<uint16_t>(i)).Build();
    ASSERT_EQ(sensor.Judge(built, kStart + i).fate, Fate::kOutbound);
  }
  EXPECT_EQ(sensor.solicited().TakeEvicted(), 0U);
}

}  // namespace
}  // namespace teiten::test
