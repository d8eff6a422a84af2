// SPDX-License-Identifier: Apache-2.0
// The fates that decoding decides: bytes that are no packet, or not enough of one.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/sensor/expect_fate.h"

namespace teiten::test {
namespace {

BuiltPacket Frame0(LinkType link, const Bytes& bytes) {
  return {link, bytes, static_cast<uint32_t>(bytes.size())};
}

TEST(DecodeFates, UndecodableLink) {
  SensorUnderTest sensor;
  // A frame that ends inside its link header.
  for (std::size_t n = 0; n < 14; ++n) {
    ExpectFate(sensor, Frame0(LinkType::kEthernet, Zeros(n)), Fate::kUndecodableLink, "Ethernet");
  }
  for (std::size_t n = 0; n < 16; ++n) {
    ExpectFate(sensor, Frame0(LinkType::kLinuxSll, Zeros(n)), Fate::kUndecodableLink, "SLL");
  }
  for (std::size_t n = 0; n < 20; ++n) {
    ExpectFate(sensor, Frame0(LinkType::kLinuxSll2, Zeros(n)), Fate::kUndecodableLink, "SLL2");
  }
  for (std::size_t n = 0; n < 4; ++n) {
    ExpectFate(sensor, Frame0(LinkType::kNull, Zeros(n)), Fate::kUndecodableLink, "NULL");
    ExpectFate(sensor, Frame0(LinkType::kLoop, Zeros(n)), Fate::kUndecodableLink, "LOOP");
  }
  for (const char* hdlc : {"0f", "0f00", "8f0008"}) {
    ExpectFate(sensor, Frame0(LinkType::kPppSerial, Hex(hdlc)), Fate::kUndecodableLink, hdlc);
  }
  // Inside a tag, a label, a PPPoE header.
  const auto cut = [&](PacketBuilder p, std::size_t from, std::size_t to, const char* name) {
    for (std::size_t n = from; n < to; ++n) {
      ExpectFate(sensor, p.Cut(n).Build(), Fate::kUndecodableLink, name);
    }
  };
  cut(Eth().Vlan(7).IPv4(kScanner4, kDark4).Icmp(8), 14, 18, "802.1Q");
  cut(Eth().Vlan(7).Vlan(8).IPv4(kScanner4, kDark4).Icmp(8), 14, 22, "QinQ");
  cut(Eth().Mpls(16).IPv4(kScanner4, kDark4).Icmp(8), 14, 18, "MPLS");
  cut(Eth().Pppoe().IPv4(kScanner4, kDark4).Icmp(8), 14, 22, "PPPoE");
  // PPP's first byte alone could be a whole compressed protocol field.
  cut(Ppp().IPv4(kScanner4, kDark4).Icmp(8), 0, 1, "PPP");
  cut(Ppp().IPv4(kScanner4, kDark4).Icmp(8), 2, 4, "PPP");
  // More labels than any network stacks.
  PacketBuilder labels = Eth();
  for (uint32_t i = 0; i < 400; ++i) labels.Mpls(i);
  ExpectFate(labels.IPv4(kScanner4, kDark4).Icmp(8), Fate::kUndecodableLink, "400 labels");
}

TEST(DecodeFates, NotIp) {
  SensorUnderTest sensor;
  const auto ethernet = [](const char* type) {
    return Frame0(LinkType::kEthernet,
                  Hex("020000000001 020000000002") + Hex(type) + Bytes(46, 0x45));
  };
  for (const char* type :
       {"0806", "88cc", "8863", "8035", "0026", "0000", "ffff", "86de", "0801"}) {
    ExpectFate(sensor, ethernet(type), Fate::kNotIp, type);
  }
  ExpectFate(sensor, Frame0(LinkType::kLinuxSll, Zeros(14) + Hex("0806") + Zeros(28)), Fate::kNotIp,
             "ARP in SLL");
  ExpectFate(sensor, Frame0(LinkType::kLinuxSll2, Hex("0806") + Zeros(46)), Fate::kNotIp,
             "ARP in SLL2");
  ExpectFate(sensor, Frame0(LinkType::kPpp, Hex("ff03 c021 01010004")), Fate::kNotIp, "LCP");
  ExpectFate(Eth().Vlan(7), Fate::kNotIp, "ARP in 802.1Q");
}

TEST(DecodeFates, Malformed) {
  for (const Wrapping& wrapping : AllWrappings()) {
    const auto in4 = [&](const std::function<void(PacketBuilder&)>& transport) {
      PacketBuilder p = wrapping.start;
      p.IPv4(kScanner4, kDark4);
      transport(p);
      ExpectFate(p, Fate::kMalformed, wrapping.name);
    };
    const auto in6 = [&](const std::function<void(PacketBuilder&)>& transport) {
      PacketBuilder p = wrapping.start;
      p.IPv6(kScanner6, kDark6);
      transport(p);
      ExpectFate(p, Fate::kMalformed, wrapping.name);
    };
    // Version. MPLS has no type field and says not_ip.
    const bool mpls = std::string_view(wrapping.name).find("MPLS") != std::string_view::npos;
    for (int version = 0; version < 16 && !mpls; ++version) {
      const auto v = static_cast<uint8_t>(version);
      if (version == 4 || version == 6) continue;
      in4([v](PacketBuilder& p) { p.Version(v).Tcp(1, 2, kSyn); });
      in6([v](PacketBuilder& p) { p.Version(v).Tcp(1, 2, kSyn); });
    }
    // Header length.
    for (uint8_t words = 0; words < 5; ++words) {
      in4([words](PacketBuilder& p) { p.Ihl(words).Tcp(1, 2, kSyn); });
    }
    in4([](PacketBuilder& p) { p.Ihl(15).Tcp(1, 2, kSyn); });
    // Total and payload length: below the headers, beyond the wire.
    for (const uint16_t total : std::array<uint16_t, 5>{0, 1, 19, 41, 0xffff}) {
      in4([total](PacketBuilder& p) { p.Tcp(1, 2, kSyn).TotalLength(total); });
    }
    for (const uint16_t payload : std::array<uint16_t, 5>{0, 1, 19, 21, 0xffff}) {
      in6([payload](PacketBuilder& p) { p.Tcp(1, 2, kSyn).TotalLength(payload); });
    }
    for (const auto& in : {std::function(in4), std::function(in6)}) {
      // Too short for their transport header.
      for (std::size_t n = 0; n < 20; ++n) {
        in([n](PacketBuilder& p) { p.Ip(6).Payload(Zeros(n)); });
        if (n < 8) in([n](PacketBuilder& p) { p.Ip(17).Payload(Zeros(n)); });
      }
      for (uint8_t words = 0; words < 16; ++words) {
        if (words == 5) continue;
        in([words](PacketBuilder& p) { p.Tcp(1, 2, kSyn).TcpOffset(words); });
      }
      for (const uint16_t length : std::array<uint16_t, 5>{0, 1, 7, 13, 0xffff}) {
        in([length](PacketBuilder& p) { p.Udp(1, 2).UdpLength(length).Payload(Zeros(4)); });
      }
    }
    // The offset must fit even the first fragment; everything else it may leave to the next.
    in4([](PacketBuilder& p) { p.Fragment(0, true).Tcp(1, 2, kSyn).TcpOffset(6); });
    in6([](PacketBuilder& p) { p.Fragment(0, true).Tcp(1, 2, kSyn).TcpOffset(6); });
    for (std::size_t n = 0; n < 8; ++n) {
      in4([n](PacketBuilder& p) { p.Ip(1).Payload(Zeros(n)); });
      in6([n](PacketBuilder& p) { p.Ip(58).Payload(Zeros(n)); });
    }
    in6([](PacketBuilder& p) {
      for (int i = 0; i < 9; ++i) p.DestinationOptions();
      p.Tcp(1, 2, kSyn);
    });
    // An extension header longer than the packet.
    in6([](PacketBuilder& p) { p.Ip(0).Payload(Hex("06 02 000000000000 0000000000000000")); });
  }
}

// Raw links of one family: the other's version is a wrong one.
TEST(DecodeFates, RawLinksOfOneFamily) {
  for (const auto& [link, ipv6] :
       {std::pair(LinkType::kRawIpv4, false), {LinkType::kRawIpv6, true}}) {
    PacketBuilder v4 = RawIp(link);
    ExpectFate(v4.IPv4(kScanner4, kDark4).Udp(1, 2).Payload(Zeros(40)),
               ipv6 ? Fate::kMalformed : Fate::kObserved, "IPv4");
    PacketBuilder v6 = RawIp(link);
    ExpectFate(v6.IPv6(kScanner6, kDark6).Udp(1, 2), ipv6 ? Fate::kObserved : Fate::kMalformed,
               "IPv6");
  }
}

TEST(DecodeFates, MalformedBoundariesThatAreFine) {
  for (const bool ipv6 : {false, true}) {
    PacketBuilder least = In(ipv6);
    ExpectFate(least.Tcp(1, 2, kSyn), Fate::kObserved, "20 bytes of TCP");
    PacketBuilder udp = In(ipv6);
    ExpectFate(udp.Udp(1, 2), Fate::kObserved, "8 bytes of UDP");
    PacketBuilder below = In(ipv6);
    ExpectFate(below.Udp(1, 2).UdpLength(8).Payload(Zeros(4)), Fate::kObserved,
               "UDP length below the payload");
    PacketBuilder options = In(ipv6);
    ExpectFate(options.Tcp(1, 2, kSyn).Options(Zeros(40)), Fate::kObserved, "offset 15");
    PacketBuilder padded = Eth();
    if (ipv6) {
      padded.IPv6(kScanner6, kDark6);
    } else {
      padded.IPv4(kScanner4, kDark4);
    }
    ExpectFate(padded.Tcp(1, 2, kSyn).Padding(6), Fate::kObserved, "Ethernet padding");
  }
  PacketBuilder eight = In6();
  for (int i = 0; i < 8; ++i) eight.DestinationOptions();
  ExpectFate(eight.Tcp(1, 2, kSyn), Fate::kObserved, "8 extension headers");
}

// Length 0 means segmentation offload in a frame above 1,514 bytes, and nonsense below.
TEST(DecodeFates, LengthZeroIsOffloadInLargeFrames) {
  for (const bool ipv6 : {false, true}) {
    const std::size_t headers = 14U + (ipv6 ? 40 : 20) + 20;
    for (const std::size_t frame : {std::size_t{1514}, std::size_t{1515}, std::size_t{9000}}) {
      PacketBuilder p = Eth();
      if (ipv6) {
        p.IPv6(kScanner6, kDark6);
      } else {
        p.IPv4(kScanner4, kDark4);
      }
      p.Tcp(80, 4000, kAck).Payload(Zeros(frame - headers)).TotalLength(0);
      for (const std::size_t cut : {frame, std::size_t{256}}) {
        SensorUnderTest sensor;
        const Judgement j = sensor.Judge(p.Cut(cut));
        EXPECT_EQ(FateName(j.fate), FateName(frame > 1514 ? Fate::kObserved : Fate::kMalformed))
            << frame << " cut at " << cut;
        EXPECT_EQ(j.row.bytes(), frame > 1514 ? frame - 14 : 0);
      }
    }
  }
}

// A snapshot that ends inside the headers needed, at each byte; a frame captured whole that ends
// there is malformed.
TEST(DecodeFates, TruncatedInsideTheHeadersNeeded) {
  struct Case {
    const char* name;
    std::function<void(PacketBuilder&)> transport;
    std::size_t need;  // bytes behind the IP header
  };
  const std::vector<Case> cases = {
      {"TCP", [](PacketBuilder& p) { p.Tcp(1, 2, kSyn).Payload(Zeros(10)); }, 14},
      {"TCP with options",
       [](PacketBuilder& p) { p.Tcp(1, 2, kSyn).Options(Zeros(20)).Payload(Zeros(10)); }, 14},
      {"UDP", [](PacketBuilder& p) { p.Udp(1, 2).Payload(Zeros(10)); }, 8},
      {"another protocol", [](PacketBuilder& p) { p.Ip(47).Payload(Zeros(10)); }, 0},
  };
  for (const Case& c : cases) {
    for (const bool ipv6 : {false, true}) {
      for (const Dress& dress : AllDresses(ipv6)) {
        for (const Wrapping& wrapping : AllWrappings()) {
          PacketBuilder p = wrapping.start;
          const std::size_t link = p.WireBytes().size();
          if (ipv6) {
            p.IPv6(kScanner6, kDark6);
          } else {
            p.IPv4(kScanner4, kDark4);
          }
          dress.put_on(p);
          const std::size_t need = p.WireBytes().size() + c.need;
          c.transport(p);
          // MPLS takes one byte more to be told from something else.
          const std::string_view name = wrapping.name;
          const std::size_t first = link + (name.find("MPLS") != std::string_view::npos ? 1 : 0);
          for (std::size_t cut = first; cut < p.WireBytes().size(); ++cut) {
            SensorUnderTest sensor;
            const Fate fate = sensor.Judge(p.Cut(cut)).fate;
            ASSERT_EQ(FateName(fate), FateName(cut < need ? Fate::kTruncated : Fate::kObserved))
                << c.name << " in " << wrapping.name << ", " << dress.name << " cut at " << cut;
          }
        }
      }
    }
  }
}

TEST(DecodeFates, TruncatedInsideIcmp) {
  for (const bool ipv6 : {false, true}) {
    const std::size_t ip = ipv6 ? 40 : 20;
    PacketBuilder p = In(ipv6);
    if (ipv6) {
      p.Icmp6(128);
    } else {
      p.Icmp(8);
    }
    p.Payload(Zeros(56));
    for (std::size_t cut = 0; cut < ip + 60; ++cut) {
      SensorUnderTest sensor;
      EXPECT_EQ(FateName(sensor.Judge(p.Cut(cut)).fate),
                FateName(cut < ip + 8 ? Fate::kTruncated : Fate::kObserved))
          << cut;
    }
  }
}

// The same bytes, captured whole: malformed.
TEST(DecodeFates, CapturedWholeButShortIsMalformed) {
  for (const bool ipv6 : {false, true}) {
    PacketBuilder p = In(ipv6);
    p.Tcp(1, 2, kSyn);
    const Bytes whole = p.WireBytes();
    for (std::size_t n = 1; n < whole.size(); ++n) {
      SensorUnderTest sensor;
      ExpectFate(sensor,
                 Frame0(LinkType::kRaw, Bytes(whole.begin(), whole.begin() + static_cast<long>(n))),
                 Fate::kMalformed, std::to_string(n));
    }
  }
}

// captured = the sum of all fates, over every packet of this file's tables at every cut.
TEST(DecodeFates, EveryCutHasExactlyOneFate) {
  for (const Wrapping& wrapping : AllWrappings()) {
    PacketBuilder p = wrapping.start;
    p.IPv6(kScanner6, kDark6).HopByHop().Fragment(0, true).Udp(53, 4000).Payload(Zeros(40));
    SensorUnderTest sensor;
    for (std::size_t cut = 0; cut <= p.WireBytes().size(); ++cut) {
      const Fate fate = sensor.Judge(p.Cut(cut)).fate;
      EXPECT_NE(fate, Fate::kNone);
      EXPECT_LT(static_cast<int>(fate), kFateCount);
    }
  }
}

}  // namespace
}  // namespace teiten::test
