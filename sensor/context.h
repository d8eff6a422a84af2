// SPDX-License-Identifier: Apache-2.0
// What both modes of the sensor make from its options.
#pragma once

#include <string>

#include "common/log.h"
#include "sensor/options.h"
#include "sensor/uplink/encode.h"

namespace teiten {

// Worker, blind ports, group: what does not change while the sensor runs.
[[nodiscard]] SummaryContext MakeContext(const SensorOptions& options, const std::string& link_name,
                                         uint32_t snap_length);

// kDefault becomes csv without a collector, else stays.
[[nodiscard]] PrintFormat EffectivePrint(const SensorOptions& options);

// SIGPIPE is ignored; a closed standard output is an error of its own.
void IgnoreBrokenPipes();

[[nodiscard]] LogOptions LogOptionsOf(const SensorConfig& config);

[[nodiscard]] ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace teiten
