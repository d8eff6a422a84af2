// SPDX-License-Identifier: Apache-2.0
#include "collector/query/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "collector/store/zone.h"

namespace teiten {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kDay = 1'795'305'600'000;  // 2026-11-22T00:00:00Z
constexpr int64_t kH = kHourMs;

PlanInput Input(int64_t from, int64_t to) {
  return {.from_unix_ms = kDay + from,
          .to_unix_ms = kDay + to,
          .now_unix_ms = kDay + 100 * kDayMs,
          .utc_offset_ms = 0,
          .facts_kept_ms = 200 * kDayMs,
          .days = false,
          .only_days = false,
          .dirty_hours = {}};
}

Piece P(int64_t from, int64_t to, PieceSource source) { return {kDay + from, kDay + to, source}; }

TEST(Plan, EdgesComeFromFacts) {
  EXPECT_THAT(PlanPieces(Input(kH / 2, 3 * kH + 1)),
              ElementsAre(P(kH / 2, kH, PieceSource::kFacts), P(kH, 3 * kH, PieceSource::kHours),
                          P(3 * kH, 3 * kH + 1, PieceSource::kFacts)));
  EXPECT_THAT(PlanPieces(Input(kH / 2, kH)), ElementsAre(P(kH / 2, kH, PieceSource::kFacts)));
  EXPECT_THAT(PlanPieces(Input(0, kH)), ElementsAre(P(0, kH, PieceSource::kHours)));
}

TEST(Plan, DirtyHoursComeFromFacts) {
  PlanInput input = Input(0, 5 * kH);
  input.dirty_hours = {kDay + 2 * kH, kDay + kH, kDay + 99 * kH, kDay - kH};
  EXPECT_THAT(PlanPieces(input),
              ElementsAre(P(0, kH, PieceSource::kHours), P(kH, 3 * kH, PieceSource::kFacts),
                          P(3 * kH, 5 * kH, PieceSource::kHours)));
}

TEST(Plan, TheOpenHourComesFromFacts) {
  PlanInput input = Input(0, 5 * kH);
  input.now_unix_ms = kDay + 2 * kH + 5;
  EXPECT_THAT(PlanPieces(input), ElementsAre(P(0, 2 * kH, PieceSource::kHours),
                                             P(2 * kH, 5 * kH, PieceSource::kFacts)));
}

TEST(Plan, DirtyHourWithoutFactsIsWhatItsRollupSays) {
  PlanInput input = Input(0, 2 * kH);
  input.facts_kept_ms = kDayMs;
  input.dirty_hours = {kDay + kH};
  EXPECT_THAT(PlanPieces(input), ElementsAre(P(0, 2 * kH, PieceSource::kHours)));
}

TEST(Plan, WholeDaysComeFromDays) {
  PlanInput input = Input(23 * kH, 3 * kDayMs + kH);
  input.days = true;
  input.dirty_hours = {kDay + 2 * kDayMs + kH};
  EXPECT_THAT(PlanPieces(input),
              ElementsAre(P(23 * kH, kDayMs, PieceSource::kHours),
                          P(kDayMs, 2 * kDayMs, PieceSource::kDays),
                          P(2 * kDayMs, 2 * kDayMs + kH, PieceSource::kHours),
                          P(2 * kDayMs + kH, 2 * kDayMs + 2 * kH, PieceSource::kFacts),
                          P(2 * kDayMs + 2 * kH, 3 * kDayMs + kH, PieceSource::kHours)));
}

TEST(Plan, SourcesHaveOnlyDays) {
  PlanInput input = Input(0, 3 * kDayMs + kH);
  input.days = input.only_days = true;
  input.dirty_hours = {kDay + kDayMs + 5 * kH, kDay + kDayMs + 7 * kH};
  EXPECT_THAT(PlanPieces(input), ElementsAre(P(0, kDayMs, PieceSource::kDays),
                                             P(kDayMs, 2 * kDayMs, PieceSource::kFacts),
                                             P(2 * kDayMs, 3 * kDayMs, PieceSource::kDays),
                                             P(3 * kDayMs, 3 * kDayMs + kH, PieceSource::kFacts)));
}

TEST(Plan, HoursAreThoseOfTheZone) {
  PlanInput input = Input(0, 2 * kH);
  input.utc_offset_ms = kH / 2;
  EXPECT_THAT(PlanPieces(input), ElementsAre(P(0, kH / 2, PieceSource::kFacts),
                                             P(kH / 2, 3 * kH / 2, PieceSource::kHours),
                                             P(3 * kH / 2, 2 * kH, PieceSource::kFacts)));
}

// Whatever is asked, the pieces tile the range and rollups are only read in whole units.
TEST(Plan, PiecesTileTheRange) {
  std::mt19937 random(11);
  for (int i = 0; i < 2000; ++i) {
    const auto from = static_cast<int64_t>(random() % (5 * kDayMs));
    PlanInput input = Input(from, from + 1 + static_cast<int64_t>(random() % (5 * kDayMs)));
    input.now_unix_ms = kDay + static_cast<int64_t>(random() % (12 * kDayMs));
    input.utc_offset_ms = static_cast<int64_t>(random() % 96) * 900'000 - 12 * kH;
    input.facts_kept_ms = static_cast<int64_t>(random() % (10 * kDayMs));
    input.days = random() % 2 == 0;
    input.only_days = input.days && random() % 2 == 0;
    for (int hour = 0; hour < 20; ++hour) {
      input.dirty_hours.push_back(
          FloorTo(kDay + static_cast<int64_t>(random() % (10 * kDayMs)), kH, input.utc_offset_ms));
    }
    int64_t at = input.from_unix_ms;
    for (const Piece& piece : PlanPieces(input)) {
      ASSERT_EQ(piece.from_unix_ms, at);
      ASSERT_LT(piece.from_unix_ms, piece.to_unix_ms);
      at = piece.to_unix_ms;
      if (piece.source == PieceSource::kFacts) continue;
      const int64_t unit = piece.source == PieceSource::kDays ? kDayMs : kH;
      ASSERT_EQ(FloorTo(piece.from_unix_ms, unit, input.utc_offset_ms), piece.from_unix_ms);
      ASSERT_EQ(FloorTo(piece.to_unix_ms, unit, input.utc_offset_ms), piece.to_unix_ms);
      ASSERT_LE(piece.to_unix_ms, input.now_unix_ms);
      for (const int64_t dirty : input.dirty_hours) {
        if (dirty < piece.from_unix_ms || dirty >= piece.to_unix_ms) continue;
        ASSERT_LT(FloorTo(dirty, input.only_days ? kDayMs : kH, input.utc_offset_ms),
                  input.now_unix_ms - input.facts_kept_ms);
      }
    }
    ASSERT_EQ(at, input.to_unix_ms);
  }
}

}  // namespace
}  // namespace teiten
