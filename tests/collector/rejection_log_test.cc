// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/rejection_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teiten {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNow = 1'795'305'600'000;

v1::Rejection Rejected(uint64_t sequence,
                       v1::Rejection::Reason reason = v1::Rejection::REASON_IMPLAUSIBLE) {
  v1::Rejection rejection;
  rejection.set_sequence(sequence);
  rejection.set_reason(reason);
  rejection.set_detail("accounting.captured");
  return rejection;
}

TEST(RejectionLog, ThousandsAreALineAMinute) {
  RejectionLog log;
  log.Add("a", "00ff", Rejected(1));
  std::vector<RejectionLog::Line> lines = log.Take(kNow);
  ASSERT_THAT(lines, SizeIs(1));  // the first at once
  EXPECT_EQ(lines[0].count, 1U);
  for (uint64_t i = 2; i <= 11'000; ++i) {
    log.Add("a", "00ff", Rejected(i));
    EXPECT_THAT(log.Take(kNow + static_cast<int64_t>(i)), IsEmpty());
  }
  lines = log.Take(kNow + RejectionLog::kQuietMs);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0].sensor, "a");
  EXPECT_EQ(lines[0].spool, "00ff");
  EXPECT_EQ(lines[0].reason, v1::Rejection::REASON_IMPLAUSIBLE);
  EXPECT_EQ(lines[0].detail, "accounting.captured");
  EXPECT_EQ(lines[0].sequence, 11'000U);
  EXPECT_EQ(lines[0].count, 10'999U);
  EXPECT_THAT(log.Take(kNow + 10 * RejectionLog::kQuietMs), IsEmpty());
  log.Add("a", "00ff", Rejected(12'000));
  EXPECT_THAT(log.Take(kNow + 10 * RejectionLog::kQuietMs), SizeIs(1));
}

TEST(RejectionLog, SensorsAndReasonsAreApart) {
  RejectionLog log;
  log.Add("a", "00", Rejected(1));
  log.Add("a", "00", Rejected(2, v1::Rejection::REASON_IDENTITY_CONFLICT));
  log.Add("b", "00", Rejected(1));
  EXPECT_THAT(log.Take(kNow), SizeIs(3));
  log.Add("b", "00", Rejected(2));
  EXPECT_THAT(log.Take(kNow), IsEmpty());
  EXPECT_THAT(log.TakeAll(kNow), SizeIs(1));  // before the end nothing is kept back
}

TEST(RejectionLog, HoldsNoMoreThanItMay) {
  RejectionLog log;
  uint64_t told = 0;
  for (int i = 0; i < 5000; ++i) log.Add("s" + std::to_string(i), "00", Rejected(1));
  const std::vector<RejectionLog::Line> lines = log.Take(kNow);
  EXPECT_THAT(lines, SizeIs(RejectionLog::kMostPairs + 1));
  for (const RejectionLog::Line& line : lines) told += line.count;
  EXPECT_EQ(told, 5000U);
}

TEST(RejectionLog, ReasonsHaveNames) {
  EXPECT_EQ(RejectionReasonName(v1::Rejection::REASON_HASH_MISMATCH), "hash_mismatch");
  EXPECT_EQ(RejectionReasonName(static_cast<v1::Rejection::Reason>(99)), "99");
}

}  // namespace
}  // namespace teiten
