// SPDX-License-Identifier: Apache-2.0
#include "sensor/check.h"

#include <fmt/format.h>
#include <pwd.h>

#include <string>

#include "sensor/capture/interface.h"
#include "sensor/memory_plan.h"

namespace teiten {

absl::Status CheckStart(const SensorOptions& options) {
  const SensorConfig& config = options.config;
  std::string problems;
  const auto memory =
      PlanMemory(config.process.memory_limit_bytes, config.capture.ring_bytes, 1).status();
  if (!memory.ok()) problems = std::string(memory.message());
  const auto add = [&](const std::string& problem) {
    problems += (problems.empty() ? "" : "\n") + problem;
  };
  if (!options.reads_file()) {
    const auto found = ReadAddresses(config.capture.interface).status();
    if (!found.ok()) {
      add(fmt::format("capture.interface: {} (looked for now)", std::string(found.message())));
    }
    const std::string& user = config.process.user;
    if (!user.empty() && getpwnam(user.c_str()) == nullptr) {
      add(fmt::format("process.user: no user \"{0}\"; make it with: useradd --system {0}", user));
    }
  }
  return problems.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problems);
}

}  // namespace teiten
