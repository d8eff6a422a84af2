// SPDX-License-Identifier: Apache-2.0
#include "collector/query/sensors.h"

#include <algorithm>
#include <map>

#include "collector/query/distinct_sources.h"
#include "collector/query/empty_reason.h"
#include "collector/query/exact_sources.h"
#include "collector/query/gather.h"
#include "collector/query/open_selection.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kMinuteMs = 60'000;

class SensorsAnswer {
 public:
  SensorsAnswer(StoreReader& store, const QueryContext& context, const v1::SensorsRequest& request)
      : store_(store), context_(context), request_(request) {}

  absl::StatusOr<v1::SensorsReply> Make() {
    absl::StatusOr<std::vector<SensorRecord>> records = store_.ReadSensors();
    if (!records.ok()) return records.status();
    absl::StatusOr<RecordFilter> filter = Open();
    if (!filter.ok()) return filter.status();
    if (absl::Status s = Read(*filter); !s.ok()) return s;
    for (const SensorRecord& record : *records) {
      if (!Selected(*filter, record)) {
        if (IsHiddenReplay(*filter, record)) ++hidden_replays_;
        continue;
      }
      if (absl::Status s = Write(record, *reply_.add_sensors()); !s.ok()) return s;
    }
    v1::Coverage& coverage = *reply_.mutable_coverage();
    book_.Write(ExpectedMs(filter->from_unix_ms, filter->to_unix_ms, context_.now_unix_ms()),
                coverage);
    coverage.set_source(description_);
    if (absl::Status s = WriteGaps(store_, *filter, coverage); !s.ok()) return s;
    if (ipv6_) coverage.add_notes(kBy64Note);
    if (reply_.sensors_size() == 0) {
      absl::StatusOr<std::string> reason = EmptyReason(store_, *filter, book_);
      if (!reason.ok()) return reason.status();
      coverage.set_empty_reason(*std::move(reason));
    } else if (hidden_replays_ > 0) {
      coverage.add_notes(
          fmt::format("{} of group \"{}\" not listed: add --group {}",
                      hidden_replays_ == 1 ? "1 sensor" : GroupDigits(hidden_replays_) + " sensors",
                      kReplayGroup, kReplayGroup));
    }
    return std::move(reply_);
  }

 private:
  struct Observed {
    explicit Observed(const HashMultipliers* multipliers) : sources(multipliers) {}
    v1::Counts counts;
    DistinctSources sources;
  };

  absl::StatusOr<RecordFilter> Open() const {
    v1::Selection selection;
    *selection.mutable_time() = request_.time();
    if (!request_.has_time()) {
      const int64_t now = context_.now_unix_ms();
      selection.mutable_time()->set_from_unix_ms(FloorTo(now - kDayMs, kMinuteMs, 0));
      selection.mutable_time()->set_to_unix_ms(FloorTo(now + kMinuteMs - 1, kMinuteMs, 0));
    }
    *selection.mutable_sensors() = request_.sensors();
    *selection.mutable_groups() = request_.groups();
    return OpenSelection(store_, selection);
  }

  static bool Names(const std::vector<std::string>& list, const std::string& name) {
    return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
  }

  // A sensor that has not said its group yet is in none that was named.
  static bool Selected(const RecordFilter& filter, const SensorRecord& record) {
    const std::string& group = record.contact.group;
    return Names(filter.sensors, record.contact.sensor) &&
           (group.empty() ? !filter.groups_selected : Names(filter.groups, group));
  }

  static bool IsHiddenReplay(const RecordFilter& filter, const SensorRecord& record) {
    return !filter.groups_selected && record.contact.group == kReplayGroup &&
           Names(filter.sensors, record.contact.sensor);
  }

