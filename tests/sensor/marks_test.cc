// SPDX-License-Identifier: Apache-2.0
// Every tool mark with near misses, and with what looks like it by chance and must not count.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/sensor/judge.h"
#include "tests/sensor/udp_payloads.h"

namespace teiten::test {
namespace {

using Marks = std::set<std::string>;
using Change = std::function<void(PacketBuilder&)>;

Marks MarksOf(const PacketBuilder& p, Kind kind) {
  SensorUnderTest sensor;
  const Judgement j = sensor.Judge(p);
  EXPECT_EQ(Say(j), "observed " + std::string(KindName(kind)));
  Marks marks;
  for (const Mark mark :
       {Mark::kZmap, Mark::kMasscan, Mark::kMirai, Mark::kNmap, Mark::kAmplification}) {
    const int index = CounterOf(kind, mark);
    if (index < 0) continue;
    EXPECT_LE(j.row.counter(index), 1U);
    if (j.row.counter(index) == 1) marks.insert(std::string(MarkName(mark)));
  }
  return marks;
}

// Sequence numbers that make masscan's relation hold, by its definition.
constexpr uint32_t kDark4Word = 0xcb007105;  // 203.0.113.5
uint16_t MasscanId(uint16_t port, uint32_t sequence) {
  return static_cast<uint16_t>(kDark4Word ^ port ^ sequence);
}

struct Case {
  const char* name;
  Change change;
  Marks want;
};

void ExpectMarks(const Change& base, Kind kind, bool ipv6, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    PacketBuilder p = In(ipv6);
    base(p);
    c.change(p);
    EXPECT_EQ(MarksOf(p, kind), c.want) << c.name;
  }
}

const Change kNothing = [](PacketBuilder&) {};

// As ZMap 2.1 sends it.
void ZmapSyn(PacketBuilder& p) { p.Id(54321).Ttl(255).Tcp(40000, 80, kSyn).Window(65535); }

TEST(Marks, ZmapSyn) {
  ExpectMarks(ZmapSyn, Kind::kTcpSyn, false,
              {{"as sent", kNothing, {"zmap"}},
               {"55 hops away", [](auto& p) { p.Ttl(200); }, {"zmap"}},
               {"MSS only", [](auto& p) { p.Options(kMss1460); }, {"zmap"}},
               {"another MSS", [](auto& p) { p.Options(Hex("02040218")); }, {"zmap"}},
               {"don't fragment", [](auto& p) { p.DontFragment(); }, {"zmap"}},
               {"TTL 199", [](auto& p) { p.Ttl(199); }, {}},
               {"chance: 54321 with TTL 64", [](auto& p) { p.Ttl(64); }, {}},
               {"id 54320", [](auto& p) { p.Id(54320); }, {}},
               {"id 54322", [](auto& p) { p.Id(54322); }, {}},
               {"id swapped", [](auto& p) { p.Id(0x31d4); }, {}},
               {"window 65534", [](auto& p) { p.Window(65534); }, {}},
               {"more options", [](auto& p) { p.Options(Hex("020405b4 04020000")); }, {}},
               {"other 4 bytes of options", [](auto& p) { p.Options(Hex("01010101")); }, {}},
               {"MSS of a wrong length", [](auto& p) { p.Options(Hex("020305b4")); }, {}}});
  // Flags exactly 0x02, ECE and CWR included.
  for (const uint8_t more : {kEce, kCwr, kPsh, kUrg}) {
    PacketBuilder p = In4();
    p.Id(54321).Ttl(255).Tcp(40000, 80, static_cast<uint8_t>(kSyn | more)).Window(65535);
    EXPECT_EQ(MarksOf(p, Kind::kTcpSyn), Marks{}) << int{more};
  }
}

TEST(Marks, ZmapNeedsItsBytesCaptured) {
  PacketBuilder p = In4();
  ZmapSyn(p);
  p.Options(kMss1460);
  for (std::size_t cut = 34; cut <= 44; ++cut) {
    EXPECT_EQ(MarksOf(p.Cut(cut), Kind::kTcpSyn), cut == 44 ? Marks{"zmap"} : Marks{}) << cut;
  }
}

TEST(Marks, ZmapUdpAndEcho) {
  const auto udp = [](PacketBuilder& p) { p.Id(54321).Ttl(255).Udp(40000, 7); };
  const auto echo = [](PacketBuilder& p) { p.Id(54321).Ttl(255).Icmp(8); };
  const std::vector<Case> cases = {{"as sent", kNothing, {"zmap"}},
                                   {"TTL 200", [](auto& p) { p.Ttl(200); }, {"zmap"}},
                                   {"TTL 199", [](auto& p) { p.Ttl(199); }, {}},
                                   {"id 54320", [](auto& p) { p.Id(54320); }, {}}};
  ExpectMarks(udp, Kind::kUdpProbe, false, cases);
  ExpectMarks(echo, Kind::kIcmpEchoRequest, false, cases);
}

// Kinds without the counter show nothing, whatever the header says; backscatter has slots there.
TEST(Marks, ZmapOnOtherKindsDoesNotCount) {
  const auto zmap_ip = [] {
    PacketBuilder p = In4();
    return p.Id(54321).Ttl(255);
  };
  PacketBuilder ack = zmap_ip();
  EXPECT_EQ(MarksOf(ack.Tcp(1, 2, kAck).Window(65535), Kind::kTcpAck), Marks{});
  PacketBuilder timestamp = zmap_ip();
  EXPECT_EQ(MarksOf(timestamp.Icmp(13), Kind::kIcmpRequest), Marks{});
  PacketBuilder odd = zmap_ip();
  EXPECT_EQ(MarksOf(odd.Udp(53, 40000).Payload(FromText("XXXX")), Kind::kUdpOdd), Marks{});
  for (const Kind kind : {Kind::kTcpSynack, Kind::kIcmpReply}) {
    PacketBuilder p = zmap_ip();
    if (kind == Kind::kTcpSynack) {
      p.Tcp(80, 40000, kSyn | kAck).Window(65535);
    } else {
      p.Icmp(0);
    }
    SensorUnderTest sensor;
    const Judgement j = sensor.Judge(p);
    EXPECT_EQ(j.kind(), kind);
    for (int i = 0; i < kSlots; ++i) EXPECT_EQ(j.row.slot(i), i == 0 ? 1 : 0);
  }
}

// As masscan 1.3 sends it: id = destination ^ port ^ sequence.
void MasscanSyn(PacketBuilder& p) {
  p.Id(MasscanId(80, 0x9a3b11c7)).Ttl(255).Tcp(61000, 80, kSyn).Sequence(0x9a3b11c7).Window(1024);
}

TEST(Marks, Masscan) {
  ExpectMarks(MasscanSyn, Kind::kTcpSyn, false,
              {{"as sent", kNothing, {"masscan"}},
               {"upper half of the sequence is not in it",
                [](auto& p) { p.Sequence(0x000011c7); },
                {"masscan"}},
               {"TTL 128", [](auto& p) { p.Ttl(128); }, {"masscan"}},
               {"any window", [](auto& p) { p.Window(5); }, {"masscan"}},
               {"options", [](auto& p) { p.Options(kMss1460); }, {"masscan"}},
               {"TTL 127", [](auto& p) { p.Ttl(127); }, {}},
               {"chance: the relation with TTL 64", [](auto& p) { p.Ttl(64); }, {}},
               {"id off by one", [](auto& p) { p.Id(MasscanId(80, 0x9a3b11c7) ^ 1); }, {}},
               {"sequence off by one", [](auto& p) { p.Sequence(0x9a3b11c6); }, {}}});
  for (const uint8_t more : {kEce, kCwr, kPsh, kUrg}) {
    PacketBuilder p = In4();
    p.Id(MasscanId(80, 0x01020304)).Ttl(255).Tcp(61000, 80, static_cast<uint8_t>(kSyn | more));
    EXPECT_EQ(MarksOf(p, Kind::kTcpSyn), Marks{}) << int{more};
  }
}

// The relation over UDP and IPv6 is not on the wire: what looks like it is chance.
TEST(Marks, MasscanIsNeitherUdpNorIpv6) {
  PacketBuilder udp = In4();
  udp.Id(MasscanId(53, 0)).Ttl(255).Udp(61000, 53).Payload(DnsQuery(1, std::nullopt));
  EXPECT_EQ(MarksOf(udp, Kind::kUdpProbe), Marks{});
  // IPv6 has no id: 0 in its place, and a sequence for which the relation gives 0.
  PacketBuilder v6 = In6();
  v6.Ttl(255).Tcp(61000, 80, kSyn).Sequence(0x0005 ^ 80);
  EXPECT_EQ(MarksOf(v6, Kind::kTcpSyn), Marks{});
}

TEST(Marks, Mirai) {
  const auto base = [](PacketBuilder& p) { p.Tcp(40000, 23, kSyn).Sequence(kDark4Word); };
  ExpectMarks(base, Kind::kTcpSyn, false,
              {{"as sent", kNothing, {"mirai"}},
               {"any TTL, window and id", [](auto& p) { p.Ttl(1).Id(7).Window(1); }, {"mirai"}},
               {"one more", [](auto& p) { p.Sequence(kDark4Word + 1); }, {}},
               {"byte order", [](auto& p) { p.Sequence(0x057100cb); }, {}},
               {"source address", [](auto& p) { p.Sequence(0xc633640a); }, {}}});
  // ECE and CWR change no kind, and the rule asks for nothing else.
  PacketBuilder ecn = In4();
  ecn.Tcp(40000, 23, kSyn | kEce | kCwr).Sequence(kDark4Word);
  EXPECT_EQ(MarksOf(ecn, Kind::kTcpSyn), Marks{"mirai"});
}

TEST(Marks, MiraiOnANonSynOrIpv6DoesNotCount) {
  PacketBuilder ack = In4();
  EXPECT_EQ(MarksOf(ack.Tcp(40000, 23, kAck).Sequence(kDark4Word), Kind::kTcpAck), Marks{});
  PacketBuilder null = In4();
  EXPECT_EQ(MarksOf(null.Tcp(40000, 23, 0).Sequence(kDark4Word), Kind::kTcpNull), Marks{});
  PacketBuilder odd = In4();
  EXPECT_EQ(MarksOf(odd.Tcp(40000, 23, kSyn | kFin).Sequence(kDark4Word), Kind::kTcpOdd), Marks{});
  SensorUnderTest sensor;
  PacketBuilder synack = In4();
  const Judgement j = sensor.Judge(synack.Tcp(23, 40000, kSyn | kAck).Sequence(kDark4Word));
  for (int i = 0; i < kSlots; ++i) EXPECT_EQ(j.row.slot(i), i == 0 ? 1 : 0);
  // The last 32 bits of 2001:db8:d::5 are no address.
  PacketBuilder v6 = In6();
  EXPECT_EQ(MarksOf(v6.Tcp(40000, 23, kSyn).Sequence(5), Kind::kTcpSyn), Marks{});
}

TEST(Marks, NmapSyn) {
  const auto base = [](PacketBuilder& p) {
    p.Ttl(41).Tcp(50000, 22, kSyn).Window(1024).Options(kMss1460);
  };
  for (const bool ipv6 : {false, true}) {
    ExpectMarks(base, Kind::kTcpSyn, ipv6,
                {{"as sent", kNothing, {"nmap"}},
                 {"2048", [](auto& p) { p.Window(2048); }, {"nmap"}},
                 {"3072", [](auto& p) { p.Window(3072); }, {"nmap"}},
                 {"4096", [](auto& p) { p.Window(4096); }, {"nmap"}},
                 {"chance: window 1025", [](auto& p) { p.Window(1025); }, {}},
                 {"window 1023", [](auto& p) { p.Window(1023); }, {}},
                 {"window 0", [](auto& p) { p.Window(0); }, {}},
                 {"window 5120", [](auto& p) { p.Window(5120); }, {}},
                 {"window 512", [](auto& p) { p.Window(512); }, {}},
                 {"more options", [](auto& p) { p.Options(Hex("01010402")); }, {}}});
    const auto other_mss = [](PacketBuilder& p) {
      p.Tcp(50000, 22, kSyn).Window(1024).Options(Hex("020405b5"));
    };
    ExpectMarks(other_mss, Kind::kTcpSyn, ipv6, {{"MSS 1461", kNothing, {}}});
    const auto no_options = [](PacketBuilder& p) { p.Tcp(50000, 22, kSyn).Window(1024); };
    ExpectMarks(no_options, Kind::kTcpSyn, ipv6, {{"no options", kNothing, {}}});
    const auto ece = [](PacketBuilder& p) {
      p.Tcp(50000, 22, kSyn | kEce).Window(1024).Options(kMss1460);
    };
    ExpectMarks(ece, Kind::kTcpSyn, ipv6, {{"ECE", kNothing, {}}});
  }
  ExpectMarks(base, Kind::kTcpSyn, false,
              {{"don't fragment", [](auto& p) { p.DontFragment(); }, {}},
               {"masscan's relation wins",
                [](auto& p) { p.Ttl(255).Id(MasscanId(22, 0x01020304)); },
                {"masscan"}},
               {"but not below TTL 128",
                [](auto& p) { p.Ttl(60).Id(MasscanId(22, 0x01020304)); },
                {"nmap"}}});
}

TEST(Marks, NmapSynNeedsItsBytesCaptured) {
  PacketBuilder p = In4();
  p.Tcp(50000, 22, kSyn).Window(1024).Options(kMss1460);
  for (std::size_t cut = 34; cut <= 44; ++cut) {
    EXPECT_EQ(MarksOf(p.Cut(cut), Kind::kTcpSyn), cut == 44 ? Marks{"nmap"} : Marks{}) << cut;
  }
}

TEST(Marks, NmapFlagScans) {
  const std::vector<std::pair<uint8_t, Kind>> scans = {{0, Kind::kTcpNull},
                                                       {kFin, Kind::kTcpFin},
                                                       {kFin | kPsh | kUrg, Kind::kTcpXmas},
                                                       {kAck, Kind::kTcpAck}};
  for (const auto& [flags, kind] : scans) {
    for (const bool ipv6 : {false, true}) {
      const auto base = [flags = flags](PacketBuilder& p) { p.Tcp(50000, 22, flags).Window(2048); };
      ExpectMarks(base, kind, ipv6,
                  {{"as sent", kNothing, {"nmap"}},
                   {"1024", [](auto& p) { p.Window(1024); }, {"nmap"}},
                   {"window 1025", [](auto& p) { p.Window(1025); }, {}},
                   {"window 5120", [](auto& p) { p.Window(5120); }, {}},
                   {"data", [](auto& p) { p.Payload(Zeros(1)); }, {}},
                   {"options", [](auto& p) { p.Options(kMss1460); }, {}}});
      if (!ipv6) {
        ExpectMarks(base, kind, false,
                    {{"don't fragment", [](auto& p) { p.DontFragment(); }, {}},
                     {"window cut off", [](auto& p) { p.Cut(34); }, {}}});
      }
    }
  }
  const auto maimon = [](PacketBuilder& p) { p.Tcp(50000, 22, kFin | kAck).Window(3072); };
  ExpectMarks(
      maimon, Kind::kTcpMaimon, false,
      {{"as sent", kNothing, {"nmap"}}, {"don't fragment", [](auto& p) { p.DontFragment(); }, {}}});
  ExpectMarks(maimon, Kind::kTcpMaimon, true, {{"as sent", kNothing, {"nmap"}}});
}

// tcp_ack has the mark with ACK alone.
TEST(Marks, NmapAckIsAckAlone) {
  for (const uint8_t more : {kPsh, kUrg, kEce, kCwr}) {
    PacketBuilder p = In4();
    p.Tcp(50000, 22, static_cast<uint8_t>(kAck | more)).Window(1024);
    EXPECT_EQ(MarksOf(p, Kind::kTcpAck), Marks{}) << int{more};
  }
}

TEST(Marks, SeveralAtOnce) {
  // Sequence = destination, so masscan's relation is id = port.
  PacketBuilder p = In4();
  p.Id(54321).Ttl(255).Tcp(40000, 54321, kSyn).Sequence(kDark4Word).Window(65535);
  EXPECT_EQ(MarksOf(p, Kind::kTcpSyn), (Marks{"zmap", "masscan", "mirai"}));
}

TEST(Marks, Amplification) {
  for (const AmplificationSample& s : AmplificationSamples()) {
    for (const bool ipv6 : {false, true}) {
      const auto marks = [&](uint16_t to, const Bytes& payload) {
        PacketBuilder p = In(ipv6);
        return MarksOf(p.Udp(40000, to).Payload(payload), Kind::kUdpProbe);
      };
      EXPECT_EQ(marks(s.port, s.payload), Marks{"amplification"}) << s.name;
      EXPECT_EQ(marks(80, s.payload), Marks{}) << s.name;
      if (s.port == 17 || s.port == 19) continue;
      Bytes off = s.payload;
      off.at(s.near_miss_at) = s.near_miss;
      EXPECT_EQ(marks(s.port, off), Marks{}) << s.name;
      EXPECT_EQ(marks(s.port, {}), Marks{}) << s.name;
    }
  }
}

// Reflected attacks often ask from the very port that answers.
TEST(Marks, AmplificationFromTheServicePort) {
  for (const AmplificationSample& s : AmplificationSamples()) {
    if (s.port == 17 || s.port == 19) continue;  // from there anything is a response
    PacketBuilder p = In4();
    EXPECT_EQ(MarksOf(p.Udp(s.port, s.port).Payload(s.payload), Kind::kUdpProbe),
              Marks{"amplification"})
        << s.name;
  }
}

TEST(Marks, ZmapAndAmplificationTogether) {
  PacketBuilder p = In4();
  p.Id(54321).Ttl(255).Udp(40000, 123).Payload(Hex("17 00 03 2a 0000 0000"));
  EXPECT_EQ(MarksOf(p, Kind::kUdpProbe), (Marks{"zmap", "amplification"}));
}

}  // namespace
}  // namespace teiten::test
