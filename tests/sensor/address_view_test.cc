// SPDX-License-Identifier: Apache-2.0
// Own and observed addresses, N4 and P6, and the bit each observed address owns.
#include "sensor/classify/address_view.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "common/flow_row.h"
#include "sensor/memory_plan.h"

namespace teiten {
namespace {

std::vector<Prefix> Prefixes(const std::vector<std::string>& texts) {
  std::vector<Prefix> prefixes;
  for (const std::string& text : texts) prefixes.push_back(ParsePrefix(text).value());
  return prefixes;
}

AddressView View(const std::vector<std::string>& own, const std::vector<std::string>& observed) {
  return AddressView(Prefixes(own), Prefixes(observed), PublishedKey());
}

Address At(const std::string& text) { return ParseAddress(text)->address; }

TEST(AddressView, OwnIsMoreThanObserved) {
  const AddressView view = View({"192.0.2.1", "2001:db8::1"}, {"203.0.113.0/24"});
  EXPECT_TRUE(view.IsOwn(Family::kIpv4, At("192.0.2.1")));
  EXPECT_FALSE(view.IsObserved(Family::kIpv4, At("192.0.2.1")));
  EXPECT_TRUE(view.IsOwn(Family::kIpv4, At("203.0.113.0")));
  EXPECT_TRUE(view.IsObserved(Family::kIpv4, At("203.0.113.255")));
  EXPECT_FALSE(view.IsOwn(Family::kIpv4, At("203.0.114.0")));
  EXPECT_FALSE(view.IsOwn(Family::kIpv4, At("203.0.112.255")));
  EXPECT_TRUE(view.IsOwn(Family::kIpv6, At("2001:db8::1")));
  EXPECT_FALSE(view.IsOwn(Family::kIpv6, At("2001:db8::2")));
}

TEST(AddressView, ManyRangesAreFoundByBinarySearch) {
  std::vector<std::string> observed;
  for (int i = 0; i < 200; i += 2) observed.push_back("10.0." + std::to_string(i) + ".0/24");
  const AddressView view = View({}, observed);
  for (int i = 0; i < 201; ++i) {
    const Address a = At("10.0." + std::to_string(i) + ".77");
    EXPECT_EQ(view.IsObserved(Family::kIpv4, a), i % 2 == 0 && i < 200) << i;
  }
  EXPECT_EQ(view.n4(), 25'600U);
}

TEST(AddressView, OverlapsCountOnce) {
  EXPECT_EQ(View({}, {"203.0.113.0/25", "203.0.113.0/24", "203.0.113.7"}).n4(), 256U);
  EXPECT_EQ(View({}, {"203.0.113.0/25", "203.0.113.128/25"}).n4(), 256U) << "neighbours";
  // A single address counts as its /64, once.
  EXPECT_EQ(View({}, {"2001:db8::1", "2001:db8::2", "2001:db8:0:1::/64"}).p6(), 2U);
  EXPECT_EQ(View({}, {"2001:db8::/48"}).p6(), 65'536U);
  EXPECT_EQ(View({}, {"2001:db8::/48"}).n4(), 0U);
  EXPECT_EQ(View({}, {"0.0.0.0/0"}).n4(), uint64_t{1} << 32);
}

TEST(AddressView, EverythingKnowsNoNumbers) {
  const AddressView view = AddressView::Everything(PublishedKey());
  EXPECT_TRUE(view.everything());
  EXPECT_FALSE(view.n4().has_value());
  EXPECT_FALSE(view.p6().has_value());
  EXPECT_FALSE(view.bitmap_exact(Family::kIpv4));
  EXPECT_EQ(std::popcount(view.BitmapBit(Family::kIpv4, At("198.51.100.1"))), 1);
}

TEST(AddressView, UpTo64AddressesOwnABitEach) {
  const AddressView view = View({}, {"203.0.113.0/27", "198.51.100.64/27"});
  ASSERT_TRUE(view.bitmap_exact(Family::kIpv4));
  uint64_t all = 0;
  for (uint64_t i = 0; i < 32; ++i) {
    all |= view.BitmapBit(Family::kIpv4, {0, At("203.0.113.0").low + i});
    all |= view.BitmapBit(Family::kIpv4, {0, At("198.51.100.64").low + i});
  }
  EXPECT_EQ(all, UINT64_MAX);
  EXPECT_FALSE(View({}, {"203.0.113.0/27", "198.51.100.0/26"}).bitmap_exact(Family::kIpv4));
}

TEST(AddressView, FamiliesAreExactEachForItself) {
  const AddressView view = View({}, {"203.0.113.0/28", "2001:db8::/64"});
  EXPECT_TRUE(view.bitmap_exact(Family::kIpv4));
  EXPECT_FALSE(view.bitmap_exact(Family::kIpv6));
}

TEST(AddressView, AnotherKeyOrdersTheBitsAnew) {
  Key128 other = PublishedKey();
  other[0] ^= 1;
  const std::vector<Prefix> observed = Prefixes({"203.0.113.0/26"});
  const AddressView a({}, observed, PublishedKey()), b({}, observed, other);
  int same = 0;
  for (uint64_t i = 0; i < 64; ++i) {
    const Address at{0, At("203.0.113.0").low + i};
    same += a.BitmapBit(Family::kIpv4, at) == b.BitmapBit(Family::kIpv4, at) ? 1 : 0;
  }
  EXPECT_LT(same, 12) << "one in 64 falls on its own place by chance";
}

// Neighbouring addresses, which is what a sweep hits: the estimate has to be as good as for random
// ones, under any key. Its standard error at 64 addresses is 11 %.
TEST(AddressView, HashedBitsOfNeighboursAreAsRandom) {
  constexpr int kKeys = 1000;
  const std::vector<Prefix> observed = Prefixes({"203.0.113.0/24", "2001:db8::/64"});
  for (const auto& [family, first] :
       {std::pair(Family::kIpv4, At("203.0.113.64")), {Family::kIpv6, At("2001:db8::40")}}) {
    double sum = 0;
    int far = 0;
    for (int k = 0; k < kKeys; ++k) {
      Key128 key = PublishedKey();
      key[0] = static_cast<uint8_t>(k);
      key[1] = static_cast<uint8_t>(k >> 8);
      const AddressView view({}, observed, key);
      uint64_t bitmap = 0;
      for (uint64_t i = 0; i < 64; ++i) {
        bitmap |= view.BitmapBit(family, {first.high, first.low + i});
      }
      const uint32_t estimate = DestinationCount(bitmap, false);
      sum += estimate;
      far += estimate < 45 || estimate > 90 ? 1 : 0;
    }
    EXPECT_NEAR(sum / kKeys, 64.5, 1.5);
    EXPECT_LT(far, kKeys / 100);
  }
}

TEST(MemoryPlan, DefaultIsTwoTablesOf393216Rows) {
  const absl::StatusOr<MemoryPlan> plan = PlanMemory(128 << 20, 16 << 20, 1);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->rows_per_table, 393'216U);
}

TEST(MemoryPlan, NeverPastTheRowNumbersAnIndexWordHolds) {
  const absl::StatusOr<MemoryPlan> plan = PlanMemory(int64_t{8} << 30, 16 << 20, 1);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->rows_per_table, (1U << 19) - 8192);
}

TEST(MemoryPlan, TooLittleSaysTheLeast) {
  const absl::StatusOr<MemoryPlan> plan = PlanMemory(70 << 20, 16 << 20, 1);
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.status().message().find("least that works"), absl::string_view::npos);
}

}  // namespace
}  // namespace teiten
