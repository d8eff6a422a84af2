// SPDX-License-Identifier: Apache-2.0
#include "common/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teiten {
namespace {

TEST(Endpoint, TakesLoopbackAndSockets) {
  const std::pair<const char*, const char*> cases[] = {{"127.0.0.1:7843", "ipv4:127.0.0.1:7843"},
                                                       {"127.0.0.1", "ipv4:127.0.0.1:7843"},
                                                       {"127.8.9.1:1", "ipv4:127.8.9.1:1"},
                                                       {"localhost:9", "ipv4:127.0.0.1:9"},
                                                       {"[::1]:9", "ipv6:[::1]:9"},
                                                       {"[::1]", "ipv6:[::1]:7843"},
                                                       {"::1", "ipv6:[::1]:7843"},
                                                       {"unix:/run/x.sock", "unix:/run/x.sock"},
                                                       {"unix:///run/x.sock", "unix:/run/x.sock"}};
  for (const auto& [text, target] : cases) {
    const auto endpoint = ParseLocalEndpoint(text);
    ASSERT_TRUE(endpoint.ok()) << text << ": " << endpoint.status();
    EXPECT_EQ(endpoint->Target(), target) << text;
    const auto again = ParseLocalEndpoint(endpoint->ToString());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->Target(), target);
  }
}

TEST(Endpoint, RefusesWhatLeavesTheHostAndSaysWhatToDo) {
  for (const char* text : {"192.0.2.1:7843", "0.0.0.0:7843", "[::]:7843", "[2001:db8::1]:1",
                           "collector.example:7843", "128.0.0.1:1", "[::ffff:127.0.0.1]:1"}) {
    const auto endpoint = ParseLocalEndpoint(text);
    EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kPermissionDenied) << text;
    EXPECT_THAT(endpoint.status().message(), ::testing::HasSubstr("ssh -N -L"));
  }
}

// With the address and port that were given; a tunnel from 0.0.0.0 would lead back to itself.
TEST(Endpoint, TheTunnelLeadsWhereItWasMeantTo) {
  const auto message = [](const char* text, EndpointUse use) {
    return std::string(ParseLocalEndpoint(text, use).status().message());
  };
  EXPECT_THAT(message("10.9.8.7:9999", EndpointUse::kConnect),
              ::testing::HasSubstr("ssh -N -L 9999:127.0.0.1:9999 10.9.8.7, and give "
                                   "127.0.0.1:9999 or unix:/path"));
  EXPECT_THAT(message("[2001:db8::1]", EndpointUse::kConnect),
              ::testing::HasSubstr("ssh -N -L 7843:127.0.0.1:7843 2001:db8::1, "));
  EXPECT_THAT(message("0.0.0.0:17850", EndpointUse::kListen),
              ::testing::HasSubstr("Listen on 127.0.0.1:17850 or unix:/path, and let each sensor's "
                                   "host open an encrypted tunnel to it: "
                                   "ssh -N -L 17850:127.0.0.1:17850 THIS-HOST"));
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text : {"", ":7843", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
                           "127.0.0.1:-1", "unix:", "unix:relative", "[::1", "[::1]x"}) {
    EXPECT_EQ(ParseLocalEndpoint(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  const std::string long_path = "unix:/" + std::string(200, 'a');
  EXPECT_FALSE(ParseLocalEndpoint(long_path).ok());
}

}  // namespace
}  // namespace teiten
