// SPDX-License-Identifier: Apache-2.0
// Which addresses are ours and which of them are observed; immutable, so that a worker can take a
// new one at the turn of a window without a lock. Ranges are few: a linear scan to 8, else binary.
//
// Every observed address owns a bit of the destination bitmap (definitions: destination bitmap).
// Per family: up to 64 observed addresses, one bit each in the order of a keyed permutation, so
// that counts are exact; above, bit = keyed hash mod 64.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/address.h"
#include "common/keyed_hash.h"

namespace teiten {

class AddressView {
 public:
  // No own addresses, every destination observed.
  static AddressView Everything(const Key128& bitmap_key);
  // Own are `own` and `observed`; overlapping prefixes count once.
  AddressView(std::vector<Prefix> own, std::vector<Prefix> observed, const Key128& bitmap_key);

  [[nodiscard]] bool everything() const { return everything_; }
  [[nodiscard]] bool IsOwn(Family family, const Address& address) const {
    return Find(own_[Index(family)], address) != nullptr;
  }
  [[nodiscard]] bool IsObserved(Family family, const Address& address) const {
    return Find(observed_[Index(family)], address) != nullptr;
  }
  // One bit. `address` is observed.
  [[nodiscard]] uint64_t BitmapBit(Family family, const Address& address) const;

  // Observed IPv4 addresses and observed IPv6 /64 prefixes; nullopt with Everything.
  [[nodiscard]] std::optional<uint64_t> n4() const;
  [[nodiscard]] std::optional<uint64_t> p6() const;
  [[nodiscard]] bool bitmap_exact(Family family) const { return exact_[Index(family)]; }

 private:
  struct Range {
    Address first, last;
    uint64_t base = 0;  // addresses of the ranges before, saturating
  };
  using Ranges = std::vector<Range>;

  AddressView() = default;
  static std::size_t Index(Family family) { return family == Family::kIpv6 ? 1 : 0; }
  static const Range* Find(const Ranges& ranges, const Address& address) {
    if (ranges.size() > 8) return FindMany(ranges, address);
    for (const Range& range : ranges) {
      if (range.first <= address && address <= range.last) return &range;
    }
    return nullptr;
  }
  static const Range* FindMany(const Ranges& ranges, const Address& address);
  static Ranges Merge(const std::vector<Prefix>& prefixes, Family family);
  void MakeBits(const Key128& key);

  bool everything_ = false;
  std::array<Ranges, 2> own_;
  std::array<Ranges, 2> observed_;
  std::array<bool, 2> exact_{};
  std::array<std::array<uint8_t, 64>, 2> bit_of_index_{};
  HashMultipliers hash_{};
};

}  // namespace teiten
