// SPDX-License-Identifier: Apache-2.0
#include "collector/query/rank_math.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace teiten {
namespace {

constexpr double kDayMillis = 86'400'000;

enum class Part { kTakes, kShort, kUnknown, kNotOfFamily };

bool HalfOf(uint64_t part_ms, uint64_t whole_ms) {
  return whole_ms > 0 &&
         static_cast<double>(part_ms) >= kVoteLiveShare * static_cast<double>(whole_ms);
}

Part PartOf(const SensorPeriod& s, RankUnit unit) {
  if (unit != RankUnit::kPerSensor) {
    if (s.unknown_ms > 0) return Part::kUnknown;
    if (s.live_ms > 0 && s.address_live_ms <= 0) return Part::kNotOfFamily;
  }
  return HalfOf(s.live_ms, s.period_ms) ? Part::kTakes : Part::kShort;
}

std::string WhyLeftOut(const SensorPeriod& s, Part part) {
  if (part == Part::kUnknown) return "its observed addresses are not known";
  if (s.live_ms == 0 || s.period_ms == 0) return "no live time";
  const double percent = 100.0 * static_cast<double>(s.live_ms) / static_cast<double>(s.period_ms);
  return absl::StrCat("live ", static_cast<int64_t>(percent), " % of the period");
}

// Sensors by name: sums of doubles then never depend on the caller's order.
std::map<std::string, const SensorPeriod*> TakingPart(const RankInput& input) {
  std::map<std::string, const SensorPeriod*> out;
  for (const SensorPeriod& s : input.sensors) {
    if (PartOf(s, input.unit) == Part::kTakes) out.emplace(s.sensor, &s);
  }
  return out;
}

using Voters = std::map<std::string, const SensorPeriod*>;

struct Rate {
  double value;
  const std::string* sensor;
};

double Median(std::vector<Rate> rates) {
  if (rates.empty()) return 0;
  std::sort(rates.begin(), rates.end(),
            [](const Rate& a, const Rate& b) { return a.value < b.value; });
  const std::size_t half = rates.size() / 2;
  if (rates.size() % 2 == 1) return rates[half].value;
  return (rates[half - 1].value + rates[half].value) / 2;
}

std::optional<double> TrimmedMean(std::vector<Rate> rates) {
  if (rates.size() < kTrimmedSensors) return std::nullopt;
  std::sort(rates.begin(), rates.end(),
            [](const Rate& a, const Rate& b) { return a.value < b.value; });
  const auto off = static_cast<std::size_t>(kTrimmedShare * static_cast<double>(rates.size()));
  double sum = 0;
  for (std::size_t i = off; i < rates.size() - off; ++i) sum += rates[i].value;
  return sum / static_cast<double>(rates.size() - 2 * off);
}

std::string Dominant(const std::vector<Rate>& rates, double sum) {
  if (rates.size() < kDominantSensors) return "";
  for (const Rate& r : rates) {
    if (r.value > kDominantShare * sum) return *r.sensor;
  }
  return "";
}

uint64_t AllPackets(const RankEntry& entry) {
  return std::accumulate(entry.cells.begin(), entry.cells.end(), uint64_t{0},
                         [](uint64_t sum, const RankCell& c) { return sum + c.packets; });
}

// `also`: the same sensors in the period compared with; who is blind there has no vote here.
RankedRow RowOf(const RankEntry& entry, RankUnit unit, const Voters& voters,
                const Voters* also = nullptr) {
  RankedRow row;
  row.key = entry.key;
  row.packets = AllPackets(entry);
  row.sources = entry.sources;
  std::map<std::string, uint64_t> packets_at;
  for (const RankCell& cell : entry.cells) packets_at[cell.sensor] += cell.packets;

  std::vector<Rate> rates;
  double sum = 0, weight_sum = 0;
  uint64_t packets_sum = 0;
  for (const auto& [name, sensor] : voters) {
    const double weight = VisibleWeightMs(*sensor, unit, entry.key);
    if (weight <= 0) continue;
    if (also != nullptr && VisibleWeightMs(*also->at(name), unit, entry.key) <= 0) continue;
    const auto at = packets_at.find(name);
    const uint64_t packets = at == packets_at.end() ? 0 : at->second;
    rates.push_back({static_cast<double>(packets) * kDayMillis / weight, &name});
    sum += rates.back().value;
    weight_sum += weight;
    packets_sum += packets;
    row.sensors_seen += packets > 0 ? 1 : 0;
  }
  row.sensors_visible = static_cast<uint32_t>(rates.size());
  if (rates.empty()) return row;
  row.mean = sum / static_cast<double>(rates.size());
  row.voters_packets = packets_sum;
  row.pooled = static_cast<double>(packets_sum) * kDayMillis / weight_sum;
  row.median = Median(rates);
  row.trimmed_mean = TrimmedMean(rates);
  row.dominated_by = Dominant(rates, sum);
  return row;
}

bool Before(const RankedRow& a, const RankedRow& b) {
  return std::tuple(-a.mean, ~a.packets, -a.sources, std::cref(a.key).get()) <
         std::tuple(-b.mean, ~b.packets, -b.sources, std::cref(b.key).get());
}

// A key that no voter saw has a value of 0 and no rank.
std::vector<RankedRow> RankRows(const RankInput& input, const Voters& voters,
                                const Voters* also = nullptr) {
  std::vector<RankedRow> rows;
  rows.reserve(input.entries.size());
  for (const RankEntry& entry : input.entries)
    rows.push_back(RowOf(entry, input.unit, voters, also));
  std::sort(rows.begin(), rows.end(), Before);
  uint32_t rank = 0;
  for (RankedRow& row : rows) {
    if (row.sensors_seen > 0) row.rank = ++rank;
  }
  return rows;
}

// No values at all where nothing is ranked: half a fleet must not look like a fleet.
std::vector<RankedRow> RowsByPackets(const RankInput& input) {
  std::vector<RankedRow> rows;
  rows.reserve(input.entries.size());
  for (const RankEntry& entry : input.entries) {
    RankedRow row;
    row.key = entry.key;
    row.packets = AllPackets(entry);
    row.sources = entry.sources;
    std::map<std::string, uint64_t> packets_at;
    for (const RankCell& cell : entry.cells) packets_at[cell.sensor] += cell.packets;
    row.sensors_seen = static_cast<uint32_t>(std::count_if(
        packets_at.begin(), packets_at.end(), [](const auto& at) { return at.second > 0; }));
    row.sensors_visible = static_cast<uint32_t>(input.sensors.size());
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), Before);
  return rows;
}

