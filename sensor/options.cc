// SPDX-License-Identifier: Apache-2.0
#include "sensor/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "common/text.h"
#include "common/time_format.h"
#include "sensor/check.h"

namespace teiten {
namespace {

constexpr const char* kDescription =
    R"(Counts unsolicited traffic at one fixed observation point and sends what it counted, never
what it captured, to a collector. Observed addresses never leave this host.)";

constexpr const char* kExamples = R"(Examples
  teiten-sensor --read scan.pcap --print csv
      What is in a capture file, by source, kind and port. Needs nothing else.
  teiten-sensor --read scan.pcap --observe 203.0.113.0/24 --print json
      The same, knowing which addresses are ours.
  teiten-sensor --interface eth0 --service 22/tcp --print csv
      Live on this host, as root; port 22 is a real service.
  teiten-sensor --config /etc/teiten/sensor.toml
      As a daemon. Every key: config/sensor.toml; try it with --check --dump.

Exit codes
  0 done · 1 failed · 2 usage · 65 damaged input (what was readable is counted) · 69 collector
  unreachable · 74 I/O error · 75 try again · 77 privilege · 78 configuration)";

// A flag that stands for a configuration key.
struct KeyFlag {
  const char* flag;
  const char* path;
  const char* help;
  std::vector<std::string> values;
};

std::vector<KeyFlag> KeyFlags() {
  return {
      {"--interface", "capture.interface", "Capture live on this interface", {}},
      {"--sensor", "sensor.id", "Name of this observation point (default: the host name)", {}},
      {"--group",
       "sensor.group",
       "Group of sensors (default: live; what a file holds is always in replay)",
       {}},
      {"--window", "sensor.window", "Length of a window: 60s, 5m (default: 60s)", {}},
      {"--observe",
       "capture.observe",
       "Own addresses: \"everything\" or CIDR,CIDR (default: the interface's; of a file: "
       "everything)",
       {}},
      {"--service",
       "capture.services",
       "A real service, not observed: 80/tcp or \"22/tcp from CIDR,CIDR\"; may be repeated",
       {}},
      {"--collector", "collector.address", "Send to HOST:PORT or unix:/PATH", {}},
      {"--spool", "spool.folder", "Where summaries wait for the collector", {}},
      {"--memory-limit", "process.memory_limit", "Of the whole process (default: 128MiB)", {}},
      {"--user", "process.user", "Become this user once the interface is open", {}},
      {"--status-file", "process.status_file", "Current figures as JSON, each window", {}},
      {"--log-format", "log.format", "logfmt or json", {}},
      {"--log-level", "log.level", "debug, info, warn or error", {}},
  };
}

bool IsRepeatable(const KeyFlag& key) { return std::string_view(key.path) == "capture.services"; }

struct Line {
  std::string config_file, print, replay_at, wait;
  bool check = false, dump = false, insecure = false;
  std::vector<KeyFlag> keys = KeyFlags();
};

// CLI11's own check prints a range of 300 digits.
std::string CheckSpeed(const std::string& word) {
  double speed = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, speed);
  if (error == std::errc() && stop == end && std::isfinite(speed) && speed > 0) return "";
  return fmt::format("\"{}\": write a number above 0, as 2 or 0.5", word);
}

void Declare(CLI::App& app, Line& line, SensorOptions& options) {
  app.footer(kExamples);
  app.set_version_flag("--version", "teiten-sensor " TEITEN_VERSION);
  app.add_option("--config", line.config_file, "Configuration file (TOML)");
  app.add_option("--read", options.read_file, "Read a capture file and exit; - is standard input");
  app.add_option("--print", line.print,
                 "Write flow tuples to standard output: csv, json or none (default: csv without a "
                 "collector)")
      ->check(CLI::IsMember({"csv", "json", "none"}));
  app.add_option("--replay-at", line.replay_at,
                 "Shift a file's times so that it begins at TIME (RFC 3339) or now");
  app.add_option("--speed", options.speed,
                 "Read a file no faster than this many times real time (default: no limit)")
      ->check(CheckSpeed);
  app.add_option("--wait", line.wait,
                 "After a file: how long to wait for the collector to have it all (default: 60s)");
  for (KeyFlag& key : line.keys) {
    // Not CLI11's own list handling: a service may contain commas.
    CLI::Option* option = app.add_option(key.flag, key.values, key.help)->allow_extra_args(false);
    // Of two values one would be dropped without a word.
    if (!IsRepeatable(key)) option->expected(1);
  }
  app.add_flag("--insecure", line.insecure, "Plaintext to a collector on this machine");
  app.add_flag("--check", line.check, "Say what a start would say, and exit; devices stay closed");
  app.add_flag("--dump", line.dump, "With --check: print the effective values and their origin");
}

// A path typed by a user is one of the folder they are in; a file has no such folder.
std::string WholePath(std::string_view key, const std::string& value) {
  const bool is_path = key == "spool.folder" || key == "process.status_file";
  if (!is_path || value.empty()) return value;
  std::error_code error;  // where the folder they were in is gone
  const std::filesystem::path whole = std::filesystem::absolute(value, error);
  return error ? value : whole.string();
}

