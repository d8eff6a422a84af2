// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "collector/collector.h"
#include "collector/config.h"
#include "common/log.h"

int main(int argc, char** argv) {
  using namespace teiten;
  try {
    const CollectorOptions options = ParseCollectorOptions(argc, argv);
    if (options.exit) return static_cast<int>(*options.exit);
    ConfigureLog(options.config.log_options());
    const ExitCode code = RunCollector(options.config);
    FlushLog();
    return static_cast<int>(code);
  } catch (const std::exception& error) {
    // Only what prevents a start is thrown: no memory, no descriptors.
    fmt::print(stderr, "teiten-collector: cannot start: {}\n", error.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}
