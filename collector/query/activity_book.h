// SPDX-License-Identifier: Apache-2.0
// Activities of sources added up over days and sensors before they are put in order and cut: the
// total is that of all parts, whatever is shown. Memory is bounded by kMostHeld activities; those
// that come when it is full are in the total and not in the list, which is then said.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "collector/query/distinct_sources.h"
#include "collector/query/source_activity.h"
#include "common/keyed_hash.h"

namespace teiten {

class ActivityBook {
 public:
  static constexpr std::size_t kMostHeld = 200'000;

  // `multipliers` outlive this object.
  explicit ActivityBook(const HashMultipliers* multipliers, std::size_t most_held = kMostHeld)
      : most_held_(most_held), sources_(multipliers, most_held) {}

  // In the order of days. `part.sensor` is filled in here.
  void Add(const ActivityKey& key, const std::string& sensor, ActivityPart part);
  // Once, after the last part: at most `limit` activities, those with most packets first.
  void Write(uint32_t limit, v1::SourceReply& out);
  [[nodiscard]] bool empty() const { return held_.empty(); }
  [[nodiscard]] bool ipv6() const { return ipv6_; }  // some source is

 private:
  void WriteNotes(v1::SourceReply& out) const;

  const std::size_t most_held_;
  std::map<ActivityKey, Activity> held_;
  std::map<std::string, uint32_t> sensor_numbers_;
  DistinctSources sources_;
  uint64_t packets_ = 0, bytes_ = 0, tuples_ = 0;
  uint64_t packets_not_held_ = 0;
  bool ipv6_ = false;
};

}  // namespace teiten
