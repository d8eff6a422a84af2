// SPDX-License-Identifier: Apache-2.0
// The table of the sensor's keys: config/sensor.toml is printed from it.
#include <fmt/format.h>

#include <algorithm>

#include "common/endpoint.h"
#include "sensor/config.h"

namespace teiten {
namespace {

constexpr std::size_t kMaxIdLength = 63;

std::string CheckId(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (text.empty()) return "";  // the host name
  if (text.size() <= kMaxIdLength && text[0] != '-' &&
      std::all_of(text.begin(), text.end(), good)) {
    return "";
  }
  return fmt::format("\"{}\" must be 1 to 63 of a-z, 0-9 and -, not beginning with -", text);
}

std::string CheckGroup(std::string_view text) {
  return text.empty() ? "must not be empty" : CheckId(text);
}

std::string CheckAbsolute(std::string_view text) {
  if (text.starts_with('/')) return "";
  return fmt::format("\"{}\" must be an absolute path", text);
}

std::string CheckEndpoint(std::string_view text) {
  if (text.empty()) return "";
  const absl::StatusOr<Endpoint> endpoint = ParseLocalEndpoint(text);
  return endpoint.ok() ? "" : std::string(endpoint.status().message());
}

std::string CheckObserve(std::string_view text) {
  const absl::StatusOr<ObserveRule> rule = ParseObserve({std::string(text)});
  return rule.ok() ? "" : std::string(rule.status().message());
}

std::string CheckService(std::string_view text) {
  const absl::StatusOr<ServiceDeclaration> rule = ParseService(text);
  return rule.ok() ? "" : std::string(rule.status().message());
}

using Keys = std::vector<ConfigKey>;

void AddIdentity(SensorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::String(
      "sensor.id", &c->sensor.id,
      "Name of this observation point in every summary, query and report. Empty: the host name. "
      "Two sensors must never share one; a new name begins a new history.",
      CheckId));
  keys->push_back(ConfigKey::String(
      "sensor.group", &c->sensor.group,
      "Group it belongs to until the collector's inventory says otherwise. Reports leave out the "
      "group \"replay\" unless asked for it.",
      CheckGroup));
  keys->push_back(ConfigKey::Duration(
      "sensor.window", &c->sensor.window_ms, {10 * kSecondMs, kHourMs},
      "Length of a window, the finest step anything is counted in; must divide an hour. Longer "
      "windows make fewer and larger summaries and coarser times."));
}

void AddUplink(SensorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::String(
      "collector.address", &c->collector.address,
      "Where summaries go: HOST:PORT, [IPv6]:PORT or unix:/PATH. Empty: nowhere; they are printed "
      "or stay in the spool. Without TLS only this machine is accepted.",
      CheckEndpoint));
  keys->push_back(ConfigKey::Bool(
      "collector.insecure", &c->collector.insecure,
      "Says on purpose that no TLS is used; needed for every address written in a file. Whoever "
      "can open that address can then read and forge summaries."));
  keys->push_back(ConfigKey::String(
      "spool.folder", &c->spool.folder,
      "Where summaries wait until the collector has stored them. One process only; the identity of "
      "the spool lives here, so never copy the folder to another machine.",
      CheckAbsolute));
  keys->push_back(ConfigKey::Size(
      "spool.limit", &c->spool.limit_bytes, {kMiB, 1024 * kGiB},
      "Most the spool may hold. At the limit acknowledged summaries go first, then the oldest are "
      "shed: counted, and told to the collector as a gap."));
  keys->push_back(ConfigKey::Duration(
      "spool.keep", &c->spool.keep_ms, {kHourMs, 365 * kDayMs},
      "Longest an unacknowledged summary waits; older ones are shed. The longest collector outage "
      "that loses nothing."));
  keys->push_back(ConfigKey::Duration(
      "spool.keep_acknowledged", &c->spool.keep_acknowledged_ms, {0, 365 * kDayMs},
      "How long a summary is kept after it was acknowledged, so that a collector restored from a "
      "backup can ask again. Not longer than spool.keep."));
}

void AddCapture(SensorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::String(
      "capture.interface", &c->capture.interface,
      "Interface to listen on. One that is down is waited for; one that disappears ends the sensor "
      "with exit code 75, so that its service manager starts it again."));
  keys->push_back(
      ConfigKey::List(
          "capture.observe", &c->capture.observe,
          "Own addresses: their unsolicited traffic is observed. Addresses, prefixes (a dark range "
          "routed here), or \"everything\" alone, which knows no direction and makes no figures "
          "per "
          "address. Empty: the addresses of the interface. Never leaves this host.",
          CheckObserve)
          .StaysHere());
  keys->push_back(
      ConfigKey::List(
          "capture.services", &c->capture.services,
          "Real services of this host, which are not observed: \"80/tcp\", \"22/tcp from "
          "192.0.2.0/24,2001:db8::/32\" (all others that knock there are), \"0/47\". What is "
          "forgotten here is counted as a scan.",
          CheckService)
          .StaysHere());
  keys->push_back(ConfigKey::Size(
      "capture.ring", &c->capture.ring_bytes, {2 * kMiB, kGiB},
      "The kernel's ring, all workers together. Larger rides out longer stalls (16MiB about 250 ms "
      "at 300,000 packets/s); smaller is cheaper per packet, because it fits the cache."));
  keys->push_back(ConfigKey::Integer(
      "capture.snap_length", &c->capture.snap_length_bytes, {96, 65535},
      "Bytes kept of each packet. Less makes quoted headers and requests behind long headers "
      "\"truncated\"; more only costs ring."));
  keys->push_back(ConfigKey::Duration(
      "capture.block_timeout", &c->capture.block_timeout_ms, {10, 5 * kSecondMs},
      "Longest the kernel holds back a part-filled block. Shorter wakes the sensor more often for "
      "nothing."));
}

void AddProcess(SensorConfig* c, Keys* keys) {
  keys->push_back(ConfigKey::Size(
      "process.memory_limit", &c->process.memory_limit_bytes, {65 * kMiB, 64 * kGiB},
      "Of the whole process, rings included; shared out at start and printed. When a window has "
      "more flow tuples than fit, small ones are folded: totals stay exact, names are lost."));
  keys->push_back(ConfigKey::String(
      "process.user", &c->process.user,
      "User to become once the interface is open, if started as root. Empty: stay who it is."));
  keys->push_back(ConfigKey::String(
      "process.status_file", &c->process.status_file,
      "Written each window: counters, spool and uplink as JSON. Empty: none.",
      [](std::string_view text) { return text.empty() ? "" : CheckAbsolute(text); }));
  keys->push_back(ConfigKey::Choice("log.format", &c->log.format, {"logfmt", "json"},
                                    "One event a line on standard error, in this form."));
  keys->push_back(ConfigKey::Choice("log.level", &c->log.level, {"debug", "info", "warn", "error"},
                                    "The least that is logged."));
}

}  // namespace

ConfigFile SensorConfigFile(SensorConfig* config) {
  Keys keys;
  AddIdentity(config, &keys);
  AddUplink(config, &keys);
  AddCapture(config, &keys);
  AddProcess(config, &keys);
  return ConfigFile(std::move(keys));
}

std::string SensorConfigExample() {
  SensorConfig config;
  return SensorConfigFile(&config).Example(
      "Every key of teiten-sensor with its default. A file needs only what differs; unknown keys "
      "and values out of range are errors. Try it: teiten-sensor --config FILE --check --dump");
}

}  // namespace teiten
