// SPDX-License-Identifier: Apache-2.0
// HyperLogLog (Flajolet et al. 2007) with 64-bit hashes: distinct sources in bounded memory,
// mergeable. 2^p registers of 6 bits, here one byte each in memory; standard error
// 1.04/sqrt(2^p): p = 14 0.81 %, p = 12 1.63 %. Small sets are kept sparse (at most 256
// (register, rank) pairs), so that rollups of many quiet ports stay small.
//
// Estimate counts how many registers have each rank and uses the improved raw estimator of Ertl
// ("New cardinality estimation algorithms for HyperLogLog sketches", 2017, algorithm 6): no bias
// tables and no change of formula between small and large, within 3 standard errors from 10 to
// 10^7 (hyperloglog_test).
//
// Sketches of different p: the finer is reduced to the coarser when merged, exactly as if it had
// been coarse from the start. Sketches of different keys must not be merged (callers compare key
// ids and add estimates instead). Values; no thread of their own.
// Layout of the serialised form: common/hyperloglog_format.h.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/hyperloglog_format.h"
#include "common/keyed_hash.h"

namespace teiten {

// Of an address under the deployment key, for every sketch of every sensor and the collector:
// multipliers from DeriveMultipliers(key, "source sketch"). Of IPv6 the /64: distinct counts are
// of /64s (definitions: events), or one host's privacy addresses would be many sources.
[[nodiscard]] inline uint64_t SketchHash(const HashMultipliers& k, Family family,
                                         const Address& address) {
  const uint64_t counted = family == Family::kIpv6 ? address.high : address.low;
  return Mix64(
      MultilinearHash<3>(k, {static_cast<uint32_t>(counted), static_cast<uint32_t>(counted >> 32),
                             static_cast<uint32_t>(family)}));
}

class HyperLogLog {
 public:
  static constexpr uint8_t kMinPrecision = 10;
  static constexpr uint8_t kMaxPrecision = 16;

  // A precision outside the limits becomes the nearer of them.
  explicit HyperLogLog(uint8_t precision = 14);

  // Of a hash in its register: the place of the first 1 behind the register's bits. The bit below
  // the hash's last one ends the count, so that no rank exceeds 65 - p.
  [[nodiscard]] static uint8_t RankOf(uint64_t hash, uint8_t precision) {
    const uint64_t rest = hash << precision | uint64_t{1} << (precision - 1);
    return static_cast<uint8_t>(std::countl_zero(rest) + 1);
  }
  // From 2^precision ranks kept elsewhere (the sensor's folded table allocates nothing).
  [[nodiscard]] static HyperLogLog FromRegisters(uint8_t precision,
                                                 std::span<const uint8_t> registers);

  void AddHash(uint64_t hash) {
    const auto index = static_cast<uint32_t>(hash >> (64 - precision_));
    const uint8_t rank = RankOf(hash, precision_);
    if (dense_.empty()) {
      AddSparse(index, rank);
    } else if (dense_[index] < rank) {
      dense_[index] = rank;
    }
  }
  void Merge(const HyperLogLog& other);
  void Clear();

  [[nodiscard]] bool empty() const { return sparse_.empty() && dense_.empty(); }
  [[nodiscard]] uint8_t precision() const { return precision_; }
  [[nodiscard]] double Estimate() const;
  [[nodiscard]] double StandardError() const;

  // Sparse to 256 entries, then 6-bit registers; the same set gives the same bytes.
  [[nodiscard]] std::string Serialize() const;
  // Errors: InvalidArgument naming what is wrong. Any bytes are safe; only bytes that Serialize
  // could have written are accepted.
  [[nodiscard]] static absl::StatusOr<HyperLogLog> Parse(std::string_view bytes);

 private:
  static constexpr std::size_t kMaxSparse = hyperloglog_format::kMostSparse;
  [[nodiscard]] uint8_t MaxRank() const { return static_cast<uint8_t>(65 - precision_); }
  void AddRank(uint32_t index, uint8_t rank);
  void AddSparse(uint32_t index, uint8_t rank);
  void ToDense();
  void ReduceTo(uint8_t precision);
  absl::Status ParseSparse(std::string_view body);
  absl::Status ParseDense(std::string_view body);
  // Calls visit(index, rank) for each register that is set, by rising index.
  template <typename Visit>
  void ForEach(Visit visit) const;

  uint8_t precision_;
  std::vector<uint32_t> sparse_;  // index << 8 | rank, sorted by index; while dense_ is empty
  std::vector<uint8_t> dense_;    // 2^precision ranks, more than kMaxSparse of them set
};

}  // namespace teiten
