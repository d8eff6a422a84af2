// SPDX-License-Identifier: Apache-2.0
// The sensor's current figures as one JSON object in a file, replaced whole.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "sensor/live_sensor.h"

namespace teiten {

// {"sensor":…,"written":…,"interface":…,"interface_state":…,"windows":…,"window":{…},"total":{…},
//  "uplink":{…}}
[[nodiscard]] std::string FormatStatus(const LiveSensor& sensor, int64_t now_ms);

// Written beside and renamed. Errors name the path.
[[nodiscard]] absl::Status WriteStatusFile(const std::string& path, const std::string& text);

}  // namespace teiten
