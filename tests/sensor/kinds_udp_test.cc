// SPDX-License-Identifier: Apache-2.0
// What UDP from a listed service port is: response, odd or probe, by its payload.
#include <gtest/gtest.h>

#include <optional>

#include "tests/sensor/expect_row.h"
#include "tests/sensor/udp_payloads.h"

namespace teiten::test {
namespace {

TEST(KindsUdp, UdpResponsesComeFromTheirPort) {
  for (const UdpSample& s : AllUdpSamples()) {
    for (const bool ipv6 : {false, true}) {
      SensorUnderTest sensor;
      const auto judge = [&](uint16_t from, uint16_t to) {
        PacketBuilder p = In(ipv6);
        p.Udp(from, to).Payload(s.payload);
        return sensor.Judge(p);
      };
      const bool response = s.verdict == UdpPayload::kResponse;
      const Want want = response ? Want{Kind::kUdpResponse, s.port, kProtocolUdp}
                                 : Want{Kind::kUdpProbe, 40000, kProtocolUdp, s.port};
      ExpectRow(judge(s.port, 40000), want, ipv6, s.name);
      // To any port at all, when it is a response.
      if (response) ExpectRow(judge(s.port, 22), want, ipv6, s.name);
      // From another port it is a probe, whatever it says.
      ExpectRow(judge(40001, 40000), {Kind::kUdpProbe, 40000, kProtocolUdp, 40001}, ipv6, s.name);
    }
  }
}

TEST(KindsUdp, UdpOddIsNeitherResponseNorRequest) {
  const Bytes noise = FromText("XXXXXXXXXXXXXXXX");
  for (const uint16_t port : kListedUdpPorts) {
    SensorUnderTest sensor;
    const auto kind = [&](uint16_t to, const Bytes& payload) {
      PacketBuilder p = In4();
      p.Udp(port, to).Payload(payload);
      return sensor.Judge(p);
    };
    const bool any = port == 17 || port == 19;
    const Want odd = {any ? Kind::kUdpResponse : Kind::kUdpOdd, port, kProtocolUdp};
    ExpectRow(kind(1024, noise), odd, false, std::to_string(port));
    ExpectRow(kind(65535, {}), odd, false, std::to_string(port));
    if (any) continue;
    // Below 1024, and to another listed port, it is a probe.
    ExpectRow(kind(1023, noise), {Kind::kUdpProbe, 1023, kProtocolUdp, port}, false, "1023");
    for (const uint16_t listed : kListedUdpPorts) {
      ExpectRow(kind(listed, noise), {Kind::kUdpProbe, listed, kProtocolUdp, port}, false,
                "listed");
    }
    // A request of a listed protocol stays a probe.
    const Bytes query = DnsQuery(1, std::nullopt);
    if (port == 53) {
      ExpectRow(kind(40000, query), {Kind::kUdpProbe, 40000, kProtocolUdp, 53}, false, "query");
    }
  }
}

TEST(KindsUdp, NearMissesOfResponsesAreOdd) {
  for (const UdpSample& s : AllUdpSamples()) {
    if (s.verdict != UdpPayload::kResponse || s.port == 17 || s.port == 19) continue;
    Bytes off = s.payload;
    off.at(s.near_miss_at) = s.near_miss;
    SensorUnderTest sensor;
    PacketBuilder p = In4();
    p.Udp(s.port, 40000).Payload(off);
    ExpectRow(sensor.Judge(p), {Kind::kUdpOdd, s.port, kProtocolUdp}, false, s.name);
  }
}

// The UDP length, not the frame, ends the payload: padding proves nothing.
TEST(KindsUdp, PayloadEndsWithUdpLength) {
  SensorUnderTest sensor;
  PacketBuilder p = Eth();
  p.IPv4(kScanner4, kDark4).Udp(1900, 40000).UdpLength(8 + 6).Payload(FromText("HTTP/1.1 200"));
  EXPECT_EQ(sensor.Judge(p).kind(), Kind::kUdpOdd);
}

}  // namespace
}  // namespace teiten::test
