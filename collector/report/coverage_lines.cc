// SPDX-License-Identifier: Apache-2.0
#include "collector/report/coverage_lines.h"

#include <algorithm>
#include <map>

#include "collector/report/distinct.h"
#include "collector/report/number_text.h"
#include "collector/store/accounting.h"
#include "common/port_name.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

bool Names(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

void AddGap(const v1::Gap& gap, const PeriodData& data, Loss& loss) {
  if (gap.reason() == v1::Gap::REASON_NEVER_USED) return;  // nothing was lost
  const uint64_t summaries = gap.sequences().last() - gap.sequences().first() + 1;
  if (!gap.has_from_unix_ms() || !gap.has_to_unix_ms()) {
    loss.undated_summaries += summaries;
    return;
  }
  const int64_t from = std::max(gap.from_unix_ms(), data.from_unix_ms);
  const int64_t to = std::min(gap.to_unix_ms(), data.to_unix_ms);
  if (from >= to) return;
  loss.summaries += summaries;
  loss.gap_ms += static_cast<uint64_t>(to - from);
}

absl::StatusOr<Loss> ReadLoss(StoreReader& store, const SensorRecord& sensor,
                              const PeriodData& data) {
  Loss loss;
  for (const Spool& spool : sensor.spools) {
    auto ledger = store.ReadLedger(sensor.contact.sensor, spool);
    if (!ledger.ok()) return ledger.status();
    for (const v1::Gap& gap : ledger->gaps) AddGap(gap, data, loss);
    loss.rejected += ledger->rejected;
  }
  return loss;
}

bool TakesPart(const CoverageRollup& c, const PeriodData& data) {
  return data.expected_ms > 0 &&
         static_cast<double>(c.live_ms) >= kVoteLiveShare * static_cast<double>(data.expected_ms);
}

std::string WhyLeftOut(const CoverageRollup& c, const SensorBook* book, const PeriodData& data,
                       int32_t offset) {
  if (c.live_ms > 0) {
    return fmt::format(
        "live {} of the period",
        Percent(PercentOf(static_cast<double>(c.live_ms), static_cast<double>(data.expected_ms))));
  }
  if (book == nullptr || book->record.newest_window_end_unix_ms == 0 ||
      book->record.newest_window_end_unix_ms > data.from_unix_ms) {
    return "no data in this period";
  }
  return fmt::format("silent since {}",
                     FormatOffset(book->record.newest_window_end_unix_ms, offset));
}

v1::Counts ObservedAt(const std::string& sensor, const PeriodData& data) {
  v1::Counts counts;
  SketchSum sketch;
  for (const RollupRow& row : data.kinds) {
    if (row.sensor != sensor) continue;
    counts.set_packets(counts.packets() + row.packets);
    counts.set_bytes(counts.bytes() + row.bytes);
    counts.set_tuples(counts.tuples() + row.tuples);
    sketch.Add(row);
  }
  Distinct sources = sketch.Estimate();
  if (data.sources) {
    SourceSet exact;
    for (const SourceDay& s : *data.sources) {
      if (s.sensor == sensor) exact.Add(s);
    }
    sources = exact.Count();
  }
  counts.set_sources(sources.count);
  counts.set_sources_standard_error(sources.standard_error);
  return counts;
}

void FillLine(const CoverageRollup& c, const PeriodData& data, v1::SensorLine& line) {
  line.set_sensor(c.sensor);
  line.set_group(c.group);
  line.set_live_ms(c.live_ms);
  line.set_expected_ms(data.expected_ms);
  if (c.live_ms > 0) {
    line.set_n4(c.n4_live_ms / static_cast<double>(c.live_ms));
    line.set_p6(c.p6_live_ms / static_cast<double>(c.live_ms));
  }
  *line.mutable_accounting() = c.accounting;
  *line.mutable_observed() = ObservedAt(c.sensor, data);
  line.set_summaries(c.summaries);
  line.set_direction_unknown_ms(c.direction_unknown_ms);
  line.set_drops_unknown_ms(c.drops_unknown_ms);
  for (const CoverageRollup::Blind& b : c.blind) {
    line.add_blind_ports(FormatPort(b.protocol, b.port));
  }
}

}  // namespace

