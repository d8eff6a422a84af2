// SPDX-License-Identifier: Apache-2.0
// The account at the end of a run: every window that was ever durably spooled is in the store
// once, or its loss is on record for a reason that this run really had.
#include <algorithm>

#include "tests/delivery/sim_world.h"

namespace teiten {
namespace {

std::string Name(const Content& content) {
  return "sensor-" + std::to_string(content.sensor) + " sequence " +
         std::to_string(content.sequence) + " of " + std::to_string(content.spooled_ms) + " ms";
}

}  // namespace

void SimWorld::Judge() {
  collector->Account(outcome);
  for (const auto& sensor : sensors) outcome.disk_faults += sensor->disk().faults();
  for (const Content& content : contents) JudgeContent(content);
  JudgeLedgers();
}

void SimWorld::JudgeContent(const Content& content) {
  const SimStore::Record& record = collector->store().record();
  const std::size_t times = record.contents.count(content.sha256);
  if (times > 1) {
    ++outcome.doubled;
    Violation("doubled: " + Name(content));
  }
  switch (content.state) {
    case Content::State::kUnknown:
      ++outcome.unknown;
      return;
    case Content::State::kRolledAway:
      ++outcome.rolled_away;
      return;
    case Content::State::kUnwritable:
      ++outcome.unwritable;
      return;
    case Content::State::kSpooled:
      break;
  }
  ++outcome.spooled;
  if (times == 1) {
    ++outcome.stored;
  } else {
    JudgeAbsent(content);
  }
}

// It was durable on the sensor and is not in the store: somebody must be able to say why.
void SimWorld::JudgeAbsent(const Content& content) {
  const SimStore::Record& record = collector->store().record();
  const SimSensor& sensor = *sensors[content.sensor];
  if (ever_conflicting.contains(content.sha256)) {
    ++outcome.conflicting;
    if (!sensor.rolled_back()) Violation("a conflict without a roll-back: " + Name(content));
    if (content.greeted) Violation("a conflict after the greeting: " + Name(content));
    if (!record.conflicting.contains(content.sha256) && restored_ms < content.spooled_ms) {
      Violation("kept aside and gone: " + Name(content));
    }
    return;
  }
  const auto ledger = record.ledgers.find({sensor.name(), content.spool});
  const bool known = ledger != record.ledgers.end();
  const bool on_record = known && ledger->second.gaps.Contains(content.sequence);
  const v1::Gap::Reason reason =
      on_record ? ledger->second.reasons.at(content.sequence) : v1::Gap::REASON_UNSPECIFIED;
  if (Explains(reason)) return;
  // The collector may have settled this identity for what the machine did before it was rolled
  // back, or have forgotten what it was told of a spool that is retired and, with its last file,
  // given up. Then the sensor's own record is what is left of this window.
  const bool taken = known && ledger->second.Settled().Contains(content.sequence);
  const bool restored = restored_ms > content.spooled_ms;
  const bool given_up = !sensor.Knows(content.spool);
  if (sensor.rolled_back() && (taken || (restored && given_up)) &&
      Explains(sensor.Recorded(content.sequence))) {
    return;
  }
  // It was stored, dropped by the spool as it may, and lost with the collector's disk.
  const bool was_stored =
      ever_durable.contains({{sensor.name(), content.spool, content.sequence}, content.sha256});
  const bool may_drop = tight() || scenario.keep_acknowledged_ms < 24LL * 3'600'000 || damaging();
  if ((on_record || given_up) && restored && was_stored && may_drop) {
    ++outcome.forgotten;
    return;
  }
  ++outcome.lost;
  Violation("lost: " + Name(content) + ", gap " + v1::Gap::Reason_Name(reason));
}

bool SimWorld::tight() const {
  return scenario.spool_bytes < (1ULL << 30) || scenario.disk_bytes != UINT64_MAX ||
         scenario.no_space > 0;
}

bool SimWorld::damaging() const { return outcome.rotten_files > 0 || scenario.io_error > 0; }

// Whether this run had such a loss; counts it.
bool SimWorld::Explains(v1::Gap::Reason reason) {
  // On a failing disk the record of the reason may not have survived; the gap itself is found by
  // its absence.
  const bool nameless = outcome.disk_faults > 0 &&
                        (reason == v1::Gap::REASON_MISSING || reason == v1::Gap::REASON_NEVER_USED);
  if (tight() && (reason == v1::Gap::REASON_SHED_SIZE || nameless)) {
    ++outcome.shed;
    return true;
  }
  if (damaging() && (reason == v1::Gap::REASON_QUARANTINED || nameless)) {
    ++outcome.quarantined;
    return true;
  }
  return false;
}

bool SimSensor::Knows(const Spool& spool) const {
  if (!alive()) return false;
  const SpoolIdentity& identity = spool_->core().identity();
  return identity.spool == spool ||
         std::any_of(identity.retired.begin(), identity.retired.end(),
                     [&](const RetiredSpool& old) { return old.spool == spool; });
}

v1::Gap::Reason SimSensor::Recorded(uint64_t sequence) const {
  const std::map<std::string, std::string> files = disk_.Files();
  const auto file = files.find(std::string(kGapsName));
  if (file == files.end()) return v1::Gap::REASON_MISSING;
  const auto records = ParseGapRecords(file->second);
  if (!records.ok()) return v1::Gap::REASON_MISSING;
  for (const GapRecord& record : *records) {
    if (record.first <= sequence && sequence <= record.last) return record.reason;
  }
  return v1::Gap::REASON_MISSING;
}

// No hole stays open: every sequence below the next one is stored, rejected or a gap.
void SimWorld::JudgeLedgers() {
  for (const auto& sensor : sensors) {
    if (!sensor->alive()) continue;
    const SpoolCore& core = sensor->engine().spool().core();
    const SpoolIdentity& identity = core.identity();
    const auto ledger = collector->store().record().ledgers.find({sensor->name(), identity.spool});
    RangeSet open;
    open.Add(1, core.next_sequence() - 1);
    if (ledger != collector->store().record().ledgers.end()) {
      open.RemoveAll(ledger->second.Settled());
    }
    if (!open.empty()) {
      Violation(sensor->name() + " has an open hole at sequence " +
                std::to_string(open.ToVector().front().first));
    }
    outcome.waiting += core.counters().waiting;
  }
}

void Outcome::Add(const Outcome& other) {
  violations.insert(violations.end(), other.violations.begin(), other.violations.end());
  uint64_t Outcome::*const sums[] = {&Outcome::produced,
                                     &Outcome::spooled,
                                     &Outcome::unwritable,
                                     &Outcome::unknown,
                                     &Outcome::rolled_away,
                                     &Outcome::stored,
                                     &Outcome::shed,
                                     &Outcome::quarantined,
                                     &Outcome::conflicting,
                                     &Outcome::forgotten,
                                     &Outcome::waiting,
                                     &Outcome::lost,
                                     &Outcome::doubled,
                                     &Outcome::kills,
                                     &Outcome::power_cuts,
                                     &Outcome::roll_backs,
                                     &Outcome::disk_faults,
                                     &Outcome::rotten_files,
                                     &Outcome::unreadable,
                                     &Outcome::clock_steps,
                                     &Outcome::collector_crashes,
                                     &Outcome::restores,
                                     &Outcome::store_full,
                                     &Outcome::line_cuts,
                                     &Outcome::dropped,
                                     &Outcome::doubled_messages,
                                     &Outcome::messages,
                                     &Outcome::new_spools,
                                     &Outcome::duplicates};
  for (const auto sum : sums) this->*sum += other.*sum;
}

}  // namespace teiten
