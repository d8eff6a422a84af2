// SPDX-License-Identifier: Apache-2.0
#include "collector/query/empty_reason.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_join.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

using Sensors = std::vector<SensorRecord>;

constexpr std::size_t kMostNamed = 10;

std::string NameSensors(const Sensors& sensors) {
  std::set<std::string> names;
  for (const SensorRecord& s : sensors) {
    if (names.size() < kMostNamed) names.insert(s.contact.sensor);
  }
  std::string text = absl::StrJoin(names, ", ");
  if (sensors.size() > kMostNamed)
    text += fmt::format(", and {} more", sensors.size() - names.size());
  return text;
}

std::string UnknownSensor(const Sensors& sensors, const RecordFilter& filter) {
  for (const std::string& wanted : filter.sensors) {
    const bool known = std::any_of(sensors.begin(), sensors.end(), [&](const SensorRecord& s) {
      return s.contact.sensor == wanted;
    });
    if (!known) {
      return fmt::format("No sensor is called \"{}\". Known: {}.", wanted, NameSensors(sensors));
    }
  }
  return "";
}

// "teiten rank" just after a replay must not look like a broken installation.
absl::StatusOr<bool> ReplayHasData(StoreReader& store, const RecordFilter& filter) {
  bool any = false;
  absl::Status s = store.ScanFacts({.from_unix_ms = filter.from_unix_ms,
                                    .to_unix_ms = filter.to_unix_ms,
                                    .sensors = filter.sensors,
                                    .groups = {kReplayGroup},
                                    .after = std::nullopt},
                                   [&](const StoredFact&) {
                                     any = true;
                                     return false;
                                   });
  if (!s.ok()) return s;
  return any;
}

std::string NewestData(const Sensors& sensors, const RecordFilter& filter) {
  const SensorRecord* newest = nullptr;
  for (const SensorRecord& s : sensors) {
    const bool selected =
        (filter.sensors.empty() || std::find(filter.sensors.begin(), filter.sensors.end(),
                                             s.contact.sensor) != filter.sensors.end()) &&
        std::find(filter.groups.begin(), filter.groups.end(), s.contact.group) !=
            filter.groups.end();
    if (!selected || s.newest_window_end_unix_ms == 0) continue;
    if (newest == nullptr || s.newest_window_end_unix_ms > newest->newest_window_end_unix_ms) {
      newest = &s;
    }
  }
  if (newest == nullptr) return "";
  return fmt::format(" The newest data ends at {} (sensor {}).",
                     FormatUtcMs(newest->newest_window_end_unix_ms), newest->contact.sensor);
}

}  // namespace

absl::StatusOr<std::string> EmptyReason(StoreReader& store, const RecordFilter& filter,
                                        const CoverageBook& book) {
  absl::StatusOr<Sensors> sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  if (sensors->empty()) {
    return "No sensor has ever reported to this collector. Start one: "
           "teiten-sensor --interface IFACE --collector HOST:PORT";
  }
  if (std::string text = UnknownSensor(*sensors, filter); !text.empty()) return text;
  if (book.live_ms() > 0) {
    const std::string watched = fmt::format("The sensors watched ({} in all)",
                                            FormatDuration(static_cast<int64_t>(book.live_ms())));
    if (filter.restricts_rows()) {
      return watched + ", but nothing they observed matches the selection" +
             (filter.kinds_defaulted ? " in class scan, which is what this takes unless told"
                                       " (--class backscatter,other)"
                                     : "") +
             ". Leave out filters, or ask for a longer time.";
    }
    if (filter.kinds_defaulted) {
      return watched +
             ", but observed nothing of class scan, which is what this takes unless told: try "
             "--class backscatter,other.";
    }
    return watched + " and observed nothing: no unsolicited packet came in this time.";
  }
  if (!filter.groups_selected) {
    absl::StatusOr<bool> replay = ReplayHasData(store, filter);
    if (!replay.ok()) return replay.status();
    if (*replay) {
      return "Only group \"replay\" has data in this time, and replays are left out unless "
             "selected: add --group replay.";
    }
  }
  return fmt::format(
      "Nothing was received for {} to {}.{} Ask for another time "
      "(--last 7d, or --from and --to).",
      FormatUtcMs(filter.from_unix_ms), FormatUtcMs(filter.to_unix_ms),
      NewestData(*sensors, filter));
}

}  // namespace teiten
