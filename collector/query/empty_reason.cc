// SPDX-License-Identifier: Apache-2.0
#include "collector/query/empty_reason.h"

#include <algorithm>

#include "collector/query/asked_names.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

using Sensors = std::vector<SensorRecord>;
using Names = std::vector<std::string>;

bool Has(const Names& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

std::string WatchedReason(const RecordFilter& filter, uint64_t live_ms) {
  const std::string watched =
      fmt::format("The sensors watched ({} in all)", FormatDuration(static_cast<int64_t>(live_ms)));
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

// Of known sensors, none of which is in the groups.
std::string ElsewhereReason(const Sensors& sensors, const FactSelection& asked) {
  Names where;
  for (const SensorRecord& s : sensors) {
    if (!Has(asked.sensors, s.contact.sensor)) continue;
    if (!asked.groups.empty() && Has(asked.groups, s.contact.group)) return "";
    if (asked.groups.empty() && s.contact.group != kReplayGroup) return "";
    where.push_back(fmt::format("{} is in \"{}\"", s.contact.sensor, s.contact.group));
  }
  if (!asked.groups.empty()) {
    return fmt::format("No sensor asked for is in a group asked for: {}.", NameList(where));
  }
  return fmt::format(
      "Only sensors of group \"replay\" {}, and replays are left out unless "
      "selected: add --group replay.",
      asked.sensors.empty() ? "have ever reported" : "are asked for");
}

std::string NewestData(const Sensors& sensors, const RecordFilter& filter) {
  const SensorRecord* newest = nullptr;
  for (const SensorRecord& s : sensors) {
    if (!Has(filter.sensors, s.contact.sensor) || !Has(filter.groups, s.contact.group)) continue;
    if (s.newest_window_end_unix_ms == 0) continue;
    if (newest == nullptr || s.newest_window_end_unix_ms > newest->newest_window_end_unix_ms) {
      newest = &s;
    }
  }
  if (newest == nullptr) return "";
  return fmt::format(" The newest data ends at {} (sensor {}).",
                     FormatUtcMs(newest->newest_window_end_unix_ms), newest->contact.sensor);
}

}  // namespace

absl::StatusOr<std::string> NobodyReason(StoreReader& store, const FactSelection& asked) {
  absl::StatusOr<AskedNames> names = CheckNames(store, asked);
  if (!names.ok()) return names.status();
  if (!names->nothing_matches.empty()) return names->nothing_matches;
  if (asked.groups.empty()) {
    const absl::StatusOr<bool> replay = GroupHasData(store, asked, kReplayGroup);
    if (!replay.ok()) return replay.status();
    if (*replay) {
      return "Only group \"replay\" has data in this time, and replays are left out unless "
             "selected: add --group replay.";
    }
  }
  absl::StatusOr<Sensors> sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  return ElsewhereReason(*sensors, asked);
}

absl::StatusOr<std::string> EmptyReason(StoreReader& store, const RecordFilter& filter,
                                        const CoverageBook& book) {
  absl::StatusOr<Sensors> sensors = store.ReadSensors();
  if (!sensors.ok()) return sensors.status();
  if (sensors->empty()) {
    return "No sensor has ever reported to this collector. Start one: "
           "teiten-sensor --interface IFACE --collector HOST:PORT";
  }
  if (book.live_ms() > 0) return WatchedReason(filter, book.live_ms());
  absl::StatusOr<std::string> nobody =
      NobodyReason(store, {.from_unix_ms = filter.from_unix_ms,
                           .to_unix_ms = filter.to_unix_ms,
                           .sensors = filter.sensors,
                           .groups = filter.groups_selected ? filter.groups : Names(),
                           .after = std::nullopt});
  if (!nobody.ok() || !nobody->empty()) return nobody;
  return fmt::format(
      "Nothing was received for {} to {}.{} Ask for another time "
      "(--last 7d, or --from and --to).",
      FormatUtcMs(filter.from_unix_ms), FormatUtcMs(filter.to_unix_ms),
      NewestData(*sensors, filter));
}

}  // namespace teiten
