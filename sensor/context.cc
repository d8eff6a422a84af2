// SPDX-License-Identifier: Apache-2.0
#include "sensor/context.h"

#include <csignal>

namespace teiten {

SummaryContext MakeContext(const SensorOptions& options, const std::string& link_name,
                           uint32_t snap_length) {
  SummaryContext context;
  context.link_type = link_name;
  context.snap_length = snap_length;
  context.group = options.config.sensor.group;
  for (const ServiceDeclaration& service : options.config.services) {
    if (!service.from.empty()) continue;  // others that knock there are still observed
    v1::BlindPort blind;
    blind.set_protocol(service.protocol);
    blind.set_port(service.port);
    blind.set_reason(v1::BlindPort::REASON_SERVICE);
    context.blind_ports.push_back(blind);
  }
  return context;
}

PrintFormat EffectivePrint(const SensorOptions& options) {
  if (options.print != PrintFormat::kDefault || options.has_collector()) return options.print;
  return PrintFormat::kCsv;
}

void IgnoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }

LogOptions LogOptionsOf(const SensorConfig& config) {
  LogOptions log;
  log.json = config.log.format == "json";
  if (config.log.level == "debug") log.least = LogLevel::kDebug;
  if (config.log.level == "warn") log.least = LogLevel::kWarn;
  if (config.log.level == "error") log.least = LogLevel::kError;
  return log;
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kDone;
    case absl::StatusCode::kDataLoss:
      return ExitCode::kDamagedInput;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kConfiguration;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kResourceExhausted:
      return ExitCode::kIo;
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kPrivilege;
    case absl::StatusCode::kUnavailable:
      return ExitCode::kIo;
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kAborted:
      return ExitCode::kTryAgain;
    case absl::StatusCode::kInternal:
      return ExitCode::kInternal;
    default:
      return ExitCode::kFailed;
  }
}

}  // namespace teiten
