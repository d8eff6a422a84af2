// SPDX-License-Identifier: Apache-2.0
// The gap records of SpoolCore: what will never arrive, and why.
#include <algorithm>
#include <utility>

#include "sensor/uplink/spool_core.h"

namespace teiten {
namespace {

bool HasTimes(const GapRecord& record) { return record.from_unix_ms != record.to_unix_ms; }

bool Mergeable(const GapRecord& a, const GapRecord& b) {
  return a.last + 1 == b.first && a.reason == b.reason && HasTimes(a) == HasTimes(b);
}

GapRecord Merge(const GapRecord& a, const GapRecord& b) {
  return {a.first, b.last, a.reason, std::min(a.from_unix_ms, b.from_unix_ms),
          std::max(a.to_unix_ms, b.to_unix_ms)};
}

v1::Gap ToProto(const GapRecord& record) {
  v1::Gap gap;
  gap.mutable_sequences()->set_first(record.first);
  gap.mutable_sequences()->set_last(record.last);
  gap.set_reason(record.reason);
  if (HasTimes(record)) {
    gap.set_from_unix_ms(record.from_unix_ms);
    gap.set_to_unix_ms(record.to_unix_ms);
  }
  return gap;
}

}  // namespace

// A sequence has one reason, the first one recorded.
void SpoolCore::RecordGap(const GapRecord& record) {
  auto after =
      std::lower_bound(gaps_.begin(), gaps_.end(), record.first,
                       [](const GapRecord& known, uint64_t first) { return known.first < first; });
  if (after != gaps_.end() && after->first <= record.last) return;
  if (after != gaps_.begin() && std::prev(after)->last >= record.first) return;
  auto it = gaps_.insert(after, record);
  if (std::next(it) != gaps_.end() && Mergeable(*it, *std::next(it))) {
    *it = Merge(*it, *std::next(it));
    gaps_.erase(std::next(it));
  }
  if (it != gaps_.begin() && Mergeable(*std::prev(it), *it)) {
    *std::prev(it) = Merge(*std::prev(it), *it);
    gaps_.erase(it);
  }
  // What is forgotten here is declared as MISSING if the collector should ever ask again.
  if (gaps_.size() > kMaxGapRecords) gaps_.erase(gaps_.begin());
  gaps_dirty_ = true;
  SpoolAction& action = actions_.emplace_back();
  action.kind = SpoolAction::Kind::kGap;
  action.gap = ToProto(record);
}

void SpoolCore::WriteGaps() {
  if (!gaps_dirty_) return;
  gaps_dirty_ = false;
  EmitWrite(SpoolWrite::kGaps, std::string(kGapsName), EncodeGapRecords(gaps_));
}

std::vector<v1::Gap> SpoolCore::GapsOf(const Spool& spool, const RangeSet& settled) const {
  const auto [first, end] = SequencesOf(spool);
  RangeSet open;
  open.Add(1, end - 1);
  open.RemoveAll(settled);
  for (const auto& [sequence, entry] : entries_) {
    if (entry.spool == spool) open.Remove(sequence, sequence);
  }
  std::vector<v1::Gap> out;
  for (const RangeSet::Range& range : open.ToVector()) AppendGaps(range, first, out);
  return out;
}

// Splits a range by the reasons on record. Below `first` the numbers belonged to another spool of
// this folder, so this one never used them.
void SpoolCore::AppendGaps(RangeSet::Range range, uint64_t first, std::vector<v1::Gap>& out) const {
  if (range.first < first) {
    const uint64_t last = std::min(range.last, first - 1);
    out.push_back(ToProto({range.first, last, v1::Gap::REASON_NEVER_USED, 0, 0}));
    range.first = last + 1;
  }
  auto it =
      std::lower_bound(gaps_.begin(), gaps_.end(), range.first,
                       [](const GapRecord& known, uint64_t wanted) { return known.last < wanted; });
  while (range.first <= range.last) {
    if (it == gaps_.end() || it->first > range.last) {
      out.push_back(ToProto({range.first, range.last, v1::Gap::REASON_MISSING, 0, 0}));
      return;
    }
    if (it->first > range.first) {
      out.push_back(ToProto({range.first, it->first - 1, v1::Gap::REASON_MISSING, 0, 0}));
      range.first = it->first;
    }
    GapRecord part = *it++;
    part.first = range.first;
    part.last = std::min(part.last, range.last);
    out.push_back(ToProto(part));
    range.first = part.last + 1;
  }
}

}  // namespace teiten
