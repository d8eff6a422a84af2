// SPDX-License-Identifier: Apache-2.0
#include <exception>

#include <fmt/format.h>

#include "common/log.h"
#include "sensor/context.h"
#include "sensor/options.h"
#include "sensor/run_file.h"
#include "sensor/run_live.h"

namespace {

int Run(int argc, char** argv) {
  using namespace teiten;
  const ParsedOptions parsed = ParseSensorOptions(argc, argv);
  if (parsed.exit.has_value()) return static_cast<int>(*parsed.exit);
  ConfigureLog(LogOptionsOf(parsed.options.config));
  const ExitCode code =
      parsed.options.reads_file() ? RunFile(parsed.options) : RunLive(parsed.options);
  FlushLog();
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    // Only what prevents a start is thrown: no memory, no descriptors.
    fmt::print(stderr, "teiten-sensor: cannot start: {}\n", error.what());
    return static_cast<int>(teiten::ExitCode::kInternal);
  }
}
