// SPDX-License-Identifier: Apache-2.0
// Windows by packet time, from files and live: what closes, when, with which flags, and that every
// packet is in exactly one of them.
#include "sensor/capture/capture_worker.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "sensor/aggregate/window_clock.h"

namespace teiten {
namespace {

constexpr int64_t kStart = 1'790'000'040LL * kNsPerSecond;  // a whole minute
constexpr int64_t kMinute = 60 * kNsPerSecond;
constexpr int64_t kHour = 60 * kMinute;

struct Closed {
  WindowTimes times;
  WindowCounts counts;
  std::size_t rows;
};

// A worker whose windows are taken as the encoder would: from a file by a thread, because the
// worker waits for it; live by the test itself, to be slow on purpose.
class Bench {
 public:
  explicit Bench(bool from_file)
      : services_({}),
        solicited_(PublishedKey(), &services_),
        inputs_({.view = std::make_shared<AddressView>(AddressView::Everything(PublishedKey())),
                 .bitmap_key_id = 0,
                 .sketch_key = PublishedKey(),
                 .sketch_key_id = 0}),
        exchange_(FlowTable::kLeastRows),
        worker_(Setup(from_file), &exchange_, &inputs_, &services_, &solicited_),
        take_at_once(!from_file) {
    if (from_file) {
      encoder_ = std::thread([this] {
        while (WindowBuffer* window = exchange_.WaitClosed()) Keep(window);
      });
    }
  }

  void Packet(int64_t t_ns) {
    worker_.Add(t_ns, {kSyn, sizeof(kSyn), sizeof(kSyn)});
    if (take_at_once) Take();
  }
  void BadTime() { worker_.AddBadTime({kSyn, sizeof(kSyn), sizeof(kSyn)}); }
  void Tick(int64_t wall_ns, int64_t mono_ns, bool empty = true) {
    worker_.Tick(wall_ns, mono_ns, empty);
    if (take_at_once) Take();
  }
  void Finish() {
    worker_.Finish();
    if (encoder_.joinable()) {
      encoder_.join();
    } else {
      Take();
    }
  }
  // What the worker has handed over so far.
  void Take() {
    while (exchange_.has_closed()) Keep(exchange_.WaitClosed());
  }
  [[nodiscard]] CaptureWorker& worker() { return worker_; }
  [[nodiscard]] uint64_t captured() const {
    uint64_t sum = 0;
    for (const Closed& window : closed) sum += window.counts.captured();
    return sum;
  }

  std::vector<Closed> closed;  // from a file: after Finish

 private:
  void Keep(WindowBuffer* window) {
    closed.push_back({window->times, window->counts, window->table.rows().size()});
    window->table.Clear();
    exchange_.GiveBack(window);
  }
  static CaptureSetup Setup(bool from_file) {
    CaptureSetup setup;
    setup.link = LinkType::kRaw;
    setup.from_file = from_file;
    return setup;
  }
  // 192.0.2.1:1024 > 203.0.113.1:23, SYN.
  static constexpr uint8_t kSyn[40] = {0x45, 0, 0,   40, 0,    0, 0, 0, 50, 6,  0, 0, 192, 0,
                                       2,    1, 203, 0,  113,  1, 4, 0, 0,  23, 0, 0, 0,   1,
                                       0,    0, 0,   0,  0x50, 2, 4, 0, 0,  0,  0, 0};
  ServiceTable services_;
  SolicitedTable solicited_;
  WindowInputsBox inputs_;
  WindowExchange exchange_;
  CaptureWorker worker_;
  std::thread encoder_;

