// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/spool_core.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace teiten {
namespace {

// Each attempt frees at least one file, so this bounds the work a full disk can cause.
constexpr int kMaxAttempts = 64;

}  // namespace

SpoolCore::SpoolCore(SpoolOptions options, std::function<uint64_t()> random)
    : options_(std::move(options)), random_(std::move(random)) {}

SpoolActions SpoolCore::Step(SpoolTime now, SpoolInput input) {
  now_ = now;
  std::visit([this](auto& in) { On(in); }, input);
  return std::exchange(actions_, {});
}

void SpoolCore::On(SpoolAppend& append) {
  pending_ = Pending{std::move(append), 0, 0};
  Advance();
}

// The next step of the pending append: first sequences that are surely ours, then the file.
void SpoolCore::Advance() {
  if (!pending_) return;
  if (identity_dirty_ || next_ >= durable_reserved_) {
    WriteIdentity(next_ + owed_.count + options_.reserve_block);
  } else {
    WriteSummary();
  }
}

void SpoolCore::WriteSummary() {
  v1::Envelope& envelope = pending_->append.envelope;
  v1::Identity& identity = *envelope.mutable_identity();
  identity.set_sensor(options_.sensor);
  identity.set_spool(std::string(identity_.spool.begin(), identity_.spool.end()));
  identity.set_sequence(next_);
  const SpoolHeader header{next_,
                           identity_.spool,
                           options_.sensor,
                           now_.unix_ms,
                           pending_->append.from_unix_ms,
                           pending_->append.to_unix_ms};
  std::string bytes = EncodeSpoolFile(header, envelope.SerializeAsString());
  if (bytes.size() > std::min(kMaxSpoolFileBytes, options_.limit_bytes)) return Lose(next_++);
  while (counters_.bytes + bytes.size() > options_.limit_bytes && FreeOne()) {
  }
  pending_->size_bytes = bytes.size();
  EmitWrite(SpoolWrite::kSummary, SpoolFileName(next_, false), std::move(bytes));
}

void SpoolCore::On(SpoolWritten& written) {
  if (written.outcome != WriteOutcome::kDurable) ++counters_.disk_errors;
  switch (written.what) {
    case SpoolWrite::kIdentity:
      return IdentityWritten(written.outcome);
    case SpoolWrite::kSummary:
      return SummaryWritten(written.outcome);
    case SpoolWrite::kGaps:
      if (written.outcome != WriteOutcome::kDurable) gaps_dirty_ = true;
      return;
  }
}

void SpoolCore::SummaryWritten(WriteOutcome outcome) {
  if (!pending_) return;
  if (outcome == WriteOutcome::kNoSpace && ++pending_->attempts < kMaxAttempts && FreeOne()) {
    return WriteSummary();
  }
  const uint64_t sequence = next_++;
  if (outcome != WriteOutcome::kDurable) return Lose(sequence);
  SpoolEntry entry;
  entry.spool = identity_.spool;
  entry.name = SpoolFileName(sequence, false);
  entry.size_bytes = pending_->size_bytes;
  entry.from_unix_ms = pending_->append.from_unix_ms;
  entry.to_unix_ms = pending_->append.to_unix_ms;
  entry.spooled_mono_ms = now_.mono_ms;
  Add(sequence, std::move(entry));
  ++counters_.spooled;
  pending_.reset();
  SpoolAction& done = actions_.emplace_back();
  done.kind = SpoolAction::Kind::kSpooled;
  done.sequence = sequence;
}

// Ends the pending append as lost; without a sequence (0) the loss waits for one.
void SpoolCore::Lose(uint64_t sequence) {
  const int64_t from = pending_->append.from_unix_ms;
  const int64_t to = pending_->append.to_unix_ms;
  ++counters_.unwritable;
  pending_.reset();
  if (sequence != 0) {
    RecordGap({sequence, sequence, v1::Gap::REASON_UNWRITABLE, from, to});
    WriteGaps();
  } else {
    owed_.from_unix_ms = owed_.count == 0 ? from : std::min(owed_.from_unix_ms, from);
    owed_.to_unix_ms = owed_.count == 0 ? to : std::max(owed_.to_unix_ms, to);
    ++owed_.count;
  }
  SpoolAction& lost = actions_.emplace_back();
  lost.kind = SpoolAction::Kind::kLost;
  lost.sequence = sequence;
}

// The oldest acknowledged file goes first, else the oldest of all is shed.
bool SpoolCore::FreeOne() {
  if (entries_.empty()) return false;
  const auto kept = std::find_if(entries_.begin(), entries_.end(),
                                 [](const auto& entry) { return entry.second.acknowledged; });
  if (kept == entries_.end()) {
    Shed({entries_.begin()->first}, v1::Gap::REASON_SHED_SIZE);
    return true;
  }
  const uint64_t sequence = kept->first;
  EmitRemove(kept->second.name);
  Erase(sequence);
  return true;
}

// The record first, then the files: a crash between them leaves files whose loss is on record,
// and the next start removes those.
void SpoolCore::Shed(const std::vector<uint64_t>& sequences, v1::Gap::Reason reason) {
  if (sequences.empty()) return;
  for (const uint64_t sequence : sequences) {
    const SpoolEntry& entry = entries_.at(sequence);
    RecordGap({sequence, sequence, reason, entry.from_unix_ms, entry.to_unix_ms});
    ++(reason == v1::Gap::REASON_SHED_AGE ? counters_.shed_age : counters_.shed_size);
  }
  WriteGaps();
  for (const uint64_t sequence : sequences) {
    EmitRemove(entries_.at(sequence).name);
    Erase(sequence);
  }
}

