// SPDX-License-Identifier: Apache-2.0
// Writes the first files of each corpus: `fuzz_make_corpus tests/fuzz/corpus`. What fuzzers find
// is added beside them, under the name of its hash. The same bytes on every machine.
#include <filesystem>
#include <fstream>
#include <string>

#include "common/columns.h"
#include "common/envelope.h"
#include "common/hyperloglog.h"
#include "tests/fuzz/targets.h"
#include "tests/sensor/judge.h"
#include "tests/sensor/udp_payloads.h"

namespace {

using namespace teiten;
using namespace teiten::test;

class Corpus {
 public:
  Corpus(std::filesystem::path folder, const char* target) : folder_(std::move(folder) / target) {
    std::filesystem::create_directories(folder_);
  }
  void Add(std::string name, const Bytes& bytes) {
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      if (!plain) c = '_';
    }
    std::ofstream out(folder_ / ("seed_" + name), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<long>(bytes.size()));
  }

 private:
  std::filesystem::path folder_;
};

Bytes Be16Bytes(std::size_t value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

// As fuzz::Decode reads it. The number of a link type is its place in packet_targets.cc.
Bytes FrameSeed(uint8_t link, const PacketBuilder& p) {
  const BuiltPacket built = p.Build();
  return Bytes{link} + Be16Bytes(built.wire - built.captured.size()) + built.captured;
}

PacketBuilder Quoting(bool ipv6) {
  PacketBuilder p = In(ipv6);
  PacketBuilder inner = RawIp();
  if (ipv6) {
    inner.IPv6(kDark6, "2001:db8:b::7").HopByHop().Udp(4000, 53);
    return p.Icmp6(1).Quote(inner);
  }
  inner.IPv4(kDark4, "192.0.2.80").IpOptions(Zeros(8)).Udp(4000, 53);
  return p.Icmp(3, 3).Quote(inner);
}

void WriteDecode(const std::filesystem::path& folder) {
  Corpus corpus(folder, "decode");
  const std::vector<std::pair<const char*, uint8_t>> links = {
      {"Ethernet", 0}, {"SLL", 1}, {"SLL2", 2},       {"RAW", 3},      {"NULL", 4},
      {"LOOP", 5},     {"PPP", 6}, {"PPP_SERIAL", 7}, {"PPP_ETHER", 8}};
  for (const Wrapping& w : AllWrappings()) {
    uint8_t link = 0;  // Ethernet and what is wrapped in it
    for (const auto& [name, number] : links) {
      if (std::string_view(w.name).starts_with(name)) link = number;
    }
    if (std::string_view(w.name).starts_with("Cisco")) link = 7;
    PacketBuilder p = w.start;
    corpus.Add(std::string("syn ") + w.name,
               FrameSeed(link, p.IPv4(kScanner4, kDark4).Tcp(4000, 23, kSyn).Options(kMss1460)));
  }
  for (const bool ipv6 : {false, true}) {
    const std::string family = ipv6 ? " v6" : " v4";
    for (const Dress& dress : AllDresses(ipv6)) {
      PacketBuilder p = In(ipv6);
      dress.put_on(p);
      corpus.Add(dress.name + family, FrameSeed(3, p.Udp(53, 40000).Payload(FromText("XX"))));
    }
    corpus.Add("quote" + family, FrameSeed(3, Quoting(ipv6)));
    PacketBuilder fragment = In(ipv6);
    corpus.Add("fragment" + family,
               FrameSeed(3, fragment.Fragment(9, true).Ip(6).Payload(Zeros(8))));
    PacketBuilder out = RawIp();
    if (ipv6) {
      out.IPv6(kDark6, kScanner6);
    } else {
      out.IPv4(kDark4, kScanner4);
    }
    corpus.Add("outbound" + family, FrameSeed(3, out.Tcp(4000, 80, kSyn)));
    PacketBuilder cut = In(ipv6);
    corpus.Add("cut" + family, FrameSeed(3, cut.Tcp(4000, 80, kSyn).Payload(Zeros(40)).Cut(60)));
  }
}

void WriteQuotes(const std::filesystem::path& folder) {
  Corpus corpus(folder, "quotes");
  for (const bool ipv6 : {false, true}) {
    for (const Dress& dress : AllDresses(ipv6)) {
      PacketBuilder p = In(ipv6);
      dress.put_on(p);
      const Bytes inner = p.Udp(4000, 53).WireBytes();
      corpus.Add(std::string(dress.name) + (ipv6 ? " v6" : " v4"),
                 Bytes{ipv6 ? uint8_t{1} : uint8_t{0}} + Be16Bytes(inner.size()) + inner);
    }
  }
}

void WriteUdpRules(const std::filesystem::path& folder) {
  Corpus corpus(folder, "udp_rules");
  const auto port_bytes = [](uint16_t port) {
    const auto at = std::find(kListedUdpPorts.begin(), kListedUdpPorts.end(), port);
    return Be16Bytes(static_cast<std::size_t>(at - kListedUdpPorts.begin()) * 2);
  };
  for (const UdpSample& s : AllUdpSamples()) corpus.Add(s.name, port_bytes(s.port) + s.payload);
  for (const AmplificationSample& s : AmplificationSamples()) {
    corpus.Add(std::string("amplification ") + s.name, port_bytes(s.port) + s.payload);
  }
}

v1::WindowSummary SmallSummary() {
  v1::WindowSummary summary;
  std::vector<FlowRow> rows;
  SensorUnderTest sensor;
  for (uint16_t port = 20; port < 25; ++port) {
    PacketBuilder p = In4();
    rows.push_back(sensor.Judge(p.Tcp(4000, port, kSyn)).row);
  }
  EncodeColumns(rows, *summary.mutable_ipv4());
  PacketBuilder v6 = In6();
  const std::vector<FlowRow> one = {sensor.Judge(v6.Tcp(443, 4000, kSyn | kAck)).row};
  EncodeColumns(one, *summary.mutable_ipv6());
  return summary;
}

void WriteEnvelope(const std::filesystem::path& folder) {
  Corpus corpus(folder, "envelope");
  v1::Identity identity;
  identity.set_sensor("a");
  identity.set_spool(std::string(16, '\2'));
  identity.set_sequence(7);
  const v1::WindowSummary summary = SmallSummary();
  const std::string sealed = Seal(identity, summary).value().SerializeAsString();
  corpus.Add("envelope", Bytes{0} + FromText(sealed));
  corpus.Add("summary", Bytes{1} + FromText(summary.SerializeAsString()));
  corpus.Add("empty summary", Bytes{1});
}

void WriteSketch(const std::filesystem::path& folder) {
  Corpus corpus(folder, "sketch");
  for (const uint8_t precision : {uint8_t{10}, uint8_t{12}, uint8_t{14}}) {
    HyperLogLog sketch(precision);
    for (const int elements : {0, 1, 200, 2000}) {
      for (int i = 0; i < elements; ++i) sketch.AddHash(Mix64(static_cast<uint64_t>(i) + 1));
      if (elements == 2000 && precision == 14) continue;  // 12 KiB say nothing new
      corpus.Add("p" + std::to_string(precision) + " " + std::to_string(elements),
                 FromText(sketch.Serialize()));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_make_corpus CORPUS_FOLDER\n");
    return 2;
  }
  for (const auto& write : {WriteDecode, WriteQuotes, WriteUdpRules, WriteEnvelope, WriteSketch}) {
    write(argv[1]);
  }
  return 0;
}
