// SPDX-License-Identifier: Apache-2.0
// The solicited table: what opens an entry, what refreshes it, and the second at which it ends.
#include <gtest/gtest.h>

#include <functional>

#include "tests/sensor/judge.h"

namespace teiten::test {
namespace {

constexpr uint32_t kStart = SensorUnderTest::kNow;

// One conversation between an observed address and a stranger.
class Conversation {
 public:
  explicit Conversation(bool ipv6 = false, std::vector<ServiceDeclaration> services = {})
      : ipv6_(ipv6), sensor_(std::move(services)) {}

  using Transport = std::function<void(PacketBuilder&)>;
  // Seconds are counted from kStart.
  Fate Out(uint32_t second, const Transport& transport) {
    PacketBuilder p = RawIp();
    if (ipv6_) {
      p.IPv6(kDark6, kScanner6);
    } else {
      p.IPv4(kDark4, kScanner4);
    }
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  Fate In(uint32_t second, const Transport& transport) {
    PacketBuilder p = test::In(ipv6_);
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  Fate From(uint32_t second, const char* source, const Transport& transport) {
    PacketBuilder p = RawIp();
    p.IPv4(source, kDark4);
    transport(p);
    return sensor_.FateOf(p, kStart + second);
  }
  SolicitedTable& table() { return sensor_.solicited(); }
  [[nodiscard]] bool ipv6() const { return ipv6_; }

 private:
  bool ipv6_;
  SensorUnderTest sensor_;
};

using Transport = Conversation::Transport;

Transport Tcp(uint16_t from, uint16_t to, uint8_t flags) {
  return [=](PacketBuilder& p) { p.Tcp(from, to, flags); };
}
Transport Udp(uint16_t from, uint16_t to) {
  return [=](PacketBuilder& p) { p.Udp(from, to).Payload(Zeros(4)); };
}
Transport Icmp(bool ipv6, uint8_t type, uint16_t id) {
  return [=](PacketBuilder& p) {
    if (ipv6) {
      p.Icmp6(type, 0, id);
    } else {
      p.Icmp(type, 0, id);
    }
  };
}
Transport Protocol(uint8_t number) {
  return [=](PacketBuilder& p) { p.Ip(number).Payload(Zeros(16)); };
}

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

TEST(Solicited, IcmpRepliesToTheirRequest) {
  struct Case {
    bool ipv6;
    uint8_t request, reply;
    bool opens;
  };
  for (const Case& k : {Case{false, 8, 0, true},
                        {false, 13, 14, true},
                        {false, 15, 16, true},
                        {false, 10, 9, false},
                        {true, 128, 129, true},
                        {true, 139, 140, true}}) {
    const Fate want = k.opens ? Fate::kSolicited : Fate::kObserved;
    Conversation c(k.ipv6);
    EXPECT_EQ(c.Out(0, Icmp(k.ipv6, k.request, 77)), Fate::kOutbound);
    EXPECT_EQ(c.In(1, Icmp(k.ipv6, k.reply, 77)), want) << int{k.request};
    EXPECT_EQ(c.In(1, Icmp(k.ipv6, k.reply, 78)), Fate::kObserved) << "another identifier";
    EXPECT_EQ(c.In(1, Icmp(k.ipv6, k.request, 77)), Fate::kObserved) << "the request mirrored";
    for (const uint32_t second : {29U, 30U}) {
      Conversation d(k.ipv6);
      d.Out(0, Icmp(k.ipv6, k.request, 77));
      EXPECT_EQ(d.In(second, Icmp(k.ipv6, k.reply, 77)), second < 30 ? want : Fate::kObserved);
    }
  }
}

TEST(Solicited, IcmpReplyOfAnotherTypeOrWithoutRequest) {
  Conversation c;
  c.Out(0, Icmp(false, 8, 77));
  EXPECT_EQ(c.In(1, Icmp(false, 14, 77)), Fate::kObserved);
  EXPECT_EQ(c.In(1, Icmp(false, 16, 77)), Fate::kObserved);
  // An outbound reply opens nothing.
  Conversation d;
  d.In(0, Icmp(false, 8, 77));
  d.Out(0, Icmp(false, 0, 77));
  EXPECT_EQ(d.In(1, Icmp(false, 0, 77)), Fate::kObserved);
  EXPECT_EQ(d.In(1, Icmp(false, 8, 77)), Fate::kObserved);
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

// An ICMP error of `router` that quotes what this host sent.
Transport ErrorAbout(bool ipv6, uint8_t type, const Transport& sent) {
  return [=](PacketBuilder& p) {
    PacketBuilder inner = RawIp();
    if (ipv6) {
      inner.IPv6(kDark6, kScanner6);
      p.Icmp6(type);
    } else {
      inner.IPv4(kDark4, kScanner4);
      p.Icmp(type);
    }
    sent(inner);
    p.Quote(inner);
  };
}

TEST(Solicited, IcmpErrorsAboutWhatWasAskedFor) {
  for (const bool ipv6 : {false, true}) {
    const uint8_t type = ipv6 ? 3 : 11;
    const uint8_t echo = ipv6 ? 128 : 8;
    Conversation c(ipv6);
    c.Out(0, Tcp(4000, 80, kSyn));
    c.Out(0, Udp(4000, 33434));
    c.Out(0, Icmp(ipv6, echo, 77));
    c.Out(0, Protocol(47));
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Tcp(4000, 80, kSyn))), Fate::kSolicited);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Udp(4000, 33434))), Fate::kSolicited);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Icmp(ipv6, echo, 77))), Fate::kSolicited);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Protocol(47))), Fate::kSolicited);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Tcp(4001, 80, kSyn))), Fate::kObserved);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Udp(4000, 33435))), Fate::kObserved);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Icmp(ipv6, echo, 78))), Fate::kObserved);
    EXPECT_EQ(c.In(1, ErrorAbout(ipv6, type, Protocol(50))), Fate::kObserved);
    EXPECT_EQ(c.In(60, ErrorAbout(ipv6, type, Tcp(4000, 80, kSyn))), Fate::kObserved);
  }
}

