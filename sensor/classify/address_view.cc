// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/address_view.h"

#include <algorithm>
#include <numeric>

#include "common/definitions.h"

namespace teiten {
namespace {

constexpr std::array<Family, 2> kFamilies = {Family::kIpv4, Family::kIpv6};

uint64_t SaturatingAdd(uint64_t a, uint64_t b) { return a + b < a ? UINT64_MAX : a + b; }

uint64_t RangeSize(const Address& first, const Address& last) {
  if (first.high != last.high) return UINT64_MAX;
  return SaturatingAdd(last.low - first.low, 1);
}

Address Next(const Address& a) { return {a.low == UINT64_MAX ? a.high + 1 : a.high, a.low + 1}; }

std::array<uint32_t, 4> Words(const Address& a) {
  return {static_cast<uint32_t>(a.high >> 32), static_cast<uint32_t>(a.high),
          static_cast<uint32_t>(a.low >> 32), static_cast<uint32_t>(a.low)};
}

}  // namespace

AddressView AddressView::Everything(const Key128& bitmap_key) {
  AddressView view;
  view.everything_ = true;
  view.MakeBits(bitmap_key);
  return view;
}

AddressView::AddressView(std::vector<Prefix> own, std::vector<Prefix> observed,
                         const Key128& bitmap_key) {
  own.insert(own.end(), observed.begin(), observed.end());
  for (const Family family : kFamilies) {
    own_[Index(family)] = Merge(own, family);
    observed_[Index(family)] = Merge(observed, family);
  }
  MakeBits(bitmap_key);
}

AddressView::Ranges AddressView::Merge(const std::vector<Prefix>& prefixes, Family family) {
  Ranges all;
  for (const Prefix& prefix : prefixes) {
    if (prefix.family == family) all.push_back({prefix.base, prefix.Last(), 0});
  }
  std::sort(all.begin(), all.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  Ranges merged;
  for (const Range& range : all) {
    const bool touches = !merged.empty() && (range.first <= merged.back().last ||
                                             range.first == Next(merged.back().last));
    if (touches) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  uint64_t base = 0;
  for (Range& range : merged) {
    range.base = base;
    base = SaturatingAdd(base, RangeSize(range.first, range.last));
  }
  return merged;
}

const AddressView::Range* AddressView::FindMany(const Ranges& ranges, const Address& address) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](const Address& a, const Range& range) { return a < range.first; });
  if (after == ranges.begin()) return nullptr;
  const Range& range = *(after - 1);
  return address <= range.last ? &range : nullptr;
}

void AddressView::MakeBits(const Key128& key) {
  hash_ = DeriveMultipliers(key, "destination bitmap");
  for (const Family family : kFamilies) {
    const Ranges& ranges = observed_[Index(family)];
    uint64_t addresses = 0;
    for (const Range& range : ranges) {
      addresses = SaturatingAdd(addresses, RangeSize(range.first, range.last));
    }
    exact_[Index(family)] = !everything_ && addresses <= definitions::kExactAddresses;
    // The keyed permutation: bits sorted by a keyed hash of the index.
    auto& bits = bit_of_index_[Index(family)];
    std::array<uint8_t, 64> order;
    std::iota(order.begin(), order.end(), uint8_t{0});
    const uint32_t salt = static_cast<uint32_t>(family);
    std::sort(order.begin(), order.end(), [&](uint8_t a, uint8_t b) {
      const std::array<uint32_t, 2> of_a = {salt, a};
      const std::array<uint32_t, 2> of_b = {salt, b};
      return Mix64(MultilinearHash(hash_, of_a)) < Mix64(MultilinearHash(hash_, of_b));
    });
    bits = order;
  }
}

uint64_t AddressView::BitmapBit(Family family, const Address& address) const {
  if (exact_[Index(family)]) {
    const Range* range = Find(observed_[Index(family)], address);
    const uint64_t index = range->base + (address.low - range->first.low);
    return uint64_t{1} << bit_of_index_[Index(family)][index & 63];
  }
  const uint64_t hash = family == Family::kIpv4
                            ? hash_.m[0] + hash_.m[4] * static_cast<uint32_t>(address.low)
                            : MultilinearHash(hash_, Words(address));
  // Mixed, because a linear hash spreads neighbouring addresses evenly or bunches them, and the
  // count of bits is an estimate for random places.
  return uint64_t{1} << (Mix64(hash) >> 58);
}

std::optional<uint64_t> AddressView::n4() const {
  if (everything_) return std::nullopt;
  uint64_t n = 0;
  for (const Range& range : observed_[Index(Family::kIpv4)]) {
    n += RangeSize(range.first, range.last);
  }
  return n;
}

std::optional<uint64_t> AddressView::p6() const {
  if (everything_) return std::nullopt;
  uint64_t prefixes = 0;
  std::optional<uint64_t> counted;  // the /64 counted last: two ranges can share one
  for (const Range& range : observed_[Index(Family::kIpv6)]) {
    const uint64_t first = counted.has_value() && *counted == range.first.high
                               ? range.first.high + 1
                               : range.first.high;
    if (range.last.high >= first) prefixes += range.last.high - first + 1;
    counted = range.last.high;
  }
  return prefixes;
}

}  // namespace teiten