  absl::Status Read(const RecordFilter& filter) {
    const auto add_exact = [this](const Cell& c) { exact_.Add({0, 0, *c.sensor}, c); };
    const GatherRequest request{.filter = &filter,
                                .by = v1::RANK_BY_SENSOR,
                                .by_time = false,
                                .all_from_facts = false,
                                .days = true,
                                .on_source = add_exact};
    const auto add = [&](const Cell& cell) {
      Observed& sum =
          observed_.try_emplace(*cell.sensor, &context_.sketch_multipliers).first->second;
      sum.counts.set_packets(sum.counts.packets() + cell.packets);
      sum.counts.set_bytes(sum.counts.bytes() + cell.bytes);
      sum.counts.set_tuples(sum.counts.tuples() + cell.tuples);
      ipv6_ = ipv6_ || (cell.family == Family::kIpv6 && !cell.folded);
      if (cell.source != nullptr) {
        sum.sources.Add(cell.family, *cell.source);
        add_exact(cell);
      }
      if (cell.sources != nullptr) sum.sources.Merge(*cell.sources);
      sum.sources.AddUpperBound(cell.foreign_sources);
      return absl::OkStatus();
    };
    return Gather(store_, context_, request, book_, add, description_);
  }

  std::string StateOf(const SensorRecord& record) const {
    if (record.contact.group == kReplayGroup) return "replay";
    const int64_t quiet_ms = context_.now_unix_ms() - record.newest_window_end_unix_ms;
    return quiet_ms <= SilentAfterMs(record.window_ms) ? "live" : "silent";
  }

  absl::Status Write(const SensorRecord& record, v1::SensorState& out) {
    const SensorContact& contact = record.contact;
    out.set_sensor(contact.sensor);
    out.set_group(contact.group);
    out.set_software(contact.software);
    out.set_definitions_version(contact.definitions_version);
    out.set_connected(context_.connected && context_.connected(contact.sensor));
    out.set_last_contact_unix_ms(contact.contact_unix_ms);
    out.set_newest_window_end_unix_ms(record.newest_window_end_unix_ms);
    out.set_clock_skew_ms(contact.clock_skew_ms);
    out.set_n4(record.n4);
    out.set_p6(record.p6);
    *out.mutable_health() = record.health;
    out.set_state(StateOf(record));
    if (const auto c = book_.sensors().find(contact.sensor); c != book_.sensors().end()) {
      out.set_summaries(c->second.sum().summaries);
      out.set_live_ms(c->second.sum().live_ms);
      *out.mutable_accounting() = c->second.sum().accounting;
    }
    if (const auto sum = observed_.find(contact.sensor); sum != observed_.end()) {
      *out.mutable_observed() = sum->second.counts;
      sum->second.sources.Write(*out.mutable_observed());
      WriteExact(exact_, {0, 0, contact.sensor}, *out.mutable_observed());
    }
    for (const Spool& spool : record.spools) {
      absl::StatusOr<SpoolLedger> ledger = store_.ReadLedger(contact.sensor, spool);
      if (!ledger.ok()) return ledger.status();
      v1::SpoolState& state = *out.add_spools();
      state.set_spool(spool.data(), spool.size());
      for (const v1::SequenceRange& range : ledger->stored) *state.add_stored() = range;
      for (const v1::Gap& gap : ledger->gaps) *state.add_gaps() = gap;
      state.set_rejected(ledger->rejected);
      state.set_conflicts(ledger->conflicts);
    }
    return absl::OkStatus();
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::SensorsRequest& request_;
  CoverageBook book_;
  std::string description_;
  std::map<std::string, Observed> observed_;
  bool ipv6_ = false;
  ExactSources exact_;  // by sensor
  uint64_t hidden_replays_ = 0;
  v1::SensorsReply reply_;
};

}  // namespace

absl::StatusOr<v1::SensorsReply> AnswerSensors(StoreReader& store, const QueryContext& context,
                                               const v1::SensorsRequest& request) {
  return SensorsAnswer(store, context, request).Make();
}

}  // namespace teiten
