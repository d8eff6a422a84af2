// SPDX-License-Identifier: Apache-2.0
// Facts into the store: day files first, record.db after them.
#include <algorithm>
#include <set>
#include <utility>

#include "collector/store/sqlite_writer.h"
#include "collector/store/storable.h"
#include "fmt/format.h"

namespace teiten {
namespace {

// Day files that stay open for writing: today, yesterday, and two for late ones.
constexpr std::size_t kOpenDays = 4;

FactHead HeadOf(const AcceptedFact& fact, int64_t id) {
  FactHead head;
  head.id = id;
  head.position = {.window_start_unix_ms = fact.window_start_unix_ms, .key = fact.key};
  head.window_end_unix_ms = fact.window_end_unix_ms;
  head.group = fact.group;
  return head;
}

FactVerdict Compare(const std::optional<std::string>& stored, const AcceptedFact& fact) {
  // Without a file to compare with, it is taken for what was stored.
  return !stored.has_value() || *stored == fact.content_sha256 ? FactVerdict::kDuplicate
                                                               : FactVerdict::kConflict;
}

}  // namespace

absl::StatusOr<FactFile*> SqliteWriter::DayFile(int64_t day_unix_ms) {
  const auto open = open_days_.find(day_unix_ms);
  if (open != open_days_.end()) {
    open->second.used = ++uses_;
    return &open->second.file;
  }
  const absl::StatusOr<std::optional<FactDay>> known = record_.Day(day_unix_ms);
  if (!known.ok()) return known.status();
  const bool kept = known->has_value() && (*known)->state == DayState::kKept;
  if (known->has_value() && (*known)->state == DayState::kExpiring) {
    if (absl::Status s = FinishExpiry(**known); !s.ok()) return s;
  }
  absl::StatusOr<FactFile> file =
      FactFile::Open(paths_.FactsOf(day_unix_ms), kept ? SqliteMode::kWriter : SqliteMode::kCreate);
  if (!file.ok()) return file.status();
  if (!kept) {
    if (absl::Status s = SyncFolder(paths_.Facts()); !s.ok()) return s;
  }
  if (open_days_.size() >= kOpenDays) {
    open_days_.erase(std::min_element(
        open_days_.begin(), open_days_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  const auto added = open_days_.emplace(day_unix_ms, OpenDay{*std::move(file), ++uses_}).first;
  return &added->second.file;
}

absl::StatusOr<std::vector<FactVerdict>> SqliteWriter::CommitFacts(
    std::span<const AcceptedFact> facts) {
  for (const AcceptedFact& fact : facts) {
    if (absl::Status s = CheckStorable(fact, paths_.zone); !s.ok()) return s;
  }
  if (facts.empty()) return std::vector<FactVerdict>();
  if (absl::Status s = Ready(); !s.ok()) return Noted(StoreHealth::Task::kFacts, s);
  absl::StatusOr<std::vector<FactVerdict>> verdicts = TryCommit(facts);
  recover_first_ = !verdicts.ok();
  return Noted(StoreHealth::Task::kFacts, std::move(verdicts));
}

absl::StatusOr<std::vector<FactVerdict>> SqliteWriter::TryCommit(
    std::span<const AcceptedFact> facts) {
  std::map<const AcceptedFact*, FactVerdict> verdicts;
  std::map<int64_t, std::vector<const AcceptedFact*>> days;
  std::set<FactKey> seen;
  std::vector<const AcceptedFact*> repeated;  // of a key that came earlier in this batch
  Batch batch;
  for (const AcceptedFact& fact : facts) {
    if (!seen.insert(fact.key).second) {
      repeated.push_back(&fact);
      continue;
    }
    const absl::StatusOr<bool> stored = record_.IsStored(fact.key);
    if (!stored.ok()) return stored.status();
    if (!*stored) {
      days[paths_.zone.DayOf(fact.window_start_unix_ms)].push_back(&fact);
      continue;
    }
    const absl::StatusOr<FactVerdict> verdict = CompareStored(fact);
    if (!verdict.ok()) return verdict.status();
    verdicts[&fact] = *verdict;
    if (*verdict == FactVerdict::kConflict) batch.conflicts.push_back(&fact);
  }
  for (const auto& [day, of_day] : days) {
    if (absl::Status s = StoreDay(day, of_day, verdicts, batch); !s.ok()) return s;
  }
  if (absl::Status s = CommitRecord(batch); !s.ok()) return s;
  for (const AcceptedFact* fact : repeated) {
    const absl::StatusOr<std::vector<FactVerdict>> verdict = TryCommit({fact, 1});
    if (!verdict.ok()) return verdict.status();
    verdicts[fact] = verdict->front();
  }
  std::vector<FactVerdict> out;
  out.reserve(facts.size());
  for (const AcceptedFact& fact : facts) out.push_back(verdicts.at(&fact));
  return out;
}

absl::StatusOr<FactVerdict> SqliteWriter::CompareStored(const AcceptedFact& fact) {
  // Nearly always its own day has it.
  const int64_t own = paths_.zone.DayOf(fact.window_start_unix_ms);
  const absl::StatusOr<std::vector<FactDay>> days = record_.Days();
  if (!days.ok()) return days.status();
  for (const bool own_day : {true, false}) {
    for (const FactDay& day : *days) {
      if (day.state != DayState::kKept || (day.day_unix_ms == own) != own_day) continue;
      const absl::StatusOr<FactFile*> file = DayFile(day.day_unix_ms);
      if (!file.ok()) return file.status();
      const absl::StatusOr<std::optional<std::string>> hash = (*file)->FindHash(fact.key);
      if (!hash.ok()) return hash.status();
      if (hash->has_value()) return Compare(*hash, fact);
    }
  }
  return Compare(std::nullopt, fact);
}

absl::Status SqliteWriter::StoreDay(int64_t day_unix_ms, std::span<const AcceptedFact* const> facts,
                                    std::map<const AcceptedFact*, FactVerdict>& verdicts,
                                    Batch& batch) {
  const absl::StatusOr<FactFile*> file = DayFile(day_unix_ms);
  if (!file.ok()) return file.status();
  absl::StatusOr<Transaction> transaction = Transaction::Begin((*file)->db());
  if (!transaction.ok()) return transaction.status();
  for (const AcceptedFact* fact : facts) {
    const absl::StatusOr<std::optional<int64_t>> id = (*file)->Insert(*fact);
    if (!id.ok()) return id.status();
    if (id->has_value()) {
      verdicts[fact] = FactVerdict::kStored;
      NoteStored(HeadOf(*fact, **id), day_unix_ms, batch);
      FactDay& day = batch.days[day_unix_ms];
      day.received_unix_ms = std::max(day.received_unix_ms, fact->received_unix_ms);
      continue;
    }
    const absl::StatusOr<std::optional<std::string>> hash = (*file)->FindHash(fact->key);
    if (!hash.ok()) return hash.status();
    verdicts[fact] = Compare(*hash, *fact);
    if (verdicts[fact] == FactVerdict::kConflict) batch.conflicts.push_back(fact);
  }
  if (absl::Status s = transaction->Commit(); !s.ok()) return s;
  return (*file)->db().Checkpoint(kCheckpointPages);
}

void SqliteWriter::NoteStored(const FactHead& head, int64_t day_unix_ms, Batch& batch) const {
  const FactKey& key = head.position.key;
  FactDay& day = batch.days[day_unix_ms];
  day.day_unix_ms = day_unix_ms;
  day.covered_id = std::max(day.covered_id, head.id);
  batch.stored[{key.sensor, key.spool}].Add(key.sequence);
  const int64_t hour = paths_.zone.HourOf(head.position.window_start_unix_ms);
  if (batch.hours.empty() || batch.hours.back() != hour) batch.hours.push_back(hour);
  NewestWindow& newest = batch.newest[key.sensor];
  if (head.window_end_unix_ms < newest.window_end_unix_ms) return;
  newest = {.sensor = key.sensor,
            .group = head.group,
            .window_end_unix_ms = head.window_end_unix_ms,
            .day_unix_ms = day_unix_ms,
            .fact_id = head.id};
}

absl::Status SqliteWriter::CommitRecord(const Batch& batch) {
  if (batch.days.empty() && batch.conflicts.empty()) return absl::OkStatus();
  return InRecord([&] {
    absl::Status s = record_.SetMeta("generation", fmt::format("{}", ++generation_));
    for (const auto& [number, day] : batch.days) {
      const absl::StatusOr<std::optional<FactDay>> old = record_.Day(number);
      if (!old.ok()) return old.status();
      FactDay now = day;
      if (old->has_value()) {
        now.received_unix_ms = std::max(now.received_unix_ms, (*old)->received_unix_ms);
      }
      if (s.ok()) s = record_.SetDay(now);
    }
    for (const auto& [spool, ranges] : batch.stored) {
      for (const RangeSet::Range& span : ranges.ToVector()) {
        if (s.ok()) s = record_.AddRange(spool.first, spool.second, RangeState::kStored, span);
      }
    }
    for (const int64_t hour : batch.hours) {
      if (s.ok()) s = record_.MarkDirty(hour, generation_);
    }
    for (const auto& [sensor, newest] : batch.newest) {
      if (s.ok()) s = record_.NoteWindow(newest);
    }
    for (const AcceptedFact* fact : batch.conflicts) {
      if (s.ok()) s = record_.AddConflict(*fact);
    }
    return s;
  });
}

}  // namespace teiten
