// SPDX-License-Identifier: Apache-2.0
// A set of 64-bit numbers kept as disjoint, merged, inclusive ranges: which sequences of a spool
// are stored, held or lost. Adding and asking cost log of the number of ranges; years of a
// sensor's sequences are one range as long as nothing is missing.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace teiten {

class RangeSet {
 public:
  struct Range {
    uint64_t first = 0;
    uint64_t last = 0;  // inclusive
    friend bool operator==(const Range&, const Range&) = default;
  };

  // Ranges with first > last are empty and change nothing.
  void Add(uint64_t first, uint64_t last);
  void Add(uint64_t value) { Add(value, value); }
  void Remove(uint64_t first, uint64_t last);
  void AddAll(const RangeSet& other);
  void RemoveAll(const RangeSet& other);

  [[nodiscard]] bool Contains(uint64_t value) const;
  [[nodiscard]] bool empty() const { return last_of_.empty(); }
  [[nodiscard]] uint64_t count() const;  // numbers, not ranges
  [[nodiscard]] uint64_t CountWithin(uint64_t first, uint64_t last) const;
  [[nodiscard]] std::size_t ranges() const { return last_of_.size(); }
  [[nodiscard]] uint64_t highest() const;  // 0 if empty
  // The last number of the run that begins at `from`; from - 1 if `from` is not in the set.
  [[nodiscard]] uint64_t RunFrom(uint64_t from) const;
  [[nodiscard]] std::vector<Range> ToVector() const;
  friend bool operator==(const RangeSet&, const RangeSet&) = default;

 private:
  std::map<uint64_t, uint64_t> last_of_;  // first → last
};

}  // namespace teiten
