// SPDX-License-Identifier: Apache-2.0
// Every figure here is worked out by hand beside it.
#include "collector/query/rank_math.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace teiten {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kDay = 86'400'000;
constexpr uint64_t kHour = 3'600'000;

SensorPeriod Sensor(const std::string& name, double n, uint64_t live_ms = kDay) {
  SensorPeriod s;
  s.sensor = name;
  s.live_ms = live_ms;
  s.period_ms = kDay;
  s.address_live_ms = n * static_cast<double>(live_ms);
  return s;
}

RankEntry Tcp(uint16_t port, std::vector<RankCell> cells, double sources = 1) {
  return {RankKey{6, port, ""}, sources, std::move(cells)};
}

RankInput PerN4(std::vector<SensorPeriod> sensors, std::vector<RankEntry> entries) {
  return {RankUnit::kPerN4, std::move(sensors), std::move(entries)};
}

std::vector<std::string> Keys(const RankResult& r) {
  std::vector<std::string> keys;
  for (const RankedRow& row : r.rows) {
    keys.push_back(std::to_string(row.rank) + ":" + std::to_string(row.key.port) + "/" +
                   std::to_string(row.key.protocol));
  }
  return keys;
}

const RankedRow& Row(const RankResult& r, uint16_t port) {
  return *std::find_if(r.rows.begin(), r.rows.end(),
                       [&](const RankedRow& row) { return row.key.port == port; });
}

TEST(RankMath, EverySensorHasOneVoteWhateverItsN4) {
  // a: 2,560 packets / 256 addresses / 1 day = 10. b: 30 / 1 / 1 = 30. Mean 20, median 20;
  // pooled 2,590 / 257 = 10.0778.
  const RankResult r = ComputeRank(
      PerN4({Sensor("a", 256), Sensor("b", 1)}, {Tcp(23, {{"a", 2560}, {"b", 30}}, 7)}));
  ASSERT_TRUE(r.ranked);
  const RankedRow& row = r.rows.at(0);
  EXPECT_DOUBLE_EQ(row.mean, 20);
  EXPECT_DOUBLE_EQ(row.median, 20);
  EXPECT_DOUBLE_EQ(row.pooled, 2590.0 / 257.0);
  EXPECT_EQ(row.packets, 2590U);
  EXPECT_EQ(row.sensors_seen, 2U);
  EXPECT_EQ(row.sensors_visible, 2U);
  EXPECT_FALSE(row.trimmed_mean.has_value());
  EXPECT_EQ(row.dominated_by, "");  // 30 of 40, but two sensors only
}

TEST(RankMath, LiveTimeDivides) {
  // 90 packets / 1 address / 0.75 days = 120.
  const RankResult r = ComputeRank(PerN4({Sensor("a", 1, 18 * kHour)}, {Tcp(23, {{"a", 90}})}));
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 120);
}

TEST(RankMath, N4ThatChangesIsWeightedByLiveTime) {
  // 12 h with 4 addresses, 12 h with 8: 6 on average; 60 packets make 10 per N4 and day.
  SensorPeriod s = Sensor("a", 0);
  s.address_live_ms = 12.0 * kHour * 4 + 12.0 * kHour * 8;
  EXPECT_DOUBLE_EQ(ComputeRank(PerN4({s}, {Tcp(23, {{"a", 60}})})).rows.at(0).mean, 10);
}

TEST(RankMath, ALoudSensorCannotLiftAPortAboveOneSeenByMany) {
  // 23: 10, 10, 10 → 10. 80: 28, 0, 0 → 9.33, though it has nearly as many packets.
  const RankResult r =
      ComputeRank(PerN4({Sensor("a", 1), Sensor("b", 1), Sensor("c", 1)},
                        {Tcp(80, {{"a", 28}}), Tcp(23, {{"a", 10}, {"b", 10}, {"c", 10}})}));
  EXPECT_THAT(Keys(r), ElementsAre("1:23/6", "2:80/6"));
  EXPECT_EQ(Row(r, 80).dominated_by, "a");
  EXPECT_EQ(Row(r, 80).sensors_seen, 1U);
  EXPECT_DOUBLE_EQ(Row(r, 80).median, 0);
  EXPECT_EQ(Row(r, 23).dominated_by, "");
}

