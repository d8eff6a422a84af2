// SPDX-License-Identifier: Apache-2.0
// The ledger of record.db: what is settled of each spool.
#include <algorithm>

#include "collector/store/record_db.h"

namespace teiten {

std::vector<v1::SequenceRange> ToProto(const RangeSet& ranges) {
  std::vector<v1::SequenceRange> out;
  for (const RangeSet::Range& range : ranges.ToVector()) {
    v1::SequenceRange& to = out.emplace_back();
    to.set_first(range.first);
    to.set_last(range.last);
  }
  return out;
}

absl::StatusOr<int64_t> RecordDb::SpoolId(const std::string& sensor, const Spool& spool) {
  const std::string bytes = SpoolBytes(spool);
  Statement find = db_->Prepare("SELECT id FROM spools WHERE sensor=? AND spool=?");
  find.BindText(sensor).BindBlob(bytes);
  if (find.Step()) return find.Int(0);
  if (!find.status().ok()) return find.status();
  return 0;
}

absl::StatusOr<int64_t> RecordDb::MakeSpoolId(const std::string& sensor, const Spool& spool) {
  absl::StatusOr<int64_t> id = SpoolId(sensor, spool);
  if (!id.ok() || *id != 0) return id;
  const std::string bytes = SpoolBytes(spool);
  Statement add = db_->Prepare("INSERT INTO spools(sensor, spool) VALUES(?, ?)");
  if (absl::Status s = add.BindText(sensor).BindBlob(bytes).Run(); !s.ok()) return s;
  return db_->last_insert_id();
}

absl::StatusOr<bool> RecordDb::IsStored(const FactKey& key) {
  const absl::StatusOr<int64_t> id = SpoolId(key.sensor, key.spool);
  if (!id.ok()) return id.status();
  Statement row = db_->Prepare(
      "SELECT last FROM ranges WHERE spool_id=? AND state=? AND first<=?"
      " ORDER BY first DESC LIMIT 1");
  row.Bind(*id).Bind(static_cast<int>(RangeState::kStored)).Bind(key.sequence);
  const bool found = row.Step();
  if (!row.status().ok()) return row.status();
  return found && row.Int(0) >= static_cast<int64_t>(key.sequence);
}

absl::Status RecordDb::AddRange(const std::string& sensor, const Spool& spool, RangeState state,
                                RangeSet::Range span) {
  const absl::StatusOr<int64_t> id = MakeSpoolId(sensor, spool);
  if (!id.ok()) return id.status();
  const int number = static_cast<int>(state);
  RangeSet merged;
  merged.Add(span.first, span.last);
  {
    // The range that begins before ours, if it reaches it, and all that begin inside or right
    // after it.
    Statement near = db_->Prepare(
        "SELECT first, last FROM ranges WHERE spool_id=?1 AND state=?2 AND first<=?4+1 AND"
        " first>=coalesce((SELECT max(first) FROM ranges"
        "                  WHERE spool_id=?1 AND state=?2 AND first<=?3), ?3)");
    near.Bind(*id).Bind(number).Bind(span.first).Bind(span.last);
    while (near.Step()) merged.Add(near.Uint(0), near.Uint(1));
    if (!near.status().ok()) return near.status();
  }
  // What did not touch it came out as a range of its own and is not changed.
  for (const RangeSet::Range& range : merged.ToVector()) {
    if (range.first > span.first || range.last < span.last) continue;
    Statement remove =
        db_->Prepare("DELETE FROM ranges WHERE spool_id=? AND state=? AND first BETWEEN ? AND ?");
    remove.Bind(*id).Bind(number).Bind(range.first).Bind(range.last);
    if (absl::Status s = remove.Run(); !s.ok()) return s;
    Statement add = db_->Prepare("INSERT INTO ranges VALUES(?, ?, ?, ?)");
    add.Bind(*id).Bind(number).Bind(range.first).Bind(range.last);
    if (absl::Status s = add.Run(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<RangeSet> RecordDb::Ranges(int64_t spool_id, RangeState state) {
  Statement rows = db_->Prepare("SELECT first, last FROM ranges WHERE spool_id=? AND state=?");
  rows.Bind(spool_id).Bind(static_cast<int>(state));
  RangeSet out;
  while (rows.Step()) out.Add(rows.Uint(0), rows.Uint(1));
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::Status RecordDb::AddGap(const std::string& sensor, const Spool& spool, const v1::Gap& gap) {
  const absl::StatusOr<int64_t> id = MakeSpoolId(sensor, spool);
  if (!id.ok()) return id.status();
  const absl::StatusOr<RangeSet> known = Ranges(*id, RangeState::kStored);
  if (!known.ok()) return known.status();
  const absl::StatusOr<RangeSet> declared = Ranges(*id, RangeState::kGap);
  if (!declared.ok()) return declared.status();
  RangeSet missing;
  missing.Add(gap.sequences().first(), gap.sequences().last());
  missing.RemoveAll(*known);
  missing.RemoveAll(*declared);
  for (const RangeSet::Range& piece : missing.ToVector()) {
    Statement add = db_->Prepare("INSERT OR REPLACE INTO gaps VALUES(?, ?, ?, ?, ?, ?)");
    add.Bind(*id).Bind(piece.first).Bind(piece.last).Bind(static_cast<int>(gap.reason()));
    gap.has_from_unix_ms() ? add.Bind(gap.from_unix_ms()) : add.BindNull();
    gap.has_to_unix_ms() ? add.Bind(gap.to_unix_ms()) : add.BindNull();
    if (absl::Status s = add.Run(); !s.ok()) return s;
    if (absl::Status s = AddRange(sensor, spool, RangeState::kGap, piece); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Gap>> RecordDb::Gaps(int64_t spool_id) {
  Statement rows = db_->Prepare(
      "SELECT first, last, reason, from_ms, to_ms FROM gaps WHERE spool_id=? ORDER BY first");
  rows.Bind(spool_id);
  std::vector<v1::Gap> out;
  while (rows.Step()) {
    v1::Gap& gap = out.emplace_back();
    gap.mutable_sequences()->set_first(rows.Uint(0));
    gap.mutable_sequences()->set_last(rows.Uint(1));
    gap.set_reason(static_cast<v1::Gap::Reason>(rows.Int(2)));
    if (!rows.IsNull(3)) gap.set_from_unix_ms(rows.Int(3));
    if (!rows.IsNull(4)) gap.set_to_unix_ms(rows.Int(4));
  }
  if (!rows.status().ok()) return rows.status();
  return out;
}

absl::Status RecordDb::AddRejection(const FactKey& key, v1::Rejection::Reason reason,
                                    std::string_view detail) {
  absl::Status s =
      AddRange(key.sensor, key.spool, RangeState::kRejected, {key.sequence, key.sequence});
  if (!s.ok()) return s;
  const absl::StatusOr<int64_t> id = SpoolId(key.sensor, key.spool);
  if (!id.ok()) return id.status();
  Statement put = db_->Prepare(
      "INSERT OR REPLACE INTO rejections(spool_id, sequence, reason, detail) VALUES(?, ?, ?, ?)");
  put.Bind(*id).Bind(key.sequence).Bind(static_cast<int>(reason));
  s = put.BindText(detail.substr(0, kMostDetailBytes)).Run();
  if (!s.ok()) return s;
  Statement prune = db_->Prepare(
      "DELETE FROM rejections WHERE spool_id=?1 AND id<=(SELECT id FROM rejections"
      " WHERE spool_id=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)");
  return prune.Bind(*id).Bind(kMostRejectionsKept).Run();
}

absl::Status RecordDb::AddConflict(const AcceptedFact& fact) {
  const absl::StatusOr<int64_t> id = MakeSpoolId(fact.key.sensor, fact.key.spool);
  if (!id.ok()) return id.status();
  Statement keep = db_->Prepare(
      "INSERT OR IGNORE INTO conflicts SELECT ?1, ?2, ?3, ?4"
      " WHERE (SELECT count(*) FROM conflicts WHERE spool_id=?1) < ?5");
  keep.Bind(*id).Bind(fact.key.sequence).BindBlob(fact.content_sha256).BindBlob(fact.envelope);
  if (absl::Status s = keep.Bind(kMostConflictsKept).Run(); !s.ok()) return s;
  return db_->Prepare("UPDATE spools SET conflicts=conflicts+1 WHERE id=?").Bind(*id).Run();
}

absl::StatusOr<SpoolLedger> RecordDb::Ledger(const std::string& sensor, const Spool& spool) {
  SpoolLedger ledger;
  const absl::StatusOr<int64_t> id = SpoolId(sensor, spool);
  if (!id.ok()) return id.status();
  if (*id == 0) return ledger;
  RangeSet settled;
  for (const RangeState state : {RangeState::kStored, RangeState::kRejected, RangeState::kGap}) {
    const absl::StatusOr<RangeSet> ranges = Ranges(*id, state);
    if (!ranges.ok()) return ranges.status();
    if (state == RangeState::kStored) ledger.stored = ToProto(*ranges);
    if (state == RangeState::kRejected) ledger.rejected = ranges->count();
    settled.AddAll(*ranges);
  }
  ledger.settled = ToProto(settled);
  ledger.highest_sequence = settled.highest();
  absl::StatusOr<std::vector<v1::Gap>> gaps = Gaps(*id);
  if (!gaps.ok()) return gaps.status();
  ledger.gaps = *std::move(gaps);
  Statement row = db_->Prepare("SELECT conflicts FROM spools WHERE id=?");
  row.Bind(*id);
  if (row.Step()) ledger.conflicts = row.Uint(0);
  if (!row.status().ok()) return row.status();
  return ledger;
}

absl::StatusOr<std::vector<std::pair<std::string, Spool>>> RecordDb::Spools() {
  Statement rows = db_->Prepare("SELECT sensor, spool FROM spools ORDER BY sensor, id");
  std::vector<std::pair<std::string, Spool>> out;
  while (rows.Step()) out.emplace_back(rows.Text(0), SpoolFromBytes(rows.Blob(1)));
  if (!rows.status().ok()) return rows.status();
  return out;
}

}  // namespace teiten
