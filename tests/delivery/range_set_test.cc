// SPDX-License-Identifier: Apache-2.0
#include "common/range_set.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace teiten {
namespace {

// Against std::set, the slow and obvious one.
TEST(RangeSet, EqualsASetOfNumbers) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    RangeSet ranges;
    std::set<uint64_t> numbers;
    for (int step = 0; step < 60; ++step) {
      const uint64_t first = random() % 50 + 1;
      const uint64_t last = first + random() % 8;
      const bool add = random() % 3 != 0;
      add ? ranges.Add(first, last) : ranges.Remove(first, last);
      for (uint64_t n = first; n <= last; ++n)
        add ? void(numbers.insert(n)) : void(numbers.erase(n));
      ASSERT_EQ(ranges.count(), numbers.size());
      ASSERT_EQ(ranges.CountWithin(first, last),
                std::distance(numbers.lower_bound(first), numbers.upper_bound(last)));
      ASSERT_EQ(ranges.CountWithin(last, last + 20),
                std::distance(numbers.lower_bound(last), numbers.upper_bound(last + 20)));
      for (uint64_t n = 0; n < 62; ++n) ASSERT_EQ(ranges.Contains(n), numbers.contains(n)) << n;
      ASSERT_EQ(ranges.highest(), numbers.empty() ? 0 : *numbers.rbegin());
      uint64_t run = 0;
      while (numbers.contains(run + 1)) ++run;
      ASSERT_EQ(ranges.RunFrom(1), run);
      const auto list = ranges.ToVector();
      for (std::size_t i = 1; i < list.size(); ++i) {
        ASSERT_GT(list[i].first, list[i - 1].last + 1) << "touching ranges must be one";
      }
    }
  }
}

TEST(RangeSet, HoldsTheEndsOfTheNumbers) {
  RangeSet ranges;
  ranges.Add(5, std::numeric_limits<uint64_t>::max());
  ranges.Add(1, 4);
  EXPECT_EQ(ranges.ranges(), 1);
  ranges.Remove(6, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(ranges.highest(), 5);
  ranges.Add(9, 8);
  EXPECT_EQ(ranges.count(), 5);
}

}  // namespace
}  // namespace teiten
