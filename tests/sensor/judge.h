// SPDX-License-Identifier: Apache-2.0
// A sensor without capture and windows: bytes in, fate and row out, through the classes that run in
// production. Observes 203.0.113.0/24 and 2001:db8:d::/48; 192.0.2.9 and 2001:db8:e::9 are own as
// well, but not observed.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sensor/classify/classify.h"
#include "sensor/decode/decode.h"
#include "tests/sensor/packet_starts.h"

namespace teiten::test {

inline Prefix P(std::string_view text) { return ParsePrefix(text).value(); }
inline Address A(std::string_view text) { return ParseAddress(text).value().address; }

struct Judgement {
  Fate fate = Fate::kNone;
  FlowRow row;  // of an observed packet
  WindowCounts counts;

  [[nodiscard]] Kind kind() const { return row.kind(); }
};

class SensorUnderTest {
 public:
  static constexpr uint32_t kNow = 1'700'000'000;
  static constexpr uint32_t kWindowMs = 60'000;

  explicit SensorUnderTest(std::vector<ServiceDeclaration> services = {})
      : SensorUnderTest(AddressView({P("192.0.2.9"), P("2001:db8:e::9")},
                                    {P("203.0.113.0/24"), P("2001:db8:d::/48")}, PublishedKey()),
                        std::move(services)) {}
  SensorUnderTest(AddressView view, std::vector<ServiceDeclaration> services)
      : view_(std::move(view)),
        services_(std::move(services)),
        solicited_(PublishedKey(), &services_),
        classifier_(&services_, &solicited_, kWindowMs) {
    classifier_.set_view(&view_);
  }
  SensorUnderTest(const SensorUnderTest&) = delete;
  SensorUnderTest& operator=(const SensorUnderTest&) = delete;

  [[nodiscard]] Judgement Judge(const BuiltPacket& built, uint32_t now_s = kNow,
                                uint32_t offset_ms = 0) {
    Judgement j;
    j.fate = Decode(built.link, built.frame(), packet_);
    if (j.fate == Fate::kNone) j.fate = classifier_.Judge(packet_, now_s, j.counts);
    if (j.fate == Fate::kObserved) classifier_.FillRow(packet_, offset_ms, j.row, j.counts);
    return j;
  }
  [[nodiscard]] Judgement Judge(const PacketBuilder& p, uint32_t now_s = kNow,
                                uint32_t offset_ms = 0) {
    return Judge(p.Build(), now_s, offset_ms);
  }
  [[nodiscard]] Fate FateOf(const PacketBuilder& p, uint32_t now_s = kNow) {
    return Judge(p, now_s).fate;
  }
  SolicitedTable& solicited() { return solicited_; }

 private:
  AddressView view_;
  ServiceTable services_;
  SolicitedTable solicited_;
  Classifier classifier_;
  Packet packet_;  // used again for each, as the capture worker does
};

// Addresses of the tables: a stranger, and an observed address of ours.
inline constexpr const char* kScanner4 = "198.51.100.10";
inline constexpr const char* kDark4 = "203.0.113.5";
inline constexpr const char* kScanner6 = "2001:db8:a::10";
inline constexpr const char* kDark6 = "2001:db8:d::5";

// From the stranger to us.
inline PacketBuilder In4() {
  PacketBuilder p = RawIp();
  return p.IPv4(kScanner4, kDark4);
}
inline PacketBuilder In6() {
  PacketBuilder p = RawIp();
  return p.IPv6(kScanner6, kDark6);
}
inline PacketBuilder In(bool ipv6) { return ipv6 ? In6() : In4(); }

// Every way a packet can be wrapped in front of its IP header.
struct Wrapping {
  const char* name;
  PacketBuilder start;
};
inline std::vector<Wrapping> AllWrappings() {
  return {{"Ethernet", Eth()},
          {"802.1Q", Eth().Vlan(7)},
          {"QinQ", Eth().QinQ(100, 7)},
          {"QinQ, old type", Eth().Vlan(100, 0x9100).Vlan(7)},
          {"three tags", Eth().Vlan(1).Vlan(2).Vlan(3)},
          {"MPLS", Eth().Mpls(16)},
          {"MPLS, three labels", Eth().Mpls(16).Mpls(17).Mpls(18)},
          {"PPPoE", Eth().Pppoe()},
          {"802.1Q, PPPoE", Eth().Vlan(7).Pppoe()},
          {"QinQ, MPLS", Eth().QinQ(100, 7).Mpls(16)},
          {"SLL", Sll()},
          {"SLL, 802.1Q", Sll().Vlan(7)},
          {"SLL2", Sll2()},
          {"SLL2, MPLS", Sll2().Mpls(16)},
          {"RAW", RawIp()},
          {"NULL", Null()},
          {"LOOP", Loop()},
          {"PPP", Ppp()},
          {"PPP_SERIAL", PppSerial()},
          {"Cisco HDLC", CiscoHdlc()},
          {"Cisco HDLC, 802.1Q", CiscoHdlc().Vlan(7)},
          {"PPP_ETHER", PppEther()}};
}

// Every way an IP header can be dressed and still say the same.
struct Dress {
  const char* name;
  std::function<void(PacketBuilder&)> put_on;
};
inline std::vector<Dress> AllDresses(bool ipv6) {
  if (!ipv6) {
    return {{"plain", [](PacketBuilder&) {}},
            {"options", [](PacketBuilder& p) { p.IpOptions(Hex("01010100")); }},
            {"most options", [](PacketBuilder& p) { p.IpOptions(Zeros(40)); }}};
  }
  return {{"plain", [](PacketBuilder&) {}},
          {"hop-by-hop", [](PacketBuilder& p) { p.HopByHop(); }},
          {"long hop-by-hop", [](PacketBuilder& p) { p.HopByHop(5); }},
          {"destination options", [](PacketBuilder& p) { p.DestinationOptions(1); }},
          {"routing", [](PacketBuilder& p) { p.Routing(2); }},
          {"authentication", [](PacketBuilder& p) { p.Ah(); }},
          {"atomic fragment", [](PacketBuilder& p) { p.Fragment(0, false); }},
          {"mobility, HIP, shim6",
           [](PacketBuilder& p) { p.Extension(135, 0).Extension(139, 1).Extension(140, 0); }},
          {"seven of them", [](PacketBuilder& p) {
             p.HopByHop().DestinationOptions().Routing().Fragment(0, false);
             p.Ah().DestinationOptions(3).Extension(139, 0);
           }}};
}

inline std::string Say(const Judgement& j) {
  return std::string(FateName(j.fate)) + " " + std::string(KindName(j.kind()));
}

}  // namespace teiten::test
