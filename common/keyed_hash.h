// SPDX-License-Identifier: Apache-2.0
// Keyed hashing of small fixed keys. Multilinear hashing with random 64-bit multipliers is
// strongly universal in its upper bits (Lemire and Kaser, "Strongly universal string hashing is
// fast", 2014): who does not know the multipliers cannot choose keys that collide. Mix64 makes
// all bits usable, for sketches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace teiten {

using Key128 = std::array<uint8_t, 16>;

// The published constant used for files and without a collector (key id 0), so that the same
// file gives the same bytes on any machine: SHA-256 of "teiten published key", first 16 bytes.
[[nodiscard]] const Key128& PublishedKey();

struct HashMultipliers {
  // [0] is the additive constant; enough for six 32-bit words.
  std::array<uint64_t, 7> m;
};

// Expands a key for one purpose: m[i] = first 8 bytes of SHA-256(key, purpose, i), made odd.
[[nodiscard]] HashMultipliers DeriveMultipliers(const Key128& key, std::string_view purpose);

// Sum over 32-bit words; use the upper bits. At most six words.
template <std::size_t N>
[[nodiscard]] constexpr uint64_t MultilinearHash(const HashMultipliers& k,
                                                 const std::array<uint32_t, N>& words) {
  static_assert(N <= 6);
  uint64_t sum = k.m[0];
  for (std::size_t i = 0; i < N; ++i) sum += k.m[i + 1] * words[i];
  return sum;
}

// Finaliser of MurmurHash3 (Appleby): a bijection whose every output bit depends on all inputs.
[[nodiscard]] constexpr uint64_t Mix64(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  x ^= x >> 33;
  return x;
}

}  // namespace teiten
