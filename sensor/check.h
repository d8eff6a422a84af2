// SPDX-License-Identifier: Apache-2.0
// --check: what a start would say, as far as it can be known without opening a device or a folder.
#pragma once

#include "absl/status/status.h"
#include "sensor/options.h"

namespace teiten {

// InvalidArgument with a line for each problem. The interface is looked for now; it may come or go
// until the start.
[[nodiscard]] absl::Status CheckStart(const SensorOptions& options);

}  // namespace teiten