TEST(RankMath, ExactlyHalfOfTheRatesDoesNotDominate) {
  const RankResult r = ComputeRank(PerN4({Sensor("a", 1), Sensor("b", 1), Sensor("c", 1)},
                                         {Tcp(80, {{"a", 10}, {"b", 5}, {"c", 5}})}));
  EXPECT_EQ(r.rows.at(0).dominated_by, "");
}

TEST(RankMath, LessThanHalfLiveIsLeftOut) {
  // c was live for 11 h 59 min 59 s: no vote, but its packets stay in the total.
  const RankResult r = ComputeRank(
      PerN4({Sensor("a", 1), Sensor("b", 1, 12 * kHour), Sensor("c", 1, 12 * kHour - 1000)},
            {Tcp(23, {{"a", 10}, {"b", 10}, {"c", 1000}})}));
  ASSERT_TRUE(r.ranked);
  EXPECT_THAT(r.sensors, ElementsAre("a", "b"));
  ASSERT_EQ(r.left_out.size(), 1U);
  EXPECT_EQ(r.left_out[0].sensor, "c");
  EXPECT_EQ(r.left_out[0].reason, "live 49 % of the period");
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, (10.0 + 20.0) / 2);
  EXPECT_EQ(r.rows.at(0).packets, 1020U);
  EXPECT_EQ(r.rows.at(0).voters_packets, 20U);
}

TEST(RankMath, FewerThanHalfOfTheSensorsLeftIsNotRanked) {
  const RankResult r = ComputeRank(
      PerN4({Sensor("a", 1), Sensor("b", 1, kHour), Sensor("c", 1, 0)},
            {Tcp(23, {{"a", 10}}), Tcp(80, {{"b", 20}}), Tcp(22, {{"a", 1}, {"b", 14}})}));
  EXPECT_FALSE(r.ranked);
  EXPECT_EQ(r.why_not_ranked, "only 1 of 3 sensors was live for half of the period");
  EXPECT_THAT(Keys(r), ElementsAre("0:80/6", "0:22/6", "0:23/6"));  // by packets
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 0);
  EXPECT_EQ(Row(r, 22).sensors_seen, 2U);
  ASSERT_EQ(r.left_out.size(), 2U);
  EXPECT_EQ(r.left_out[1].reason, "no live time");
}

TEST(RankMath, SaysWhyNothingIsRanked) {
  EXPECT_EQ(ComputeRank(PerN4({Sensor("a", 1, kHour)}, {})).why_not_ranked,
            "the only sensor was live for less than half of the period");
  RankInput v6 = PerN4({Sensor("a", 1, kHour), Sensor("b", 0)}, {});
  EXPECT_EQ(ComputeRank(v6).why_not_ranked,
            "the only sensor of this family was live for less than half of the period");
  EXPECT_EQ(ComputeRank(PerN4({Sensor("a", 1, kHour), Sensor("b", 1, kHour)}, {})).why_not_ranked,
            "none of the 2 sensors was live for half of the period");
}

TEST(RankMath, HalfOfTheSensorsIsEnough) {
  EXPECT_TRUE(ComputeRank(PerN4({Sensor("a", 1), Sensor("b", 1, 0)}, {})).ranked);
}

TEST(RankMath, NoSensorsIsNotRanked) {
  const RankResult r = ComputeRank(PerN4({}, {Tcp(23, {{"a", 3}})}));
  EXPECT_FALSE(r.ranked);
  EXPECT_EQ(r.why_not_ranked, "no sensor had live time and addresses of this family");
  EXPECT_EQ(r.rows.at(0).packets, 3U);
}

TEST(RankMath, UnknownAddressesAreLeftOutOfRanksPerAddressOnly) {
  SensorPeriod unknown = Sensor("b", 0);
  unknown.unknown_ms = kDay;
  RankInput input = PerN4({Sensor("a", 2), unknown}, {Tcp(23, {{"a", 20}, {"b", 50}})});
  RankResult r = ComputeRank(input);
  EXPECT_TRUE(r.ranked);
  EXPECT_EQ(r.left_out.at(0).reason, "its observed addresses are not known");
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 10);

  input.unit = RankUnit::kPerSensor;
  r = ComputeRank(input);
  EXPECT_THAT(r.left_out, IsEmpty());
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 35);  // (20 + 50) / 2 per sensor and day

  r = ComputeRank(PerN4({unknown}, {}));
  EXPECT_EQ(r.why_not_ranked, "the only sensor does not know its observed addresses");
}

