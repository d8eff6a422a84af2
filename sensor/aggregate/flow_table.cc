// SPDX-License-Identifier: Apache-2.0
#include "sensor/aggregate/flow_table.h"

#include <bit>
#include <cstring>

namespace teiten {
namespace {

using definitions::kAdmissionCandidates;
using definitions::kQuotaCounters;
using definitions::kQuotaDivisor;

constexpr uint32_t kNoRow = UINT32_MAX;
// Below this many rows the index is cleared word by word: a quiet sensor touches few pages.
constexpr uint32_t kFewRows = 4096;
constexpr int kMostSteps = 64;

// Smallest power of two that is at most 3/4 full.
uint32_t IndexSize(uint32_t rows) { return std::bit_ceil(rows + (rows + 2) / 3); }

bool SamePort(const FlowRow& a, const FlowRow& b) {
  constexpr uint8_t kKindAndFamily = kRowKindMask | kRowIpv6;
  return a.port == b.port && a.protocol == b.protocol &&
         ((a.kind_flags ^ b.kind_flags) & kKindAndFamily) == 0;
}

}  // namespace

FlowTable::FlowTable(uint32_t row_capacity)
    : capacity_(row_capacity),
      index_mask_(IndexSize(row_capacity) - 1),
      place_shift_(64 - std::countr_zero(IndexSize(row_capacity))),
      rows_(row_capacity),
      index_(IndexSize(row_capacity)),
      quota_(kQuotaCounters),
      folded_(PublishedKey()) {
  SetKeys(DeriveMultipliers(PublishedKey(), "flow table"), PublishedKey());
}

void FlowTable::SetKeys(const HashMultipliers& hash, const Key128& sketch_key) {
  hash_ = hash;
  folded_.SetKeys(hash, sketch_key);
}

void FlowTable::AddSlots(FlowRow& row, const FlowRow& one) {
  for (int slot = 0; slot < kSlots; ++slot) {
    const uint32_t sum = uint32_t{row.slot(slot)} + one.slot(slot);
    row.set_slot(slot, static_cast<uint16_t>(std::min<uint32_t>(sum, UINT16_MAX)));
  }
}

uint32_t& FlowTable::QuotaOf(const FlowRow& row) {
  const uint32_t key = static_cast<uint32_t>(row.kind_flags & (kRowKindMask | kRowIpv6)) << 24 |
                       static_cast<uint32_t>(row.protocol) << 16 | row.port;
  const uint64_t hash = hash_.m[6] + hash_.m[1] * key;
  return quota_[hash >> (64 - std::countr_zero(kQuotaCounters))];
}

void FlowTable::Insert(const FlowRow& one, uint64_t hash, uint32_t at) {
  uint32_t& quota = QuotaOf(one);
  const bool at_quota = quota >= capacity_ / kQuotaDivisor;
  if (at_quota || rows_used_ == capacity_) [[unlikely]] {
    return InsertCrowded(one, hash, at_quota);
  }
  ++quota;
  rows_[rows_used_++] = one;
  index_[at] = Tag(hash) << kRowBits | rows_used_;
}

// The row's counters are full: it stays in the table without an index word, the key goes on in a
// new row.
void FlowTable::OpenSecondRow(const FlowRow& one, uint32_t at, uint64_t hash) {
  if (rows_used_ == capacity_) return folded_.Fold(one);
  rows_[rows_used_++] = one;
  index_[at] = Tag(hash) << kRowBits | rows_used_;
}

// Admission by chance. An IPv6 newcomer is first counted to its /64, so that a spray of one prefix
// takes one row.
void FlowTable::InsertCrowded(FlowRow one, uint64_t hash, bool at_quota) {
  if (one.family() == Family::kIpv6 && !one.prefix64()) {
    one.source.low = 0;
    one.kind_flags |= kRowPrefix64;
    --packets_seen_;  // the same packet once more
    return Count(one, Hash(one));
  }
  const uint64_t draw = Mix64(hash + packets_seen_);
  const uint32_t smallest = ChooseCandidate(one, draw, at_quota);
  if (smallest != kNoRow) {
    // 1 / (packets + 1), from bits the choice of candidates did not use.
    const uint64_t chance = Mix64(draw) >> 32;
    if (chance * (uint64_t{rows_[smallest].packets} + 1) >> 32 == 0) {
      return Replace(smallest, one, hash);
    }
  }
  folded_.Fold(one);
}

uint32_t FlowTable::ChooseCandidate(const FlowRow& one, uint64_t draw, bool own_port) const {
  uint32_t smallest = kNoRow;
  for (int i = 0; i < kAdmissionCandidates; ++i) {
    const uint64_t bits = Mix64(draw + static_cast<uint64_t>(i)) >> 32;
    const auto number = static_cast<uint32_t>(bits * rows_used_ >> 32);
    const FlowRow& row = rows_[number];
    if (own_port && !SamePort(row, one)) continue;
    if (smallest == kNoRow || row.packets < rows_[smallest].packets) smallest = number;
  }
  return smallest;
}

void FlowTable::Replace(uint32_t row_number, const FlowRow& one, uint64_t hash) {
  FlowRow& row = rows_[row_number];
  EraseIndex(row_number);
  --QuotaOf(row);
  folded_.Fold(row);
  row = one;
  row.kind_flags |= kRowLowerBound;
  ++QuotaOf(row);
  index_[FindEmpty(hash)] = Tag(hash) << kRowBits | (row_number + 1);
}

uint32_t FlowTable::FindEmpty(uint64_t hash) const {
  uint32_t at = Place(hash);
  while (index_[at] != 0) at = (at + 1) & index_mask_;
  return at;
}

// Backward-shift deletion (Knuth, TAOCP 6.4, algorithm R): words behind the hole move up as far as
// their own place allows.
void FlowTable::EraseIndex(uint32_t row_number) {
  uint32_t hole = Place(Hash(rows_[row_number]));
  while (index_[hole] != 0 && RowOf(index_[hole]) != row_number) hole = (hole + 1) & index_mask_;
  if (index_[hole] == 0) return;  // a full row that has none
  for (uint32_t at = (hole + 1) & index_mask_; index_[at] != 0; at = (at + 1) & index_mask_) {
    const uint32_t home = Place(Hash(rows_[RowOf(index_[at])]));
    const uint32_t from_home = (at - home) & index_mask_;
    const uint32_t from_hole = (at - hole) & index_mask_;
    if (from_home < from_hole) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = 0;
}

// Word by word; false where a row's word is not near its place, because it has none.
bool FlowTable::ClearFew() {
  for (uint32_t number = 0; number < rows_used_; ++number) {
    QuotaOf(rows_[number]) = 0;
    uint32_t at = Place(Hash(rows_[number]));
    int steps = 0;
    for (; RowOf(index_[at]) != number && steps < kMostSteps; ++steps) at = (at + 1) & index_mask_;
    if (steps == kMostSteps) return false;
    index_[at] = 0;
  }
  return true;
}

void FlowTable::Clear() {
  if (rows_used_ > kFewRows || !ClearFew()) {
    std::memset(index_.data(), 0, index_.bytes());
    std::memset(quota_.data(), 0, quota_.bytes());
  }
  folded_.Clear();
  rows_used_ = 0;
  packets_seen_ = 0;
}

void FlowTable::GiveBackPages() {
  rows_.GiveBack();
  index_.GiveBack();
  quota_.GiveBack();
}

}  // namespace teiten
