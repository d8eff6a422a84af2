// SPDX-License-Identifier: Apache-2.0
#include "common/range_set.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace teiten {

void RangeSet::Add(uint64_t first, uint64_t last) {
  if (first > last) return;
  auto it = last_of_.upper_bound(first);
  if (it != last_of_.begin()) {
    const auto before = std::prev(it);
    // Touching ranges merge; the addition cannot overflow because `first` is above before->first.
    if (before->second >= first || before->second + 1 == first) {
      first = before->first;
      last = std::max(last, before->second);
      it = last_of_.erase(before);
    }
  }
  const uint64_t reach = last == std::numeric_limits<uint64_t>::max() ? last : last + 1;
  while (it != last_of_.end() && it->first <= reach) {
    last = std::max(last, it->second);
    it = last_of_.erase(it);
  }
  last_of_.emplace_hint(it, first, last);
}

void RangeSet::Remove(uint64_t first, uint64_t last) {
  if (first > last) return;
  auto it = last_of_.upper_bound(first);
  if (it != last_of_.begin() && std::prev(it)->second >= first) --it;
  while (it != last_of_.end() && it->first <= last) {
    const Range range{it->first, it->second};
    it = last_of_.erase(it);
    if (range.first < first) last_of_.emplace(range.first, first - 1);
    if (range.last > last) {
      last_of_.emplace(last + 1, range.last);
      return;
    }
  }
}

void RangeSet::AddAll(const RangeSet& other) {
  for (const auto& [first, last] : other.last_of_) Add(first, last);
}

void RangeSet::RemoveAll(const RangeSet& other) {
  for (const auto& [first, last] : other.last_of_) Remove(first, last);
}

bool RangeSet::Contains(uint64_t value) const {
  const auto it = last_of_.upper_bound(value);
  return it != last_of_.begin() && std::prev(it)->second >= value;
}

uint64_t RangeSet::count() const {
  uint64_t sum = 0;
  for (const auto& [first, last] : last_of_) sum += last - first + 1;
  return sum;
}

uint64_t RangeSet::CountWithin(uint64_t first, uint64_t last) const {
  auto it = last_of_.upper_bound(first);
  if (it != last_of_.begin() && std::prev(it)->second >= first) --it;
  uint64_t sum = 0;
  for (; it != last_of_.end() && it->first <= last; ++it) {
    sum += std::min(it->second, last) - std::max(it->first, first) + 1;
  }
  return sum;
}

uint64_t RangeSet::highest() const { return last_of_.empty() ? 0 : last_of_.rbegin()->second; }

uint64_t RangeSet::RunFrom(uint64_t from) const {
  const auto it = last_of_.upper_bound(from);
  if (it == last_of_.begin() || std::prev(it)->second < from) return from - 1;
  return std::prev(it)->second;
}

std::vector<RangeSet::Range> RangeSet::ToVector() const {
  std::vector<Range> out;
  out.reserve(last_of_.size());
  for (const auto& [first, last] : last_of_) out.push_back({first, last});
  return out;
}

}  // namespace teiten