std::string WhyNotRanked(const RankResult& result, std::size_t all_sensors) {
  if (result.sensors_of_family == 0) return "no sensor had live time and addresses of this family";
  const bool unknown = std::any_of(
      result.left_out.begin(), result.left_out.end(),
      [](const LeftOutSensor& s) { return s.reason.find("not known") != std::string::npos; });
  if (result.sensors_of_family == 1) {
    return absl::StrCat("the only sensor", all_sensors > 1 ? " of this family" : "",
                        unknown ? " does not know its observed addresses"
                                : " was live for less than half of the period");
  }
  const std::string left = result.sensors.empty()
                               ? "none of the "
                               : absl::StrCat("only ", result.sensors.size(), " of ");
  return absl::StrCat(left, result.sensors_of_family, " sensors",
                      result.sensors.size() > 1 ? " were" : " was", " live for half of the period",
                      unknown ? " with known observed addresses" : "");
}

// The voters and who is not among them, and why.
Voters Judge(const RankInput& input, RankResult& result) {
  Voters voters = TakingPart(input);
  for (const SensorPeriod& s : input.sensors) {
    const Part part = PartOf(s, input.unit);
    if (part == Part::kNotOfFamily) continue;
    ++result.sensors_of_family;
    if (part != Part::kTakes) result.left_out.push_back({s.sensor, WhyLeftOut(s, part)});
  }
  for (const auto& [name, sensor] : voters) result.sensors.push_back(name);
  std::sort(result.left_out.begin(), result.left_out.end(),
            [](const LeftOutSensor& a, const LeftOutSensor& b) { return a.sensor < b.sensor; });
  result.ranked = !voters.empty() && 2 * voters.size() >= result.sensors_of_family;
  if (!result.ranked) result.why_not_ranked = WhyNotRanked(result, input.sensors.size());
  return voters;
}

