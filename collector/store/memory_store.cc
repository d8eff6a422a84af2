// SPDX-License-Identifier: Apache-2.0
// The writing half of the model. The answers: memory_reader.cc.
#include "collector/store/memory_store.h"

#include <algorithm>
#include <utility>

#include "collector/store/memory_state.h"
#include "collector/store/storable.h"

namespace teiten {
namespace {

std::vector<v1::SequenceRange> Ranges(const RangeSet& set) {
  std::vector<v1::SequenceRange> out;
  for (const RangeSet::Range& range : set.ToVector()) {
    out.emplace_back().set_first(range.first);
    out.back().set_last(range.last);
  }
  return out;
}

class MemoryWriter final : public StoreWriter {
 public:
  explicit MemoryWriter(MemoryState& state) : state_(state) {}

  absl::StatusOr<std::vector<FactVerdict>> CommitFacts(
      std::span<const AcceptedFact> facts) override {
    const std::lock_guard lock(state_.mutex);
    for (const AcceptedFact& fact : facts) {
      if (absl::Status s = CheckStorable(fact, state_.zone); !s.ok()) return s;
    }
    ++state_.generation;
    std::vector<FactVerdict> verdicts;
    for (const AcceptedFact& fact : facts) verdicts.push_back(CommitFact(fact));
    return verdicts;
  }

  absl::Status CommitGaps(const std::string& sensor, const Spool& spool,
                          std::span<const v1::Gap> gaps) override {
    const std::lock_guard lock(state_.mutex);
    MemoryState::SpoolState& ledger = state_.spools[{sensor, spool}];
    for (const v1::Gap& gap : gaps) {
      RangeSet missing;
      missing.Add(gap.sequences().first(), gap.sequences().last());
      missing.RemoveAll(ledger.stored);
      missing.RemoveAll(ledger.gap);
      for (const RangeSet::Range& piece : missing.ToVector()) {
        v1::Gap& kept = ledger.gaps[piece.first];
        kept = gap;
        kept.mutable_sequences()->set_first(piece.first);
        kept.mutable_sequences()->set_last(piece.last);
      }
      ledger.gap.AddAll(missing);
    }
    return absl::OkStatus();
  }

  absl::Status CommitRejection(const FactKey& key, v1::Rejection::Reason /*reason*/,
                               const std::string& /*detail*/) override {
    const std::lock_guard lock(state_.mutex);
    state_.spools[{key.sensor, key.spool}].rejected.Add(key.sequence);
    return absl::OkStatus();
  }

  absl::Status CommitContact(const SensorContact& contact) override {
    const std::lock_guard lock(state_.mutex);
    state_.contacts[contact.sensor] = contact;
    state_.spools.try_emplace({contact.sensor, contact.spool});
    return absl::OkStatus();
  }

  absl::StatusOr<SpoolLedger> Ledger(const std::string& sensor, const Spool& spool) override {
    const std::lock_guard lock(state_.mutex);
    return LedgerOf(state_, sensor, spool);
  }

  absl::StatusOr<v1::DeploymentKey> DeploymentKey() override { return state_.deployment_key; }

  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) override {
    const std::lock_guard lock(state_.mutex);
    return DirtyOf(state_, limit);
  }

  absl::StatusOr<uint64_t> HourGeneration(int64_t hour_unix_ms) override {
    const std::lock_guard lock(state_.mutex);
    const auto it = state_.dirty.find(hour_unix_ms);
    return it == state_.dirty.end() ? 0 : it->second;
  }

  absl::StatusOr<bool> ReplaceHour(const HourRollup& hour, uint64_t generation,
                                   std::span<const SourceDay> sources) override {
    const std::lock_guard lock(state_.mutex);
    const auto dirty = state_.dirty.find(hour.start_unix_ms);
    if (dirty == state_.dirty.end()) return absl::AbortedError("the hour is clean");
    state_.hours[hour.start_unix_ms].computed = hour;
    state_.sources[hour.start_unix_ms].computed.assign(sources.begin(), sources.end());
    if (dirty->second != generation) return false;
    state_.dirty.erase(dirty);
    return true;
  }

  // Days are added up from their hours whenever they are asked for.
  absl::StatusOr<std::vector<int64_t>> StaleDays(uint32_t /*limit*/) override {
    return std::vector<int64_t>();
  }
  absl::Status ReplaceDay(int64_t /*day_unix_ms*/) override { return absl::OkStatus(); }

  absl::StatusOr<bool> ApplyRetention(int64_t now_unix_ms) override {
    const std::lock_guard lock(state_.mutex);
    const Retention& keep = state_.retention;
    bool more = ExpireFacts(now_unix_ms - keep.fact_days * kDayMs);
    more |= ExpireHours(now_unix_ms - keep.hour_days * kDayMs);
    more |= ExpireSources(now_unix_ms - keep.source_days * kDayMs);
    return more;
  }

