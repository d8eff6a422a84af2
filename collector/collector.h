// SPDX-License-Identifier: Apache-2.0
// The collector as a process: wires store → writer → ingest → server, in the order of the data,
// and takes it apart again on SIGTERM or SIGINT: streams end, what was accepted is written and
// acknowledged or not at all, readers finish, the store closes.
#pragma once

#include "collector/config.h"
#include "common/exit_code.h"

namespace teiten {

// Runs until a signal or until the store is broken. What is wrong is logged and said in the code.
[[nodiscard]] ExitCode RunCollector(const CollectorConfig& config);

}  // namespace teiten