// The sensors that take part in both periods, as they were in one of them.
struct Side {
  const RankInput& input;
  const Voters& voters;
};

void Compare(const Side& now, const Side& then, RankResult& result) {
  std::map<RankKey, RankedRow> rows_then;
  for (RankedRow& row : RankRows(then.input, then.voters, &now.voters)) {
    rows_then.emplace(row.key, std::move(row));
  }
  std::map<RankKey, RankedRow> rows_now;
  for (const RankEntry& entry : now.input.entries) {
    rows_now.emplace(entry.key, RowOf(entry, now.input.unit, now.voters, &then.voters));
  }
  for (RankedRow& row : result.rows) {
    const RankedRow& here = rows_now.at(row.key);
    if (here.sensors_visible == 0) continue;  // no sensor could see it both times
    const auto found = rows_then.find(row.key);
    row.previous_mean = found == rows_then.end() ? 0 : found->second.mean;
    row.previous_packets = found == rows_then.end() ? 0 : found->second.voters_packets;
    if (found != rows_then.end() && found->second.rank > 0 && found->second.rank <= kRankDepth) {
      row.previous_rank = found->second.rank;
    }
    row.change = here.mean - *row.previous_mean;
    if (*row.previous_mean > 0) row.change_percent = 100.0 * *row.change / *row.previous_mean;
  }
  result.compared = true;
}

}  // namespace

double VisibleWeightMs(const SensorPeriod& sensor, RankUnit unit, const RankKey& key) {
  uint64_t blind_ms = 0;
  if (key.label.empty()) {
    for (const BlindTime& b : sensor.blind) {
      if (b.protocol == key.protocol && b.port == key.port) blind_ms += b.live_ms;
    }
  }
  if (blind_ms >= sensor.live_ms) return 0;
  const uint64_t visible_ms = sensor.live_ms - blind_ms;
  if (!HalfOf(visible_ms, sensor.period_ms)) return 0;
  if (unit == RankUnit::kPerSensor) return static_cast<double>(visible_ms);
  return sensor.address_live_ms * static_cast<double>(visible_ms) /
         static_cast<double>(sensor.live_ms);
}

RankResult ComputeRank(const RankInput& now) {
  RankResult result;
  const Voters voters = Judge(now, result);
  result.rows = result.ranked ? RankRows(now, voters) : RowsByPackets(now);
  result.why_not_compared = "no previous period was asked for";
  return result;
}

RankResult ComputeRankWithPrevious(const RankInput& now, const RankInput& previous) {
  RankResult result = ComputeRank(now);
  if (!result.ranked) {
    result.why_not_compared = "this period is not ranked";
    return result;
  }
  RankResult then;
  const Voters voters_then = Judge(previous, then);
  if (!then.ranked) {
    result.why_not_compared =
        absl::StrCat("the previous period is not ranked: ", then.why_not_ranked);
    return result;
  }
  Voters both = TakingPart(now);
  Voters both_then = voters_then;
  std::erase_if(both_then, [&](const auto& voter) { return !both.contains(voter.first); });
  for (const SensorPeriod& s : now.sensors) {
    if (!both.contains(s.sensor) || voters_then.contains(s.sensor)) continue;
    both.erase(s.sensor);
    const auto left = std::find_if(then.left_out.begin(), then.left_out.end(),
                                   [&](const LeftOutSensor& l) { return l.sensor == s.sensor; });
    result.left_out_of_comparison.push_back(
        {s.sensor, left == then.left_out.end() ? "no live time" : left->reason});
  }
  std::sort(result.left_out_of_comparison.begin(), result.left_out_of_comparison.end(),
            [](const LeftOutSensor& a, const LeftOutSensor& b) { return a.sensor < b.sensor; });
  if (both.empty()) {
    result.why_not_compared = "no sensor was live for half of both periods";
    return result;
  }
  result.why_not_compared.clear();
  Compare({now, both}, {previous, both_then}, result);
  return result;
}

}  // namespace teiten
