// SPDX-License-Identifier: Apache-2.0
#include "collector/query/open_selection.h"

#include <set>
#include <string>
#include <vector>

#include "collector/query/whole_windows.h"

namespace teiten {

absl::StatusOr<RecordFilter> OpenSelection(StoreReader& store, const v1::Selection& selection) {
  absl::StatusOr<RecordFilter> filter = ParseSelection(selection);
  if (!filter.ok()) return filter;
  if (!filter->groups_selected) {
    absl::StatusOr<std::vector<SensorRecord>> sensors = store.ReadSensors();
    if (!sensors.ok()) return sensors.status();
    std::set<std::string> groups = {kLiveGroup};
    for (const SensorRecord& sensor : *sensors) groups.insert(sensor.contact.group);
    groups.erase(kReplayGroup);
    groups.erase("");
    filter->groups.assign(groups.begin(), groups.end());
  }
  if (absl::Status s = WidenToWindows(store, *filter); !s.ok()) return s;
  return filter;
}

}  // namespace teiten
