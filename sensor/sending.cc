// SPDX-License-Identifier: Apache-2.0
#include "sensor/sending.h"

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "common/definitions.h"
#include "common/sha256.h"
#include "common/text.h"

namespace teiten {
namespace {

std::string ReadLine(const char* path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "re"), &std::fclose);
  std::array<char, 128> line{};
  if (file == nullptr || std::fgets(line.data(), line.size(), file.get()) == nullptr) return "";
  return std::string(Trim(line.data()));
}

// The machine id itself must not leave the host (machine-id(5)); its keyed hash tells machines
// apart.
std::string MachineHash() { return Sha256Bytes("teiten-machine" + ReadLine("/etc/machine-id")); }

v1::Hello MakeHello(const SensorOptions& options, bool imports) {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_sensor(options.config.sensor.id);
  hello.set_group(options.config.sensor.group);
  hello.set_machine_sha256(MachineHash());
  hello.set_boot_id(ReadLine("/proc/sys/kernel/random/boot_id"));
  hello.set_software("teiten-sensor " TEITEN_VERSION);
  hello.set_definitions_version(kDefinitionsVersion);
  hello.mutable_configuration()->insert(options.shareable.begin(), options.shareable.end());
  hello.set_imports(imports);
  hello.set_window_seconds(static_cast<uint32_t>(options.config.sensor.window_ms / 1000));
  hello.set_workers(1);
  return hello;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Uplink>> OpenUplink(const SensorOptions& options, bool imports) {
  const SensorConfig& config = options.config;
  UplinkConfig uplink;
  absl::StatusOr<Endpoint> collector = ParseLocalEndpoint(config.collector.address);
  if (!collector.ok()) return collector.status();
  uplink.collector = *std::move(collector);
  uplink.spool_folder = config.spool.folder;
  uplink.spool.sensor = config.sensor.id;
  uplink.spool.limit_bytes = static_cast<uint64_t>(config.spool.limit_bytes);
  uplink.spool.limit_age_ms = config.spool.keep_ms;
  uplink.spool.keep_acknowledged_ms = config.spool.keep_acknowledged_ms;
  uplink.uplink.hello = MakeHello(options, imports);
  return Uplink::Open(std::move(uplink));
}

absl::StatusOr<std::vector<PinnedPeer>> CollectorPeers(const SensorOptions& options) {
  if (!options.has_collector()) return std::vector<PinnedPeer>();
  const absl::StatusOr<Endpoint> collector = ParseLocalEndpoint(options.config.collector.address);
  if (!collector.ok()) return collector.status();
  const std::optional<ParsedAddress> host = ParseAddress(collector->host);
  if (collector->unix_socket || !host.has_value()) return std::vector<PinnedPeer>();
  return std::vector<PinnedPeer>{{host->family, host->address, collector->port}};
}

void FillHealth(const UplinkStatus& status, v1::Health& health) {
  health.set_spool_bytes(status.spool.bytes);
  health.set_spool_limit_bytes(status.spool_limit_bytes);
  health.set_spool_summaries(status.spool.waiting);
  health.set_shed_summaries(status.spool.shed_size + status.spool.shed_age);
  health.set_quarantined_files(status.spool.quarantined);
  health.set_rejected_summaries(status.spool.rejected);
}

}  // namespace teiten