 public:
  bool take_at_once;
};

TEST(FileWindows, AreAlignedAndTheEdgesArePartial) {
  Bench bench(true);
  bench.Packet(kStart + 10 * kNsPerSecond);
  bench.Packet(kStart + kMinute - 1);
  bench.Packet(kStart + kMinute);
  bench.Packet(kStart + 2 * kMinute + 5);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 3U);
  EXPECT_EQ(bench.closed[0].times.start_ms, kStart / kNsPerMs);
  EXPECT_EQ(bench.closed[0].times.live_from_ms, kStart / kNsPerMs + 10'000);
  EXPECT_TRUE(bench.closed[0].times.partial);
  EXPECT_EQ(bench.closed[0].counts.captured(), 2U) << "half-open";
  EXPECT_FALSE(bench.closed[1].times.partial);
  EXPECT_EQ(bench.closed[1].times.live_ms, 60'000U);
  EXPECT_TRUE(bench.closed[2].times.partial);
  EXPECT_EQ(bench.closed[2].times.live_ms, 1U);
}

TEST(FileWindows, AHoleOfAnHourIsEmptyWindowsALongerOneAGap) {
  Bench bench(true);
  bench.Packet(kStart);
  bench.Packet(kStart + kHour);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 61U);
  EXPECT_EQ(bench.closed[30].counts.captured(), 0U);
  EXPECT_EQ(bench.closed[30].times.live_ms, 60'000U);

  Bench gap(true);
  gap.Packet(kStart);
  gap.Packet(kStart + kHour + 1);
  gap.Finish();
  ASSERT_EQ(gap.closed.size(), 2U);
  EXPECT_EQ(gap.closed[0].times.live_ms, 1U) << "watched until its last packet";
  EXPECT_TRUE(gap.closed[0].times.partial);
  EXPECT_EQ(gap.closed[1].times.live_from_ms, (kStart + kHour) / kNsPerMs);
}

TEST(FileWindows, LateAndBadPacketsAreCountedIntoTheOpenWindow) {
  Bench bench(true);
  bench.Packet(kStart + kMinute);
  bench.Packet(kStart + 5);
  bench.BadTime();
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 1U);
  EXPECT_EQ(bench.closed[0].counts.late, 1U);
  EXPECT_EQ(bench.closed[0].counts.time_bad, 1U);
  EXPECT_EQ(bench.closed[0].counts.captured(), 3U);
  EXPECT_EQ(bench.closed[0].times.start_ms, (kStart + kMinute) / kNsPerMs);
}

TEST(FileWindows, AThousandPacketsThatStayBehindStepTheClock) {
  Bench bench(true);
  bench.Packet(kStart);
  for (int i = 0; i < 999; ++i) bench.Packet(kStart - kHour + i);
  EXPECT_EQ(bench.worker().windows_closed(), 0U);
  bench.Packet(kStart - kHour + 999);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_TRUE(bench.closed[0].times.clock_stepped);
  EXPECT_EQ(bench.closed[0].counts.late, 999U);
  EXPECT_EQ(bench.closed[1].counts.captured(), 1U);
  EXPECT_EQ(bench.closed[1].times.start_ms, (kStart - kHour) / kNsPerMs);
}

TEST(FileWindows, OneInTimeBetweenThemKeepsTheWindow) {
  Bench bench(true);
  bench.Packet(kStart);
  for (int i = 0; i < 2000; ++i) bench.Packet(i == 998 ? kStart + 1 : kStart - kHour);
  EXPECT_EQ(bench.worker().windows_closed(), 1U) << "by the second run, of 1,001";
  bench.Finish();
}

TEST(FileWindows, TimesBefore1970AndAfter2106AreWindowsToo) {
  Bench bench(true);
  bench.Packet(-5);
  bench.Packet(5'000'000'000LL * kNsPerSecond);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_EQ(bench.closed[0].times.start_ms, -60'000);
  EXPECT_EQ(bench.captured(), 2U);
}

TEST(FarAhead, InAFileIsBelievedUnlessTheNextComeBack) {
  const int64_t t = kStart + 2 * kHour;
  const std::vector<int64_t> later = {t + 1, t + 2}, back = {t + 1, kStart + 5};
  EXPECT_TRUE(WindowClock::BelieveByNext(t, later));
  EXPECT_FALSE(WindowClock::BelieveByNext(t, back));
  EXPECT_TRUE(WindowClock::BelieveByNext(t, {}));
  const std::vector<int64_t> edge = {t - kHour}, beyond = {t - kHour - 1};
  EXPECT_TRUE(WindowClock::BelieveByNext(t, edge));
  EXPECT_FALSE(WindowClock::BelieveByNext(t, beyond));
}

TEST(FarAhead, LiveIsBelievedWithTheMonotonicClockOrInCompany) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Packet(kStart + 1);
  for (int i = 0; i < 15; ++i) bench.Packet(kStart + 3 * kHour + i);
  bench.Take();
  EXPECT_TRUE(bench.closed.empty());
  bench.Packet(kStart + 3 * kHour + 15);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U) << "a gap, not 180 empty windows";
  EXPECT_EQ(bench.closed[0].counts.time_bad, 15U);
  EXPECT_EQ(bench.closed[1].counts.captured(), 1U);
}

