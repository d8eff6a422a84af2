// SPDX-License-Identifier: Apache-2.0
#include "common/spsc_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace teiten {
namespace {

TEST(SpscRing, TakesItsCapacityAndNoMore) {
  SpscRing<int, 4> ring;
  EXPECT_FALSE(ring.TryPop().has_value());
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.TryPush(round * 4 + i));
    EXPECT_FALSE(ring.TryPush(99));
    EXPECT_EQ(ring.SizeEstimate(), 4U);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(ring.TryPop(), round * 4 + i);
    EXPECT_FALSE(ring.TryPop().has_value());
  }
}

TEST(SpscRing, LeavesARefusedValueWithItsOwner) {
  SpscRing<std::unique_ptr<int>, 1> ring;
  auto kept = std::make_unique<int>(1);
  auto refused = std::make_unique<int>(2);
  EXPECT_TRUE(ring.TryPush(std::move(kept)));
  EXPECT_FALSE(ring.TryPush(std::move(refused)));
  ASSERT_NE(refused, nullptr);  // NOLINT(bugprone-use-after-move): that is the promise
  EXPECT_EQ(*refused, 2);
}

TEST(SpscRing, KeepsNothingAliveThatWasTaken) {
  SpscRing<std::shared_ptr<int>, 2> ring;
  auto value = std::make_shared<int>(7);
  EXPECT_TRUE(ring.TryPush(std::shared_ptr<int>(value)));
  EXPECT_EQ(value.use_count(), 2);
  EXPECT_EQ(ring.TryPop().value(), value);
  EXPECT_EQ(value.use_count(), 1);
}

// Every value arrives once and in order, and what it points to is visible (TSan checks that). Each
// side is made to meet the other's limit: the consumer begins when the producer was refused, the
// producer goes on in the middle when the consumer found nothing. The flags are relaxed, so that
// nothing but the ring orders the two threads.
TEST(SpscRing, TwoThreads) {
  constexpr int kValues = 200'000;
  SpscRing<std::unique_ptr<int>, 8> ring;
  std::atomic<uint64_t> refused{0};
  std::atomic<uint64_t> starved{0};
  const auto wait_for = [](const std::atomic<uint64_t>& count, uint64_t more_than) {
    while (count.load(std::memory_order_relaxed) <= more_than) std::this_thread::yield();
  };
  std::thread producer([&] {
    for (int i = 0; i < kValues; ++i) {
      if (i == kValues / 2) wait_for(starved, starved.load(std::memory_order_relaxed));
      auto value = std::make_unique<int>(i);
      while (!ring.TryPush(std::move(value))) {
        refused.fetch_add(1, std::memory_order_relaxed);
        std::this_thread::yield();
      }
    }
  });
  wait_for(refused, 0);
  int out_of_order = 0;
  EXPECT_EQ(ring.SizeEstimate(), ring.capacity());
  for (int expected = 0; expected < kValues;) {
    const auto value = ring.TryPop();
    if (!value.has_value()) {
      starved.fetch_add(1, std::memory_order_relaxed);
      std::this_thread::yield();
      continue;
    }
    out_of_order += **value == expected++ ? 0 : 1;
  }
  producer.join();
  EXPECT_EQ(out_of_order, 0);
  EXPECT_FALSE(ring.TryPop().has_value());
  EXPECT_GT(refused, 0);
  EXPECT_GT(starved, 0);
}

}  // namespace
}  // namespace teiten
