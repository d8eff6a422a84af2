// SPDX-License-Identifier: Apache-2.0
#include "collector/config.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "common/config_file.h"
#include "common/text.h"

namespace teiten {
namespace {

constexpr const char* kDescription =
    "Gathers what sensors counted, keeps the record and answers questions about it.";

constexpr const char* kExamples = R"(Examples
  teiten-collector --data ./collector --listen 127.0.0.1:7843
      A collector for sensors on this host; its record is the folder.
  teiten-collector serve --config /etc/teiten/collector.toml
      As a daemon. Every key: config/collector.toml; try it with --check --dump.

Exit codes
  0 done · 2 usage · 74 I/O error, disk full · 77 a folder it may not use · 78 configuration, busy
  port or folder)";

std::string CheckZone(std::string_view text) {
  if (ParseZone(text)) return "";
  return fmt::format("\"{}\" must be ±HH:MM in steps of 15 minutes, within 18 hours", text);
}

std::string CheckListen(std::string_view text) {
  const absl::StatusOr<Endpoint> endpoint = ParseLocalEndpoint(text, EndpointUse::kListen);
  return endpoint.ok() ? "" : std::string(endpoint.status().message());
}

std::string CheckFolder(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

using Keys = std::vector<ConfigKey>;

void AddData(CollectorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::String(
      "data.folder", &c->data.folder,
      "The record: facts, rollups, ledger. One process only. Made if it is missing.", CheckFolder));
  keys->push_back(ConfigKey::String(
      "data.zone", &c->data.zone,
      "Where days begin, as a fixed offset from UTC in steps of 15 minutes. Chosen when the store "
      "is made and never changed: another value is then an error.",
      CheckZone));
  keys->push_back(ConfigKey::Duration(
      "data.facts", &c->data.facts_ms, {kDayMs, 3660 * kDayMs},
      "How long summaries are kept as they came. Tuples and free selections reach back so far; "
      "about 10 bytes a tuple."));
  keys->push_back(
      ConfigKey::Duration("data.hours", &c->data.hours_ms, {kDayMs, 3660 * kDayMs},
                          "How long hourly figures are kept; daily ones are kept for ever."));
  keys->push_back(
      ConfigKey::Duration("data.sources", &c->data.sources_ms, {kDayMs, 3660 * kDayMs},
                          "How long sources are kept by day: the last tier that holds addresses."));
}

void AddRest(CollectorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::String(
      "listen.address", &c->listen.address,
      "Where sensors and analysts connect: a loopback HOST:PORT, or unix:/PATH. Other addresses "
      "are refused, because nothing is encrypted there.",
      CheckListen));
  keys->push_back(ConfigKey::Bool(
      "listen.insecure", &c->listen.insecure,
      "Says on purpose that no TLS is used; needed for an address written in a file. Whoever can "
      "open that address can read the record and write into it."));
  keys->push_back(ConfigKey::String(
      "enrich.region_file", &c->enrich.region_file,
      "MMDB file that says in which country or region an address is. Empty: every region is "
      "\"unknown\", and answers say so."));
  keys->push_back(
      ConfigKey::Choice("log.format", &c->log.format, {"logfmt", "json"}, "On standard error."));
  keys->push_back(ConfigKey::Choice("log.level", &c->log.level, {"debug", "info", "warn", "error"},
                                    "The least that is written."));
}

ConfigFile CollectorConfigFile(CollectorConfig* config) {
  Keys keys;
  AddData(config, &keys);
  AddRest(config, &keys);
  return ConfigFile(std::move(keys));
}

std::string UsageText(const std::string& problem) {
  return problem + "; see teiten-collector --help";
}

struct Flag {
  const char* flag;
  const char* path;
  const char* help;
  std::string value = {};
};

struct Line {
  std::string config_file;
  bool check = false;
  bool dump = false;
  bool insecure = false;
  std::vector<Flag> flags = {
      {"--data", "data.folder", "The record's folder"},
      {"--listen", "listen.address", "127.0.0.1:7843 or unix:/path"},
      {"--zone", "data.zone", "Where days begin: +09:00; fixed when the store is made"},
      {"--region-file", "enrich.region_file", "MMDB file with the region of addresses"},
      {"--log-format", "log.format", "logfmt or json"},
      {"--log-level", "log.level", "debug, info, warn or error"},
  };
};

void Declare(CLI::App& app, Line& line) {
  app.add_option("--config", line.config_file, "Configuration file (TOML)");
  for (Flag& flag : line.flags) app.add_option(flag.flag, flag.value, flag.help);
  app.add_flag("--insecure", line.insecure, "Plaintext, to this host only");
  app.add_flag("--check", line.check, "Check the configuration and exit");
  app.add_flag("--dump", line.dump, "With --check: print the effective values and their origin");
}