TEST(RankMath, SensorsWithoutTheFamilyDoNotCountAgainstIt) {
  // Only a has IPv6: two /64 prefixes; 8 packets make 4 per P6 and day, on 1 of 1 sensors.
  RankInput input = PerN4({Sensor("a", 2), Sensor("b", 0), Sensor("c", 0)}, {Tcp(23, {{"a", 8}})});
  input.unit = RankUnit::kPerP6;
  const RankResult r = ComputeRank(input);
  EXPECT_TRUE(r.ranked);
  EXPECT_EQ(r.sensors_of_family, 1U);
  EXPECT_THAT(r.left_out, IsEmpty());
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 4);
  EXPECT_EQ(r.rows.at(0).sensors_visible, 1U);
}

TEST(RankMath, BlindLiveTimeDoesNotCountForItsPortAlone) {
  // a serves 22/TCP all day; b for 6 h of 24: 18 packets in 18 h are 24 a day, from b alone.
  SensorPeriod a = Sensor("a", 1);
  a.blind = {{6, 22, kDay}};
  SensorPeriod b = Sensor("b", 1);
  b.blind = {{6, 22, 6 * kHour}};
  const RankResult r = ComputeRank(PerN4({a, b}, {Tcp(22, {{"b", 18}}),
                                                  Tcp(23, {{"a", 10}, {"b", 10}}),
                                                  {RankKey{17, 22, ""}, 1, {{"a", 4}}}}));
  EXPECT_DOUBLE_EQ(Row(r, 23).mean, 10);
  EXPECT_EQ(Row(r, 23).sensors_visible, 2U);
  EXPECT_THAT(Keys(r), ElementsAre("1:22/6", "2:23/6", "3:22/17"));
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 24);
  EXPECT_EQ(r.rows.at(0).sensors_visible, 1U);
  EXPECT_DOUBLE_EQ(r.rows.at(2).mean, 2);  // 22/UDP is another service
}

TEST(RankMath, ASensorBlindForMoreThanHalfThePeriodHasNoVoteOnThePort) {
  SensorPeriod a = Sensor("a", 1);
  a.blind = {{6, 22, 13 * kHour}};
  const RankResult r = ComputeRank(PerN4({a}, {Tcp(22, {{"a", 5}})}));
  ASSERT_TRUE(r.ranked);
  EXPECT_EQ(r.rows.at(0).rank, 0U);  // nobody who saw it could vote
  EXPECT_EQ(r.rows.at(0).sensors_visible, 0U);
  EXPECT_EQ(r.rows.at(0).packets, 5U);
  EXPECT_DOUBLE_EQ(VisibleWeightMs(a, RankUnit::kPerN4, RankKey{6, 22, ""}), 0);
  EXPECT_DOUBLE_EQ(VisibleWeightMs(a, RankUnit::kPerN4, RankKey{6, 23, ""}), 86'400'000);
}

TEST(RankMath, BlindPortsDoNotTouchRanksOfOtherThings) {
  SensorPeriod a = Sensor("a", 1);
  a.blind = {{0, 0, kDay}};
  EXPECT_DOUBLE_EQ(VisibleWeightMs(a, RankUnit::kPerN4, RankKey{0, 0, "JP"}), 86'400'000);
}

TEST(RankMath, TiesGoByPacketsSourcesProtocolPort) {
  // Equal values of 5 throughout. b has 2 addresses: 20 packets there weigh as much as 10 at a.
  const std::vector<SensorPeriod> sensors = {Sensor("a", 1), Sensor("b", 2)};
  const RankResult r = ComputeRank(PerN4(sensors, {Tcp(1, {{"a", 10}}, 9),
                                                   {RankKey{17, 3, ""}, 3, {{"b", 20}}},
                                                   Tcp(8, {{"b", 20}}, 3),
                                                   Tcp(7, {{"b", 20}}, 3),
                                                   Tcp(9, {{"b", 20}}, 4)}));
  for (const RankedRow& row : r.rows) EXPECT_DOUBLE_EQ(row.mean, 5);
  EXPECT_THAT(Keys(r), ElementsAre("1:9/6", "2:7/6", "3:8/6", "4:3/17", "5:1/6"));
}

