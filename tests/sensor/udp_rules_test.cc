// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/udp_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/sensor/udp_payloads.h"

namespace teiten::test {
namespace {

// A copy that ends where its allocation ends, so that AddressSanitizer sees the first byte read
// beyond it.
template <typename Judge>
auto OnExactCopy(std::span<const uint8_t> bytes, Judge judge) {
  const auto copy = std::make_unique<uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return judge(std::span<const uint8_t>(copy.get(), bytes.size()));
}

UdpPayload JudgeExact(uint16_t port, std::span<const uint8_t> bytes) {
  return OnExactCopy(bytes, [port](auto copy) { return JudgeUdpPayload(port, copy); });
}

bool AmplifiesExact(uint16_t port, std::span<const uint8_t> bytes) {
  return OnExactCopy(bytes, [port](auto copy) { return IsAmplificationRequest(port, copy); });
}

bool AnswersAnything(uint16_t port) { return port == 17 || port == 19; }

TEST(UdpRules, ListsThePortsOfTheDefinitions) {
  const std::set<uint16_t> listed(kListedUdpPorts.begin(), kListedUdpPorts.end());
  const std::set<uint16_t> want = {53,    5353,  123,  161,  389,   1900,  5060, 11211, 500,
                                   4500,  47808, 3702, 17,   19,    137,   69,   111,   5683,
                                   27015, 6881,  1194, 3283, 10001, 30718, 37810};
  EXPECT_EQ(listed, want);
  for (uint32_t port = 0; port <= 0xffff; ++port) {
    EXPECT_EQ(IsListedUdpPort(static_cast<uint16_t>(port)),
              want.count(static_cast<uint16_t>(port)) == 1)
        << port;
  }
}

TEST(UdpRules, JudgesEachSample) {
  for (const UdpSample& s : AllUdpSamples()) {
    EXPECT_EQ(JudgeExact(s.port, s.payload), s.verdict) << s.name;
  }
}

TEST(UdpRules, EveryListedPortHasItsResponseAndRequest) {
  std::map<uint16_t, std::set<UdpPayload>> seen;
  for (const UdpSample& s : AllUdpSamples()) seen[s.port].insert(s.verdict);
  for (const uint16_t port : kListedUdpPorts) {
    const bool unproven = port == 3283 || port == 10001 || port == 30718;
    EXPECT_EQ(seen[port].count(UdpPayload::kResponse), unproven || port == 37810 ? 0U : 1U) << port;
    EXPECT_EQ(seen[port].count(UdpPayload::kRequest), unproven || AnswersAnything(port) ? 0U : 1U)
        << port;
  }
}

TEST(UdpRules, OneByteOffIsNothing) {
  for (const UdpSample& s : AllUdpSamples()) {
    if (AnswersAnything(s.port)) continue;
    Bytes off = s.payload;
    ASSERT_NE(off.at(s.near_miss_at), s.near_miss) << s.name;
    off[s.near_miss_at] = s.near_miss;
    EXPECT_EQ(JudgeExact(s.port, off), UdpPayload::kOther) << s.name;
  }
}

// A payload cut anywhere is what the whole is, as soon as the bytes that prove it are there, and
// nothing before: a cut never makes a request of a response.
TEST(UdpRules, CutAtEveryLength) {
  for (const UdpSample& s : AllUdpSamples()) {
    ASSERT_LE(s.needed, s.payload.size()) << s.name;
    for (std::size_t n = 0; n <= s.payload.size(); ++n) {
      const UdpPayload want = n >= s.needed ? s.verdict : UdpPayload::kOther;
      EXPECT_EQ(JudgeExact(s.port, std::span(s.payload).first(n)), want) << s.name << " at " << n;
    }
  }
}

// The rules of all ports, on the samples of all others, at every length: no over-read; and a
// response of one protocol is none of another, except where anything is a response.
TEST(UdpRules, OtherProtocolsProveNothing) {
  for (const UdpSample& s : AllUdpSamples()) {
    for (const uint16_t port : kListedUdpPorts) {
      for (std::size_t n = 0; n <= s.payload.size(); ++n) {
        const auto cut = std::span(s.payload).first(n);
        const UdpPayload got = JudgeExact(port, cut);
        AmplifiesExact(port, cut);
        const bool sibling = port == s.port || (port == 53 && s.port == 5353) ||
                             (port == 5353 && s.port == 53) || AnswersAnything(port) ||
                             (port == 137 && (s.port == 53 || s.port == 5353)) ||
                             (s.port == 137 && (port == 53 || port == 5353));
        if (!sibling && n == s.payload.size()) {
          EXPECT_NE(got, UdpPayload::kResponse) << s.name << " at port " << port;
        }
      }
    }
  }
}

TEST(UdpRules, UnprovenPortsAreNothing) {
  for (const uint16_t port : std::array<uint16_t, 6>{3283, 10001, 30718, 80, 0, 65535}) {
    for (const UdpSample& s : AllUdpSamples()) {
      EXPECT_EQ(JudgeExact(port, s.payload), UdpPayload::kOther) << port;
    }
  }
  EXPECT_EQ(JudgeExact(37810, Hex("20000000 44484950")), UdpPayload::kOther);
}

TEST(UdpRules, AmplificationAndItsNearMisses) {
  for (const AmplificationSample& s : AmplificationSamples()) {
    EXPECT_TRUE(AmplifiesExact(s.port, s.payload)) << s.name;
    if (AnswersAnything(s.port)) continue;
    Bytes off = s.payload;
    ASSERT_NE(off.at(s.near_miss_at), s.near_miss) << s.name;
    off[s.near_miss_at] = s.near_miss;
    EXPECT_FALSE(AmplifiesExact(s.port, off)) << s.name;
    for (std::size_t n = 0; n <= s.payload.size(); ++n) {
      EXPECT_EQ(AmplifiesExact(s.port, std::span(s.payload).first(n)), n >= s.needed)
          << s.name << " at " << n;
    }
    EXPECT_FALSE(AmplifiesExact(80, s.payload)) << s.name;
    EXPECT_EQ(JudgeExact(s.port, s.payload), UdpPayload::kRequest) << s.name;
  }
}

// Real requests that reflect nothing worth the name.
TEST(UdpRules, OrdinaryRequestsAreNotAmplification) {
  EXPECT_FALSE(AmplifiesExact(53, DnsQuery(1, 4096)));
  EXPECT_FALSE(AmplifiesExact(53, DnsQuery(16, std::nullopt)));
  EXPECT_FALSE(AmplifiesExact(53, DnsQuery(46, 1232)));
  EXPECT_FALSE(AmplifiesExact(53, DnsQuery(16, 4095)));
  EXPECT_FALSE(AmplifiesExact(123, Hex("e3 00 04 fa") + Zeros(44)));
  EXPECT_FALSE(AmplifiesExact(161, BerSamples()[4].payload));  // a get
  EXPECT_FALSE(AmplifiesExact(11211, FromText("version\r\n")));
  EXPECT_FALSE(AmplifiesExact(3283, FromText("M-SEARCH * HTTP/1.1\r\n")));
  // A response is never a request, whatever it asks for.
  Bytes answer = DnsQuery(255, std::nullopt);
  answer[2] |= 0x80;
  EXPECT_FALSE(AmplifiesExact(53, answer));
}

// No server reads or writes memcached's text without the frame header.
TEST(UdpRules, MemcachedIsFramed) {
  for (const char* text : {"STAT pid 1\r\n", "END\r\n", "stats\r\n", "get a\r\n"}) {
    EXPECT_EQ(JudgeExact(11211, FromText(text)), UdpPayload::kOther) << text;
    EXPECT_FALSE(AmplifiesExact(11211, FromText(text))) << text;
  }
}

// GetBulk came with version 2c (RFC 1905), Report is of version 3 (RFC 3412 7.1).
TEST(UdpRules, SnmpPdusBelongToVersions) {
  const Bytes rest = Hex("0201 01 0201 00 0201 00 3000");
  const auto message = [&](uint8_t version, uint8_t pdu) {
    return Hex("30 18 0201") + Bytes{version} + Hex("04 06 7075626c6963") + Bytes{pdu} + Hex("0b") +
           rest;
  };
  EXPECT_EQ(JudgeExact(161, message(1, 0xa5)), UdpPayload::kRequest);
  EXPECT_TRUE(AmplifiesExact(161, message(1, 0xa5)));
  EXPECT_EQ(JudgeExact(161, message(0, 0xa5)), UdpPayload::kOther);
  EXPECT_FALSE(AmplifiesExact(161, message(0, 0xa5)));
  EXPECT_EQ(JudgeExact(161, message(1, 0xa2)), UdpPayload::kResponse);
  EXPECT_EQ(JudgeExact(161, message(1, 0xa8)), UdpPayload::kOther);
}

// EDNS stands behind other records, whose names may be compressed.
TEST(UdpRules, FindsEdnsBehindOtherRecords) {
  Bytes query = Hex("1234 0100 0001 0000 0001 0001 03 697363 03 6f7267 00 0010 0001") +
                Hex("c00c 0002 0001 00000000 0004 01020304") + Hex("00 0029 1000 00000000 0000");
  EXPECT_TRUE(AmplifiesExact(53, query));
  query[11] = 0;  // announces one record only, and that is no OPT
  EXPECT_FALSE(AmplifiesExact(53, query));
}

// Random bytes are nearly never a response: what separates backscatter from noise sent from 53.
TEST(UdpRules, RandomBytesProveNothing) {
  constexpr int kDraws = 40'000;
  std::mt19937 random(20'261'122);
  for (const uint16_t port : kListedUdpPorts) {
    if (AnswersAnything(port)) continue;
    int responses = 0;
    for (int i = 0; i < kDraws; ++i) {
      Bytes bytes(random() % 96);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
      responses += JudgeExact(port, bytes) == UdpPayload::kResponse ? 1 : 0;
      AmplifiesExact(port, bytes);
    }
    EXPECT_LT(responses, kDraws * 3 / 100) << port;  // CoAP's four bytes: 1/4 · 9/16 · 3/4 · 45/256
  }
}

// The samples with random damage, at every rule: total on nearly valid bytes too.
TEST(UdpRules, DamagedSamplesAreSafe) {
  std::mt19937 random(7);
  for (const UdpSample& s : AllUdpSamples()) {
    for (int i = 0; i < 2'000 && !s.payload.empty(); ++i) {
      Bytes bytes = s.payload;
      for (auto hits = 1 + random() % 3; hits > 0; --hits) {
        bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
      }
      bytes.resize(random() % (bytes.size() + 1));
      const bool amplifies = AmplifiesExact(s.port, bytes);
      const UdpPayload verdict = JudgeExact(s.port, bytes);
      // An amplification shape is a request, by definition.
      if (AnswersAnything(s.port)) continue;
      EXPECT_TRUE(!amplifies || verdict == UdpPayload::kRequest) << s.name;
    }
  }
}

}  // namespace
}  // namespace teiten::test
