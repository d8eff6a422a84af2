// SPDX-License-Identifier: Apache-2.0
// ICMP errors: the victim is the destination of the packet they quote.
#include <gtest/gtest.h>

#include "tests/sensor/judge.h"

namespace teiten::test {
namespace {

constexpr const char* kRouter4 = "192.0.2.77";  // who sends the error
constexpr const char* kVictim4 = "198.51.100.80";
constexpr const char* kRouter6 = "2001:db8:b::77";
constexpr const char* kVictim6 = "2001:db8:a::80";

// What a spoofer sent in our name.
PacketBuilder Spoofed(bool ipv6) {
  PacketBuilder p = RawIp();
  return ipv6 ? p.IPv6(kDark6, kVictim6) : p.IPv4(kDark4, kVictim4);
}
PacketBuilder Error(bool ipv6, uint8_t type) {
  PacketBuilder p = RawIp();
  return ipv6 ? p.IPv6(kRouter6, kDark6).Icmp6(type) : p.IPv4(kRouter4, kDark4).Icmp(type);
}
uint8_t Unreachable(bool ipv6) { return ipv6 ? 1 : 3; }

void ExpectVictim(const Judgement& j, bool ipv6, Kind kind, uint8_t protocol, uint16_t port,
                  const std::string& name) {
  ASSERT_EQ(Say(j), "observed " + std::string(KindName(kind))) << name;
  EXPECT_EQ(j.row.source, A(ipv6 ? kVictim6 : kVictim4)) << name;
  EXPECT_EQ(j.row.protocol, protocol) << name;
  EXPECT_EQ(j.row.port, port) << name;
  EXPECT_EQ(j.counts.quote_mismatch, 0U) << name;
  EXPECT_EQ(j.row.slot(0), 1) << name;
}

// Odd: who sent it, by type; the quote is not believed.
void ExpectOdd(const Judgement& j, bool ipv6, uint8_t type, const std::string& name,
               uint64_t mismatches = 0) {
  ASSERT_EQ(Say(j), "observed icmp_odd") << name;
  EXPECT_EQ(j.row.source, A(ipv6 ? kRouter6 : kRouter4)) << name;
  EXPECT_EQ(j.row.protocol, ipv6 ? kProtocolIcmpv6 : kProtocolIcmp) << name;
  EXPECT_EQ(j.row.port, type) << name;
  EXPECT_EQ(j.counts.quote_mismatch, mismatches) << name;
}

Judgement JudgeQuote(bool ipv6, const PacketBuilder& inner, std::size_t bytes = SIZE_MAX) {
  SensorUnderTest sensor;
  PacketBuilder p = Error(ipv6, Unreachable(ipv6));
  return sensor.Judge(p.Quote(inner, bytes));
}

TEST(Quotes, EveryErrorNamesItsVictim) {
  struct Case {
    bool ipv6;
    uint8_t type;
    Kind kind;
  };
  for (const Case& c : {Case{false, 3, Kind::kIcmpUnreachable},
                        {false, 4, Kind::kIcmpUnreachable},
                        {false, 12, Kind::kIcmpUnreachable},
                        {false, 5, Kind::kIcmpExceeded},
                        {false, 11, Kind::kIcmpExceeded},
                        {true, 1, Kind::kIcmpUnreachable},
                        {true, 2, Kind::kIcmpUnreachable},
                        {true, 4, Kind::kIcmpUnreachable},
                        {true, 3, Kind::kIcmpExceeded}}) {
    for (const Wrapping& wrapping : AllWrappings()) {
      for (const Dress& dress : AllDresses(c.ipv6)) {
        PacketBuilder inner = Spoofed(c.ipv6);
        inner.Udp(4000, 53).Payload(Zeros(20));
        PacketBuilder p = wrapping.start;
        if (c.ipv6) {
          p.IPv6(kRouter6, kDark6);
          dress.put_on(p);
          p.Icmp6(c.type);
        } else {
          p.IPv4(kRouter4, kDark4);
          dress.put_on(p);
          p.Icmp(c.type);
        }
        SensorUnderTest sensor;
        ExpectVictim(
            sensor.Judge(p.Quote(inner)), c.ipv6, c.kind, kProtocolUdp, 53,
            std::string(wrapping.name) + ", " + dress.name + ", type " + std::to_string(c.type));
      }
    }
  }
}

TEST(Quotes, ErrorsQuoteAnyCode) {
  for (int code = 0; code < 256; ++code) {
    PacketBuilder p = RawIp();
    p.IPv4(kRouter4, kDark4).Icmp(3, static_cast<uint8_t>(code));
    PacketBuilder inner = Spoofed(false);
    SensorUnderTest sensor;
    ExpectVictim(sensor.Judge(p.Quote(inner.Tcp(4000, 443, kSyn))), false, Kind::kIcmpUnreachable,
                 kProtocolTcp, 443, "code");
  }
}

// A message that quotes n bytes: the IP header with its extensions and 4 bytes more, or it is odd.
TEST(Quotes, QuotedBytesNeeded) {
  for (const bool ipv6 : {false, true}) {
    for (const Dress& dress : AllDresses(ipv6)) {
      PacketBuilder inner = Spoofed(ipv6);
      dress.put_on(inner);
      const std::size_t need = inner.WireBytes().size() + 4;
      inner.Tcp(4000, 443, kSyn);
      for (std::size_t n = 0; n <= inner.WireBytes().size(); ++n) {
        const Judgement j = JudgeQuote(ipv6, inner, n);
        const std::string name = std::string(dress.name) + " " + std::to_string(n);
        if (n >= need) {
          ExpectVictim(j, ipv6, Kind::kIcmpUnreachable, kProtocolTcp, 443, name);
        } else {
          ExpectOdd(j, ipv6, Unreachable(ipv6), name);
        }
      }
    }
  }
}

// A snapshot that ends in what the quote needs is truncated; behind it, it is enough.
TEST(Quotes, CutAtEachByte) {
  for (const bool ipv6 : {false, true}) {
    for (const Dress& dress : AllDresses(ipv6)) {
      PacketBuilder inner = Spoofed(ipv6);
      dress.put_on(inner);
      const std::size_t outer = (ipv6 ? 40U : 20U) + 8;
      const std::size_t need = outer + inner.WireBytes().size() + 4;
      inner.Tcp(4000, 443, kSyn);
      PacketBuilder p = Error(ipv6, Unreachable(ipv6));
      p.Quote(inner);
      for (std::size_t cut = 0; cut <= p.WireBytes().size(); ++cut) {
        SensorUnderTest sensor;
        const Judgement j = sensor.Judge(p.Cut(cut));
        const std::string name = std::string(dress.name) + " cut at " + std::to_string(cut);
        if (cut >= need) {
          ExpectVictim(j, ipv6, Kind::kIcmpUnreachable, kProtocolTcp, 443, name);
        } else {
          EXPECT_EQ(FateName(j.fate), FateName(Fate::kTruncated)) << name;
        }
      }
    }
  }
}

// A message too short for its quote, cut by the snapshot as well: what is needed and there was to
// be captured is missing, so it is truncated, and odd once its last byte is there.
TEST(Quotes, ShortQuoteCutByTheSnapshot) {
  PacketBuilder inner = Spoofed(false);
  inner.Tcp(4000, 443, kSyn);
  PacketBuilder p = Error(false, 3);
  p.Quote(inner, 23);
  const std::size_t whole = p.WireBytes().size();
  SensorUnderTest sensor;
  EXPECT_EQ(FateName(sensor.Judge(p.Cut(whole - 1)).fate), FateName(Fate::kTruncated));
  ExpectOdd(sensor.Judge(p.Cut(whole)), false, 3, "whole");
}

TEST(Quotes, ProtocolsWithoutPortsHavePortZero) {
  for (const bool ipv6 : {false, true}) {
    for (const uint8_t protocol : {uint8_t{47}, uint8_t{50}, uint8_t{4}, uint8_t{255}}) {
      PacketBuilder inner = Spoofed(ipv6);
      inner.Ip(protocol).Payload(Hex("0fa0 01bb 00000000"));
      ExpectVictim(JudgeQuote(ipv6, inner), ipv6, Kind::kIcmpUnreachable, protocol, 0, "protocol");
    }
    PacketBuilder sctp = Spoofed(ipv6);
    sctp.Ip(132).Payload(Hex("0fa0 01bb 00000000"));
    ExpectVictim(JudgeQuote(ipv6, sctp), ipv6, Kind::kIcmpUnreachable, 132, 443, "SCTP");
  }
}

TEST(Quotes, LaterFragments) {
  for (const bool ipv6 : {false, true}) {
    PacketBuilder inner = Spoofed(ipv6);
    inner.Fragment(185, false).Ip(17).Payload(Hex("0fa0 01bb 00000000"));
    ExpectVictim(JudgeQuote(ipv6, inner), ipv6, Kind::kIcmpUnreachable, kProtocolUdp, 0, "later");
    PacketBuilder first = Spoofed(ipv6);
    first.Fragment(0, true).Udp(4000, 53).Payload(Zeros(8));
    ExpectVictim(JudgeQuote(ipv6, first), ipv6, Kind::kIcmpUnreachable, kProtocolUdp, 53, "first");
  }
}

TEST(Quotes, QuotedIcmp) {
  for (int type = 0; type < 256; ++type) {
    const auto t = static_cast<uint8_t>(type);
    PacketBuilder v4 = Spoofed(false);
    const Judgement j = JudgeQuote(false, v4.Icmp(t));
    if (t == 3 || t == 4 || t == 5 || t == 11 || t == 12) {
      ExpectOdd(j, false, 3, "an error about an error");
    } else {
      ExpectVictim(j, false, Kind::kIcmpUnreachable, kProtocolIcmp, 0, std::to_string(type));
    }
    if (type >= 5 && type < 128) continue;  // unassigned errors: RFC 4443 2.1 calls them errors
    PacketBuilder v6 = Spoofed(true);
    const Judgement k = JudgeQuote(true, v6.Icmp6(t));
    if (t >= 1 && t <= 4) {
      ExpectOdd(k, true, 1, "an error about an error");
    } else if (t != 0) {
      ExpectVictim(k, true, Kind::kIcmpUnreachable, kProtocolIcmpv6, 0, std::to_string(type));
    }
  }
}

TEST(Quotes, DestinationsThatCannotBeVictims) {
  const auto judge4 = [](const char* to) {
    PacketBuilder inner = RawIp();
    return JudgeQuote(false, inner.IPv4(kDark4, to).Udp(4000, 53));
  };
  const auto judge6 = [](const char* to) {
    PacketBuilder inner = RawIp();
    return JudgeQuote(true, inner.IPv6(kDark6, to).Udp(4000, 53));
  };
  for (const char* to : {"224.0.0.0", "239.255.255.255", "127.0.0.0", "127.0.0.1",
                         "127.255.255.255", "192.0.2.9", "203.0.113.0", "203.0.113.255", kDark4}) {
    ExpectOdd(judge4(to), false, 3, to);
  }
  for (const char* to : {"223.255.255.255", "126.255.255.255", "128.0.0.0", "203.0.112.255",
                         "203.0.114.0", "192.0.2.8"}) {
    const Judgement j = judge4(to);
    EXPECT_EQ(j.kind(), Kind::kIcmpUnreachable) << to;
    EXPECT_EQ(j.row.source, A(to));
  }
  for (const char* to : {"ff02::1", "ff0e::1", "::1", "2001:db8:e::9", "2001:db8:d::1", kDark6}) {
    ExpectOdd(judge6(to), true, 1, to);
  }
  for (const char* to : {"feff::1", "::2", "2001:db8:e::8", "2001:db8:c::1"}) {
    EXPECT_EQ(judge6(to).kind(), Kind::kIcmpUnreachable) << to;
  }
}

TEST(Quotes, MismatchIsOddAndCounted) {
  for (const bool ipv6 : {false, true}) {
    for (const char* from : ipv6 ? std::vector<const char*>{kVictim6, "2001:db8:d::6"}
                                 : std::vector<const char*>{kVictim4, "203.0.113.6"}) {
      PacketBuilder inner = RawIp();
      if (ipv6) {
        inner.IPv6(from, "2001:db8:a::99");
      } else {
        inner.IPv4(from, "198.51.100.99");
      }
      inner.Udp(4000, 53);
      ExpectOdd(JudgeQuote(ipv6, inner), ipv6, Unreachable(ipv6), from, 1);
      // Of a quote that cannot be read, nothing is known.
      ExpectOdd(JudgeQuote(ipv6, inner, 20), ipv6, Unreachable(ipv6), from, 0);
    }
  }
}

TEST(Quotes, NotAnIpHeader) {
  // The other family, a wrong version, a header length below 5 words.
  PacketBuilder v6 = Spoofed(true);
  ExpectOdd(JudgeQuote(false, v6.Udp(4000, 53)), false, 3, "IPv6 in ICMP");
  PacketBuilder v4 = Spoofed(false);
  v4.Udp(4000, 53).Payload(Zeros(60));
  ExpectOdd(JudgeQuote(true, v4), true, 1, "IPv4 in ICMPv6");
  for (uint8_t words = 0; words < 5; ++words) {
    PacketBuilder inner = Spoofed(false);
    ExpectOdd(JudgeQuote(false, inner.Udp(4000, 53).Ihl(words)), false, 3, "header length");
  }
  PacketBuilder long_header = Spoofed(false);
  ExpectOdd(JudgeQuote(false, long_header.Udp(4000, 53).Ihl(15)), false, 3, "beyond the quote");
}

// The quoted length fields belong to a packet that was cut for the quote: they are not judged.
TEST(Quotes, QuotedLengthsAreNotJudged) {
  PacketBuilder inner = Spoofed(false);
  inner.Udp(4000, 53).TotalLength(1500);
  ExpectVictim(JudgeQuote(false, inner), false, Kind::kIcmpUnreachable, kProtocolUdp, 53, "long");
  PacketBuilder zero = Spoofed(false);
  zero.Udp(4000, 53).TotalLength(0);
  ExpectVictim(JudgeQuote(false, zero), false, Kind::kIcmpUnreachable, kProtocolUdp, 53, "zero");
}

TEST(Quotes, TooManyExtensionHeaders) {
  for (int headers = 7; headers <= 10; ++headers) {
    PacketBuilder inner = Spoofed(true);
    for (int i = 0; i < headers; ++i) inner.DestinationOptions();
    inner.Udp(4000, 53);
    const Judgement j = JudgeQuote(true, inner);
    if (headers <= 8) {
      ExpectVictim(j, true, Kind::kIcmpUnreachable, kProtocolUdp, 53, std::to_string(headers));
    } else {
      ExpectOdd(j, true, 1, std::to_string(headers));
    }
  }
}

// With everything observed there are no own addresses to exclude.
TEST(Quotes, ObserveEverything) {
  SensorUnderTest sensor(AddressView::Everything(PublishedKey()), {});
  PacketBuilder inner = RawIp();
  inner.IPv4(kDark4, "203.0.113.9").Udp(4000, 53);
  PacketBuilder p = Error(false, 3);
  const Judgement j = sensor.Judge(p.Quote(inner));
  EXPECT_EQ(j.kind(), Kind::kIcmpUnreachable);
  EXPECT_EQ(j.row.source, A("203.0.113.9"));
}

}  // namespace
}  // namespace teiten::test
