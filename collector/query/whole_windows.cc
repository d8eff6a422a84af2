// SPDX-License-Identifier: Apache-2.0
#include "collector/query/whole_windows.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "collector/store/zone.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

using Window = std::pair<int64_t, int64_t>;

// Windows of the selected sensors that begin in the hour that holds the edge; of an edge between
// two hours, which cuts none, there are none. Sensors mostly have the same windows.
absl::StatusOr<std::set<Window>> WindowsAround(StoreReader& store, const RecordFilter& filter,
                                               int64_t edge_unix_ms) {
  const int64_t hour = Zone(0).HourOf(edge_unix_ms);
  std::set<Window> windows;
  if (hour == edge_unix_ms) return windows;
  const absl::Status s =
      store.ScanWindows({.from_unix_ms = hour,
                         .to_unix_ms = hour + kHourMs,
                         .sensors = filter.sensors,
                         .groups = filter.groups,
                         .after = std::nullopt},
                        [&](const StoredWindow& w) {
                          windows.insert({w.position.window_start_unix_ms, w.window_end_unix_ms});
                          return true;
                        });
  if (!s.ok()) return s;
  return windows;
}

// The window that the time lies inside of, if any.
const Window* Cut(const std::set<Window>& windows, int64_t unix_ms) {
  const auto at = std::find_if(windows.begin(), windows.end(), [unix_ms](const Window& w) {
    return w.first < unix_ms && unix_ms < w.second;
  });
  return at == windows.end() ? nullptr : &*at;
}

}  // namespace

absl::Status WidenToWindows(StoreReader& store, RecordFilter& filter) {
  filter.asked_from_unix_ms = filter.from_unix_ms;
  filter.asked_to_unix_ms = filter.to_unix_ms;
  absl::StatusOr<std::set<Window>> first = WindowsAround(store, filter, filter.from_unix_ms);
  if (!first.ok()) return first.status();
  absl::StatusOr<std::set<Window>> last = WindowsAround(store, filter, filter.to_unix_ms);
  if (!last.ok()) return last.status();
  // The start of a long window may lie inside a window of another sensor.
  while (const Window* cut = Cut(*first, filter.from_unix_ms)) filter.from_unix_ms = cut->first;
  while (const Window* cut = Cut(*last, filter.to_unix_ms)) filter.to_unix_ms = cut->second;
  return absl::OkStatus();
}

std::string WidenedNote(const RecordFilter& filter) {
  if (filter.from_unix_ms == filter.asked_from_unix_ms &&
      filter.to_unix_ms == filter.asked_to_unix_ms) {
    return "";
  }
  return fmt::format("asked for {} to {}, widened to whole windows: {} to {}",
                     FormatUtcMs(filter.asked_from_unix_ms), FormatUtcMs(filter.asked_to_unix_ms),
                     FormatUtcMs(filter.from_unix_ms), FormatUtcMs(filter.to_unix_ms));
}

}  // namespace teiten
