// SPDX-License-Identifier: Apache-2.0
#include "sensor/aggregate/folded_table.h"

#include <bit>
#include <cstring>

namespace teiten {
namespace {

constexpr uint8_t kKindAndFamily = kRowKindMask | kRowIpv6;

void Add(FoldedRow& folded, const FlowRow& row) {
  folded.packets += row.packets;
  folded.bytes += row.bytes();
}

}  // namespace

FoldedTable::FoldedTable(const Key128& sketch_key)
    : rows_(definitions::kFoldedRows),
      index_(kIndexSize),
      other_(kKindFlags),
      registers_(std::size_t{kKindFlags} * kRegisters) {
  SetKeys(DeriveMultipliers(PublishedKey(), "folded rows"), sketch_key);
}

void FoldedTable::SetKeys(const HashMultipliers& table_hash, const Key128& sketch_key) {
  table_hash_ = table_hash;
  sketch_hash_ = DeriveMultipliers(sketch_key, "source sketch");
}

void FoldedTable::AddSource(uint8_t kind_flags, const FlowRow& row) {
  const uint64_t hash = SketchHash(sketch_hash_, row.family(), row.source);
  uint8_t& rank_kept = registers_[std::size_t{kind_flags} * kRegisters +
                                  (hash >> (64 - definitions::kSketchPrecision))];
  const uint8_t rank = HyperLogLog::RankOf(hash, definitions::kSketchPrecision);
  if (rank_kept < rank) rank_kept = rank;
}

void FoldedTable::Fold(const FlowRow& row) {
  const uint8_t kind_flags = row.kind_flags & kKindAndFamily;
  packets_ += row.packets;
  kinds_used_ |= uint64_t{1} << kind_flags;
  AddSource(kind_flags, row);
  const std::array<uint32_t, 1> key = {static_cast<uint32_t>(kind_flags) << 24 |
                                       static_cast<uint32_t>(row.protocol) << 16 | row.port};
  uint64_t at = MultilinearHash(table_hash_, key) >> 32;
  for (;; ++at) {
    uint16_t& word = index_[at % kIndexSize];
    if (word == 0) {
      if (rows_used_ == definitions::kFoldedRows) break;
      FoldedRow& folded = rows_[rows_used_++];
      word = static_cast<uint16_t>(rows_used_);
      folded = {kind_flags, row.protocol, row.port, false, 0, 0};
      return Add(folded, row);
    }
    FoldedRow& folded = rows_[word - 1U];
    if (folded.kind_flags == kind_flags && folded.protocol == row.protocol &&
        folded.port == row.port) {
      return Add(folded, row);
    }
  }
  other_[kind_flags].kind_flags = kind_flags;
  other_[kind_flags].other = true;
  Add(other_[kind_flags], row);
}

std::vector<FoldedRow> FoldedTable::Rows() const {
  std::vector<FoldedRow> rows(rows_.data(), rows_.data() + rows_used_);
  for (uint32_t kind_flags = 0; kind_flags < kKindFlags; ++kind_flags) {
    if ((kinds_used_ >> kind_flags & 1) != 0 && other_[kind_flags].packets != 0) {
      rows.push_back(other_[kind_flags]);
    }
  }
  return rows;
}

std::vector<KindSources> FoldedTable::Sketches() const {
  std::vector<KindSources> sketches;
  for (uint32_t kind_flags = 0; kind_flags < kKindFlags; ++kind_flags) {
    if ((kinds_used_ >> kind_flags & 1) == 0) continue;
    const std::span<const uint8_t> registers(
        registers_.data() + std::size_t{kind_flags} * kRegisters, kRegisters);
    sketches.push_back({static_cast<uint8_t>(kind_flags),
                        HyperLogLog::FromRegisters(definitions::kSketchPrecision, registers)});
  }
  return sketches;
}

void FoldedTable::Clear() {
  if (packets_ == 0) return;
  rows_.GiveBack();
  index_.GiveBack();
  other_.GiveBack();
  registers_.GiveBack();
  packets_ = 0;
  rows_used_ = 0;
  kinds_used_ = 0;
}

}  // namespace teiten
