// SPDX-License-Identifier: Apache-2.0
// What is older than it is kept goes, a day at a time, in steps that a crash may fall between.
#include <algorithm>
#include <optional>

#include "collector/store/sqlite_writer.h"

namespace teiten {

absl::StatusOr<bool> SqliteWriter::ApplyRetention(int64_t now_unix_ms) {
  if (absl::Status s = Ready(); !s.ok()) return Noted(StoreHealth::Task::kRetention, s);
  bool more = false;
  const auto apply = [&](auto&& expire, int days) -> absl::Status {
    const absl::StatusOr<bool> one = expire(now_unix_ms - int64_t{days} * kDayMs);
    if (!one.ok()) return one.status();
    more = more || *one;
    return absl::OkStatus();
  };
  absl::Status s = apply([this](int64_t t) { return ExpireFacts(t); }, retention_.fact_days);
  if (s.ok()) s = apply([this](int64_t t) { return ExpireHours(t); }, retention_.hour_days);
  if (s.ok()) s = apply([this](int64_t t) { return ExpireSources(t); }, retention_.source_days);
  if (s.ok()) s = rollup_.db().Checkpoint(kCheckpointPages);
  s = Noted(StoreHealth::Task::kRetention, s);
  if (!s.ok()) return s;
  return more;
}

absl::StatusOr<bool> SqliteWriter::MayExpire(int64_t day_unix_ms, int64_t before_unix_ms,
                                             bool facts_may_be_kept) {
  if (day_unix_ms + kDayMs > before_unix_ms) return false;
  const absl::StatusOr<std::vector<int64_t>> dirty =
      record_.DirtyHours(day_unix_ms, day_unix_ms + kDayMs, 1);
  if (!dirty.ok()) return dirty.status();
  if (!dirty->empty()) return false;
  if (facts_may_be_kept) return true;
  // While there are facts, a late one has the hour computed again.
  const absl::StatusOr<std::optional<FactDay>> facts = record_.Day(day_unix_ms);
  if (!facts.ok()) return facts.status();
  return !facts->has_value() || (*facts)->state == DayState::kGone;
}

absl::StatusOr<bool> SqliteWriter::ExpireFacts(int64_t before_unix_ms) {
  const absl::StatusOr<std::vector<FactDay>> days = record_.Days();
  if (!days.ok()) return days.status();
  for (FactDay day : *days) {
    if (day.state != DayState::kKept || day.received_unix_ms > before_unix_ms) continue;
    const absl::StatusOr<bool> may = MayExpire(day.day_unix_ms, before_unix_ms, true);
    if (!may.ok()) return may.status();
    if (!*may) continue;
    day.state = DayState::kExpiring;
    if (absl::Status s = InRecord([&] { return record_.SetDay(day); }); !s.ok()) return s;
    if (absl::Status s = FinishExpiry(day); !s.ok()) return s;
    return true;
  }
  return false;
}

// May run again after a crash in it: each step does nothing the second time.
absl::Status SqliteWriter::FinishExpiry(FactDay day) {
  if (absl::Status s = rollup_.FreezeHours(day.day_unix_ms); !s.ok()) return s;
  open_days_.erase(day.day_unix_ms);
  if (absl::Status s = RemoveDatabase(paths_.FactsOf(day.day_unix_ms)); !s.ok()) return s;
  day.state = DayState::kGone;
  day.covered_id = 0;
  return InRecord([&] { return record_.SetDay(day); });
}

absl::StatusOr<bool> SqliteWriter::ExpireHours(int64_t before_unix_ms) {
  const absl::StatusOr<std::vector<int64_t>> hours = rollup_.Hours();
  if (!hours.ok()) return hours.status();
  std::optional<int64_t> asked;
  for (const int64_t hour : *hours) {
    const int64_t day = paths_.zone.DayOf(hour);
    if (day == asked) continue;
    asked = day;
    const absl::StatusOr<bool> may = MayExpire(day, before_unix_ms, false);
    if (!may.ok()) return may.status();
    if (!*may) continue;
    if (absl::Status s = rollup_.ExpireHours(day); !s.ok()) return s;
    return true;
  }
  return false;
}

absl::StatusOr<bool> SqliteWriter::ExpireSources(int64_t before_unix_ms) {
  const absl::StatusOr<std::vector<int64_t>> days = rollup_.SourceDays();
  if (!days.ok()) return days.status();
  for (const int64_t day : *days) {
    const absl::StatusOr<bool> may = MayExpire(day, before_unix_ms, false);
    if (!may.ok()) return may.status();
    if (!*may) continue;
    if (absl::Status s = rollup_.ExpireSources(day); !s.ok()) return s;
    return true;
  }
  return false;
}

}  // namespace teiten
