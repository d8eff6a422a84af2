// SPDX-License-Identifier: Apache-2.0
// A worker's and an encoder's thread on one exchange: every window arrives once, in order, whole,
// and a worker that finds no empty table loses nothing. ThreadSanitizer sees whether the contents
// may really be read; so the threads share nothing else but relaxed flags, which order nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "sensor/aggregate/window_buffer.h"

namespace teiten {
namespace {

constexpr int64_t kWindows = 2'000;
constexpr uint32_t kRows = FlowTable::kLeastRows;

FlowRow OnePacket(uint32_t source) {
  FlowRow row;
  row.source.low = source;
  row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  row.protocol = kProtocolTcp;
  row.port = 23;
  row.packets = 1;
  row.set_bytes(40);
  return row;
}

void Count(WindowBuffer& window, uint32_t source) {
  const FlowRow row = OnePacket(source);
  window.table.Count(row, window.table.Hash(row));
  ++window.counts.fates[static_cast<std::size_t>(Fate::kObserved)];
  window.counts.observed_bytes += 40;
}

// The encoder's part: what a window says of itself agrees with what is in it.
uint64_t CheckAndClear(WindowBuffer& window) {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  for (const FlowRow& row : window.table.rows()) {
    EXPECT_GT(row.source.low, static_cast<uint64_t>(window.times.start_ms));
    packets += row.packets;
    bytes += row.bytes();
  }
  EXPECT_EQ(packets, window.counts.of(Fate::kObserved));
  EXPECT_EQ(bytes, window.counts.observed_bytes);
  window.times = {};
  window.counts = {};
  window.table.Clear();
  return packets;
}

// Live: a window whose successor has no table stays open and counts on.
TEST(WindowExchange, TwoThreadsLiveWindowsGrowAndLoseNothing) {
  WindowExchange exchange(kRows);
  std::atomic<bool> worker_was_starved{false};
  uint64_t starved = 0;
  uint64_t counted = 0;
  std::thread worker([&] {
    WindowBuffer* open = exchange.TryTakeEmpty();
    for (int64_t number = 0; number < kWindows;) {
      open->times.start_ms = number;
      for (uint32_t i = 1; i <= 20; ++i, ++counted) {
        Count(*open, static_cast<uint32_t>(number) + i);
      }
      WindowBuffer* const next = exchange.TryTakeEmpty();
      if (next == nullptr) {
        ++starved;
        worker_was_starved.store(true, std::memory_order_relaxed);
        std::this_thread::yield();
        continue;
      }
      exchange.HandOver(open);
      open = next;
      ++number;
    }
    exchange.Finish();
  });
  uint64_t received = 0;
  int64_t expected = 0;
  while (WindowBuffer* const window = exchange.WaitClosed()) {
    // The worker fills the other table meanwhile, and must find out that this one is not back.
    while (!worker_was_starved.load(std::memory_order_relaxed)) std::this_thread::yield();
    EXPECT_EQ(window->times.start_ms, expected++);
    received += CheckAndClear(*window);
    exchange.GiveBack(window);
  }
  worker.join();
  EXPECT_EQ(expected, kWindows);
  EXPECT_EQ(received, counted);
  EXPECT_GT(starved, 0);
}

// From a file the worker waits for its table; each window is what it would be on its own.
TEST(WindowExchange, TwoThreadsAFileWaitsForItsTable) {
  WindowExchange exchange(kRows);
  std::thread worker([&] {
    for (int64_t number = 0; number < kWindows; ++number) {
      WindowBuffer* const open = exchange.WaitEmpty();
      EXPECT_TRUE(open->table.rows().empty());
      open->times.start_ms = number;
      for (int64_t i = 0; i <= number % 50; ++i) Count(*open, static_cast<uint32_t>(number + 1));
      exchange.HandOver(open);
    }
    exchange.Finish();
  });
  int64_t expected = 0;
  while (WindowBuffer* const window = exchange.WaitClosed()) {
    EXPECT_EQ(window->times.start_ms, expected);
    EXPECT_EQ(CheckAndClear(*window), static_cast<uint64_t>(expected % 50 + 1));
    ++expected;
    exchange.GiveBack(window);
  }
  worker.join();
  EXPECT_EQ(expected, kWindows);
}

}  // namespace
}  // namespace teiten
