// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/encode.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>

#include "common/columns.h"
#include "common/envelope.h"
#include "tests/common/random_rows.h"

namespace teiten {
namespace {

// A window whose sums close over the rows it is given.
WindowContents WindowOf(std::span<const FlowRow> rows, std::span<const FoldedRow> folded = {}) {
  WindowContents window;
  window.times.start_ms = 1'795'341'600'000;
  window.times.end_ms = window.times.start_ms + 60'000;
  window.times.live_from_ms = window.times.start_ms;
  window.times.live_to_ms = window.times.end_ms;
  window.times.live_ms = 60'000;
  window.rows = rows;
  window.folded = folded;
  uint64_t& observed = window.counts.fates[static_cast<std::size_t>(Fate::kObserved)];
  for (const FlowRow& row : rows) {
    observed += row.packets;
    window.counts.observed_bytes += row.bytes();
  }
  for (const FoldedRow& row : folded) {
    observed += row.packets;
    window.counts.observed_bytes += row.bytes;
    window.counts.folded += row.packets;
  }
  return window;
}

SummaryContext Context() {
  SummaryContext context;
  context.n4 = 256;
  context.p6 = 1;
  context.link_type = "EN10MB";
  context.snap_length = 256;
  return context;
}

std::vector<FlowRow> MixedRows(uint64_t seed, std::size_t count) {
  RandomRows random(seed);
  std::vector<FlowRow> rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(random.Row(random.Below(4) == 0 ? Family::kIpv6 : Family::kIpv4));
  }
  return rows;
}

TEST(Encode, RoundTripOfRandomRows) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const std::vector<FlowRow> rows = MixedRows(seed, seed * 3);
    const v1::WindowSummary summary = EncodeSummary(Context(), WindowOf(rows));
    SummaryRows decoded;
    const absl::Status status = ValidateSummary(summary, &decoded);
    ASSERT_TRUE(status.ok()) << status;
    std::vector<FlowRow> sorted = rows;
    std::stable_sort(sorted.begin(), sorted.end(), RowLess);
    std::vector<FlowRow> back = decoded.ipv4;
    back.insert(back.end(), decoded.ipv6.begin(), decoded.ipv6.end());
    ASSERT_EQ(back.size(), sorted.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
      ASSERT_EQ(std::memcmp(&back[i], &sorted[i], sizeof(FlowRow)), 0) << seed << " row " << i;
    }
  }
}

TEST(Encode, BytesAreThoseOfProtobuf) {
  const std::vector<FlowRow> rows = MixedRows(3, 1000);
  FoldedRow folded;
  folded.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  folded.protocol = 6;
  folded.port = 23;
  folded.packets = 5;
  folded.bytes = 200;
  HyperLogLog sources;
  sources.AddHash(Mix64(1));
  const FoldedSketch sketch{folded.kind_flags, &sources};
  v1::Health health;
  health.set_resident_bytes(1);
  WindowContents window = WindowOf(rows, {&folded, 1});
  window.folded_sources = {&sketch, 1};
  window.health = &health;
  const std::string bytes = EncodeSummaryBytes(Context(), window);
  v1::WindowSummary summary;
  ASSERT_TRUE(summary.ParseFromString(bytes));
  EXPECT_EQ(summary.SerializeAsString(), bytes);
  EXPECT_TRUE(ValidateSummary(summary).ok()) << ValidateSummary(summary);
}

TEST(Encode, OrderOfArrivalDecidesOnlyAmongRowsOfOneKey) {
  std::vector<FlowRow> rows = MixedRows(9, 300);
  std::sort(rows.begin(), rows.end(), RowLess);
  rows.erase(std::unique(rows.begin(), rows.end(), SameKey), rows.end());
  ASSERT_GT(rows.size(), 250U);
  const std::string bytes = EncodeSummaryBytes(Context(), WindowOf(rows));
  std::mt19937_64 random(1);
  std::shuffle(rows.begin(), rows.end(), random);
  EXPECT_EQ(EncodeSummaryBytes(Context(), WindowOf(rows)), bytes);

  FlowRow first = rows[0];
  FlowRow second = rows[0];
  first.ttl = 1;
  second.ttl = 2;
  const FlowRow one_key[] = {first, second};
  const FlowRow swapped[] = {second, first};
  EXPECT_NE(EncodeSummaryBytes(Context(), WindowOf(one_key)),
            EncodeSummaryBytes(Context(), WindowOf(swapped)));
}

