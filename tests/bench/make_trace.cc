// SPDX-License-Identifier: Apache-2.0
// Writes a capture file of synthetic background radiation: the same bytes for the same arguments.
//   make_trace OUT.pcap [packets 1000000] [sources 5000] [packets per second 10000] [targets 4096]
// 75 % TCP SYN (Zipf ports, marks of ZMap, Masscan and Mirai), 8 % backscatter (SYN-ACK, RST, ICMP
// unreachable with its quote), 14 % UDP, 3 % ICMP echo; 0.3 % each IPv6, VLAN, fragments; 0.5 %
// damaged. Mean frame about 72 bytes.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

// splitmix64 (Steele et al. 2014).
struct Random {
  uint64_t state;
  uint64_t Next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>((Next() >> 32) * n >> 32); }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // About Zipf with exponent 1 over [0, n).
  uint32_t Zipf(uint32_t n) {
    const double rank = std::exp(Unit() * std::log(static_cast<double>(n)));
    return std::min(static_cast<uint32_t>(rank) - 1, n - 1);
  }
};

class Bytes {
 public:
  Bytes& U8(uint32_t v) {
    data_.push_back(static_cast<uint8_t>(v));
    return *this;
  }
  Bytes& U16(uint32_t v) { return U8(v >> 8).U8(v); }
  Bytes& U32(uint32_t v) { return U16(v >> 16).U16(v); }
  Bytes& Fill(std::size_t n, uint8_t v) {
    data_.insert(data_.end(), n, v);
    return *this;
  }
  Bytes& Append(const Bytes& other) {
    data_.insert(data_.end(), other.data_.begin(), other.data_.end());
    return *this;
  }
  [[nodiscard]] std::vector<uint8_t>& data() { return data_; }
  [[nodiscard]] std::size_t size() const { return data_.size(); }

 private:
  std::vector<uint8_t> data_;
};

struct Endpoints {
  uint32_t source, target;
};

class Trace {
 public:
  Trace(uint32_t sources, uint32_t targets) : sources_(sources), targets_(targets) {}

  Bytes NextFrame() {
    const uint32_t dice = random_.Below(1000);
    Bytes ip = dice < 3 ? Ipv6Syn() : Ipv4Packet();
    Bytes frame;
    frame.Fill(6, 0x02).Fill(6, 0x04);
    const bool v6 = dice < 3;
    if (dice >= 3 && dice < 6) frame.U16(0x8100).U16(7);
    frame.U16(v6 ? 0x86dd : 0x0800).Append(ip);
    if (dice >= 995 && frame.size() > 30) frame.data()[14] = 0x41;  // damaged: header length 4
    if (frame.size() < 60) frame.Fill(60 - frame.size(), 0);
    return frame;
  }

 private:
  uint32_t Source() { return 0x0b000000U + random_.Zipf(sources_) * 2654435761U % 0xd0000000U; }
  Endpoints Pick() { return {Source(), 0xcb000000U + random_.Below(targets_)}; }
  uint32_t Port() {
    static constexpr uint32_t kKnown[] = {23, 22, 80, 443, 8080, 3389, 5555, 2323, 445, 8443};
    return random_.Below(100) < 94 ? kKnown[random_.Zipf(10)] : random_.Below(65536);
  }

  static Bytes Ipv4(const Endpoints& e, uint32_t protocol, uint32_t id, uint32_t ttl,
                    const Bytes& payload, uint32_t fragment = 0) {
    Bytes b;
    b.U8(0x45).U8(0).U16(static_cast<uint32_t>(20 + payload.size())).U16(id).U16(fragment);
    b.U8(ttl).U8(protocol).U16(0).U32(e.source).U32(e.target);
    return b.Append(payload);
  }
  static Bytes Tcp(uint32_t from, uint32_t to, uint32_t sequence, uint32_t flags,
                   uint32_t window) {
    Bytes b;
    return b.U16(from).U16(to).U32(sequence).U32(0).U8(0x50).U8(flags).U16(window).U32(0);
  }