 private:
  FactVerdict CommitFact(const AcceptedFact& fact) {
    MemoryState::SpoolState& ledger = state_.spools[{fact.key.sensor, fact.key.spool}];
    if (ledger.stored.Contains(fact.key.sequence)) {
      const auto stored =
          std::find_if(state_.facts.begin(), state_.facts.end(),
                       [&](const auto& entry) { return entry.first.key == fact.key; });
      if (stored == state_.facts.end() || stored->second.content_sha256 == fact.content_sha256) {
        return FactVerdict::kDuplicate;
      }
      ++ledger.conflicts;
      return FactVerdict::kConflict;
    }
    ledger.stored.Add(fact.key.sequence);
    const FactPosition position{fact.window_start_unix_ms, fact.key};
    state_.facts[position] = fact;
    int64_t& received = state_.received[state_.zone.DayOf(fact.window_start_unix_ms)];
    received = std::max(received, fact.received_unix_ms);
    state_.dirty[state_.zone.HourOf(fact.window_start_unix_ms)] = state_.generation;
    MemoryState::Newest& newest = state_.newest[fact.key.sensor];
    if (fact.window_end_unix_ms >= newest.window_end_unix_ms) {
      newest = {fact.window_end_unix_ms, fact.group, position};
    }
    return FactVerdict::kStored;
  }

  // The day is over, before the limit, and has no dirty hour.
  bool MayExpire(int64_t day, int64_t before) {
    if (day + kDayMs > before) return false;
    const auto dirty = state_.dirty.lower_bound(day);
    return dirty == state_.dirty.end() || dirty->first >= day + kDayMs;
  }

  bool ExpireFacts(int64_t before) {
    for (const auto& [day, received] : state_.received) {
      if (received > before || !MayExpire(day, before)) continue;
      for (int64_t hour = day; hour < day + kDayMs; hour += kHourMs) {
        if (state_.hours.contains(hour)) state_.hours[hour].Freeze();
        if (state_.sources.contains(hour)) state_.sources[hour].Freeze();
      }
      std::erase_if(state_.facts, [&](const auto& entry) {
        return state_.zone.DayOf(entry.first.window_start_unix_ms) == day;
      });
      state_.received.erase(day);
      return true;
    }
    return false;
  }

  bool ExpireHours(int64_t before) {
    for (const auto& [hour, rollup] : state_.hours) {
      const int64_t day = state_.zone.DayOf(hour);
      if (state_.received.contains(day) || !MayExpire(day, before)) continue;
      std::vector<HourRollup>& frozen = state_.frozen_days[day];
      for (auto it = state_.hours.lower_bound(day);
           it != state_.hours.end() && it->first < day + kDayMs;) {
        it->second.Freeze();
        frozen.insert(frozen.end(), it->second.frozen.begin(), it->second.frozen.end());
        it = state_.hours.erase(it);
      }
      return true;
    }
    return false;
  }

  bool ExpireSources(int64_t before) {
    for (const auto& [hour, rows] : state_.sources) {
      const int64_t day = state_.zone.DayOf(hour);
      if (state_.received.contains(day) || !MayExpire(day, before)) continue;
      std::erase_if(state_.sources,
                    [&](const auto& e) { return state_.zone.DayOf(e.first) == day; });
      return true;
    }
    return false;
  }

  MemoryState& state_;
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const MemoryStoreOptions& options) : writer_(state_) {
    state_.zone = Zone(options.utc_offset_minutes);
    state_.retention = options.retention;
    state_.deployment_key = options.deployment_key;
  }
  StoreWriter& writer() override { return writer_; }
  absl::StatusOr<std::unique_ptr<StoreReader>> OpenReader() override {
    return MakeMemoryReader(state_);
  }
  [[nodiscard]] int32_t utc_offset_minutes() const override {
    return state_.zone.utc_offset_minutes();
  }
  [[nodiscard]] std::string trouble() const override { return ""; }

 private:
  MemoryState state_;
  MemoryWriter writer_;
};

}  // namespace

SpoolLedger LedgerOf(const MemoryState& state, const std::string& sensor, const Spool& spool) {
  SpoolLedger out;
  const auto it = state.spools.find({sensor, spool});
  if (it == state.spools.end()) return out;
  const MemoryState::SpoolState& ledger = it->second;
  RangeSet settled = ledger.stored;
  settled.AddAll(ledger.rejected);
  settled.AddAll(ledger.gap);
  out.settled = Ranges(settled);
  out.stored = Ranges(ledger.stored);
  for (const auto& [first, gap] : ledger.gaps) out.gaps.push_back(gap);
  out.highest_sequence = settled.highest();
  out.rejected = ledger.rejected.count();
  out.conflicts = ledger.conflicts;
  return out;
}

std::vector<int64_t> DirtyOf(const MemoryState& state, uint32_t limit) {
  std::vector<int64_t> out;
  for (const auto& [hour, generation] : state.dirty) {
    if (out.size() < limit) out.push_back(hour);
  }
  return out;
}

std::unique_ptr<Store> MakeMemoryStore(const MemoryStoreOptions& options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace teiten