absl::Status SetKeys(const Line& line, ConfigFile& file, SensorOptions& options) {
  std::string problems;
  if (!line.config_file.empty()) {
    const absl::Status status = file.Read(line.config_file);
    // What could not be read at all leaves nothing to say of its keys.
    if (!status.ok() && !absl::IsInvalidArgument(status)) return status;
    if (!status.ok()) problems = std::string(status.message()) + "\n";
  }
  for (const KeyFlag& key : line.keys) {
    if (key.values.empty()) continue;
    // A service may contain commas, so its flag is repeated.
    const absl::Status status =
        IsRepeatable(key) ? file.SetList(key.path, key.values, key.flag)
                          : file.Set(key.path, WholePath(key.path, key.values.back()), key.flag);
    if (!status.ok()) problems += std::string(status.message()) + "\n";
  }
  if (line.insecure) {
    const absl::Status status = file.Set("collector.insecure", "true", "--insecure");
    if (!status.ok()) problems += std::string(status.message()) + "\n";
  }
  const absl::Status finished = FinishSensorConfig(file, &options.config);
  problems += std::string(finished.message());
  return problems.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problems);
}

// Flags that exclude each other; empty where they fit.
std::string Contradiction(const Line& line, const SensorOptions& options) {
  const auto typed = [&](std::string_view flag) -> std::string {
    for (const KeyFlag& key : line.keys) {
      if (key.flag == flag && !key.values.empty()) return key.values.back();
    }
    return "";
  };
  if (line.dump && !line.check) return "--dump goes with --check";
  if (!options.reads_file()) {
    const bool of_file = !line.replay_at.empty() || options.speed > 0 || !line.wait.empty();
    return of_file ? "--replay-at, --speed and --wait go with --read FILE" : "";
  }
  if (!typed("--interface").empty()) return "give --read or --interface, not both";
  // A flag that would do nothing; the keys in a file may serve a live sensor as well.
  for (const char* live : {"--status-file", "--user"}) {
    if (!typed(live).empty()) return fmt::format("{} goes with --interface, not --read", live);
  }
  const std::string group = typed("--group");
  if (group.empty() || group == "replay") return "";
  return "--group: what a file holds belongs to group replay, which no report includes unless "
         "asked; leave --group out";
}

// Flags that stand for no key; what is wrong with them, or empty.
std::string TakeTimes(const Line& line, SensorOptions& options) {
  options.replay_now = line.replay_at == "now";
  if (!line.replay_at.empty() && !options.replay_now) {
    options.replay_at_ms = ParseTimeMs(line.replay_at);
    if (!options.replay_at_ms.has_value()) {
      return fmt::format("--replay-at: \"{}\" is no time; write now or 2026-11-22T10:00:00Z",
                         line.replay_at);
    }
  }
  if (line.wait.empty()) return "";
  const absl::StatusOr<int64_t> wait_ms = ParseConfigDuration(line.wait);
  if (!wait_ms.ok()) return fmt::format("--wait: {}", std::string(wait_ms.status().message()));
  options.drain_timeout_ms = *wait_ms;
  return "";
}

// What depends on the mode. False: there is nothing to do.
bool SetMode(const Line& line, SensorOptions& options) {
  SensorConfig& config = options.config;
  if (line.print == "csv") options.print = PrintFormat::kCsv;
  if (line.print == "json") options.print = PrintFormat::kJson;
  if (line.print == "none") options.print = PrintFormat::kNone;
  if (!options.reads_file()) return !config.capture.interface.empty();
  // A file is no live point: whatever group its sensor has, what it holds was seen at another time.
  config.sensor.group = "replay";
  // It has no own addresses unless told.
  if (config.capture.observe.empty()) config.observe.everything = true;
  return true;
}

ExitCode Complain(std::string_view problems, ExitCode code) {
  fmt::print(stderr, "{}", ErrorLines("teiten-sensor", problems));
  return code;
}

ExitCode ComplainOfUsage(const std::string& problem) {
  return Complain(problem + "; see teiten-sensor --help", ExitCode::kUsage);
}

// What keeps the sensor from starting, and what --check says. Nothing: it starts.
std::optional<ExitCode> BeforeStart(const Line& line, SensorOptions& options) {
  if (!SetMode(line, options)) {
    if (line.config_file.empty()) {
      return ComplainOfUsage("nothing to do: give --read FILE or --interface NAME");
    }
    return Complain(line.config_file + ": capture.interface: must be given, or --read",
                    ExitCode::kConfiguration);
  }
  if (!line.check) return std::nullopt;
  const absl::Status found = CheckStart(options);
  if (!found.ok()) return Complain(std::string(found.message()), ExitCode::kConfiguration);
  fmt::print(stderr, "teiten-sensor: configuration is good{}\n",
             options.reads_file()
                 ? ""
                 : fmt::format("; interface {} exists now", options.config.capture.interface));
  return ExitCode::kDone;
}

}  // namespace

ParsedOptions ParseSensorOptions(int argc, char** argv) {
  ParsedOptions parsed;
  Line line;
  CLI::App app(kDescription, "teiten-sensor");
  Declare(app, line, parsed.options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& error) {  // --help, --version
    parsed.exit = app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kInternal;
    return parsed;
  } catch (const CLI::ParseError& error) {
    parsed.exit = ComplainOfUsage(error.what());
    return parsed;
  }
  std::string problem = Contradiction(line, parsed.options);
  if (problem.empty()) problem = TakeTimes(line, parsed.options);
  if (!problem.empty()) {
    parsed.exit = ComplainOfUsage(problem);
    return parsed;
  }
  ConfigFile file = SensorConfigFile(&parsed.options.config);
  const absl::Status status = SetKeys(line, file, parsed.options);
  if (!status.ok()) {
    parsed.exit = Complain(std::string(status.message()), ExitCode::kConfiguration);
  } else {
    if (line.dump) fmt::print("{}", file.Dump());
    parsed.exit = BeforeStart(line, parsed.options);
  }
  parsed.options.shareable = file.Shareable();
  return parsed;
}

}  // namespace teiten
