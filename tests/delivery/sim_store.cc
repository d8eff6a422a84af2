// SPDX-License-Identifier: Apache-2.0
#include "tests/delivery/sim_store.h"

namespace teiten {
namespace {

void Append(const RangeSet& ranges, std::vector<v1::SequenceRange>& out) {
  for (const RangeSet::Range& range : ranges.ToVector()) {
    v1::SequenceRange& to = out.emplace_back();
    to.set_first(range.first);
    to.set_last(range.last);
  }
}

}  // namespace

RangeSet SimStore::Ledger::Settled() const {
  RangeSet all = stored;
  all.AddAll(rejected);
  all.AddAll(gaps);
  return all;
}

absl::Status SimStore::Check() const {
  if (crashed_) return absl::UnavailableError("the process is dead");
  if (full_) return absl::ResourceExhaustedError("no space left on device");
  return absl::OkStatus();
}

FactVerdict SimStore::Commit(const AcceptedFact& fact) {
  struct Ledger& ledger = record_.ledgers[{fact.key.sensor, fact.key.spool}];
  const auto known = record_.facts.find(fact.key);
  if (known != record_.facts.end() && !no_dedup_) {
    if (known->second == fact.content_sha256 || accept_conflicts_) return FactVerdict::kDuplicate;
    ++ledger.conflicts;
    record_.conflicting.insert(fact.content_sha256);
    return FactVerdict::kConflict;
  }
  record_.facts[fact.key] = fact.content_sha256;
  record_.contents.insert(fact.content_sha256);
  ledger.stored.Add(fact.key.sequence);
  // What arrives after all is no gap any more.
  ledger.gaps.Remove(fact.key.sequence, fact.key.sequence);
  return FactVerdict::kStored;
}

absl::StatusOr<std::vector<FactVerdict>> SimStore::CommitFacts(
    std::span<const AcceptedFact> facts) {
  if (absl::Status status = Check(); !status.ok()) return status;
  for (const AcceptedFact& fact : facts) {
    if (fact.window_start_unix_ms < 0) return absl::InvalidArgumentError("window before 1970");
  }
  std::vector<FactVerdict> verdicts;
  const std::size_t whole = crash_ ? random_() % (facts.size() + 1) : facts.size();
  for (std::size_t i = 0; i < whole; ++i) verdicts.push_back(Commit(facts[i]));
  if (crash_) {
    crashed_ = true;
    return absl::UnavailableError("the process dies here");
  }
  return verdicts;
}

absl::Status SimStore::CommitGaps(const std::string& sensor, const Spool& spool,
                                  std::span<const v1::Gap> gaps) {
  if (absl::Status status = Check(); !status.ok()) return status;
  struct Ledger& ledger = record_.ledgers[{sensor, spool}];
  for (const v1::Gap& gap : gaps) {
    RangeSet open;
    open.Add(gap.sequences().first(), gap.sequences().last());
    open.RemoveAll(ledger.stored);
    ledger.gaps.AddAll(open);
    for (const RangeSet::Range& range : open.ToVector()) {
      for (uint64_t s = range.first; s <= range.last; ++s) ledger.reasons[s] = gap.reason();
    }
  }
  return absl::OkStatus();
}

absl::Status SimStore::CommitRejection(const FactKey& key, v1::Rejection::Reason,
                                       const std::string&) {
  if (absl::Status status = Check(); !status.ok()) return status;
  record_.ledgers[{key.sensor, key.spool}].rejected.Add(key.sequence);
  return absl::OkStatus();
}

absl::Status SimStore::CommitContact(const SensorContact&) { return Check(); }

absl::StatusOr<SpoolLedger> SimStore::Ledger(const std::string& sensor, const Spool& spool) {
  if (absl::Status status = Check(); !status.ok()) return status;
  const struct Ledger& ledger = record_.ledgers[{sensor, spool}];
  SpoolLedger out;
  const RangeSet settled = ledger.Settled();
  Append(settled, out.settled);
  Append(ledger.stored, out.stored);
  out.highest_sequence = settled.highest();
  out.conflicts = ledger.conflicts;
  return out;
}

absl::StatusOr<v1::DeploymentKey> SimStore::DeploymentKey() {
  if (absl::Status status = Check(); !status.ok()) return status;
  v1::DeploymentKey key;
  key.set_id(7);
  key.set_key("0123456789abcdef");
  return key;
}

}  // namespace teiten
