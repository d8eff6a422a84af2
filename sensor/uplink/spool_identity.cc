// SPDX-License-Identifier: Apache-2.0
// The identity file of SpoolCore: ids, keys and the sequences written ahead.
#include <algorithm>
#include <utility>

#include "sensor/uplink/spool_core.h"

namespace teiten {

Key128 SpoolCore::RandomKey() {
  Key128 key;
  for (std::size_t i = 0; i < key.size(); i += 8) {
    const uint64_t word = random_();
    for (std::size_t b = 0; b < 8; ++b) key[i + b] = static_cast<uint8_t>(word >> (8 * b));
  }
  return key;
}

// Key ids are random, so that a rolled-back folder cannot give one id to two sets of addresses.
void SpoolCore::BeginSpool(uint64_t first) {
  identity_.sensor = options_.sensor;
  identity_.spool = RandomKey();
  identity_.first = first;
  identity_.used = first;
  identity_.reserved = first;
  identity_.bitmap_key = RandomKey();
  identity_.bitmap_key_id = random_() | 1;
  durable_reserved_ = 0;
  identity_dirty_ = true;
}

void SpoolCore::RetireSpool(uint64_t end) {
  ++counters_.spools_retired;
  if (identity_.retired.size() == kMaxRetired) {
    // Sixteen roll-backs without one contact in between: the oldest spool's files are set aside.
    const Spool oldest = identity_.retired.front().spool;
    std::vector<uint64_t> left;
    for (const auto& [sequence, entry] : entries_) {
      if (entry.spool == oldest) left.push_back(sequence);
    }
    for (const uint64_t sequence : left) {
      ++counters_.quarantined;
      SetAside(sequence, quarantine_, v1::Gap::REASON_QUARANTINED);
    }
    identity_.retired.erase(identity_.retired.begin());
  }
  identity_.retired.push_back({identity_.spool, identity_.first, end, false});
}

void SpoolCore::WriteIdentity(uint64_t reserved) {
  identity_.used = next_;
  identity_.reserved = reserved;
  identity_dirty_ = true;  // until the write is reported
  EmitWrite(SpoolWrite::kIdentity, std::string(kIdentityName), EncodeIdentity(identity_));
}

void SpoolCore::IdentityWritten(WriteOutcome outcome) {
  if (outcome == WriteOutcome::kDurable) {
    identity_dirty_ = false;
    durable_reserved_ = identity_.reserved;
    if (owed_.count > 0) {
      RecordGap({next_, next_ + owed_.count - 1, v1::Gap::REASON_UNWRITABLE, owed_.from_unix_ms,
                 owed_.to_unix_ms});
      WriteGaps();
      next_ += owed_.count;
      owed_ = {};
    }
    return Advance();
  }
  if (!pending_) return;  // the next tick or append tries again
  constexpr int kMaxAttempts = 64;
  if (outcome == WriteOutcome::kNoSpace && ++pending_->attempts < kMaxAttempts && FreeOne()) {
    return Advance();
  }
  Lose(0);
}

void SpoolCore::On(SpoolTakeNewId& in) {
  const uint64_t end = std::max(next_, in.above + 1);
  RetireSpool(end);
  BeginSpool(end);
  next_ = end;
  WriteIdentity(next_ + owed_.count + options_.reserve_block);
}

void SpoolCore::On(SpoolSettled& in) {
  for (RetiredSpool& old : identity_.retired) {
    if (old.spool == in.spool && !old.settled) {
      old.settled = true;
      identity_dirty_ = true;
    }
  }
  DropEmptyRetired();
  if (identity_dirty_) WriteIdentity(next_ + owed_.count + options_.reserve_block);
}

void SpoolCore::DropEmptyRetired() {
  const auto empty = [this](const RetiredSpool& old) {
    return old.settled && std::none_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
             return entry.second.spool == old.spool;
           });
  };
  if (std::erase_if(identity_.retired, empty) > 0) identity_dirty_ = true;
}

void SpoolCore::On(SpoolDeploymentKey& in) {
  if (identity_.deployment_key_id == in.id && identity_.deployment_key == in.key) return;
  identity_.deployment_key_id = in.id;
  identity_.deployment_key = in.key;
  WriteIdentity(next_ + owed_.count + options_.reserve_block);
}

void SpoolCore::On(SpoolObserved& in) {
  if (identity_.observed_fingerprint == in.fingerprint) return;
  identity_.observed_fingerprint = in.fingerprint;
  identity_.bitmap_key_id = random_() | 1;
  WriteIdentity(next_ + owed_.count + options_.reserve_block);
}

void SpoolCore::On(SpoolClose&) { WriteIdentity(next_ + owed_.count); }

}  // namespace teiten