// The name only tells the next start what was acknowledged; the entry knows.
void SpoolCore::On(SpoolRenameFailed& in) {
  ++counters_.disk_errors;
  const auto it = entries_.find(in.sequence);
  if (it != entries_.end()) it->second.name = in.name;
}

void SpoolCore::On(SpoolAcknowledged& in) {
  const auto it = entries_.find(in.sequence);
  if (it == entries_.end() || it->second.acknowledged) return;
  SpoolEntry& entry = it->second;
  ++counters_.acknowledged;
  if (options_.keep_acknowledged_ms == 0) {
    EmitRemove(entry.name);
    return Erase(in.sequence);
  }
  --counters_.waiting;
  entry.acknowledged = true;
  entry.acknowledged_mono_ms = now_.mono_ms;
  // If this rename is lost in a crash the summary is sent once more and acknowledged again.
  const std::string kept = SpoolFileName(in.sequence, true);
  EmitRename(entry.name, kept, in.sequence);
  entry.name = kept;
}

void SpoolCore::On(SpoolNotStored& in) {
  const auto it = entries_.find(in.sequence);
  if (it == entries_.end() || !it->second.acknowledged) return;
  SpoolEntry& entry = it->second;
  ++counters_.waiting;
  entry.acknowledged = false;
  const std::string waiting = SpoolFileName(in.sequence, false);
  EmitRename(entry.name, waiting, in.sequence);
  entry.name = waiting;
}

void SpoolCore::On(SpoolRejected& in) {
  if (!entries_.contains(in.sequence)) return;
  ++counters_.rejected;
  SetAside(in.sequence, dead_, v1::Gap::REASON_DEAD);
}

void SpoolCore::On(SpoolDamaged& in) {
  if (!entries_.contains(in.sequence)) return;
  ++counters_.quarantined;
  SetAside(in.sequence, quarantine_, v1::Gap::REASON_QUARANTINED);
}

void SpoolCore::SetAside(uint64_t sequence, Aside& aside, v1::Gap::Reason reason) {
  const SpoolEntry entry = entries_.at(sequence);
  RecordGap({sequence, sequence, reason, entry.from_unix_ms, entry.to_unix_ms});
  WriteGaps();
  PutAside(aside, entry.name, entry.size_bytes);
  Erase(sequence);
}

void SpoolCore::PutAside(Aside& aside, const std::string& name, uint64_t size) {
  std::string target = fmt::format("{}/{}", aside.folder, name);
  const auto taken = [&](const auto& file) { return file.first == target; };
  while (std::any_of(aside.files.begin(), aside.files.end(), taken)) target += "+";
  EmitRename(name, target);
  aside.files.emplace_back(target, size);
  aside.bytes += size;
  while (!aside.files.empty() &&
         (aside.files.size() > options_.aside_files || aside.bytes > options_.aside_bytes)) {
    EmitRemove(aside.files.front().first);
    aside.bytes -= aside.files.front().second;
    aside.files.pop_front();
    ++counters_.aside_evicted;
  }
}

void SpoolCore::On(SpoolTick&) {
  if (gaps_dirty_) WriteGaps();
  DropEmptyRetired();
  if (identity_dirty_) WriteIdentity(next_ + owed_.count + options_.reserve_block);
  const bool may_shed = now_.mono_ms - started_mono_ms_ >= options_.age_grace_ms;
  std::vector<uint64_t> old;
  std::vector<uint64_t> kept_enough;
  for (const auto& [sequence, entry] : entries_) {
    if (entry.acknowledged) {
      const int64_t kept_ms = now_.mono_ms - entry.acknowledged_mono_ms;
      if (kept_ms >= options_.keep_acknowledged_ms) kept_enough.push_back(sequence);
    } else if (may_shed && now_.mono_ms - entry.spooled_mono_ms >= options_.limit_age_ms) {
      old.push_back(sequence);
    }
  }
  Shed(old, v1::Gap::REASON_SHED_AGE);
  for (const uint64_t sequence : kept_enough) {
    EmitRemove(entries_.at(sequence).name);
    Erase(sequence);
  }
}

void SpoolCore::Add(uint64_t sequence, SpoolEntry entry) {
  counters_.bytes += entry.size_bytes;
  if (!entry.acknowledged) ++counters_.waiting;
  entries_.emplace(sequence, std::move(entry));
}

void SpoolCore::Erase(uint64_t sequence) {
  const auto it = entries_.find(sequence);
  counters_.bytes -= it->second.size_bytes;
  if (!it->second.acknowledged) --counters_.waiting;
  entries_.erase(it);
}

void SpoolCore::EmitWrite(SpoolWrite what, std::string name, std::string bytes) {
  SpoolAction& action = actions_.emplace_back();
  action.kind = SpoolAction::Kind::kWrite;
  action.what = what;
  action.name = std::move(name);
  action.bytes = std::move(bytes);
}

void SpoolCore::EmitRename(std::string name, std::string target, uint64_t sequence) {
  SpoolAction& action = actions_.emplace_back();
  action.kind = SpoolAction::Kind::kRename;
  action.sequence = sequence;
  action.name = std::move(name);
  action.target = std::move(target);
}

void SpoolCore::EmitRemove(std::string name) {
  SpoolAction& action = actions_.emplace_back();
  action.kind = SpoolAction::Kind::kRemove;
  action.name = std::move(name);
}

std::pair<uint64_t, uint64_t> SpoolCore::SequencesOf(const Spool& spool) const {
  if (spool == identity_.spool) return {identity_.first, next_};
  for (const RetiredSpool& old : identity_.retired) {
    if (old.spool == spool) return {old.first, old.end};
  }
  return {1, 1};
}

}  // namespace teiten
