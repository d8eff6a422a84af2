// SPDX-License-Identifier: Apache-2.0
// The start of SpoolCore: everything valid in the folder is taken over, everything else is set
// aside and counted, and the sequences that may have been used are never used again.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sensor/uplink/spool_core.h"

namespace teiten {

void SpoolCore::On(SpoolLoad& load) {
  started_mono_ms_ = now_.mono_ms;
  quarantine_.files.assign(load.quarantine.begin(), load.quarantine.end());
  dead_.files.assign(load.dead.begin(), load.dead.end());
  for (Aside* aside : {&quarantine_, &dead_}) {
    for (const auto& [name, size] : aside->files) aside->bytes += size;
  }
  LoadIdentity(load);
  if (!usable_.ok()) return;
  for (const std::string& name : load.temporaries) {
    EmitRemove(name);
  }
  LoadGaps(load);
  // Where two files claim one sequence, the one that carries its name wins; a damaged file loses
  // its sequence only if no other file has it.
  const auto rank = [](const SpoolLoad::File& file) {
    const std::optional<SpoolFileKind> kind = ParseSpoolFileName(file.name);
    if (!file.header) return 2;
    return kind && kind->sequence == file.header->sequence ? 0 : 1;
  };
  std::stable_sort(load.files.begin(), load.files.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  for (const SpoolLoad::File& file : load.files) LoadFile(file);
  next_ = std::max(next_, identity_.reserved);
  SkipUnused();
  while (counters_.bytes > options_.limit_bytes && FreeOne()) {
  }
  WriteGaps();
  WriteIdentity(next_ + options_.reserve_block);
}

void SpoolCore::LoadIdentity(const SpoolLoad& load) {
  if (load.identity) {
    absl::StatusOr<SpoolIdentity> identity = ParseIdentity(*load.identity);
    if (identity.ok() && identity->sensor != options_.sensor) {
      usable_ = absl::FailedPreconditionError(
          absl::StrCat("the spool holds summaries of sensor \"", identity->sensor, "\", not of \"",
                       options_.sensor,
                       "\"; give this sensor another folder, or let the other "
                       "one hand over what is left"));
      return;
    }
    if (identity.ok()) {
      identity_ = *std::move(identity);
      durable_reserved_ = identity_.reserved;
      return;
    }
    PutAside(quarantine_, std::string(kIdentityName), load.identity->size());
  }
  // Files without a readable identity are those of a spool that is over; see AdoptSpool.
  if (load.identity || !load.files.empty()) ++counters_.identity_damaged;
  BeginSpool(1);
}

void SpoolCore::LoadGaps(const SpoolLoad& load) {
  if (!load.gaps) return;
  absl::StatusOr<std::vector<GapRecord>> records = ParseGapRecords(*load.gaps);
  if (records.ok()) {
    gaps_ = *std::move(records);
    for (const GapRecord& record : gaps_) next_ = std::max(next_, record.last + 1);
    return;
  }
  ++counters_.quarantined;
  PutAside(quarantine_, std::string(kGapsName), load.gaps->size());
}

void SpoolCore::LoadFile(const SpoolLoad::File& file) {
  const std::optional<SpoolFileKind> kind = ParseSpoolFileName(file.name);
  const bool ours = file.header && file.header->sensor == options_.sensor;
  if (!kind || !ours || entries_.contains(file.header->sequence) ||
      !AdoptSpool(file.header->spool, file.header->sequence)) {
    ++counters_.quarantined;
    PutAside(quarantine_, file.name, file.size_bytes);
    // A damaged file's name is all that is left to say which sequence was lost.
    if (kind && !file.header && !entries_.contains(kind->sequence)) {
      RecordGap({kind->sequence, kind->sequence, v1::Gap::REASON_QUARANTINED, 0, 0});
      next_ = std::max(next_, kind->sequence + 1);
    }
    return;
  }
  const SpoolHeader& header = *file.header;
  const auto record = std::find_if(gaps_.begin(), gaps_.end(), [&](const GapRecord& known) {
    return known.first <= header.sequence && header.sequence <= known.last;
  });
  if (record != gaps_.end()) {
    // Shed or set aside before, and back because its removal was not durable. The loss may be
    // booked already, so it stays lost.
    EmitRemove(file.name);
    return;
  }
  SpoolEntry entry;
  entry.spool = header.spool;
  entry.name = file.name;
  entry.size_bytes = file.size_bytes;
  entry.from_unix_ms = header.from_unix_ms;
  entry.to_unix_ms = header.to_unix_ms;
  entry.spooled_mono_ms =
      now_.mono_ms - std::max<int64_t>(0, now_.unix_ms - header.spooled_unix_ms);
  entry.acknowledged = kind->acknowledged;
  entry.acknowledged_mono_ms = now_.mono_ms;
  Add(header.sequence, std::move(entry));
  next_ = std::max(next_, header.sequence + 1);
}

// A file of an id the identity file does not know, or beyond what it had reserved: that file was
// lost or is older than the folder. The id is retired, and what comes gets a new one.
// False if there are too many of those.
bool SpoolCore::AdoptSpool(const Spool& spool, uint64_t sequence) {
  if (spool == identity_.spool) {
    if (sequence < identity_.reserved) return true;
    RetireSpool(sequence + 1);
    BeginSpool(sequence + 1);
    return true;
  }
  for (RetiredSpool& old : identity_.retired) {
    if (old.spool != spool) continue;
    old.first = std::min(old.first, sequence);
    old.end = std::max(old.end, sequence + 1);
    return true;
  }
  if (identity_.retired.size() == kMaxRetired) return false;
  identity_.retired.push_back({spool, 1, sequence + 1, false});
  ++counters_.spools_retired;
  return true;
}

// A clean stop gives back what it had reserved; after a crash the rest of the block is skipped.
void SpoolCore::SkipUnused() {
  if (durable_reserved_ == 0) {  // a spool that begins now
    identity_.first = identity_.used = identity_.reserved = next_;
    return;
  }
  uint64_t used = identity_.used;
  if (!entries_.empty()) used = std::max(used, entries_.rbegin()->first + 1);
  if (!gaps_.empty()) used = std::max(used, gaps_.back().last + 1);
  if (used < next_) RecordGap({used, next_ - 1, v1::Gap::REASON_NEVER_USED, 0, 0});
}

}  // namespace teiten
