// SPDX-License-Identifier: Apache-2.0
// The shape of the command line: which options each command has, and what --help says of them.
// What the words mean is decided in options.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/options.h"
#include "client/parse_values.h"

namespace teiten {

struct Words {
  TimeWords time;
  FilterWords filter;
  std::string output = "table";
  std::string timeout;
  std::string by = "port";
  std::string split;
  std::string step;
  std::string day;
  std::string period;
  std::string format = "markdown";
  std::optional<std::string> limit;
  ClientOptions direct;  // numbers, flags and texts that need no more reading
};

struct CommandLineResult {
  Command command = Command::kNone;  // kNone: only `text` is to be printed
  Words words;
  std::string text;
  bool usage_error = false;
};

[[nodiscard]] CommandLineResult ReadCommandLine(const std::vector<std::string>& arguments);
// "teiten: <problem>", a line each, and where help is.
[[nodiscard]] std::string UsageProblem(const std::string& problem, Command command);

}  // namespace teiten