// Traceroute: the error comes from somebody never asked.
TEST(Solicited, ErrorsComeFromAnywhere) {
  Conversation c;
  c.Out(0, Udp(4000, 33434));
  EXPECT_EQ(c.From(1, "192.0.2.77", ErrorAbout(false, 11, Udp(4000, 33434))), Fate::kSolicited);
}

Transport Fragment(uint8_t protocol) {
  return [=](PacketBuilder& p) { p.Fragment(100, false).Ip(protocol).Payload(Zeros(64)); };
}

TEST(Solicited, LaterFragmentsGoByProtocol) {
  for (const bool ipv6 : {false, true}) {
    Conversation c(ipv6);
    EXPECT_EQ(c.In(0, Fragment(17)), Fate::kObserved);
    c.Out(0, Udp(4000, 53));
    EXPECT_EQ(c.In(1, Fragment(17)), Fate::kSolicited);
    EXPECT_EQ(c.In(1, Fragment(6)), Fate::kObserved);
    EXPECT_EQ(c.In(61, Fragment(17)), Fate::kObserved);
    Conversation d(ipv6);
    d.Out(0, Udp(4000, 53));
    EXPECT_EQ(d.In(59, Fragment(17)), Fate::kSolicited);
    Conversation e(ipv6);
    e.Out(0, Udp(4000, 53));
    EXPECT_EQ(e.In(60, Fragment(17)), Fate::kObserved);
  }
}

// A remote address that was never asked sends fragments: its own, not the other's.
TEST(Solicited, FragmentsOfStrangersAreObserved) {
  Conversation c;
  c.Out(0, Udp(4000, 53));
  EXPECT_EQ(c.From(1, "198.51.100.11", Fragment(17)), Fate::kObserved);
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

// More live entries than places: the loss is counted, once.
TEST(Solicited, EvictionsOfLiveEntriesAreCounted) {
  SensorUnderTest sensor;
  const auto syn = [](uint32_t i) {
    PacketBuilder p = RawIp();
    BuiltPacket built = p.IPv4(kDark4, "198.18.0.0").Tcp(4000, 80, kSyn).Build();
    Set16(built.captured, 18, i & 0xffff);
    built.captured[17] = static_cast<uint8_t>(18 + (i >> 16));
    return built;
  };
  const auto answer = [&](uint32_t i) {
    PacketBuilder p = RawIp();
    BuiltPacket built = p.IPv4("198.18.0.0", kDark4).Tcp(80, 4000, kSyn | kAck).Build();
    Set16(built.captured, 14, i & 0xffff);
    built.captured[13] = static_cast<uint8_t>(18 + (i >> 16));
    return built;
  };
  constexpr uint32_t kMany = 300'000;
  for (uint32_t i = 0; i < kMany; ++i) ASSERT_EQ(sensor.Judge(syn(i)).fate, Fate::kOutbound);
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
