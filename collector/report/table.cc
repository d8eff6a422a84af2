// SPDX-License-Identifier: Apache-2.0
#include "collector/report/table.h"

#include <algorithm>
#include <map>

#include "collector/report/distinct.h"
#include "collector/report/number_text.h"
#include "common/port_name.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

// Everything added up of one key, or of the whole table.
struct Sum {
  std::map<std::string, uint64_t> packets_at;  // by sensor
  std::map<v1::ToolMark, uint64_t> marks;
  uint64_t packets = 0, bytes = 0, tuples = 0, folded = 0;
  SketchSum sketch;
  SourceSet sources;

  void Add(const RollupRow& row) {
    packets_at[row.sensor] += row.packets;
    packets += row.packets;
    bytes += row.bytes;
    tuples += row.tuples;
    if (row.folded || row.region == "folded") folded += row.packets;
    if (row.tool != v1::TOOL_MARK_UNSPECIFIED) marks[row.tool] += row.packets;
    sketch.Add(row);
  }
};

struct Sums {
  std::map<RankKey, Sum> by_key;
  Sum total;
  bool exact = false;

  Distinct SourcesOf(Sum& sum) const { return exact ? sum.sources.Count() : sum.sketch.Estimate(); }
};

Sums AddUp(const TableSpec& spec, const PeriodData& data) {
  Sums sums;
  for (const RollupRow& row : data.*(spec.rows)) {
    const std::optional<RankKey> key = spec.key_of(row);
    if (!key) continue;
    sums.by_key[*key].Add(row);
    sums.total.Add(row);
  }
  sums.exact = data.sources.has_value();
  if (!sums.exact) return sums;
  for (const SourceDay& source : *data.sources) {
    bool counted = false;
    spec.keys_of_source(source, [&](const RankKey& key) {
      const auto at = sums.by_key.find(key);
      if (at != sums.by_key.end()) at->second.sources.Add(source);
      if (!counted) sums.total.sources.Add(source);
      counted = true;
    });
  }
  return sums;
}

v1::Counts CountsOf(const Sum& sum, const Distinct& sources) {
  v1::Counts counts;
  counts.set_packets(sum.packets);
  counts.set_bytes(sum.bytes);
  counts.set_tuples(sum.tuples);
  counts.set_sources(sources.count);
  counts.set_sources_standard_error(sources.standard_error);
  return counts;
}

// Sensors of the table's family. One that is silent now counts if it had addresses before.
std::vector<SensorPeriod> SensorsOf(const TableSpec& spec, const TwoPeriods& periods, bool before) {
  const PeriodData& data = before ? periods.before : periods.now;
  const PeriodData& other = before ? periods.now : periods.before;
  std::vector<SensorPeriod> out;
  for (const CoverageRollup& c : data.coverage) {
    SensorPeriod s = SensorPeriodOf(c, spec.unit, data.expected_ms);
    if (!spec.can_be_blind) s.blind.clear();
    if (c.live_ms == 0 && spec.unit != RankUnit::kPerSensor) {
      const auto at = std::find_if(other.coverage.begin(), other.coverage.end(),
                                   [&](const CoverageRollup& o) { return o.sensor == c.sensor; });
      const bool had_some = at != other.coverage.end() &&
                            (spec.unit == RankUnit::kPerP6 ? at->p6_live_ms : at->n4_live_ms) > 0;
      if (!had_some) continue;
    }
    out.push_back(std::move(s));
  }
  return out;
}

RankInput InputOf(const TableSpec& spec, const TwoPeriods& periods, bool before, Sums& sums) {
  RankInput input;
  input.unit = spec.unit;
  input.sensors = SensorsOf(spec, periods, before);
  for (auto& [key, sum] : sums.by_key) {
    RankEntry entry;
    entry.key = key;
    entry.sources = sums.SourcesOf(sum).count;
    for (const auto& [sensor, packets] : sum.packets_at) entry.cells.push_back({sensor, packets});
    input.entries.push_back(std::move(entry));
  }
  return input;
}

// Takes the entries of remainders out of the ranking, and gives them back.
RankInput TakeRemainders(const TableSpec& spec, RankInput& input) {
  RankInput remainders = input;
  if (!spec.is_remainder) {
    remainders.entries.clear();
    return remainders;
  }
  std::erase_if(remainders.entries, [&](const RankEntry& e) { return !spec.is_remainder(e.key); });
  std::erase_if(input.entries, [&](const RankEntry& e) { return spec.is_remainder(e.key); });
  return remainders;
}

void AddRow(const TableSpec& spec, const RankedRow& from, Sums& sums, v1::ReportTable& table) {
  v1::ReportRow& row = *table.add_rows();
  Sum& sum = sums.by_key.at(from.key);
  row.set_rank(from.rank);
  row.set_key(KeyText(from.key));
  if (spec.name_of) row.set_name(spec.name_of(from.key));
  row.set_value(from.mean);
  row.set_pooled_value(from.pooled);
  row.set_median_value(from.median);
  if (from.trimmed_mean) row.set_trimmed_value(*from.trimmed_mean);
  *row.mutable_counts() = CountsOf(sum, sums.SourcesOf(sum));
  if (from.previous_rank) row.set_previous_rank(*from.previous_rank);
  if (from.previous_mean) row.set_previous_value(*from.previous_mean);
  if (from.change) row.set_change_value(*from.change);
  if (from.change_percent) row.set_change_percent(*from.change_percent);
  row.set_sensors(from.sensors_seen);
  row.set_sensors_visible(from.sensors_visible);
  row.set_share(sums.total.packets == 0
                    ? 0
                    : static_cast<double>(from.packets) / static_cast<double>(sums.total.packets));
  row.set_dominated_by(from.dominated_by);
  for (const auto& [mark, packets] : sum.marks) {
    v1::MarkCount& count = *row.add_marks();
    count.set_mark(mark);
    count.set_packets(packets);
  }
}

