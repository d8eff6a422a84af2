// SPDX-License-Identifier: Apache-2.0
// A set of sequence numbers as sorted, disjoint, never touching inclusive ranges: what is stored,
// rejected or a gap of one spool. Sequences mostly come in order, so the set is a range or two.
// O(log n) to look up, to add one, and per range touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "teiten/v1/ingest.pb.h"

namespace teiten {

struct SequenceSpan {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive; ≥ first
  friend auto operator<=>(const SequenceSpan&, const SequenceSpan&) = default;
};

class SequenceRanges {
 public:
  // Returns the range that now holds `span`.
  SequenceSpan Add(SequenceSpan span);
  void Add(const SequenceRanges& other);

  [[nodiscard]] bool Contains(uint64_t sequence) const;
  // The pieces of `span` that are not in the set.
  [[nodiscard]] std::vector<SequenceSpan> Missing(SequenceSpan span) const;

  [[nodiscard]] bool empty() const { return last_of_.empty(); }
  [[nodiscard]] std::size_t size() const { return last_of_.size(); }  // ranges
  [[nodiscard]] uint64_t count() const;                              // sequences
  [[nodiscard]] uint64_t highest() const;                            // 0 if empty
  [[nodiscard]] std::vector<SequenceSpan> spans() const;
  [[nodiscard]] std::vector<v1::SequenceRange> ToProto() const;

 private:
  std::map<uint64_t, uint64_t> last_of_;  // first → last
};

}  // namespace teiten
