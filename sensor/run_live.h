// SPDX-License-Identifier: Apache-2.0
// teiten-sensor --interface: captures until told to stop.
#pragma once

#include "common/exit_code.h"
#include "sensor/options.h"

namespace teiten {

[[nodiscard]] ExitCode RunLive(const SensorOptions& options);

}  // namespace teiten
