// SPDX-License-Identifier: Apache-2.0
#include "common/port_name.h"

#include <gtest/gtest.h>

namespace teiten {
namespace {

TEST(PortName, FormatsAndParsesBack) {
  for (const char* text :
       {"23/TCP", "53/UDP", "0/ICMP", "0/ICMPv6", "0/GRE", "65535/TCP", "7/99"}) {
    const std::optional<ProtocolAndPort> parsed = ParsePort(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(FormatPort(parsed->protocol, parsed->port), text);
  }
}

TEST(PortName, TakesAnyCaseAndNumbers) {
  EXPECT_EQ(ParsePort("23/tcp"), (ProtocolAndPort{6, 23}));
  EXPECT_EQ(ParsePort("23/6"), (ProtocolAndPort{6, 23}));
  EXPECT_EQ(ParsePort("0/icmpV6"), (ProtocolAndPort{58, 0}));
}

TEST(PortName, RefusesTheRest) {
  for (const char* text : {"", "23", "/TCP", "23/", "65536/TCP", "-1/TCP", "+1/TCP", " 1/TCP",
                           "1 /TCP", "23/TCPX", "23/256", "23/TCP/UDP", "tcp/23"}) {
    EXPECT_FALSE(ParsePort(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace teiten
