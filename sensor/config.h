// SPDX-License-Identifier: Apache-2.0
// What an operator can say to a sensor: a plain struct whose initialisers are the defaults, the
// table of its keys (config/sensor.toml shows them all), and the rules between keys.
//
//   SensorConfig config;
//   ConfigFile file = SensorConfigFile(&config);
//   file.Read(path), file.Set("sensor.id", "tokyo-1", "--sensor"), …
//   absl::Status status = FinishSensorConfig(file, &config);
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/config_file.h"
#include "common/definitions.h"
#include "sensor/classify/service_table.h"

namespace teiten {

// Which addresses are own, and so observed.
struct ObserveRule {
  bool everything = false;       // any destination; direction is unknown
  std::vector<Prefix> prefixes;  // sorted, none inside another; empty: addresses of the interface
};

struct SensorConfig {
  struct {
    std::string id;
    std::string group = "live";
    int64_t window_ms = definitions::kWindowSeconds * kSecondMs;
  } sensor;
  struct {
    std::string address;
    bool insecure = false;
  } collector;
  struct {
    std::string folder = "/var/lib/teiten-sensor/spool";
    int64_t limit_bytes = kGiB;
    int64_t keep_ms = 7 * kDayMs;
    int64_t keep_acknowledged_ms = 24 * kHourMs;
  } spool;
  struct {
    std::string interface;
    std::vector<std::string> observe;
    std::vector<std::string> services;
    int64_t ring_bytes = 16 * kMiB;
    int64_t snap_length_bytes = 256;
    int64_t block_timeout_ms = 100;
  } capture;
  struct {
    int64_t memory_limit_bytes = 128 * kMiB;
    std::string user;
    std::string status_file = "/run/teiten-sensor/status.json";
  } process;
  struct {
    std::string format = "logfmt";
    std::string level = "info";
  } log;

  // Made by FinishSensorConfig.
  ObserveRule observe;
  std::vector<ServiceDeclaration> services;
};

// The keys, bound to *config, which must outlive the result.
[[nodiscard]] ConfigFile SensorConfigFile(SensorConfig* config);

// After file and flags: fills an empty sensor id from the host name, `observe` and `services`, and
// checks rules between keys. InvalidArgument with one line for each problem.
[[nodiscard]] absl::Status FinishSensorConfig(const ConfigFile& file, SensorConfig* config);

// config/sensor.toml.
[[nodiscard]] std::string SensorConfigExample();

// "80/tcp", "22/tcp from 192.0.2.0/24,2001:db8::/32", "0/47" (a protocol without ports).
[[nodiscard]] absl::StatusOr<ServiceDeclaration> ParseService(std::string_view text);
// Each "everything", an address or a prefix.
[[nodiscard]] absl::StatusOr<ObserveRule> ParseObserve(const std::vector<std::string>& texts);

}  // namespace teiten