absl::StatusOr<std::vector<SensorBook>> ReadSensorBooks(StoreReader& store,
                                                        const PeriodData& data) {
  std::vector<SensorBook> books;
  if (data.selection.groups.empty()) return books;
  auto sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  for (SensorRecord& sensor : *sensors) {
    if (!Names(data.selection.sensors, sensor.contact.sensor)) continue;
    const bool has_data =
        std::any_of(data.coverage.begin(), data.coverage.end(),
                    [&](const CoverageRollup& c) { return c.sensor == sensor.contact.sensor; });
    if (!has_data && !Names(data.selection.groups, sensor.contact.group)) continue;
    auto loss = ReadLoss(store, sensor, data);
    if (!loss.ok()) return loss.status();
    books.push_back({std::move(sensor), *loss});
  }
  std::sort(books.begin(), books.end(), [](const SensorBook& a, const SensorBook& b) {
    return a.record.contact.sensor < b.record.contact.sensor;
  });
  return books;
}

std::vector<v1::SensorLine> BuildSensorLines(const std::vector<SensorBook>& books,
                                             const PeriodData& data, int32_t utc_offset_minutes) {
  std::map<std::string, const SensorBook*> book_of;
  std::map<std::string, CoverageRollup> coverage_of;
  for (const CoverageRollup& c : data.coverage) coverage_of.emplace(c.sensor, c);
  for (const SensorBook& book : books) {
    const SensorContact& contact = book.record.contact;
    book_of.emplace(contact.sensor, &book);
    const int64_t newest = book.record.newest_window_end_unix_ms;
    // What came only after the period is no silence of it.
    if (newest == 0 || newest > data.from_unix_ms) continue;
    CoverageRollup silent;
    silent.sensor = contact.sensor;
    silent.group = contact.group;
    coverage_of.emplace(contact.sensor, silent);
  }
  std::vector<v1::SensorLine> lines;
  for (const auto& [sensor, coverage] : coverage_of) {
    const auto at = book_of.find(sensor);
    const SensorBook* book = at == book_of.end() ? nullptr : at->second;
    v1::SensorLine& line = lines.emplace_back();
    FillLine(coverage, data, line);
    if (book != nullptr) {
      line.set_software(book->record.contact.software);
      line.set_clock_skew_ms(book->record.contact.clock_skew_ms);
      line.set_gap_ms(book->loss.gap_ms);
      line.set_lost_summaries(book->loss.summaries);
    }
    if (!TakesPart(coverage, data)) {
      line.set_left_out(true);
      line.set_reason(WhyLeftOut(coverage, book, data, utc_offset_minutes));
    }
  }
  return lines;
}

v1::Coverage BuildCoverage(const std::vector<SensorBook>& books, const PeriodData& data) {
  v1::Coverage out;
  for (const CoverageRollup& c : data.coverage) {
    AddAccounting(c.accounting, *out.mutable_accounting());
    out.set_live_ms(out.live_ms() + c.live_ms);
    out.set_kernel_dropped_unknown_ms(out.kernel_dropped_unknown_ms() + c.drops_unknown_ms);
    if (c.live_ms > 0) out.set_sensors(out.sensors() + 1);
    if (c.direction_unknown_ms > 0) out.set_direction_unknown(true);
    if (!TakesPart(c, data)) out.add_left_out(c.sensor + ": " + WhyLeftOut(c, nullptr, data, 0));
  }
  out.set_expected_ms(data.expected_ms * data.coverage.size());
  out.set_mean_n4(data.fleet.n4);
  out.set_mean_p6(data.fleet.p6);
  for (const SensorBook& book : books) {
    out.set_shed_summaries(out.shed_summaries() + book.loss.summaries);
    out.set_gap_ms(out.gap_ms() + book.loss.gap_ms);
    out.set_rejected_summaries(out.rejected_summaries() + book.loss.rejected);
  }
  out.set_source(data.tier == RollupTier::kHour ? "hourly rollups" : "daily rollups");
  return out;
}

}  // namespace teiten::report
