// SPDX-License-Identifier: Apache-2.0
// How the rows of one hour enter rollup.db.
#include <algorithm>
#include <iterator>
#include <tuple>

#include "collector/store/range_blob.h"
#include "collector/store/rollup_db.h"

namespace teiten {
namespace {

// In order of the primary key: the tree is filled from left to right.
std::vector<const SourceDay*> InKeyOrder(std::span<const SourceDay> sources) {
  std::vector<const SourceDay*> out;
  out.reserve(sources.size());
  for (const SourceDay& source : sources) out.push_back(&source);
  std::sort(out.begin(), out.end(), [](const SourceDay* a, const SourceDay* b) {
    return std::tie(a->family, a->source) < std::tie(b->family, b->source);
  });
  return out;
}

}  // namespace

absl::StatusOr<int64_t> RollupDb::StreamId(const std::string& sensor, const std::string& group) {
  const auto known = streams_.find({sensor, group});
  if (known != streams_.end()) return known->second;
  int64_t id = 0;
  {
    Statement find = db_->Prepare("SELECT id FROM streams WHERE sensor=? AND sensor_group=?");
    find.BindText(sensor).BindText(group);
    if (find.Step()) id = find.Int(0);
    if (!find.status().ok()) return find.status();
  }
  if (id == 0) {
    Statement add = db_->Prepare("INSERT INTO streams(sensor, sensor_group) VALUES(?, ?)");
    if (absl::Status s = add.BindText(sensor).BindText(group).Run(); !s.ok()) return s;
    id = db_->last_insert_id();
  }
  streams_[{sensor, group}] = id;
  return id;
}

absl::Status RollupDb::InsertPorts(const Place& place, const HourRollup& hour) {
  Statement add =
      db_->Prepare("INSERT INTO ports VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const PortRollup& row : hour.ports) {
    const absl::StatusOr<int64_t> stream = StreamId(row.sensor, row.group);
    if (!stream.ok()) return stream.status();
    const std::string sources = row.sources.Serialize();
    add.Bind(place.tier).Bind(place.start).Bind(place.layer);
    add.Bind(row.protocol).Bind(row.port).Bind(static_cast<int>(row.kind));
    add.Bind(static_cast<int>(row.family)).Bind(*stream).Bind(static_cast<int>(row.tool));
    add.Bind(row.folded ? 1 : 0).Bind(row.packets).Bind(row.bytes).Bind(row.tuples);
    if (absl::Status s = add.BindBlob(sources).Run(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RollupDb::InsertRegions(const Place& place, const HourRollup& hour) {
  Statement add = db_->Prepare("INSERT INTO regions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const RegionRollup& row : hour.regions) {
    const absl::StatusOr<int64_t> stream = StreamId(row.sensor, row.group);
    if (!stream.ok()) return stream.status();
    const std::string sources = row.sources.Serialize();
    add.Bind(place.tier).Bind(place.start).Bind(place.layer);
    add.Bind(static_cast<int>(row.kind)).Bind(static_cast<int>(row.family)).Bind(*stream);
    add.BindText(row.region).Bind(row.packets).Bind(row.bytes).Bind(row.tuples);
    if (absl::Status s = add.BindBlob(sources).Run(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RollupDb::InsertKinds(const Place& place, const HourRollup& hour) {
  Statement add = db_->Prepare("INSERT INTO kinds VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const KindRollup& row : hour.kinds) {
    const absl::StatusOr<int64_t> stream = StreamId(row.sensor, row.group);
    if (!stream.ok()) return stream.status();
    const std::string sources = row.sources.Serialize();
    const std::string foreign = row.foreign_sources.Serialize();
    add.Bind(place.tier).Bind(place.start).Bind(place.layer);
    add.Bind(static_cast<int>(row.kind)).Bind(static_cast<int>(row.family)).Bind(*stream);
    add.Bind(row.packets).Bind(row.bytes).Bind(row.tuples);
    if (absl::Status s = add.BindBlob(sources).BindBlob(foreign).Run(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status RollupDb::InsertCoverage(const Place& place, const HourRollup& hour) {
  Statement add =
      db_->Prepare("INSERT INTO coverage VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  Statement blind = db_->Prepare("INSERT INTO blind VALUES(?, ?, ?, ?, ?, ?, ?)");
  for (const CoverageRollup& row : hour.coverage) {
    const absl::StatusOr<int64_t> stream = StreamId(row.sensor, row.group);
    if (!stream.ok()) return stream.status();
    const std::string accounting = row.accounting.SerializeAsString();
    const std::string live = RangesToBlob(row.live);
    const std::string unknown = RangesToBlob(row.addresses_unknown);
    add.Bind(place.tier).Bind(place.start).Bind(place.layer).Bind(*stream).Bind(row.summaries);
    add.Bind(row.live_ms).Bind(row.n4_live_ms).Bind(row.p6_live_ms);
    add.Bind(row.direction_unknown_ms).Bind(row.drops_unknown_ms);
    add.BindBlob(accounting).BindBlob(live).BindBlob(unknown);
    if (absl::Status s = add.Run(); !s.ok()) return s;
    for (const CoverageRollup::Blind& port : row.blind) {
      blind.Bind(place.tier).Bind(place.start).Bind(place.layer).Bind(*stream);
      blind.Bind(port.protocol).Bind(port.port).Bind(port.live_ms);
      if (absl::Status s = blind.Run(); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

absl::Status RollupDb::ReplaceSources(int64_t day_unix_ms, int part, const HourRollup& hour,
                                      std::span<const SourceDay> sources) {
  Statement remove = db_->Prepare("DELETE FROM sources WHERE day=? AND part=?");
  if (absl::Status s = remove.Bind(day_unix_ms).Bind(part).Run(); !s.ok()) return s;
  uint64_t others = 0;
  {
    Statement count =
        db_->Prepare("SELECT coalesce(sum(rows), 0) FROM source_counts WHERE day=? AND part<>?");
    count.Bind(day_unix_ms).Bind(part);
    if (!count.Step()) return count.status();
    others = count.Uint(0);
  }
  const uint64_t room = others >= kMostSourceRowsPerDay ? 0 : kMostSourceRowsPerDay - others;
  const auto kept = sources.first(std::min<std::size_t>(sources.size(), room));
  Statement add = db_->Prepare(
      "INSERT INTO sources VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const SourceDay* row : InKeyOrder(kept)) {
    const absl::StatusOr<int64_t> stream = StreamId(row->sensor, row->group);
    if (!stream.ok()) return stream.status();
    add.Bind(day_unix_ms).Bind(part).Bind(static_cast<int>(row->family));
    add.Bind(SourceNumber(row->family, row->source))
        .Bind(*stream)
        .Bind(static_cast<int>(row->kind))
        .Bind(row->protocol)
        .Bind(row->port);
    add.Bind(row->packets).Bind(row->bytes).Bind(row->windows);
    add.Bind(row->first_unix_ms).Bind(row->last_unix_ms);
    for (const uint64_t packets : row->marks) add.Bind(packets);
    if (absl::Status s = add.Bind(int64_t{row->destinations}).BindText(row->region).Run();
        !s.ok()) {
      return s;
    }
  }
  Statement note = db_->Prepare("INSERT OR REPLACE INTO source_counts VALUES(?, ?, ?, ?)");
  note.Bind(day_unix_ms).Bind(part).Bind(uint64_t{kept.size()});
  return note.Bind(hour.sources_refused + (sources.size() - kept.size())).Run();
}

absl::Status RollupDb::ReplaceHour(int64_t day_unix_ms, const HourRollup& hour,
                                   std::span<const SourceDay> sources) {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(*db_);
  if (!transaction.ok()) return transaction.status();
  streams_.clear();  // ids of a transaction that was rolled back may be another's now
  const absl::StatusOr<bool> frozen = IsFrozen(0, day_unix_ms);
  if (!frozen.ok()) return frozen.status();
  const Place place{.tier = 0, .start = hour.start_unix_ms, .layer = *frozen ? 1 : 0};
  const int part =
      static_cast<int>((hour.start_unix_ms - day_unix_ms) / kHourMs) + (*frozen ? kLatePart : 0);
  absl::Status s = DeleteRows(place);
  if (s.ok()) s = InsertPorts(place, hour);
  if (s.ok()) s = InsertRegions(place, hour);
  if (s.ok()) s = InsertKinds(place, hour);
  if (s.ok()) s = InsertCoverage(place, hour);
  if (s.ok()) s = ReplaceSources(day_unix_ms, part, hour, sources);
  if (s.ok()) {
    s = db_->Prepare("INSERT OR IGNORE INTO stale_days VALUES(?)").Bind(day_unix_ms).Run();
  }
  if (!s.ok()) return s;
  return transaction->Commit();
}

}  // namespace teiten