  Bytes Syn() {
    const Endpoints e = Pick();
    const uint32_t port = Port();
    const uint32_t from = 1024 + random_.Below(60000);
    const auto sequence = static_cast<uint32_t>(random_.Next());
    switch (random_.Below(10)) {
      case 0: return Ipv4(e, 6, 54321, 250, Tcp(from, port, sequence, 2, 65535));
      case 1:
      case 2:
        return Ipv4(e, 6, (e.target ^ port ^ sequence) & 0xffff, 240,
                    Tcp(from, port, sequence, 2, 1024));
      case 3: return Ipv4(e, 6, random_.Below(65536), 50, Tcp(from, 23, e.target, 2, 5840));
      default:
        return Ipv4(e, 6, random_.Below(65536), 50, Tcp(from, port, sequence, 2, 64240));
    }
  }
  Bytes Backscatter() {
    const Endpoints e = Pick();
    const auto sequence = static_cast<uint32_t>(random_.Next());
    if (random_.Below(4) == 0) {
      const Bytes quoted =
          Ipv4({e.target, e.source}, 17, 1, 60, Bytes().U16(5000).U16(53).U32(8));
      return Ipv4(e, 1, 7, 60, Bytes().U8(3).U8(3).U16(0).U32(0).Append(quoted));
    }
    const uint32_t flags = random_.Below(2) == 0 ? 0x12 : 0x14;
    return Ipv4(e, 6, 0, 60, Tcp(80, 1024 + random_.Below(60000), sequence, flags, 64240));
  }
  Bytes Udp() {
    const Endpoints e = Pick();
    static constexpr uint32_t kPorts[] = {53, 123, 161, 1900, 5060, 389, 11211, 3702};
    const uint32_t port = random_.Below(10) < 8 ? kPorts[random_.Zipf(8)] : random_.Below(65536);
    const uint32_t length = 16 + random_.Below(60);
    Bytes b;
    b.U16(1024 + random_.Below(60000)).U16(port).U16(8 + length).U16(0).Fill(length, 0x17);
    return Ipv4(e, 17, random_.Below(65536), 110, b,
                random_.Below(50) == 0 ? 0x2000U + random_.Below(2) : 0);
  }
  Bytes Echo() { return Ipv4(Pick(), 1, 9, 50, Bytes().U8(8).U8(0).U16(0).U32(0x10001).Fill(28, 1)); }
  Bytes Ipv4Packet() {
    const uint32_t dice = random_.Below(100);
    if (dice < 75) return Syn();
    if (dice < 83) return Backscatter();
    return dice < 97 ? Udp() : Echo();
  }
  Bytes Ipv6Syn() {
    Bytes b;
    b.U32(0x60000000).U16(20).U8(6).U8(60);
    b.U32(0x20010db8).U32(random_.Below(64)).U32(0).U32(random_.Below(1000));
    b.U32(0x20010db8).U32(0xd).U32(0).U32(random_.Below(4096));
    return b.Append(Tcp(40000, Port(), 1, 2, 64240));
  }

  Random random_{20261122};
  uint32_t sources_, targets_;
};

void Write32(std::FILE* out, uint32_t v) { std::fwrite(&v, 4, 1, out); }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s OUT.pcap [packets] [sources] [pps] [targets]\n", argv[0]);
    return 2;
  }
  const auto number = [&](int i, unsigned long fallback) {
    return argc > i ? std::strtoul(argv[i], nullptr, 10) : fallback;
  };
  const unsigned long packets = number(2, 1'000'000), pps = number(4, 10'000);
  Trace trace(static_cast<uint32_t>(number(3, 5000)), static_cast<uint32_t>(number(5, 4096)));
  std::FILE* out = std::fopen(argv[1], "wb");
  if (out == nullptr) {
    std::perror(argv[1]);
    return 74;
  }
  for (const uint32_t word : {0xa1b2c3d4U, 0x00040002U, 0U, 0U, 65535U, 1U}) Write32(out, word);
  for (unsigned long i = 0; i < packets; ++i) {
    const uint64_t us = i * 1'000'000ULL / pps;
    Bytes frame = trace.NextFrame();
    Write32(out, static_cast<uint32_t>(1'790'000'000 + us / 1'000'000));
    Write32(out, static_cast<uint32_t>(us % 1'000'000));
    Write32(out, static_cast<uint32_t>(frame.size()));
    Write32(out, static_cast<uint32_t>(frame.size()));
    std::fwrite(frame.data().data(), 1, frame.size(), out);
  }
  return std::fclose(out) == 0 ? 0 : 74;
}