void DescribeRanking(const RankResult& ranking, v1::ReportTable& table) {
  table.set_ranked(ranking.ranked);
  table.set_not_ranked(ranking.why_not_ranked);
  table.set_compared(ranking.compared);
  table.set_not_compared(ranking.why_not_compared);
  for (const LeftOutSensor& s : ranking.left_out) {
    table.add_left_out(fmt::format("{}: {}", s.sensor, s.reason));
  }
  for (const LeftOutSensor& s : ranking.left_out_of_comparison) {
    table.add_left_out_of_comparison(fmt::format("{}: {}", s.sensor, s.reason));
  }
}

// Total minus what the rows show; distinct sources have no remainder.
void CloseSums(Sums& sums, v1::ReportTable& table) {
  *table.mutable_total() = CountsOf(sums.total, sums.SourcesOf(sums.total));
  v1::Counts rest = table.total();
  rest.clear_sources();
  rest.clear_sources_standard_error();
  for (const v1::ReportRow& row : table.rows()) {
    rest.set_packets(rest.packets() - row.counts().packets());
    rest.set_bytes(rest.bytes() - row.counts().bytes());
    rest.set_tuples(rest.tuples() - row.counts().tuples());
  }
  *table.mutable_rest() = rest;
  if (sums.total.folded > 0) {
    table.add_notes(fmt::format("{} of these packets were folded: their sources were not kept.",
                                Percent(PercentOf(static_cast<double>(sums.total.folded),
                                                  static_cast<double>(sums.total.packets)))));
  }
}

void NoteBlind(const v1::ReportTable& table, const RankResult& ranking, v1::ReportTable& out) {
  std::string ports;
  for (const v1::ReportRow& row : table.rows()) {
    if (!ranking.ranked || row.sensors_visible() >= ranking.sensors.size()) continue;
    ports += fmt::format("{}{} ({} of {})", ports.empty() ? "" : ", ", row.key(),
                         row.sensors_visible(), ranking.sensors.size());
  }
  if (ports.empty()) return;
  out.add_notes(
      fmt::format("Visible only at some sensors, because it is a declared service or "
                  "filtered at the others: {}.",
                  ports));
}

RankResult Rank(const RankInput& now, const RankInput& before, bool compare) {
  RankResult result = compare ? ComputeRankWithPrevious(now, before) : ComputeRank(now);
  if (!compare) result.why_not_compared = kNoPrevious;
  return result;
}

}  // namespace

std::string UnitName(RankUnit unit) {
  switch (unit) {
    case RankUnit::kPerN4:
      return "packets per N4 and day";
    case RankUnit::kPerP6:
      return "packets per P6 and day";
    case RankUnit::kPerSensor:
      return "packets per sensor and day";
  }
  return "";
}

std::string KeyText(const RankKey& key) {
  if (key.label.empty()) return FormatPort(key.protocol, key.port);
  if (key.protocol == 0) return key.label;
  return fmt::format("{}, {}", FormatPort(key.protocol, key.port), key.label);
}

RankInput RankInputOf(const TableSpec& spec, const TwoPeriods& periods, bool before) {
  Sums sums = AddUp(spec, before ? periods.before : periods.now);
  return InputOf(spec, periods, before, sums);
}

v1::ReportTable BuildTable(const TableSpec& spec, const TwoPeriods& periods, uint32_t most_rows) {
  v1::ReportTable table;
  table.set_id(spec.id);
  table.set_section(spec.section);
  table.set_title(spec.title);
  table.set_row_label(spec.row_label);
  table.set_in_own_order(spec.in_own_order);
  table.set_unit(UnitName(spec.unit));

  Sums sums = AddUp(spec, periods.now);
  for (const RankKey& key : spec.always) sums.by_key[key];
  Sums sums_before = AddUp(spec, periods.before);
  RankInput now = InputOf(spec, periods, false, sums);
  RankInput before = InputOf(spec, periods, true, sums_before);
  const RankInput remainders = TakeRemainders(spec, now);
  const RankInput remainders_before = TakeRemainders(spec, before);

  const bool compare = periods.before.has_live_time();
  RankResult ranking = Rank(now, before, compare);
  DescribeRanking(ranking, table);
  table.set_keys(static_cast<uint32_t>(ranking.rows.size() + remainders.entries.size()));
  if (spec.in_own_order) {
    std::sort(ranking.rows.begin(), ranking.rows.end(),
              [](const RankedRow& a, const RankedRow& b) { return a.key < b.key; });
  }
  const std::size_t shown = spec.in_own_order
                                ? ranking.rows.size()
                                : std::min<std::size_t>(most_rows, ranking.rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    if (spec.in_own_order) ranking.rows[i].rank = 0;
    AddRow(spec, ranking.rows[i], sums, table);
  }
  if (spec.can_be_blind) NoteBlind(table, ranking, table);
  for (RankedRow& row : Rank(remainders, remainders_before, compare).rows) {
    row.rank = 0;
    row.previous_rank.reset();
    AddRow(spec, row, sums, table);
  }
  CloseSums(sums, table);
  return table;
}

}  // namespace teiten::report
