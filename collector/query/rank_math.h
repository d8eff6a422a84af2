// SPDX-License-Identifier: Apache-2.0
// The formula behind every rank (definitions: averages, ranks). Every sensor has one vote:
//
//   rate of a key at a sensor = packets / N / live days        N: its N4, its P6, or 1
//   value of a key            = mean of the rates over the sensors that take part
//
// so that a large or a long-lived sensor does not outvote the others. The pooled value
// (Σ packets / Σ N × live days), the median and, from 10 sensors, a 10 % trimmed mean stand
// beside it, because the mean of few sensors is not robust.
//
// A sensor takes part if it was live for at least half of the period and its N is known. Where
// fewer than half of the sensors of the family are left, nothing is ranked: rows then stand in
// order of packets, with rank 0. Where a port is blind at a sensor (declared service, filtered),
// that live time does not count for the port; below half of the period left, the sensor has no
// vote on it. Ranks of an earlier period and changes are taken over the sensors that take part in
// both, or a sensor that came or went would look like a change of the world.
//
// Pure functions of values; no store, no clock. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace teiten {

enum class RankUnit { kPerN4, kPerP6, kPerSensor };

// A rank deeper than this is "out of top 100".
inline constexpr uint32_t kRankDepth = 100;
inline constexpr double kVoteLiveShare = 0.5;
inline constexpr double kDominantShare = 0.5;
inline constexpr std::size_t kDominantSensors = 3;  // fewer are never called dominated
inline constexpr std::size_t kTrimmedSensors = 10;  // fewer have no trimmed mean
inline constexpr double kTrimmedShare = 0.1;        // taken off at each end

// What is ranked: a service, or by `label` anything else (region, tool, kind).
struct RankKey {
  uint8_t protocol = 0;
  uint16_t port = 0;
  std::string label;
  friend auto operator<=>(const RankKey&, const RankKey&) = default;
};

// Live time in which a sensor could not see a service.
struct BlindTime {
  uint8_t protocol = 0;
  uint16_t port = 0;
  uint64_t live_ms = 0;
};

// One sensor in one period.
struct SensorPeriod {
  std::string sensor;
  uint64_t live_ms = 0;
  uint64_t period_ms = 0;
  double address_live_ms = 0;  // Σ N × live time; not used for kPerSensor
  uint64_t unknown_ms = 0;     // live time in which N was not known; not used for kPerSensor
  std::vector<BlindTime> blind;
};

struct RankCell {
  std::string sensor;
  uint64_t packets = 0;
};

struct RankEntry {
  RankKey key;
  double sources = 0;  // distinct over all sensors
  std::vector<RankCell> cells;
};

// Sensors and keys are unique; cells of one sensor are added.
struct RankInput {
  RankUnit unit = RankUnit::kPerSensor;
  std::vector<SensorPeriod> sensors;
  std::vector<RankEntry> entries;
};

struct RankedRow {
  RankKey key;
  uint32_t rank = 0;     // from 1; 0: not ranked
  uint64_t packets = 0;  // at all sensors, also those left out
  double sources = 0;
  uint64_t voters_packets = 0;  // at the sensors that take part and can see the key
  double mean = 0;              // the ranked value, packets per N and day
  double pooled = 0;
  double median = 0;
  std::optional<double> trimmed_mean;
  uint32_t sensors_seen = 0;     // that saw it, of those that could
  uint32_t sensors_visible = 0;  // that could see it
  std::string dominated_by;      // sensor with more than half of the summed rates

  // Over the sensors that take part in both periods.
  std::optional<uint32_t> previous_rank;  // absent: below kRankDepth, not seen, or not compared
  std::optional<double> previous_mean;    // absent: not compared
  std::optional<uint64_t> previous_packets;
  std::optional<double> change;          // mean now minus mean then
  std::optional<double> change_percent;  // absent where previous_mean is 0
};

struct LeftOutSensor {
  std::string sensor;
  std::string reason;
};

struct RankResult {
  bool ranked = false;
  std::string why_not_ranked;
  bool compared = false;
  std::string why_not_compared;
  std::vector<std::string> sensors;  // that take part
  uint32_t sensors_of_family = 0;    // with addresses of the family, or not known to have none
  std::vector<LeftOutSensor> left_out;
  std::vector<LeftOutSensor> left_out_of_comparison;  // that take part now but not then
  std::vector<RankedRow> rows;                        // all keys, in order of rank
};

// Packets × day / this is the rate; 0 where the sensor could not see the key for half of the
// period.
[[nodiscard]] double VisibleWeightMs(const SensorPeriod& sensor, RankUnit unit, const RankKey& key);

// Order: value, packets, sources (each descending), protocol, port, label.
[[nodiscard]] RankResult ComputeRank(const RankInput& now);
[[nodiscard]] RankResult ComputeRankWithPrevious(const RankInput& now, const RankInput& previous);

}  // namespace teiten
