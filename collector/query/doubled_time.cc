// SPDX-License-Identifier: Apache-2.0
#include "collector/query/doubled_time.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/range_set.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint64_t kMostWindows = 200'000;  // looked at, unopened; the rest is not judged
constexpr uint64_t kMostOpened = 64;        // of one sensor: to see that both watched
using Spools = std::map<Spool, RangeSet>;   // when each of one sensor was there

// What at least two of them have.
RangeSet Overlap(const Spools& spools) {
  RangeSet once;
  RangeSet twice;
  for (const auto& [spool, times] : spools) {
    for (const RangeSet::Range& range : times.ToVector()) {
      RangeSet again;
      again.Add(range.first, range.last);
      RangeSet fresh = again;
      fresh.RemoveAll(once);
      again.RemoveAll(fresh);
      twice.AddAll(again);
    }
    once.AddAll(times);
  }
  return twice;
}

// A sensor that got a new spool shares the window of the change with its old one, and no time.
absl::StatusOr<bool> BothWatched(StoreReader& store, const std::string& sensor,
                                 const RecordFilter& filter, const RangeSet& overlap) {
  Spools live;
  uint64_t opened = 0;
  for (const RangeSet::Range& range : overlap.ToVector()) {
    const absl::Status s = store.ScanFacts(
        {.from_unix_ms = static_cast<int64_t>(range.first),
         .to_unix_ms = static_cast<int64_t>(range.last) + 1,
         .sensors = {sensor},
         .groups = filter.groups,
         .after = std::nullopt},
        [&](const StoredFact& fact) {
          const v1::WindowSummary& w = fact.summary;
          if (w.live_ms() > 0 && w.live_to_unix_ms() > w.live_from_unix_ms()) {
            live[fact.key.spool].Add(static_cast<uint64_t>(w.live_from_unix_ms()),
                                     static_cast<uint64_t>(w.live_to_unix_ms()) - 1);
          }
          return ++opened < kMostOpened;
        });
    if (!s.ok()) return s;
    if (!Overlap(live).empty()) return true;
    if (opened >= kMostOpened) return false;
  }
  return false;
}

absl::StatusOr<std::map<std::string, Spools>> WindowsOf(StoreReader& store,
                                                        const RecordFilter& filter,
                                                        std::vector<std::string> sensors) {
  std::map<std::string, Spools> found;
  uint64_t windows = 0;
  const absl::Status s = store.ScanWindows(
      {.from_unix_ms = filter.from_unix_ms,
       .to_unix_ms = filter.to_unix_ms,
       .sensors = std::move(sensors),
       .groups = filter.groups,
       .after = std::nullopt},
      [&](const StoredWindow& w) {
        found[w.position.key.sensor][w.position.key.spool].Add(
            static_cast<uint64_t>(std::max<int64_t>(0, w.position.window_start_unix_ms)),
            static_cast<uint64_t>(std::max<int64_t>(1, w.window_end_unix_ms)) - 1);
        return ++windows < kMostWindows;
      });
  if (!s.ok()) return s;
  return found;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> DoubledTimeNotes(
    StoreReader& store, const RecordFilter& filter, const std::vector<SensorRecord>& sensors) {
  const auto selected = [&](const std::string& sensor) {
    return filter.sensors.empty() ||
           std::find(filter.sensors.begin(), filter.sensors.end(), sensor) != filter.sensors.end();
  };
  std::vector<std::string> candidates;
  for (const SensorRecord& sensor : sensors) {
    if (sensor.spools.size() < 2 || !selected(sensor.contact.sensor)) continue;
    candidates.push_back(sensor.contact.sensor);
  }
  std::vector<std::string> notes;
  if (candidates.empty()) return notes;
  absl::StatusOr<std::map<std::string, Spools>> found =
      WindowsOf(store, filter, std::move(candidates));
  if (!found.ok()) return found.status();
  for (const auto& [sensor, spools] : *found) {
    const RangeSet overlap = Overlap(spools);
    if (overlap.empty()) continue;
    const absl::StatusOr<bool> both = BothWatched(store, sensor, filter, overlap);
    if (!both.ok()) return both.status();
    if (!*both) continue;
    notes.push_back(fmt::format(
        "sensor {}: windows of {} came from two spools at once (a file imported twice, or two "
        "sensors under one id); their packets are added and live time counts once, so what is "
        "said of that time is too high",
        sensor, FormatDuration(static_cast<int64_t>(overlap.count()))));
  }
  return notes;
}

}  // namespace teiten
