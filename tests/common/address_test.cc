// SPDX-License-Identifier: Apache-2.0
#include "common/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace teiten {
namespace {

TEST(FormatAddress, IsCanonical) {
  const std::pair<const char*, const char*> cases[] = {
      {"192.0.2.7", "192.0.2.7"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of two equal runs
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longer run
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"::ffff:192.0.2.1", "::ffff:c000:201"},
      {"fe80::1:0", "fe80::1:0"},
  };
  for (const auto& [text, canonical] : cases) {
    const auto parsed = ParseAddress(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(FormatAddress(parsed->family, parsed->address), canonical);
  }
}

TEST(FormatAddress, IsReadBackBySystem) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Groups are often zero, so that runs of every length and place occur.
    Address address;
    for (int group = 0; group < 8; ++group) {
      const uint64_t value = random() % 3 != 0 ? 0 : random() & 0xffff;
      (group < 4 ? address.high : address.low) |= value << (16 * (group % 4));
    }
    const std::string text = FormatAddress(Family::kIpv6, address);
    char bytes[16];
    ASSERT_EQ(inet_pton(AF_INET6, text.c_str(), bytes), 1) << text;
    EXPECT_EQ(std::string(bytes, 16), AddressBytes(Family::kIpv6, address)) << text;
    EXPECT_EQ(text.find(":::"), std::string::npos) << text;
  }
}

TEST(ParseAddress, RefusesWhatIsNotOneAddress) {
  for (const std::string_view text :
       {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/32", "::g",
        "1::2::3", ":::", "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7:8:9", "01.2.3.4"}) {
    EXPECT_FALSE(ParseAddress(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseAddress(std::string_view("1.2.3.4\0", 8)).has_value());
  EXPECT_FALSE(ParseAddress(std::string(1000, '1')).has_value());
}

TEST(ParsePrefix, TakesPrefixesAndAddresses) {
  const auto net = ParsePrefix("192.0.2.0/24");
  ASSERT_TRUE(net.has_value());
  EXPECT_EQ(FormatPrefix(*net), "192.0.2.0/24");
  EXPECT_EQ(FormatAddress(Family::kIpv4, net->Last()), "192.0.2.255");
  const auto host = ParsePrefix("2001:db8::1");
  ASSERT_TRUE(host.has_value());
  EXPECT_EQ(FormatPrefix(*host), "2001:db8::1/128");
  EXPECT_EQ(host->Last(), host->base);
  const auto all = ParsePrefix("::/0");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->Last(), (Address{~0ULL, ~0ULL}));
  const auto all_v4 = ParsePrefix("0.0.0.0/0");
  ASSERT_TRUE(all_v4.has_value());
  EXPECT_EQ(all_v4->Last(), (Address{0, 0xffffffff}));
  for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1",
                           "192.0.2.0/+8", "192.0.2.0/024", "2001:db8::/129", "2001:db8::1/64",
                           "/24", "192.0.2.0/24x", "192.0.2.0/24/24"}) {
    EXPECT_FALSE(ParsePrefix(text).has_value()) << text;
  }
}

TEST(Prefix, ContainsExactlyItsAddresses) {
  std::mt19937_64 random(2);
  for (int length = 0; length <= 128; ++length) {
    Address address{random(), random()};
    // Clear the host bits bit by bit, the slow way.
    Address base = address;
    for (int bit = length; bit < 128; ++bit) {
      (bit < 64 ? base.high : base.low) &= ~(1ULL << (63 - bit % 64));
    }
    const Prefix prefix{Family::kIpv6, base, static_cast<uint8_t>(length)};
    EXPECT_TRUE(prefix.Contains(Family::kIpv6, address)) << length;
    EXPECT_TRUE(prefix.Contains(Family::kIpv6, prefix.Last())) << length;
    EXPECT_FALSE(prefix.Contains(Family::kIpv4, address)) << length;
    if (length == 0) continue;
    (length <= 64 ? address.high : address.low) ^= 1ULL << (63 - (length - 1) % 64);
    EXPECT_FALSE(prefix.Contains(Family::kIpv6, address)) << length;
  }
}

TEST(AddressBytes, RoundTrip) {
  EXPECT_EQ(AddressBytes(Family::kIpv4, {0, 0xc0000207}), std::string("\xc0\x00\x02\x07", 4));
  const Address address{0x20010db800000000, 0x0102030405060708};
  const auto back = AddressFromBytes(AddressBytes(Family::kIpv6, address));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->family, Family::kIpv6);
  EXPECT_EQ(back->address, address);
  for (const std::size_t size : {0U, 3U, 5U, 15U, 17U}) {
    EXPECT_FALSE(AddressFromBytes(std::string(size, 'x')).has_value());
  }
}

}  // namespace
}  // namespace teiten
