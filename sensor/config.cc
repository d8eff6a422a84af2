// SPDX-License-Identifier: Apache-2.0
#include "sensor/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "common/kind.h"
#include "common/port_name.h"
#include "common/text.h"

namespace teiten {
namespace {

constexpr std::size_t kMaxServices = 1024;
constexpr std::size_t kMaxPrefixes = 4096;
constexpr std::size_t kMaxIdLength = 63;

std::string Problem(const absl::Status& status) { return std::string(status.message()); }

// The host name as a sensor id: "Web-3.example.net" is "web-3". Empty where nothing is left.
std::string IdOfHost() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  std::string id;
  for (const char c : std::string_view(name.data())) {
    if (c == '.') break;
    const char lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    id += (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') ? lower : '-';
  }
  id.erase(0, std::min(id.find_first_not_of('-'), id.size()));
  return id.substr(0, kMaxIdLength);
}

absl::StatusOr<std::vector<Prefix>> ParsePrefixes(std::string_view text) {
  std::vector<Prefix> prefixes;
  for (const std::string_view part : SplitTrimmed(text, ',')) {
    const std::optional<Prefix> prefix = ParsePrefix(part);
    if (!prefix) {
      return absl::InvalidArgumentError(
          fmt::format("\"{}\" is no address or prefix (are host bits set?)", part));
    }
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

void Add(const absl::Status& status, std::string* problems) {
  if (!status.ok()) *problems += (problems->empty() ? "" : "\n") + Problem(status);
}

// Typed by hand, the address itself is the decision; in a file it must be written down.
absl::Status CheckPlaintext(const ConfigFile& file, const SensorConfig& config) {
  const bool typed = file.Origin("collector.address").starts_with("--");
  if (config.collector.address.empty() || config.collector.insecure || typed ||
      file.IsRefused("collector.insecure")) {
    return absl::OkStatus();
  }
  return file.Error("collector.address",
                    "nothing is encrypted on this way; say so with collector.insecure = true");
}

// The default of one may be what is in the way of the other.
absl::Status CheckKeeping(const ConfigFile& file, const SensorConfig& config) {
  constexpr const char* kKeep = "spool.keep";
  constexpr const char* kAcknowledged = "spool.keep_acknowledged";
  if (config.spool.keep_acknowledged_ms <= config.spool.keep_ms || file.IsRefused(kKeep) ||
      file.IsRefused(kAcknowledged)) {
    return absl::OkStatus();
  }
  if (!file.IsDefault(kAcknowledged)) {
    return file.Error(kAcknowledged, "must not be longer than spool.keep");
  }
  return file.Error(kKeep,
                    "shorter than spool.keep_acknowledged is by default (24h); set that, too");
}

}  // namespace

absl::StatusOr<ServiceDeclaration> ParseService(std::string_view text) {
  const std::size_t from = text.find(" from ");
  const std::string_view port_text = Trim(text.substr(0, from));
  const std::optional<ProtocolAndPort> port = ParsePort(port_text);
  if (!port) {
    return absl::InvalidArgumentError(fmt::format(
        "\"{}\" is no service; write \"80/tcp\" or \"22/tcp from 192.0.2.0/24\"", text));
  }
  const bool has_ports = port->protocol == kProtocolTcp || port->protocol == kProtocolUdp;
  if (!has_ports && port->port != 0) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\": only TCP and UDP have ports; write \"0/{}\"", text,
                    FormatProtocol(port->protocol)));
  }
  ServiceDeclaration rule{port->protocol, port->port, {}};
  if (from == std::string_view::npos) return rule;
  absl::StatusOr<std::vector<Prefix>> prefixes = ParsePrefixes(text.substr(from + 6));
  if (!prefixes.ok()) return prefixes.status();
  if (prefixes->empty()) {
    return absl::InvalidArgumentError(fmt::format("\"{}\": a prefix must follow \"from\"", text));
  }
  rule.from = *std::move(prefixes);
  return rule;
}

absl::StatusOr<ObserveRule> ParseObserve(const std::vector<std::string>& texts) {
  ObserveRule rule;
  if (texts.size() > kMaxPrefixes) {
    return absl::InvalidArgumentError(fmt::format("more than {} prefixes", kMaxPrefixes));
  }
  for (const std::string& text : texts) {
    if (text == "everything") {
      rule.everything = true;
      continue;
    }
    const absl::StatusOr<std::vector<Prefix>> prefixes = ParsePrefixes(text);
    if (!prefixes.ok()) return prefixes.status();
    rule.prefixes.insert(rule.prefixes.end(), prefixes->begin(), prefixes->end());
  }
  if (rule.everything && !rule.prefixes.empty()) {
    return absl::InvalidArgumentError("\"everything\" stands alone; leave out the prefixes");
  }
  // In order, a prefix comes right before those inside it.
  std::sort(rule.prefixes.begin(), rule.prefixes.end());
  std::vector<Prefix> kept;
  for (const Prefix& prefix : rule.prefixes) {
    if (kept.empty() || !kept.back().Contains(prefix.family, prefix.base)) kept.push_back(prefix);
  }
  rule.prefixes = std::move(kept);
  return rule;
}

absl::Status FinishSensorConfig(const ConfigFile& file, SensorConfig* config) {
  std::string problems;
  if (config->sensor.id.empty()) config->sensor.id = IdOfHost();
  if (config->sensor.id.empty()) {
    Add(file.Error("sensor.id", "must be given: the host name has no usable character"), &problems);
  }
  if (kHourMs % config->sensor.window_ms != 0) {
    Add(file.Error("sensor.window", "must divide an hour, because hours are made of windows"),
        &problems);
  }
  absl::StatusOr<ObserveRule> observe = ParseObserve(config->capture.observe);
  if (observe.ok()) {
    config->observe = *std::move(observe);
  } else {
    Add(file.Error("capture.observe", Problem(observe.status())), &problems);
  }
  config->services.clear();
  for (const std::string& text : config->capture.services) {
    const absl::StatusOr<ServiceDeclaration> service = ParseService(text);
    if (service.ok()) {
      config->services.push_back(*service);
    } else {
      Add(file.Error("capture.services", Problem(service.status())), &problems);
    }
  }
  if (config->services.size() > kMaxServices) {
    Add(file.Error("capture.services", fmt::format("more than {} services", kMaxServices)),
        &problems);
  }
  Add(CheckKeeping(file, *config), &problems);
  Add(CheckPlaintext(file, *config), &problems);
  return problems.empty() ? absl::OkStatus() : absl::InvalidArgumentError(problems);
}

}  // namespace teiten
