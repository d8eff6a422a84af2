// SPDX-License-Identifier: Apache-2.0
// HyperLogLog (Flajolet et al. 2007) with 64-bit hashes: distinct sources in bounded memory,
// mergeable. 2^p registers of 6 bits, here one byte each in memory; standard error
// 1.04/sqrt(2^p): p = 14 0.81 %, p = 12 1.63 %. Small sets are kept sparse (at most 256
// (register, rank) pairs), so that rollups of many quiet ports stay small; Estimate uses linear
// counting below 2.5 × 2^p and is within 3 standard errors from 10 to 10^7 (hyperloglog_test).
// Sketches of different p: the finer is reduced to the coarser when merged. Sketches of different
// keys must not be merged (callers compare key ids and add estimates instead).
// Layout of the serialised form: common/hyperloglog_format.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/keyed_hash.h"

namespace teiten {

// Of an address under the deployment key, for every sketch of every sensor and the collector:
// multipliers from DeriveMultipliers(key, "source sketch").
[[nodiscard]] uint64_t SketchHash(const HashMultipliers& k, Family family, const Address& address);

class HyperLogLog {
 public:
  static constexpr uint8_t kMinPrecision = 10;
  static constexpr uint8_t kMaxPrecision = 16;

  explicit HyperLogLog(uint8_t precision = 14) : precision_(precision) {}

  void AddHash(uint64_t hash);
  void Merge(const HyperLogLog& other);
  void Clear();

  [[nodiscard]] bool empty() const;
  [[nodiscard]] uint8_t precision() const { return precision_; }
  [[nodiscard]] double Estimate() const;
  [[nodiscard]] double StandardError() const;

  // Sparse to 256 entries, then 6-bit registers; the same set gives the same bytes.
  [[nodiscard]] std::string Serialize() const;
  // Errors: InvalidArgument naming what is wrong. Any bytes are safe.
  [[nodiscard]] static absl::StatusOr<HyperLogLog> Parse(std::string_view bytes);

 private:
  static constexpr std::size_t kMaxSparse = 256;
  void AddRank(uint32_t index, uint8_t rank);
  void ToDense();

  uint8_t precision_;
  std::vector<uint32_t> sparse_;   // index << 8 | rank, sorted by index; while dense_ is empty
  std::vector<uint8_t> dense_;     // 2^precision ranks
};

}  // namespace teiten