TEST(RankMath, OrderOfInputDoesNotMatter) {
  RankInput input = PerN4({Sensor("a", 3), Sensor("b", 7), Sensor("c", 11)},
                          {Tcp(1, {{"a", 1}, {"b", 2}, {"c", 3}}), Tcp(2, {{"b", 9}})});
  const RankResult r = ComputeRank(input);
  std::reverse(input.sensors.begin(), input.sensors.end());
  std::reverse(input.entries.begin(), input.entries.end());
  std::reverse(input.entries[1].cells.begin(), input.entries[1].cells.end());
  const RankResult reversed = ComputeRank(input);
  ASSERT_EQ(Keys(r), Keys(reversed));
  EXPECT_EQ(r.rows[0].mean, reversed.rows[0].mean);  // to the last bit
  EXPECT_EQ(r.rows[1].mean, reversed.rows[1].mean);
}

TEST(RankMath, CellsOfOneSensorAreAdded) {
  const RankResult r = ComputeRank(PerN4({Sensor("a", 1)}, {Tcp(23, {{"a", 4}, {"a", 6}})}));
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 10);
  EXPECT_EQ(r.rows.at(0).sensors_seen, 1U);
}

TEST(RankMath, TrimmedMeanFromTenSensors) {
  std::vector<SensorPeriod> sensors;
  std::vector<RankCell> cells;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "s" + std::to_string(i);
    sensors.push_back(Sensor(name, 1));
    cells.push_back({name, i == 9 ? 1000U : static_cast<uint64_t>(i)});
  }
  RankResult r = ComputeRank(PerN4(sensors, {Tcp(23, cells)}));
  // 0…8 and 1,000: mean 103.6; without lowest and highest (1+…+8)/8 = 4.5; median 4.5.
  EXPECT_DOUBLE_EQ(r.rows.at(0).mean, 103.6);
  EXPECT_DOUBLE_EQ(r.rows.at(0).trimmed_mean.value(), 4.5);
  EXPECT_DOUBLE_EQ(r.rows.at(0).median, 4.5);
  EXPECT_EQ(r.rows.at(0).dominated_by, "s9");

  sensors.pop_back();
  r = ComputeRank(PerN4(sensors, {Tcp(23, cells)}));
  EXPECT_FALSE(r.rows.at(0).trimmed_mean.has_value());
  EXPECT_DOUBLE_EQ(r.rows.at(0).median, 4);
}

TEST(RankMath, PreviousRankAndChange) {
  const std::vector<SensorPeriod> sensors = {Sensor("a", 1), Sensor("b", 2)};
  const RankInput now = PerN4(sensors, {Tcp(23, {{"a", 30}, {"b", 20}}),   // (30 + 10) / 2 = 20
                                        Tcp(80, {{"a", 10}}),              // 5
                                        Tcp(443, {{"a", 4}})});            // 2
  const RankInput then = PerN4(sensors, {Tcp(23, {{"a", 10}, {"b", 12}}),  // (10 + 6) / 2 = 8
                                         Tcp(80, {{"a", 20}})});           // 10
  const RankResult r = ComputeRankWithPrevious(now, then);
  ASSERT_TRUE(r.compared);
  EXPECT_THAT(r.left_out_of_comparison, IsEmpty());
  EXPECT_EQ(Row(r, 23).previous_rank, 2U);
  EXPECT_DOUBLE_EQ(Row(r, 23).previous_mean.value(), 8);
  EXPECT_EQ(Row(r, 23).previous_packets, 22U);
  EXPECT_DOUBLE_EQ(Row(r, 23).change.value(), 12);
  EXPECT_DOUBLE_EQ(Row(r, 23).change_percent.value(), 150);
  EXPECT_EQ(Row(r, 80).previous_rank, 1U);
  EXPECT_DOUBLE_EQ(Row(r, 80).change.value(), -5);
  EXPECT_DOUBLE_EQ(Row(r, 80).change_percent.value(), -50);
  EXPECT_FALSE(Row(r, 443).previous_rank.has_value());  // new
  EXPECT_DOUBLE_EQ(Row(r, 443).previous_mean.value(), 0);
  EXPECT_DOUBLE_EQ(Row(r, 443).change.value(), 2);
  EXPECT_FALSE(Row(r, 443).change_percent.has_value());
}

