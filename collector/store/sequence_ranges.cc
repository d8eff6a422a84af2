// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sequence_ranges.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace teiten {
namespace {

constexpr uint64_t kMaxSequence = std::numeric_limits<uint64_t>::max();

// Whether a range that ends at `last` reaches or touches one that begins at `first`.
bool Touches(uint64_t last, uint64_t first) { return last == kMaxSequence || last + 1 >= first; }

}  // namespace

SequenceSpan SequenceRanges::Add(SequenceSpan span) {
  auto it = last_of_.upper_bound(span.first);
  if (it != last_of_.begin() && Touches(std::prev(it)->second, span.first)) --it;
  while (it != last_of_.end() && Touches(span.last, it->first)) {
    span.first = std::min(span.first, it->first);
    span.last = std::max(span.last, it->second);
    it = last_of_.erase(it);
  }
  last_of_.emplace_hint(it, span.first, span.last);
  return span;
}

void SequenceRanges::Add(const SequenceRanges& other) {
  for (const auto& [first, last] : other.last_of_) Add({first, last});
}

bool SequenceRanges::Contains(uint64_t sequence) const {
  const auto it = last_of_.upper_bound(sequence);
  return it != last_of_.begin() && std::prev(it)->second >= sequence;
}

std::vector<SequenceSpan> SequenceRanges::Missing(SequenceSpan span) const {
  std::vector<SequenceSpan> out;
  auto it = last_of_.upper_bound(span.first);
  if (it != last_of_.begin() && std::prev(it)->second >= span.first) --it;
  uint64_t next = span.first;
  for (; it != last_of_.end() && it->first <= span.last; ++it) {
    if (it->first > next) out.push_back({next, it->first - 1});
    if (it->second >= span.last) return out;
    next = it->second + 1;
  }
  out.push_back({next, span.last});
  return out;
}

uint64_t SequenceRanges::count() const {
  uint64_t sum = 0;
  for (const auto& [first, last] : last_of_) sum += last - first + 1;
  return sum;
}

uint64_t SequenceRanges::highest() const { return empty() ? 0 : last_of_.rbegin()->second; }

std::vector<SequenceSpan> SequenceRanges::spans() const {
  std::vector<SequenceSpan> out;
  out.reserve(last_of_.size());
  for (const auto& [first, last] : last_of_) out.push_back({first, last});
  return out;
}

std::vector<v1::SequenceRange> SequenceRanges::ToProto() const {
  std::vector<v1::SequenceRange> out;
  out.reserve(last_of_.size());
  for (const auto& [first, last] : last_of_) {
    v1::SequenceRange& range = out.emplace_back();
    range.set_first(first);
    range.set_last(last);
  }
  return out;
}

}  // namespace teiten