TEST(Encode, FoldedRowsAndSketchesAreSortedAndEmptyOnesLeftOut) {
  std::vector<FoldedRow> folded(4);
  folded[0].kind_flags = static_cast<uint8_t>(Kind::kUdpProbe) | kRowIpv6;
  folded[0].packets = 1;
  folded[1].kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  folded[1].other = true;
  folded[1].packets = 2;
  folded[2].kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  folded[2].protocol = 6;
  folded[2].port = 23;
  folded[2].packets = 3;
  folded[3].kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);  // no packets
  HyperLogLog some;
  some.AddHash(Mix64(1));
  const HyperLogLog none;
  const FoldedSketch sketches[] = {{folded[0].kind_flags, &some},
                                   {folded[1].kind_flags, &some},
                                   {static_cast<uint8_t>(Kind::kTcpRst), &none}};
  WindowContents window = WindowOf({}, folded);
  window.folded_sources = sketches;
  const v1::WindowSummary summary = EncodeSummary(Context(), window);
  ASSERT_TRUE(ValidateSummary(summary).ok()) << ValidateSummary(summary);
  ASSERT_EQ(summary.folded_size(), 3);
  EXPECT_EQ(summary.folded(0).port(), 23U);
  EXPECT_TRUE(summary.folded(1).other());
  EXPECT_EQ(summary.folded(2).family(), v1::ADDRESS_FAMILY_IPV6);
  ASSERT_EQ(summary.folded_sources_size(), 2);
  EXPECT_EQ(summary.folded_sources(0).kind(), v1::KIND_TCP_SYN);
  EXPECT_EQ(summary.accounting().folded(), 6U);
}

TEST(Encode, SaysWhatTheContextAndTheCountsSay) {
  SummaryContext context = Context();
  context.direction_unknown = true;
  context.n4.reset();
  context.p6.reset();
  context.replay_shift_ms = -5;
  context.group = "replay";
  context.worker_index = 1;
  context.worker_count = 2;
  context.bitmap_exact_ipv6 = true;
  WindowContents window = WindowOf({});
  window.times.extended = true;
  window.times.live_to_ms = window.times.end_ms + 60'000;
  window.counts.fates[static_cast<std::size_t>(Fate::kNotIp)] = 7;
  window.counts.late = 3;
  window.counts.interface_dropped = 0;
  const v1::WindowSummary s = EncodeSummary(context, window);
  EXPECT_TRUE(ValidateSummary(s).ok()) << ValidateSummary(s);
  EXPECT_TRUE(s.flags().direction_unknown());
  EXPECT_TRUE(s.flags().replayed());
  EXPECT_TRUE(s.flags().extended());
  EXPECT_FALSE(s.flags().partial());
  EXPECT_EQ(s.replay_shift_ms(), -5);
  EXPECT_FALSE(s.has_n4());
  EXPECT_EQ(s.worker().count(), 2U);
  EXPECT_FALSE(s.bitmap_exact_ipv4());
  EXPECT_TRUE(s.bitmap_exact_ipv6());
  EXPECT_EQ(s.accounting().captured(), 7U);
  EXPECT_EQ(s.accounting().late(), 3U);
  EXPECT_FALSE(s.accounting().has_kernel_dropped());
  EXPECT_TRUE(s.accounting().has_interface_dropped());
}

