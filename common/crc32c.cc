// SPDX-License-Identifier: Apache-2.0
#include "common/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace teiten {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are read as one word");

constexpr uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, bits reversed

using Table = std::array<uint32_t, 256>;

// tables[k][b]: the remainder of byte b followed by k zero bytes.
constexpr std::array<Table, 8> MakeTables() {
  std::array<Table, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = MakeTables();

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc_of_head, std::string_view data) {
  uint32_t crc = ~crc_of_head;
  for (; data.size() >= 8; data.remove_prefix(8)) {
    uint64_t word;
    std::memcpy(&word, data.data(), 8);
    word ^= crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 0xff];
  }
  for (const char c : data) {
    crc = crc >> 8 ^ kTables[0][(crc ^ static_cast<uint8_t>(c)) & 0xff];
  }
  return ~crc;
}

uint32_t Crc32c(std::string_view data) { return ExtendCrc32c(0, data); }

}  // namespace teiten