TEST(LiveWindows, CloseOnTimeWithoutPackets) {
  Bench bench(false);
  bench.worker().BeginLive(kStart + 15 * kNsPerSecond, 0);
  bench.Tick(kStart + kMinute + 240 * kNsPerMs, 45'240 * kNsPerMs);
  EXPECT_TRUE(bench.closed.empty()) << "a block may still retire";
  bench.Tick(kStart + kMinute + 251 * kNsPerMs, 45'251 * kNsPerMs, false);
  EXPECT_TRUE(bench.closed.empty()) << "the ring is not empty";
  bench.Tick(kStart + kMinute + 252 * kNsPerMs, 45'252 * kNsPerMs);
  ASSERT_EQ(bench.closed.size(), 1U);
  EXPECT_TRUE(bench.closed[0].times.partial);
  EXPECT_EQ(bench.closed[0].times.live_to_ms, (kStart + kMinute) / kNsPerMs);
  bench.Tick(kStart + 2 * kMinute + 300 * kNsPerMs, 105'300 * kNsPerMs);
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_FALSE(bench.closed[1].times.partial);
}

TEST(LiveWindows, StayOpenWhereNoTableIsFreeAndLoseNothing) {
  Bench bench(false);
  bench.take_at_once = false;
  bench.worker().BeginLive(kStart, 0);
  int64_t t = kStart;
  uint64_t sent = 0;
  for (int minute = 0; minute < 5; ++minute) {
    for (int i = 0; i < 100; ++i, ++sent) bench.Packet(t + i * kNsPerMs);
    t += kMinute;
    bench.Tick(t, t - kStart);
  }
  bench.Take();  // the encoder comes back
  bench.Packet(t + kNsPerSecond);
  bench.Finish();
  ASSERT_GE(bench.closed.size(), 3U);
  EXPECT_FALSE(bench.closed[0].times.extended);
  EXPECT_TRUE(bench.closed[1].times.extended);
  EXPECT_GT(bench.closed[1].times.live_to_ms, bench.closed[1].times.end_ms);
  EXPECT_EQ(bench.captured(), sent + 1);
}

TEST(LiveWindows, AClockSetBackStepsAfterTenSeconds) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Tick(kStart + kNsPerSecond, kNsPerSecond);
  for (int s = 2; s < 11; ++s) bench.Tick(kStart - kHour + s * kNsPerSecond, s * kNsPerSecond);
  EXPECT_TRUE(bench.closed.empty());
  bench.Tick(kStart - kHour + 13 * kNsPerSecond, 13 * kNsPerSecond);
  ASSERT_EQ(bench.closed.size(), 1U);
  EXPECT_TRUE(bench.closed[0].times.clock_stepped);
  bench.Packet(kStart - kHour + 14 * kNsPerSecond);
  bench.Finish();
  EXPECT_EQ(bench.closed[1].counts.late, 0U);
}

TEST(LiveWindows, AStoppedProcessLeavesAGap) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Tick(kStart + 30 * kNsPerSecond, 30 * kNsPerSecond);
  bench.Tick(kStart + kHour, kHour);
  ASSERT_EQ(bench.closed.size(), 1U) << "nobody watched the 58 windows between";
  EXPECT_EQ(bench.closed[0].times.live_to_ms, (kStart + 30 * kNsPerSecond) / kNsPerMs);
  EXPECT_EQ(bench.closed[0].times.live_ms, 30'000U) << "not the hour that nobody watched";
  EXPECT_TRUE(bench.closed[0].times.partial);
  bench.Tick(kStart + kHour + 5 * kNsPerSecond, kHour + 5 * kNsPerSecond);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_EQ(bench.closed[1].times.live_from_ms, (kStart + kHour) / kNsPerMs);
  EXPECT_EQ(bench.closed[1].times.live_ms, 5'000U);
}

TEST(LiveWindows, WhatTheRingKeptOfAStoppedProcessWasWatched) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Tick(kStart + 30 * kNsPerSecond, 30 * kNsPerSecond);
  for (int s = 31; s <= 40; ++s) bench.Packet(kStart + s * kNsPerSecond);
  bench.Tick(kStart + kHour, kHour, false);
  EXPECT_TRUE(bench.closed.empty()) << "there may be more in the ring";
  bench.Tick(kStart + kHour + kNsPerMs, kHour + kNsPerMs);
  ASSERT_EQ(bench.closed.size(), 1U) << "after its last packet nobody watched";
  EXPECT_EQ(bench.closed[0].times.live_to_ms, (kStart + 40 * kNsPerSecond) / kNsPerMs);
  EXPECT_EQ(bench.closed[0].times.live_ms, 40'000U);
  EXPECT_EQ(bench.closed[0].counts.captured(), 10U);
}

TEST(LiveWindows, AGapBetweenPacketsOfTheRingIsNotWatched) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Tick(kStart + 30 * kNsPerSecond, 30 * kNsPerSecond);
  bench.Packet(kStart + 31 * kNsPerSecond);
  bench.Packet(kStart + 59 * kMinute);
  ASSERT_EQ(bench.closed.size(), 1U);
  EXPECT_EQ(bench.closed[0].times.live_to_ms, (kStart + 31 * kNsPerSecond) / kNsPerMs);
  EXPECT_LE(bench.closed[0].times.live_ms, 31'000U);
  bench.Tick(kStart + kHour - kNsPerSecond, kHour - kNsPerSecond, false);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_EQ(bench.closed[1].times.live_from_ms, (kStart + 59 * kMinute) / kNsPerMs);
  EXPECT_EQ(bench.closed[1].times.live_ms, 59'000U);
}

TEST(LiveWindows, APacketThatEndsTheStopTakesNoTimeFromIt) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  bench.Tick(kStart + 30 * kNsPerSecond, 30 * kNsPerSecond);
  bench.Packet(kStart + kHour);
  bench.Tick(kStart + kHour + kNsPerSecond, kHour + kNsPerSecond);
  bench.Tick(kStart + kHour + 21 * kNsPerSecond, kHour + 21 * kNsPerSecond);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 2U);
  EXPECT_EQ(bench.closed[0].times.live_ms, 30'000U);
  EXPECT_EQ(bench.closed[1].times.live_ms, 21'000U);
  EXPECT_TRUE(bench.closed[1].times.partial);
}

TEST(LiveWindows, TimeInWhichNothingCanArriveIsNotLive) {
  Bench bench(false);
  bench.worker().BeginLive(kStart, 0);
  const auto tick = [&](int64_t s) { bench.Tick(kStart + s * kNsPerSecond, s * kNsPerSecond); };
  tick(20);
  bench.worker().SetReceiving(false);
  tick(50);
  tick(61);  // the first window closes
  tick(121);
  tick(150);
  bench.worker().SetReceiving(true);
  tick(181);
  tick(241);
  bench.Finish();
  ASSERT_EQ(bench.closed.size(), 5U) << "windows close on time all the same";
  const uint64_t live_ms[] = {20'000, 0, 31'000, 60'000, 0};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(bench.closed[i].times.live_ms, live_ms[i]) << i;
  EXPECT_TRUE(bench.closed[0].times.partial);
  EXPECT_TRUE(bench.closed[1].times.partial);
  EXPECT_EQ(bench.closed[1].times.live_to_ms, (kStart + 2 * kMinute) / kNsPerMs);
  EXPECT_TRUE(bench.closed[2].times.partial);
  EXPECT_FALSE(bench.closed[3].times.partial);
}

}  // namespace
}  // namespace teiten