// Background radiation as the tables of real dark addresses look: four in five rows are one SYN
// of a source seen once, from tools with fixed and with the system's own headers; the rest is
// repeated SYNs, answers to spoofed packets, UDP and pings.
// `sources` sources take part.
std::vector<FlowRow> BackgroundRadiation(std::size_t count, uint64_t sources) {
  constexpr uint16_t kPorts[] = {23,   22,   80,   443,  445,   8080, 3389, 2323, 5555, 81,
                                 8443, 6379, 1433, 3306, 37215, 5060, 8081, 25,   21,   9000};
  RandomRows random(42);
  std::vector<FlowRow> rows(count);
  for (FlowRow& row : rows) {
    row.source.low = Mix64(random.Below(sources)) % 0xe0000000;
    row.packets = random.Below(10) < 9 ? 1 : static_cast<uint32_t>(2 + random.Below(8));
    const auto first = static_cast<uint32_t>(random.Below(60'000));
    row.set_first_ms(first);
    row.set_last_ms(row.packets == 1 ? first
                                     : first + static_cast<uint32_t>(random.Below(60'000 - first)));
    for (uint32_t i = 0; i < row.packets; ++i) row.bitmap |= 1ULL << random.Below(64);
    const uint64_t what = random.Below(100);
    row.ttl = static_cast<uint8_t>((random.Below(3) == 0   ? 250
                                    : random.Below(2) == 0 ? 64
                                                           : 128) -
                                   8 - random.Below(18));
    row.protocol = kProtocolTcp;
    row.ip_length = 40;
    if (what < 80) {
      row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
      row.port = random.Below(4) != 0 ? kPorts[random.Below(20) * random.Below(20) / 20]
                                      : static_cast<uint16_t>(random.Below(65536));
      row.source_port = static_cast<uint16_t>(1024 + random.Below(64512));
      const uint64_t tool = random.Below(10);
      row.tcp_window = tool < 4   ? 1024
                       : tool < 6 ? 65535
                       : tool < 8 ? static_cast<uint16_t>(random.Below(65536))
                                  : 64240;
      if (tool >= 8) {
        row.tcp_options_length = 20;
        row.ip_length = 60;
      }
      if (tool == 4) row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kZmap), row.packets);
      if (tool == 6) row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), row.packets);
    } else if (what < 88) {
      row.kind_flags = static_cast<uint8_t>(what < 86 ? Kind::kTcpSynack : Kind::kTcpRst);
      row.port = random.Below(2) == 0 ? 443 : 80;
      row.tcp_window = static_cast<uint16_t>(what < 86 ? 64240 : 0);
      const auto slot = static_cast<int>(first / 10'000);
      row.set_slot(slot, static_cast<uint16_t>(row.packets));
    } else if (what < 97) {
      row.kind_flags = static_cast<uint8_t>(Kind::kUdpProbe);
      row.protocol = kProtocolUdp;
      row.port = static_cast<uint16_t>(random.Below(2) == 0 ? 53 : random.Below(65536));
      row.ip_length = static_cast<uint16_t>(28 + random.Below(100));
      row.source_port = static_cast<uint16_t>(1024 + random.Below(64512));
    } else {
      row.kind_flags = static_cast<uint8_t>(Kind::kIcmpEchoRequest);
      row.protocol = kProtocolIcmp;
      row.ip_length = 28;
    }
    row.set_bytes(uint64_t{row.packets} * row.ip_length);
  }
  return rows;
}

v1::Identity SomeIdentity() {
  v1::Identity identity;
  identity.set_sensor("test");
  identity.set_spool(std::string(16, '\x01'));
  identity.set_sequence(1);
  return identity;
}

double SealedBytesPerTuple(uint64_t sources) {
  const std::vector<FlowRow> rows = BackgroundRadiation(50'000, sources);
  const auto envelope = SealBytes(SomeIdentity(), EncodeSummaryBytes(Context(), WindowOf(rows)));
  EXPECT_TRUE(envelope.ok()) << envelope.status();
  const auto per_tuple = [&](std::size_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(rows.size());
  };
  std::printf("%lu sources: sealed %.2f bytes a tuple, raw %.2f\n",
              static_cast<unsigned long>(sources), per_tuple(envelope->ByteSizeLong()),
              per_tuple(envelope->raw_size_bytes()));
  return per_tuple(envelope->ByteSizeLong());
}

TEST(EncodeSize, ATupleCostsElevenBytesAtMost) { EXPECT_LE(SealedBytesPerTuple(5'000), 11.0); }

// Nearly every tuple with a source of its own. Two bytes a tuple are the sources themselves: the
// gaps between 50,000 random addresses carry 17.8 bits each.
TEST(EncodeSize, RandomSourcesCostTheirOwnBitsMore) {
  EXPECT_LE(SealedBytesPerTuple(1ULL << 40), 12.5);
}

TEST(EncodeSize, AnIdleWindowIsSmall) {
  const auto envelope = SealBytes(SomeIdentity(), EncodeSummaryBytes(Context(), WindowOf({})));
  ASSERT_TRUE(envelope.ok());
  std::printf("idle window: %zu bytes\n", envelope->ByteSizeLong());
  EXPECT_LE(envelope->ByteSizeLong(), 400U);
}

// The most a table can hold fits the limits of an envelope, and does not take long.
TEST(EncodeSize, AFullTableFits) {
  const std::vector<FlowRow> rows = BackgroundRadiation((1U << 19) - 8192, 1U << 18);
  const std::clock_t start = std::clock();
  const std::string bytes = EncodeSummaryBytes(Context(), WindowOf(rows));
  const std::clock_t encoded = std::clock();
  const auto envelope = SealBytes(SomeIdentity(), bytes);
  const std::clock_t sealed = std::clock();
  ASSERT_TRUE(envelope.ok()) << envelope.status();
  const auto cpu_ms = [](std::clock_t from, std::clock_t to) {
    return 1000.0 * static_cast<double>(to - from) / CLOCKS_PER_SEC;
  };
  std::printf("%zu rows: encode %.0f ms CPU, seal %.0f ms CPU, %zu bytes\n", rows.size(),
              cpu_ms(start, encoded), cpu_ms(encoded, sealed), envelope->ByteSizeLong());
  const std::clock_t begin = std::clock();
  const auto opened = Open(*envelope);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::clock_t parsed = std::clock();
  const absl::Status valid = ValidateSummary(*opened);
  EXPECT_TRUE(valid.ok()) << valid;
  std::printf("open %.0f ms CPU, validate %.0f ms CPU\n", cpu_ms(begin, parsed),
              cpu_ms(parsed, std::clock()));
}

}  // namespace
}  // namespace teiten
