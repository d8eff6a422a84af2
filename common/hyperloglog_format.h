// SPDX-License-Identifier: Apache-2.0
// Bytes of a serialised HyperLogLog, on the wire and in databases. Integers are little-endian.
//
//   sketch    := version precision error form body
//   version   := u8, 1
//   precision := u8, p, 10 to 16
//   error     := u16, relative standard error 1.04/sqrt(2^p) in units of 1/100,000, rounded
//   form      := u8, 0 sparse | 1 dense
//   body      := sparse | dense
//   sparse    := count entry*        count u16, 0 to 256; entries by rising index
//   entry     := index rank          index u16 < 2^p; rank u8, 1 to 65 - p
//   dense     := register*           2^p registers of 6 bits, each 0 to 65 - p, packed from the
//                                    lowest bit of the first byte on: 2^p · 6/8 bytes
//
// Sparse exactly while at most 256 registers are set, so one set of addresses has one form.
// The register of a 64-bit hash is its upper p bits; its rank is 1 + the number of zero bits from
// there down to the first one bit (65 - p if there is none).
//
// Example, p = 14, hashes 0x0004000000000000 (register 1, rank 65 - 14 = 51) and
// 0xfffe000000000000 (register 0x3fff, rank 1):
//
//   01 0e 2d 03 00 02 00  01 00 33  ff 3f 01
//    │  │  │     │  │      │     │   └ register 0x3fff, rank 1
//    │  │  │     │  │      └ register 1, rank 51
//    │  │  │     │  └ two entries
//    │  │  │     └ sparse
//    │  │  └ 0x032d = 813: 0.813 %
//    │  └ p = 14
//    └ version
//
// Known downsides: three bytes an entry and six bits a register where entropy coding would need
// about four; 256 entries take 775 bytes, p = 12 dense 3,077, p = 14 dense 12,293. Databases and
// the envelope's zstd take most of the air out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace teiten::hyperloglog_format {

inline constexpr uint8_t kVersion = 1;
inline constexpr uint8_t kSparse = 0;
inline constexpr uint8_t kDense = 1;

inline constexpr std::size_t kHeaderBytes = 5;
inline constexpr std::size_t kCountBytes = 2;
inline constexpr std::size_t kEntryBytes = 3;
inline constexpr std::size_t kMostSparse = 256;
inline constexpr double kErrorUnits = 100'000;  // one unit is 0.001 %

inline constexpr int kRegisterBits = 6;
constexpr std::size_t DenseBytes(uint8_t precision) {
  return (std::size_t{1} << precision) * kRegisterBits / 8;
}

}  // namespace teiten::hyperloglog_format
