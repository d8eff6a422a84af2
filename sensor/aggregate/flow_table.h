// SPDX-License-Identifier: Apache-2.0
// The flow tuples of one open window: dense 64-byte rows (common/flow_row.h) in order of arrival,
// found through an open-addressing index of 32-bit words. A row is never moved and nothing ever
// rehashes: both arrays have their full size from the start, in reserved address space, backed as
// they are used, so that memory and the sweep at a window's end cost what was used.
//
//   index word: tag 13 | row + 1 19        0: empty; linear probing, at most 3/4 full
//   hash:       multilinear over the key's words (keyed_hash.h), 64-bit random multipliers, new
//               for every table; the upper bits give place and tag
//
// When a quarter of the table holds one (kind, protocol, port), or all of it is used, newcomers
// are admitted by chance or folded (definitions: when memory is full): packets are never lost for
// want of space. Deletion shifts back, without tombstones.
//
// Cost: one cache line of index and one of rows per packet, both prefetched by the caller's burst.
// Thread: the capture worker while open, the encoder when closed; never both. After construction
// nothing allocates.
#pragma once

#include <cstdint>
#include <span>

#include "common/definitions.h"
#include "common/flow_row.h"
#include "common/keyed_hash.h"
#include "common/lazy_array.h"
#include "sensor/aggregate/folded_table.h"

namespace teiten {

class FlowTable {
 public:
  static constexpr uint32_t kMostRows = (1U << 19) - 8192;
  static constexpr uint32_t kDefaultRows = 393'216;
  static constexpr uint32_t kLeastRows = 1024;

  // `row_capacity` within kLeastRows and kMostRows.
  explicit FlowTable(uint32_t row_capacity);

  // Only while empty.
  void SetKeys(const HashMultipliers& hash, const Key128& sketch_key);

  [[nodiscard]] uint64_t Hash(const FlowRow& row) const {
    const uint32_t key = static_cast<uint32_t>(row.kind_flags & kKeyFlags) << 24 |
                         static_cast<uint32_t>(row.protocol) << 16 | row.port;
    uint64_t sum =
        hash_.m[0] + hash_.m[1] * key + hash_.m[2] * static_cast<uint32_t>(row.source.low);
    if ((row.kind_flags & kRowIpv6) != 0) {
      sum += hash_.m[3] * (row.source.low >> 32) +
             hash_.m[4] * static_cast<uint32_t>(row.source.high) +
             hash_.m[5] * (row.source.high >> 32);
    }
    return sum;
  }
  void PrefetchIndex(uint64_t hash) const { __builtin_prefetch(&index_[Place(hash)], 1); }
  void PrefetchRow(uint64_t hash) const {
    const uint32_t word = index_[Place(hash)];
    if (word != 0) __builtin_prefetch(&rows_[RowOf(word)], 1);
  }

  // Counts one packet: `one` is a row of one packet, first and last its time.
  void Count(const FlowRow& one, uint64_t hash) {
    ++packets_seen_;
    const uint32_t tag = Tag(hash);
    for (uint32_t at = Place(hash);; at = (at + 1) & index_mask_) {
      const uint32_t word = index_[at];
      if (word == 0) return Insert(one, hash, at);
      if (word >> kRowBits != tag) continue;
      FlowRow& row = rows_[RowOf(word)];
      if (!SameKey(row, one)) continue;
      if (row.packets >= kMax24) [[unlikely]]
        return OpenSecondRow(one, at, hash);
      return Add(row, one);
    }
  }

  // In order of arrival. Second rows of one key follow somewhere after the first.
  [[nodiscard]] std::span<const FlowRow> rows() const { return {rows_.data(), rows_used_}; }
  [[nodiscard]] const FoldedTable& folded() const { return folded_; }
  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return rows_used_ == 0 && folded_.packets() == 0; }

  // Empty and warm again: pages stay. By the encoder, off the capture thread.
  void Clear();
  // After a long quiet time.
  void GiveBackPages();

 private:
  static constexpr int kRowBits = 19;
  static constexpr uint32_t kRowMask = (1U << kRowBits) - 1;
  static constexpr uint8_t kKeyFlags = static_cast<uint8_t>(~kRowLowerBound);

  [[nodiscard]] uint32_t Place(uint64_t hash) const {
    return static_cast<uint32_t>(hash >> place_shift_);
  }
  [[nodiscard]] uint32_t Tag(uint64_t hash) const {
    return static_cast<uint32_t>(hash >> (place_shift_ - 13)) & 0x1fff;
  }
  static uint32_t RowOf(uint32_t word) { return (word & kRowMask) - 1; }

  static void Add(FlowRow& row, const FlowRow& one) {
    row.packets += one.packets;
    row.bitmap |= one.bitmap;
    row.set_bytes(row.bytes() + one.bytes());
    if (one.last_ms() > row.last_ms()) {
      row.set_last_ms(one.last_ms());
    } else if (one.first_ms() < row.first_ms()) {
      row.set_first_ms(one.first_ms());
    }
    if (HasSlots(one.kind())) {
      AddSlots(row, one);
    } else {
      AddCounters(row, one);
    }
  }
  // Four 24-bit counters as one 96-bit number: none can carry into the next, because a row takes
  // at most 2^24 - 1 packets.
  static void AddCounters(FlowRow& row, const FlowRow& one) {
    uint64_t low, more;
    uint32_t high, more_high;
    std::memcpy(&low, row.counters, 8);
    std::memcpy(&high, row.counters + 8, 4);
    std::memcpy(&more, one.counters, 8);
    std::memcpy(&more_high, one.counters + 8, 4);
    const uint64_t sum = low + more;
    high += more_high + (sum < low ? 1U : 0U);
    std::memcpy(row.counters, &sum, 8);
    std::memcpy(row.counters + 8, &high, 4);
  }
  static void AddSlots(FlowRow& row, const FlowRow& one);

  void Insert(const FlowRow& one, uint64_t hash, uint32_t at);
  void OpenSecondRow(const FlowRow& one, uint32_t at, uint64_t hash);
  void InsertCrowded(FlowRow one, uint64_t hash, bool at_quota);
  [[nodiscard]] uint32_t ChooseCandidate(const FlowRow& one, uint64_t draw, bool own_port) const;
  void Replace(uint32_t row_number, const FlowRow& one, uint64_t hash);
  void EraseIndex(uint32_t row_number);
  [[nodiscard]] uint32_t FindEmpty(uint64_t hash) const;
  [[nodiscard]] uint32_t& QuotaOf(const FlowRow& row);
  [[nodiscard]] bool ClearFew();

  const uint32_t capacity_;
  const uint32_t index_mask_;
  const int place_shift_;
  HashMultipliers hash_{};
  uint32_t rows_used_ = 0;
  uint64_t packets_seen_ = 0;
  LazyArray<FlowRow> rows_;
  LazyArray<uint32_t> index_;
  LazyArray<uint32_t> quota_;  // rows by keyed hash of (kind, protocol, port)
  FoldedTable folded_;
};

}  // namespace teiten
