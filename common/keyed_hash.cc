// SPDX-License-Identifier: Apache-2.0
#include "common/keyed_hash.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "common/sha256.h"

namespace teiten {

const Key128& PublishedKey() {
  static const Key128 key = [] {
    const Sha256Digest digest = Sha256("teiten published key");
    Key128 first_half;
    std::copy_n(digest.begin(), first_half.size(), first_half.begin());
    return first_half;
  }();
  return key;
}

HashMultipliers DeriveMultipliers(const Key128& key, std::string_view purpose) {
  HashMultipliers multipliers;
  std::string input(key.begin(), key.end());
  input += purpose;
  input.push_back('\0');
  for (std::size_t i = 0; i < multipliers.m.size(); ++i) {
    input.back() = static_cast<char>(i);
    const Sha256Digest digest = Sha256(input);
    uint64_t value = 0;
    for (std::size_t byte = 0; byte < 8; ++byte) {
      value |= static_cast<uint64_t>(digest[byte]) << (8 * byte);
    }
    multipliers.m[i] = value | 1;
  }
  return multipliers;
}

}  // namespace teiten
