// SPDX-License-Identifier: Apache-2.0
// teiten-sensor --read: one capture file through the same stages as live packets, then the end.
#pragma once

#include "common/exit_code.h"
#include "sensor/options.h"

namespace teiten {

[[nodiscard]] ExitCode RunFile(const SensorOptions& options);

}  // namespace teiten
