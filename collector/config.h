// SPDX-License-Identifier: Apache-2.0
// What an operator can say to a collector: a plain struct whose initialisers are the defaults, the
// table of its keys (config/collector.toml shows them all), and the command line over it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/endpoint.h"
#include "common/exit_code.h"
#include "common/log.h"

namespace teiten {

struct CollectorConfig {
  struct {
    std::string folder = "/var/lib/teiten-collector";
    std::string zone = "+00:00";
    int64_t facts_ms = 30LL * 86'400'000;
    int64_t hours_ms = 400LL * 86'400'000;
    int64_t sources_ms = 400LL * 86'400'000;
  } data;
  struct {
    std::string address = "127.0.0.1:7843";
    bool insecure = false;
  } listen;
  struct {
    std::string region_file;
  } enrich;
  struct {
    std::string format = "logfmt";
    std::string level = "info";
  } log;

  // Made by ParseCollectorOptions.
  Endpoint endpoint;
  int32_t utc_offset_minutes = 0;

  [[nodiscard]] LogOptions log_options() const;
};

struct CollectorOptions {
  CollectorConfig config;
  std::optional<ExitCode> exit;  // all is said and printed; nothing is to be run
};

// `serve` (the default): reads file and flags, prints errors, help, --version and --check.
[[nodiscard]] CollectorOptions ParseCollectorOptions(int argc, const char* const* argv);

// config/collector.toml.
[[nodiscard]] std::string CollectorConfigExample();

// "+09:00" → 540; nullopt unless ±HH:MM in steps of 15 minutes within ±18 h.
[[nodiscard]] std::optional<int32_t> ParseZone(std::string_view text);

}  // namespace teiten
