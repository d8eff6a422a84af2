// SPDX-License-Identifier: Apache-2.0
// The fates that follow from addresses, declared services and the solicited table (its own rules:
// solicited_test.cc); what decoding decides: decode_fates_test.cc.
#include <gtest/gtest.h>

#include <functional>

#include "tests/sensor/expect_fate.h"

namespace teiten::test {
namespace {

PacketBuilder Syn4(const char* from, const char* to) {
  PacketBuilder p = RawIp();
  return p.IPv4(from, to).Tcp(4000, 23, kSyn);
}
PacketBuilder Syn6(const char* from, const char* to) {
  PacketBuilder p = RawIp();
  return p.IPv6(from, to).Tcp(4000, 23, kSyn);
}

TEST(Fates, LinkLocal) {
  ExpectFate(Syn4("169.254.0.0", kDark4), Fate::kLinkLocal, "source 169.254.0.0");
  ExpectFate(Syn4("169.254.255.255", kDark4), Fate::kLinkLocal, "source 169.254.255.255");
  ExpectFate(Syn4("169.253.255.255", kDark4), Fate::kObserved, "below");
  ExpectFate(Syn4("169.255.0.0", kDark4), Fate::kObserved, "above");
  ExpectFate(Syn4(kScanner4, "169.254.1.1"), Fate::kLinkLocal, "destination");
  ExpectFate(Syn4("192.0.2.9", "169.254.169.254"), Fate::kLinkLocal, "before outbound");
  ExpectFate(Syn4("169.254.1.1", "224.0.0.251"), Fate::kLinkLocal, "before multicast");
  ExpectFate(Syn6("fe80::1", "ff02::fb"), Fate::kLinkLocal, "before multicast");
  ExpectFate(Syn4("0.0.0.0", kDark4), Fate::kLinkLocal, "source 0.0.0.0");
  ExpectFate(Syn4("0.0.0.1", kDark4), Fate::kObserved, "source 0.0.0.1");
  ExpectFate(Syn6("fe80::1", kDark6), Fate::kLinkLocal, "source fe80::/10");
  ExpectFate(Syn6("febf:ffff::1", kDark6), Fate::kLinkLocal, "end of fe80::/10");
  ExpectFate(Syn6("fec0::1", kDark6), Fate::kObserved, "above");
  ExpectFate(Syn6("fe7f::1", kDark6), Fate::kObserved, "below");
  ExpectFate(Syn6(kScanner6, "fe80::1"), Fate::kLinkLocal, "destination");
  ExpectFate(Syn6("::", kDark6), Fate::kLinkLocal, "source ::");
  ExpectFate(Syn6("::1", kDark6), Fate::kObserved, "source ::1");
  PacketBuilder igmp = In4();
  ExpectFate(igmp.Ip(2).Payload(Zeros(8)), Fate::kLinkLocal, "IGMP");
  for (int type = 0; type < 256; ++type) {
    PacketBuilder p = In6();
    p.Icmp6(static_cast<uint8_t>(type));
    const bool local = (type >= 130 && type <= 137) || type == 143;
    ExpectFate(p, local ? Fate::kLinkLocal : Fate::kObserved, "ICMPv6 " + std::to_string(type));
    PacketBuilder v4 = In4();
    ExpectFate(v4.Icmp(static_cast<uint8_t>(type)), Fate::kObserved,
               "ICMP " + std::to_string(type));
  }
}

TEST(Fates, OutboundAndSelfAddressed) {
  ExpectFate(Syn4("192.0.2.9", kScanner4), Fate::kOutbound, "own to stranger");
  ExpectFate(Syn4("203.0.113.77", kScanner4), Fate::kOutbound, "observed to stranger");
  ExpectFate(Syn4("192.0.2.9", "224.0.0.251"), Fate::kOutbound, "own to multicast");
  ExpectFate(Syn6("2001:db8:e::9", kScanner6), Fate::kOutbound, "own to stranger, IPv6");
  SensorUnderTest sensor;
  const Judgement self = sensor.Judge(Syn4("192.0.2.9", kDark4));
  EXPECT_EQ(self.fate, Fate::kUnobserved);
  EXPECT_EQ(self.counts.self_addressed, 1U);
  const Judgement stranger = sensor.Judge(Syn4(kScanner4, "198.51.100.11"));
  EXPECT_EQ(stranger.fate, Fate::kUnobserved);
  EXPECT_EQ(stranger.counts.self_addressed, 0U);
}

TEST(Fates, Unobserved) {
  for (const char* to : {"192.0.2.9", "203.0.112.255", "203.0.114.0", "224.0.0.1",
                         "239.255.255.250", "240.0.0.0", "255.255.255.255", "127.0.0.1"}) {
    ExpectFate(Syn4(kScanner4, to), Fate::kUnobserved, to);
  }
  for (const char* to : {"2001:db8:e::9", "2001:db8:c:ffff::1", "2001:db8:e::", "ff00::1",
                         "ff02::fb", "ffff::1", "::1"}) {
    ExpectFate(Syn6(kScanner6, to), Fate::kUnobserved, to);
  }
  // .0 and .255 of a dark range are observed addresses like the others.
  for (const char* to : {"203.0.113.0", "203.0.113.255"}) {
    ExpectFate(Syn4(kScanner4, to), Fate::kObserved, to);
  }
  for (const char* to : {"2001:db8:d::", "2001:db8:d:ffff:ffff:ffff:ffff:ffff"}) {
    ExpectFate(Syn6(kScanner6, to), Fate::kObserved, to);
  }
}

TEST(Fates, FramesTheLinkMarksBroadcastOrMulticast) {
  for (const bool ipv6 : {false, true}) {
    const auto frame = [ipv6](PacketBuilder p, const std::function<void(PacketBuilder&)>& tag) {
      tag(p);
      if (ipv6) {
        p.IPv6(kScanner6, kDark6);
      } else {
        p.IPv4(kScanner4, kDark4);
      }
      return p.Tcp(4000, 23, kSyn);
    };
    for (const auto& tag : std::vector<std::function<void(PacketBuilder&)>>{
             [](PacketBuilder&) {}, [](PacketBuilder& p) { p.Vlan(7); },
             [](PacketBuilder& p) { p.Mpls(16); }, [](PacketBuilder& p) { p.Vlan(7).Pppoe(); }}) {
      ExpectFate(frame(Eth("ffffffffffff"), tag), Fate::kUnobserved, "broadcast");
      ExpectFate(frame(Eth("01005e000001"), tag), Fate::kUnobserved, "multicast");
      ExpectFate(frame(Eth("020000000001"), tag), Fate::kObserved, "unicast");
      for (uint8_t type = 0; type < 5; ++type) {
        const Fate want = type == 1 || type == 2 ? Fate::kUnobserved : Fate::kObserved;
        ExpectFate(frame(Sll(type), tag), want, "SLL " + std::to_string(type));
        ExpectFate(frame(Sll2(type), tag), want, "SLL2 " + std::to_string(type));
      }
      ExpectFate(frame(CiscoHdlc(0x8f), tag), Fate::kUnobserved, "Cisco HDLC multicast");
    }
  }
}

// Without own addresses there is no direction: all but multicast is observed.
TEST(Fates, ObserveEverything) {
  SensorUnderTest sensor(AddressView::Everything(PublishedKey()), {});
  EXPECT_EQ(sensor.FateOf(Syn4("192.0.2.9", kScanner4)), Fate::kObserved);
  EXPECT_EQ(sensor.FateOf(Syn4(kScanner4, "192.0.2.9")), Fate::kObserved);
  EXPECT_EQ(sensor.FateOf(Syn4(kScanner4, "224.0.0.1")), Fate::kUnobserved);
  EXPECT_EQ(sensor.FateOf(Syn4(kScanner4, "255.255.255.255")), Fate::kUnobserved);
  EXPECT_EQ(sensor.FateOf(Syn6(kScanner6, "ff02::1")), Fate::kUnobserved);
  EXPECT_EQ(sensor.FateOf(Syn4("169.254.0.1", kDark4)), Fate::kLinkLocal);
  PacketBuilder broadcast = Eth("ffffffffffff");
  EXPECT_EQ(sensor.FateOf(broadcast.IPv4(kScanner4, kDark4).Tcp(1, 2, kSyn)), Fate::kUnobserved);
}

TEST(Fates, Service) {
  const std::vector<ServiceDeclaration> services = {
      {kProtocolTcp, 80, {}}, {kProtocolUdp, 53, {}}, {kProtocolTcp, 22, {P("198.51.100.0/24")}}};
  SensorUnderTest sensor(services);
  const auto fate = [&](const char* from, bool tcp, uint16_t port) {
    PacketBuilder p = RawIp();
    p.IPv4(from, kDark4);
    return sensor.FateOf(tcp ? p.Tcp(4000, port, kSyn) : p.Udp(4000, port));
  };
  EXPECT_EQ(fate("192.0.2.1", true, 80), Fate::kService);
  EXPECT_EQ(fate("192.0.2.1", false, 80), Fate::kObserved);
  EXPECT_EQ(fate("192.0.2.1", false, 53), Fate::kService);
  EXPECT_EQ(fate("192.0.2.1", true, 53), Fate::kObserved);
  EXPECT_EQ(fate("198.51.100.255", true, 22), Fate::kService);
  EXPECT_EQ(fate("198.51.101.0", true, 22), Fate::kObserved);
  // From a declared port, not to it.
  PacketBuilder from_port = In4();
  EXPECT_EQ(sensor.FateOf(from_port.Tcp(80, 4000, kSyn | kAck)), Fate::kObserved);
  // Any TCP packet to it, for either family.
  PacketBuilder v6 = In6();
  EXPECT_EQ(sensor.FateOf(v6.Tcp(4000, 80, kRst)), Fate::kService);
  // Not for an address that is not observed.
  EXPECT_EQ(sensor.FateOf(Syn4(kScanner4, "192.0.2.9")), Fate::kUnobserved);
}

TEST(Fates, IcmpErrorsThatQuoteAService) {
  SensorUnderTest sensor({{kProtocolTcp, 80, {}}, {kProtocolTcp, 22, {P("198.51.100.0/24")}}});
  const auto fate = [&](const PacketBuilder& inner) {
    PacketBuilder p = RawIp();
    return sensor.FateOf(p.IPv4("192.0.2.77", kDark4).Icmp(3, 1).Quote(inner));
  };
  const auto answer = [](const char* to, uint16_t port) {
    PacketBuilder p = RawIp();
    return p.IPv4(kDark4, to).Tcp(port, 4000, kSyn | kAck);
  };
  EXPECT_EQ(fate(answer("192.0.2.1", 80)), Fate::kService);
  EXPECT_EQ(fate(answer("198.51.100.7", 22)), Fate::kService);
  EXPECT_EQ(fate(answer("192.0.2.1", 22)), Fate::kObserved);
  EXPECT_EQ(fate(answer("192.0.2.1", 81)), Fate::kObserved);
  PacketBuilder udp = RawIp();
  EXPECT_EQ(fate(udp.IPv4(kDark4, "192.0.2.1").Udp(80, 4000)), Fate::kObserved);
}

// "0/gre", "0/icmp": protocols without ports are declared as a whole, with their fragments.
TEST(Fates, ServiceOfAWholeProtocol) {
  SensorUnderTest sensor({{47, 0, {}}, {kProtocolIcmp, 0, {P("198.51.100.0/24")}}, {132, 0, {}}});
  const auto fate = [&](const std::function<void(PacketBuilder&)>& transport) {
    PacketBuilder p = In4();
    transport(p);
    return sensor.FateOf(p);
  };
  const auto error_about = [&](const std::function<void(PacketBuilder&)>& transport) {
    PacketBuilder inner = RawIp();
    inner.IPv4(kDark4, kScanner4);
    transport(inner);
    return fate([&](PacketBuilder& p) { p.Icmp(3, 2).Quote(inner); });
  };
  const auto gre = [](PacketBuilder& p) { p.Ip(47).Payload(Zeros(8)); };
  const auto esp = [](PacketBuilder& p) { p.Ip(50).Payload(Zeros(8)); };
  const auto later = [](uint8_t protocol) {
    return [=](PacketBuilder& p) { p.Fragment(9, false).Ip(protocol).Payload(Zeros(8)); };
  };
  EXPECT_EQ(fate(gre), Fate::kService);
  EXPECT_EQ(fate(later(47)), Fate::kService);
  EXPECT_EQ(fate(esp), Fate::kObserved);
  EXPECT_EQ(fate(later(50)), Fate::kObserved);
  EXPECT_EQ(fate([](PacketBuilder& p) { p.Icmp(8, 0, 7); }), Fate::kService);
  EXPECT_EQ(fate(later(kProtocolIcmp)), Fate::kService);
  EXPECT_EQ(fate(later(kProtocolUdp)), Fate::kObserved);
  EXPECT_EQ(error_about(gre), Fate::kService);
  EXPECT_EQ(error_about(later(47)), Fate::kService);
  EXPECT_EQ(error_about(esp), Fate::kObserved);
  EXPECT_EQ(error_about([](PacketBuilder& p) { p.Ip(132).Payload(Hex("1388 0050 00000000")); }),
            Fate::kService);
  EXPECT_EQ(error_about([](PacketBuilder& p) { p.Icmp(0, 0, 7); }), Fate::kService);
  // ICMP errors are never the service, whether they come or are quoted.
  EXPECT_EQ(error_about([](PacketBuilder& p) { p.Icmp(11).Payload(Zeros(8)); }), Fate::kObserved);
}

}  // namespace
}  // namespace teiten::test
