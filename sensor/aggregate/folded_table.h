// SPDX-License-Identifier: Apache-2.0
// Where packets go whose tuple finds no place in the flow table (definitions: when memory is
// full): 4,096 rows (kind, protocol, port) without source, then one row `other` a kind, so that
// packets and bytes stay exact; and per kind a HyperLogLog of the sources. About 1.2 MiB of
// address space, touched only where something was folded. No allocation after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/definitions.h"
#include "common/flow_row.h"
#include "common/hyperloglog.h"
#include "common/keyed_hash.h"
#include "common/lazy_array.h"

namespace teiten {

struct KindSources {
  uint8_t kind_flags = 0;  // Kind and kRowIpv6
  HyperLogLog sources;
};

class FoldedTable {
 public:
  explicit FoldedTable(const Key128& sketch_key);

  // Only while empty: the deployment key came, or a new window begins.
  void SetKeys(const HashMultipliers& table_hash, const Key128& sketch_key);
  // Adds the packets of a row, and its source to the kind's sketch.
  void Fold(const FlowRow& row);

  [[nodiscard]] uint64_t packets() const { return packets_; }
  // Rows in order of arrival, then the `other` rows. Allocates: for the encoder.
  [[nodiscard]] std::vector<FoldedRow> Rows() const;
  [[nodiscard]] std::vector<KindSources> Sketches() const;
  void Clear();

 private:
  static constexpr uint32_t kIndexSize = 2 * definitions::kFoldedRows;
  static constexpr uint32_t kRegisters = 1U << definitions::kSketchPrecision;
  static constexpr uint32_t kKindFlags = 64;  // 5 bits Kind, 1 bit family

  void AddSource(uint8_t kind_flags, const FlowRow& row);

  HashMultipliers table_hash_{};
  HashMultipliers sketch_hash_{};
  uint64_t packets_ = 0;
  uint32_t rows_used_ = 0;
  uint64_t kinds_used_ = 0;  // bit per kind_flags
  LazyArray<FoldedRow> rows_;
  LazyArray<uint16_t> index_;     // row + 1, 0 empty
  LazyArray<FoldedRow> other_;    // by kind_flags
  LazyArray<uint8_t> registers_;  // by kind_flags
};

}  // namespace teiten
