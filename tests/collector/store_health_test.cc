// SPDX-License-Identifier: Apache-2.0
#include "collector/store/store_health.h"

#include <gmock/gmock.h>

namespace teiten {
namespace {

using testing::HasSubstr;
using testing::Not;
using Task = StoreHealth::Task;

const absl::Status kFull = absl::ResourceExhaustedError("disk full");

class StoreHealthTest : public testing::Test {
 protected:
  int64_t now_ms_ = 0;
  StoreHealth health_{testing::TempDir(), [this] { return now_ms_; }};
};

// A greeting is refused and taken a second later; the next one may come in a month.
TEST_F(StoreHealthTest, WhatIsSeldomDoneIsOverWithoutBeingDoneAgain) {
  health_.Note(Task::kRecord, kFull);
  now_ms_ += 1'000;
  health_.Note(Task::kRecord, absl::OkStatus());
  EXPECT_NE(health_.trouble(), "");
  now_ms_ += StoreHealth::kCalmMs;
  EXPECT_EQ(health_.trouble(), "");
  health_.Note(Task::kFacts, absl::OkStatus());
  now_ms_ += 86'400'000;
  health_.Note(Task::kFacts, kFull);
  EXPECT_THAT(health_.trouble(), HasSubstr("no summaries for 0"));
}

TEST_F(StoreHealthTest, WhatHasNotWorkedSinceIsNotOver) {
  health_.Note(Task::kFacts, kFull);
  health_.Note(Task::kRecord, absl::OkStatus());
  now_ms_ += 10 * StoreHealth::kCalmMs;
  health_.Note(Task::kRecord, absl::OkStatus());
  EXPECT_THAT(health_.trouble(), HasSubstr("no summaries for 1m 40s"));
}

// Sensors keep what is not taken; of rollups they know nothing.
TEST_F(StoreHealthTest, SaysOfSensorsWhatIsTrue) {
  health_.Note(Task::kRollups, kFull);
  EXPECT_THAT(health_.trouble(), HasSubstr("no rollups"));
  EXPECT_THAT(health_.trouble(), Not(HasSubstr("Sensors keep")));
  health_.Note(Task::kFacts, kFull);
  EXPECT_THAT(health_.trouble(), HasSubstr("Sensors keep what comes meanwhile."));
}

}  // namespace
}  // namespace teiten
