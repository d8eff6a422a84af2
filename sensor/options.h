// SPDX-License-Identifier: Apache-2.0
// The command line of teiten-sensor: which mode it runs in, and flags that stand for
// configuration keys.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/exit_code.h"
#include "sensor/config.h"

namespace teiten {

enum class PrintFormat { kDefault, kCsv, kJson, kNone };

struct SensorOptions {
  SensorConfig config;
  // Shareable part of the effective configuration, for Hello.
  std::map<std::string, std::string> shareable;

  std::string read_file;  // --read; "-" is standard input
  PrintFormat print = PrintFormat::kDefault;
  std::optional<int64_t> replay_at_ms;  // --replay-at, of the first packet
  bool replay_now = false;
  double speed = 0;  // 0: as fast as it goes
  int64_t drain_timeout_ms = 60 * kSecondMs;

  [[nodiscard]] bool reads_file() const { return !read_file.empty(); }
  [[nodiscard]] bool has_collector() const { return !config.collector.address.empty(); }
};

struct ParsedOptions {
  // Set: the process ends with it, what there was to say has been written.
  std::optional<ExitCode> exit;
  SensorOptions options;
};

// Writes help, version, --check output and errors itself. Before any thread.
[[nodiscard]] ParsedOptions ParseSensorOptions(int argc, char** argv);

}  // namespace teiten
