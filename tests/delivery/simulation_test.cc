// SPDX-License-Identifier: Apache-2.0
// TEITEN_SEED=N runs that seed alone, with its log; TEITEN_SEEDS=FIRST-LAST runs those, both
// included. Without either: 1-250.
#include "tests/delivery/simulation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/log.h"

namespace teiten {
namespace {

struct Seeds {
  uint64_t first = 1;
  uint64_t last = 250;
};

// What cannot be read is an empty range, which the test refuses.
Seeds SeedsToRun() {
  constexpr Seeds kNone{1, 0};
  Seeds seeds;
  if (const char* const one = std::getenv("TEITEN_SEED"); one != nullptr) {
    if (!absl::SimpleAtoi(one, &seeds.first)) return kNone;
    seeds.last = seeds.first;
  } else if (const char* const many = std::getenv("TEITEN_SEEDS"); many != nullptr) {
    const std::pair<std::string, std::string> ends = absl::StrSplit(many, '-');
    if (!absl::SimpleAtoi(ends.first, &seeds.first)) return kNone;
    if (!absl::SimpleAtoi(ends.second, &seeds.last)) return kNone;
  }
  return seeds;
}

void Print(const Outcome& o, uint64_t seeds, double seconds) {
  const auto n = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%llu seeds in %.1f s\n", n(seeds), seconds);
  std::printf(
      "windows: %llu produced = %llu spooled + %llu unwritable + %llu unknown (died in "
      "Submit) + %llu rolled away\n",
      n(o.produced), n(o.spooled), n(o.unwritable), n(o.unknown), n(o.rolled_away));
  std::printf(
      "spooled: %llu stored + %llu shed + %llu quarantined + %llu conflicting + %llu "
      "forgotten by a restored collector + %llu waiting; lost %llu, doubled %llu\n",
      n(o.stored), n(o.shed), n(o.quarantined), n(o.conflicting), n(o.forgotten), n(o.waiting),
      n(o.lost), n(o.doubled));
  std::printf(
      "sensors: %llu kills, %llu power cuts, %llu roll-backs (%llu new spools), %llu disk "
      "faults, %llu rotten files, %llu times unreadable, %llu clock steps\n",
      n(o.kills), n(o.power_cuts), n(o.roll_backs), n(o.new_spools), n(o.disk_faults),
      n(o.rotten_files), n(o.unreadable), n(o.clock_steps));
  std::printf("collector: %llu crashes, %llu restores, %llu times full, %llu duplicates\n",
              n(o.collector_crashes), n(o.restores), n(o.store_full), n(o.duplicates));
  std::printf("lines: %llu cuts; of %llu messages %llu dropped, %llu doubled\n", n(o.line_cuts),
              n(o.messages), n(o.dropped), n(o.doubled_messages));
}

TEST(Simulation, NothingSpooledIsLostOrDoubled) {
  const Seeds seeds = SeedsToRun();
  ASSERT_LE(seeds.first, seeds.last) << "TEITEN_SEED takes a number, TEITEN_SEEDS two: 1-20000";
  const uint64_t count = seeds.last - seeds.first + 1;
  // One seed tells its whole story.
  if (count > 1) ConfigureLog({.least = LogLevel::kError});
  Outcome sum;
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    const Outcome outcome = Simulate(seed);
    for (const std::string& violation : outcome.violations) {
      ADD_FAILURE() << "TEITEN_SEED=" << seed << ": " << violation;
    }
    EXPECT_EQ(outcome.produced,
              outcome.spooled + outcome.unwritable + outcome.unknown + outcome.rolled_away);
    EXPECT_EQ(outcome.spooled, outcome.stored + outcome.shed + outcome.quarantined +
                                   outcome.conflicting + outcome.forgotten + outcome.lost);
    sum.Add(outcome);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  Print(sum, count, took.count());
  ConfigureLog({});
  if (count < 250) return;
  // The trouble that the promise is about has really been met.
  EXPECT_GT(sum.kills, count / 2);
  EXPECT_GT(sum.power_cuts, count / 2);
  EXPECT_GT(sum.collector_crashes, count);
  EXPECT_GT(sum.line_cuts, count);
  EXPECT_GT(sum.disk_faults, count);
  EXPECT_GT(sum.roll_backs, count / 10);
  EXPECT_GT(sum.new_spools, 0);
  EXPECT_GT(sum.restores, count / 10);
  EXPECT_GT(sum.unreadable, count / 10);
  EXPECT_GT(sum.clock_steps, count);
  EXPECT_GT(sum.shed, 0);
  EXPECT_GT(sum.quarantined, 0);
  EXPECT_GT(sum.duplicates, 0);
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Outcome a = Simulate(seed);
    const Outcome b = Simulate(seed);
    EXPECT_EQ(a.messages, b.messages);
    EXPECT_EQ(a.stored, b.stored);
    EXPECT_EQ(a.disk_faults, b.disk_faults);
  }
}

}  // namespace
}  // namespace teiten