// Before and after "serve" stands the same flag; CLI11 would drop one of two values silently.
std::string Repeated(const CLI::App& app, const CLI::App& serve, const Line& line) {
  std::string problems;
  const auto check = [&](const std::string& flag) {
    if (app.get_option(flag)->count() + serve.get_option(flag)->count() <= 1) return;
    problems += (problems.empty() ? "" : "; ") + flag + ": given twice, give it once";
  };
  check("--config");
  for (const Flag& flag : line.flags) check(flag.flag);
  return problems;
}

void Add(const absl::Status& status, std::string* problems) {
  if (status.ok()) return;
  if (!problems->empty()) *problems += '\n';
  problems->append(status.message().data(), status.message().size());
}

// Everything that is wrong, one problem a line.
std::string Apply(const Line& line, ConfigFile& file, CollectorConfig& config) {
  std::string problems;
  if (!line.config_file.empty()) {
    const absl::Status read = file.Read(line.config_file);
    Add(read, &problems);
    // What could not be read at all leaves nothing to say of its keys.
    if (!read.ok() && !absl::IsInvalidArgument(read)) return problems;
  }
  for (const Flag& flag : line.flags) {
    if (!flag.value.empty()) Add(file.Set(flag.path, flag.value, flag.flag), &problems);
  }
  if (line.insecure) Add(file.Set("listen.insecure", "true", "--insecure"), &problems);
  absl::StatusOr<Endpoint> endpoint = ParseLocalEndpoint(config.listen.address);
  if (endpoint.ok()) config.endpoint = *std::move(endpoint);
  config.utc_offset_minutes = ParseZone(config.data.zone).value_or(0);
  // A flag is seen by who starts it, the default stands in the manual; another address in a file is
  // found later by somebody else.
  const bool chosen = config.listen.address != CollectorConfig().listen.address;
  if (chosen && !file.Origin("listen.address").starts_with("--") && !config.listen.insecure &&
      !file.IsRefused("listen.insecure")) {
    Add(file.Error("listen.address",
                   "nothing is encrypted here yet; say so with "
                   "listen.insecure = true"),
        &problems);
  }
  return problems;
}

}  // namespace

LogOptions CollectorConfig::log_options() const {
  LogOptions options;
  options.json = log.format == "json";
  options.least = log.level == "debug"   ? LogLevel::kDebug
                  : log.level == "warn"  ? LogLevel::kWarn
                  : log.level == "error" ? LogLevel::kError
                                         : LogLevel::kInfo;
  return options;
}

std::optional<int32_t> ParseZone(std::string_view text) {
  if (text == "Z" || text == "UTC") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
  for (const std::size_t i : {1U, 2U, 4U, 5U}) {
    if (text[i] < '0' || text[i] > '9') return {};
  }
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  const int offset = hours * 60 + minutes;
  if (minutes > 59 || minutes % 15 != 0 || offset > 18 * 60) return {};
  return text[0] == '-' ? -offset : offset;
}

std::string CollectorConfigExample() {
  CollectorConfig config;
  return CollectorConfigFile(&config).Example(
      "Every key of teiten-collector with its default. A file needs only what differs; unknown "
      "keys and values out of range are errors. Try it: teiten-collector --config FILE --check "
      "--dump");
}

CollectorOptions ParseCollectorOptions(int argc, const char* const* argv) {
  CollectorOptions options;
  CLI::App app(kDescription, "teiten-collector");
  app.footer(kExamples);
  app.set_version_flag("--version", "teiten-collector " TEITEN_VERSION);
  app.require_subcommand(0, 1);
  // Without a subcommand: serve.
  Line line;
  Declare(app, line);
  CLI::App* serve = app.add_subcommand("serve", "Run the collector (the default)");
  Declare(*serve, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& error) {  // --help, --version
    options.exit = app.exit(error) == 0 ? ExitCode::kDone : ExitCode::kInternal;
    return options;
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "{}", ErrorLines("teiten-collector", UsageText(error.what())));
    options.exit = ExitCode::kUsage;
    return options;
  }
  std::string usage = Repeated(app, *serve, line);
  if (usage.empty() && line.dump && !line.check) usage = "--dump goes with --check";
  if (!usage.empty()) {
    fmt::print(stderr, "{}", ErrorLines("teiten-collector", UsageText(usage)));
    options.exit = ExitCode::kUsage;
    return options;
  }
  ConfigFile file = CollectorConfigFile(&options.config);
  const std::string problems = Apply(line, file, options.config);
  if (!problems.empty()) {
    fmt::print(stderr, "{}", ErrorLines("teiten-collector", problems));
    options.exit = ExitCode::kConfiguration;
    return options;
  }
  if (line.check) {
    if (line.dump) fmt::print("{}", file.Dump());
    fmt::print(stderr, "teiten-collector: configuration is good\n");
    options.exit = ExitCode::kDone;
  }
  return options;
}

}  // namespace teiten
