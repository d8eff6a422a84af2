// SPDX-License-Identifier: Apache-2.0
// The solicited table, where a packet has no ports: ICMP, errors about what was sent, fragments.
#include <gtest/gtest.h>

#include "tests/sensor/conversation.h"

namespace teiten::test {
namespace {

TEST(SolicitedIcmp, IcmpRepliesToTheirRequest) {
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

TEST(SolicitedIcmp, IcmpReplyOfAnotherTypeOrWithoutRequest) {
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

TEST(SolicitedIcmp, IcmpErrorsAboutWhatWasAskedFor) {
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
TEST(SolicitedIcmp, ErrorsComeFromAnywhere) {
  Conversation c;
  c.Out(0, Udp(4000, 33434));
  EXPECT_EQ(c.From(1, "192.0.2.77", ErrorAbout(false, 11, Udp(4000, 33434))), Fate::kSolicited);
}

Transport Fragment(uint8_t protocol) {
  return [=](PacketBuilder& p) { p.Fragment(100, false).Ip(protocol).Payload(Zeros(64)); };
}

TEST(SolicitedIcmp, LaterFragmentsGoByProtocol) {
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
TEST(SolicitedIcmp, FragmentsOfStrangersAreObserved) {
  Conversation c;
  c.Out(0, Udp(4000, 53));
  EXPECT_EQ(c.From(1, "198.51.100.11", Fragment(17)), Fate::kObserved);
}

// What an error quoted is not looked at again for a packet that quotes nothing.
TEST(Solicited, ProbesAfterAnErrorAreObserved) {
  Conversation c;
  c.Out(0, Tcp(4000, 80, kSyn));
  EXPECT_EQ(c.In(1, ErrorAbout(false, 11, Tcp(4000, 80, kSyn))), Fate::kSolicited);
  for (const uint8_t type : std::array<uint8_t, 4>{8, 13, 17, 10}) {
    EXPECT_EQ(c.In(2, Icmp(false, type, 77)), Fate::kObserved) << int{type};
  }
}

// A quote without the identifier names no request.
TEST(Solicited, ErrorsWithHalfAnIcmpHeader) {
  Conversation c;
  c.Out(0, Icmp(false, 8, 77));
  for (const std::size_t bytes : {4U, 5U, 6U}) {
    PacketBuilder inner = RawIp();
    inner.IPv4(kDark4, kScanner4).Icmp(8, 0, 77);
    PacketBuilder p = In4();
    p.Icmp(11).Quote(inner, 20 + bytes);
    EXPECT_EQ(c.Raw(1, p), bytes < 6 ? Fate::kObserved : Fate::kSolicited) << bytes;
  }
}

// SCTP has ports, but what was sent is remembered without.
TEST(Solicited, ErrorsAboutProtocolsWithPortsOfTheirOwn) {
  Conversation c;
  const Transport sctp = [](PacketBuilder& p) { p.Ip(132).Payload(Hex("1388 0050 00000000")); };
  c.Out(0, sctp);
  EXPECT_EQ(c.In(1, ErrorAbout(false, 3, sctp)), Fate::kSolicited);
}

// Port 0 is a port like the others, and a fragment is from none.
TEST(Solicited, FragmentsArePacketsOfNoPort) {
  Conversation c;
  c.Out(0, Udp(4000, 53));
  EXPECT_EQ(c.In(1, Udp(0, 0)), Fate::kObserved);
  Conversation d;
  d.Out(0, Udp(0, 0));
  EXPECT_EQ(d.In(1, Udp(0, 0)), Fate::kSolicited);
  EXPECT_EQ(d.In(1, Fragment(17)), Fate::kSolicited);
}

// Fragments of protocols without ports are packets of that protocol: the later one may come first.
TEST(Solicited, FragmentsOfOtherProtocolsOpen) {
  Conversation c;
  EXPECT_EQ(c.Out(0, Fragment(47)), Fate::kOutbound);
  EXPECT_EQ(c.In(1, Protocol(47)), Fate::kSolicited);
  Conversation d;
  d.Out(0, Fragment(17));
  EXPECT_EQ(d.In(1, Fragment(17)), Fate::kObserved);
}

}  // namespace
}  // namespace teiten::test