TEST(RankMath, ChangesCompareSensorsOfBothPeriodsOnly) {
  // c is new today and loud. Today's value has it: (10 + 10 + 100) / 3 = 40; the change has not:
  // a and b saw 10 both days. d went away.
  const RankInput now = PerN4({Sensor("a", 1), Sensor("b", 1), Sensor("c", 1)},
                              {Tcp(23, {{"a", 10}, {"b", 10}, {"c", 100}})});
  const RankInput then =
      PerN4({Sensor("a", 1), Sensor("b", 1), Sensor("c", 1, kHour), Sensor("d", 1)},
            {Tcp(23, {{"a", 10}, {"b", 10}, {"d", 500}}), Tcp(80, {{"a", 11}, {"b", 11}}),
             Tcp(9, {{"d", 900}})});
  const RankResult r = ComputeRankWithPrevious(now, then);
  ASSERT_TRUE(r.compared);
  EXPECT_DOUBLE_EQ(Row(r, 23).mean, 40);
  EXPECT_DOUBLE_EQ(Row(r, 23).change.value(), 0);
  EXPECT_DOUBLE_EQ(Row(r, 23).change_percent.value(), 0);
  EXPECT_EQ(Row(r, 23).previous_rank, 2U);  // behind 80; 9 was only at d
  ASSERT_EQ(r.left_out_of_comparison.size(), 1U);
  EXPECT_EQ(r.left_out_of_comparison[0].sensor, "c");
  EXPECT_EQ(r.left_out_of_comparison[0].reason, "live 4 % of the period");
}

TEST(RankMath, APortIsComparedWhereItCouldBeSeenBothTimes) {
  SensorPeriod b_then = Sensor("b", 1);
  b_then.blind = {{6, 22, kDay}};
  const RankInput now = PerN4({Sensor("a", 1), Sensor("b", 1)}, {Tcp(22, {{"a", 10}, {"b", 90}})});
  const RankInput then = PerN4({Sensor("a", 1), b_then}, {Tcp(22, {{"a", 8}})});
  const RankResult r = ComputeRankWithPrevious(now, then);
  EXPECT_DOUBLE_EQ(Row(r, 22).mean, 50);
  EXPECT_DOUBLE_EQ(Row(r, 22).previous_mean.value(), 8);
  EXPECT_DOUBLE_EQ(Row(r, 22).change.value(), 2);

  SensorPeriod a_then = Sensor("a", 1);
  a_then.blind = {{6, 22, kDay}};
  const RankResult none =
      ComputeRankWithPrevious(now, PerN4({a_then, b_then}, {Tcp(23, {{"a", 8}})}));
  EXPECT_TRUE(none.compared);
  EXPECT_FALSE(Row(none, 22).previous_mean.has_value());
  EXPECT_FALSE(Row(none, 22).change.has_value());
}

TEST(RankMath, PreviousRanksEndAtOneHundred) {
  std::vector<RankEntry> then_entries;
  for (uint16_t port = 1; port <= 101; ++port) {
    then_entries.push_back(Tcp(port, {{"a", 1000U - port}}));
  }
  const RankResult r =
      ComputeRankWithPrevious(PerN4({Sensor("a", 1)}, {Tcp(100, {{"a", 2}}), Tcp(101, {{"a", 1}})}),
                              PerN4({Sensor("a", 1)}, then_entries));
  EXPECT_EQ(Row(r, 100).previous_rank, 100U);
  EXPECT_FALSE(Row(r, 101).previous_rank.has_value());
  EXPECT_DOUBLE_EQ(Row(r, 101).previous_mean.value(), 899);
}

TEST(RankMath, SaysWhyNothingIsCompared) {
  const RankInput day = PerN4({Sensor("a", 1)}, {Tcp(23, {{"a", 1}})});
  EXPECT_EQ(ComputeRank(day).why_not_compared, "no previous period was asked for");
  RankResult r = ComputeRankWithPrevious(day, PerN4({}, {}));
  EXPECT_FALSE(r.compared);
  EXPECT_EQ(r.why_not_compared,
            "the previous period is not ranked: no sensor had live time and addresses of this "
            "family");
  r = ComputeRankWithPrevious(day, PerN4({Sensor("b", 1)}, {}));
  EXPECT_EQ(r.why_not_compared, "no sensor was live for half of both periods");
  ASSERT_EQ(r.left_out_of_comparison.size(), 1U);
  EXPECT_EQ(r.left_out_of_comparison[0].reason, "no live time");
  r = ComputeRankWithPrevious(PerN4({Sensor("a", 1, 1)}, {}), day);
  EXPECT_EQ(r.why_not_compared, "this period is not ranked");
}

}  // namespace
}  // namespace teiten
