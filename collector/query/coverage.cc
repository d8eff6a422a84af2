// SPDX-License-Identifier: Apache-2.0
#include "collector/query/coverage.h"

#include <algorithm>

#include "collector/query/doubled_time.h"
#include "collector/query/rank_math.h"
#include "collector/query/whole_windows.h"
#include "collector/store/accounting.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

bool Names(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

// Sequences that will never arrive because something was lost; "never used" is no loss.
bool IsLoss(v1::Gap::Reason reason) { return reason != v1::Gap::REASON_NEVER_USED; }

void WriteGap(const v1::Gap& gap, const RecordFilter& filter, v1::Coverage& out) {
  if (!IsLoss(gap.reason())) return;
  const uint64_t summaries = gap.sequences().last() - gap.sequences().first() + 1;
  if (!gap.has_from_unix_ms() || !gap.has_to_unix_ms()) {
    out.add_notes(
        fmt::format("{} summaries were lost at a time nobody knows", GroupDigits(summaries)));
    return;
  }
  const int64_t from = std::max(gap.from_unix_ms(), filter.from_unix_ms);
  const int64_t to = std::min(gap.to_unix_ms(), filter.to_unix_ms);
  if (from >= to) return;
  out.set_shed_summaries(out.shed_summaries() + summaries);
  out.set_gap_ms(out.gap_ms() + static_cast<uint64_t>(to - from));
}

}  // namespace

uint64_t ExpectedMs(int64_t from_unix_ms, int64_t to_unix_ms, int64_t now_unix_ms) {
  const int64_t to = now_unix_ms > from_unix_ms ? std::min(to_unix_ms, now_unix_ms) : to_unix_ms;
  return static_cast<uint64_t>(to - from_unix_ms);
}

void CoverageBook::AddRollup(int64_t start_unix_ms, const CoverageRollup& rollup) {
  const uint64_t live_ms = sensors_[rollup.sensor].Add(rollup);
  if (on_live_) on_live_(start_unix_ms, live_ms);
}

void CoverageBook::AddFact(const StoredFact& fact) {
  const uint64_t live_ms = sensors_[fact.key.sensor].Add(fact);
  if (on_live_) on_live_(fact.window_start_unix_ms, live_ms);
}

uint64_t CoverageBook::live_ms() const {
  uint64_t sum = 0;
  for (const auto& [name, coverage] : sensors_) sum += coverage.sum().live_ms;
  return sum;
}

bool CoverageBook::Counts(const std::string& sensor, uint64_t expected_ms) const {
  const auto at = sensors_.find(sensor);
  return at != sensors_.end() && static_cast<double>(at->second.sum().live_ms) >=
                                     kVoteLiveShare * static_cast<double>(expected_ms);
}

uint64_t CoverageBook::BlindMs(const std::string& sensor,
                               const std::vector<ProtocolAndPort>& ports) const {
  const auto at = sensors_.find(sensor);
  if (at == sensors_.end() || ports.empty()) return 0;
  uint64_t least = ~uint64_t{0};
  for (const ProtocolAndPort& wanted : ports) {
    uint64_t blind_ms = 0;
    for (const CoverageRollup::Blind& blind : at->second.sum().blind) {
      if (blind.protocol == wanted.protocol && blind.port == wanted.port) blind_ms = blind.live_ms;
    }
    least = std::min(least, blind_ms);
  }
  return std::min(least, at->second.sum().live_ms);
}

void CoverageBook::Write(uint64_t expected_ms, v1::Coverage& out) const {
  std::vector<const CoverageRollup*> all;
  for (const auto& [sensor, entry] : sensors_) {
    const CoverageRollup& c = entry.sum();
    AddAccounting(c.accounting, *out.mutable_accounting());
    if (c.direction_unknown_ms > 0) out.set_direction_unknown(true);
    out.set_kernel_dropped_unknown_ms(out.kernel_dropped_unknown_ms() + c.drops_unknown_ms);
    if (c.live_ms == 0) continue;
    all.push_back(&c);
  }
  out.set_sensors(static_cast<uint32_t>(all.size()));
  out.set_live_ms(live_ms());
  out.set_expected_ms(expected_ms * out.sensors());
  const MeanAddresses mean = MeanAddressesOf(all);
  out.set_mean_n4(mean.n4);
  out.set_mean_p6(mean.p6);
}

void CoverageBook::WriteLeftOut(uint64_t expected_ms, v1::Coverage& out) const {
  for (const auto& [sensor, entry] : sensors_) {
    const uint64_t live_ms = entry.sum().live_ms;
    if (live_ms == 0 || Counts(sensor, expected_ms)) continue;
    out.add_left_out(
        fmt::format("{}: live {:.0f} % of the time", sensor,
                    100.0 * static_cast<double>(live_ms) / static_cast<double>(expected_ms)));
  }
}

absl::Status WriteGaps(StoreReader& store, const RecordFilter& filter, v1::Coverage& out) {
  if (std::string widened = WidenedNote(filter); !widened.empty()) out.add_notes(widened);
  absl::StatusOr<std::vector<SensorRecord>> sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  absl::StatusOr<std::vector<std::string>> doubled = DoubledTimeNotes(store, filter, *sensors);
  if (!doubled.ok()) return doubled.status();
  for (std::string& note : *doubled) out.add_notes(std::move(note));
  for (const SensorRecord& sensor : *sensors) {
    if (!Names(filter.sensors, sensor.contact.sensor)) continue;
    if (!Names(filter.groups, sensor.contact.group)) continue;
    for (const Spool& spool : sensor.spools) {
      absl::StatusOr<SpoolLedger> ledger = store.ReadLedger(sensor.contact.sensor, spool);
      if (!ledger.ok()) return ledger.status();
      for (const v1::Gap& gap : ledger->gaps) WriteGap(gap, filter, out);
      out.set_rejected_summaries(out.rejected_summaries() + ledger->rejected);
    }
  }
  return absl::OkStatus();
}

}  // namespace teiten
