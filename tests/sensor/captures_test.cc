// SPDX-License-Identifier: Apache-2.0
// Every packet of tests/captures, whole and damaged, cut at every length: exactly one fate, no byte
// read beyond the cut (each frame ends where its allocation ends), and a cut never invents a fate.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <filesystem>
#include <memory>
#include <random>

#include "tests/sensor/judge.h"

namespace teiten::test {
namespace {

struct CapturedFrame {
  LinkType link;
  Bytes bytes;
  uint32_t wire;
};

std::vector<CapturedFrame> ReadCapture(const std::filesystem::path& path) {
  std::vector<CapturedFrame> frames;
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> file(pcap_open_offline(path.c_str(), error),
                                                            pcap_close);
  EXPECT_NE(file, nullptr) << error;
  if (file == nullptr) return frames;
  const LinkType link = LinkTypeFromDlt(pcap_datalink(file.get())).value();
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  while (pcap_next_ex(file.get(), &header, &data) == 1) {
    frames.push_back({link, Bytes(data, data + header->caplen), header->len});
  }
  return frames;
}

std::vector<CapturedFrame> AllCaptures() {
  std::vector<CapturedFrame> all;
  const auto folder = std::filesystem::path(TEITEN_SOURCE_DIR) / "tests" / "captures";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".pcap") continue;
    const std::vector<CapturedFrame> frames = ReadCapture(entry.path());
    EXPECT_FALSE(frames.empty()) << entry.path();
    all.insert(all.end(), frames.begin(), frames.end());
  }
  return all;
}

// The fate of the first n bytes, from memory that ends there.
Fate FateOfCut(const CapturedFrame& frame, std::size_t n) {
  static const AddressView view = AddressView::Everything(PublishedKey());
  static const ServiceTable services({});
  static SolicitedTable solicited(PublishedKey(), &services);
  static Classifier classifier = [] {
    Classifier c(&services, &solicited, 60'000);
    c.set_view(&view);
    return c;
  }();
  const auto copy = std::make_unique<uint8_t[]>(n);
  std::copy_n(frame.bytes.begin(), n, copy.get());
  Packet packet;
  WindowCounts counts;
  const Frame cut{copy.get(), static_cast<uint32_t>(n), frame.wire};
  Fate fate = Decode(frame.link, cut, packet);
  if (fate == Fate::kNone) fate = classifier.Judge(packet, SensorUnderTest::kNow, counts);
  FlowRow row;
  if (fate == Fate::kObserved) classifier.FillRow(packet, 0, row, counts);
  return fate;
}

// As many cuts as the frame has bytes. Nothing but "not enough" may differ from the whole.
uint64_t ExpectCutsInventNothing(const CapturedFrame& frame) {
  const Fate whole = FateOfCut(frame, frame.bytes.size());
  EXPECT_NE(whole, Fate::kNone);
  for (std::size_t n = 0; n < frame.bytes.size(); ++n) {
    const Fate fate = FateOfCut(frame, n);
    EXPECT_TRUE(fate == whole || fate == Fate::kTruncated || fate == Fate::kUndecodableLink)
        << FateName(fate) << " at " << n << ", whole " << FateName(whole);
  }
  return frame.bytes.size() + 1;
}

TEST(Captures, EveryPacketCutAtEveryLength) {
  uint64_t cuts = 0;
  const std::vector<CapturedFrame> frames = AllCaptures();
  EXPECT_GE(frames.size(), 2'000U);
  for (const CapturedFrame& frame : frames) cuts += ExpectCutsInventNothing(frame);
  RecordProperty("packets", std::to_string(frames.size()));
  RecordProperty("cuts", std::to_string(cuts));
}

// Twenty thousand packets with a few wrong bytes each, most of them in the headers.
TEST(Captures, EveryDamagedPacketCutAtEveryLength) {
  constexpr std::size_t kPackets = 20'000;
  const std::vector<CapturedFrame> frames = AllCaptures();
  ASSERT_FALSE(frames.empty());
  std::mt19937 random(20'261'122);
  for (std::size_t i = 0; i < kPackets; ++i) {
    CapturedFrame damaged = frames[random() % frames.size()];
    for (auto hits = 1 + random() % 4; hits > 0; --hits) {
      const std::size_t reach = std::min<std::size_t>(damaged.bytes.size(), 80);
      if (reach > 0) damaged.bytes[random() % reach] = static_cast<uint8_t>(random());
    }
    ExpectCutsInventNothing(damaged);
  }
}

}  // namespace
}  // namespace teiten::test
