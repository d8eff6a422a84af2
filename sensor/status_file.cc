// SPDX-License-Identifier: Apache-2.0
#include "sensor/status_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/time_format.h"

namespace teiten {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const v1::Accounting& accounting) {
  Json json = Json::object();
  const auto* reflection = v1::Accounting::GetReflection();
  const auto* descriptor = v1::Accounting::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    const bool unknown = field->has_presence() && !reflection->HasField(accounting, field);
    if (unknown) {
      json[field->name()] = nullptr;
    } else {
      json[field->name()] = reflection->GetUInt64(accounting, field);
    }
  }
  return json;
}

Json ToJson(const UplinkStatus& status) {
  return {{"state", std::string(UplinkStateName(status.state))},
          {"spool_bytes", status.spool.bytes},
          {"spool_limit_bytes", status.spool_limit_bytes},
          {"spool_waiting", status.spool.waiting},
          {"acknowledged", status.spool.acknowledged},
          {"shed", status.spool.shed_size + status.spool.shed_age},
          {"quarantined", status.spool.quarantined},
          {"rejected", status.spool.rejected},
          {"clock_skew_ms", status.clock_skew_ms},
          {"disk_error", status.disk_error},
          {"collector_error", status.collector_error}};
}

}  // namespace

std::string FormatStatus(const LiveSensor& sensor, int64_t now_ms) {
  const LiveFigures figures = sensor.figures();
  Json json = {{"sensor", sensor.sensor_id()},
               {"written", FormatUtcMs(now_ms)},
               {"interface", sensor.interface()},
               {"interface_state", InterfaceStateName(sensor.interface_state())},
               {"windows", figures.windows},
               {"not_spooled", figures.not_spooled}};
  if (figures.windows > 0) {
    json["window_start"] = FormatUtcMs(figures.window_start_ms);
    json["window"] = ToJson(figures.last);
    json["total"] = ToJson(figures.total);
  }
  if (const std::optional<UplinkStatus> uplink = sensor.uplink_status()) {
    json["uplink"] = ToJson(*uplink);
  }
  return json.dump() + "\n";
}

absl::Status WriteStatusFile(const std::string& path, const std::string& text) {
  const std::string beside = path + ".tmp";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(beside.c_str(), "we"),
                                                             &std::fclose);
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() &&
      std::fflush(file.get()) == 0 && std::rename(beside.c_str(), path.c_str()) == 0;
  if (written) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("process.status_file: cannot write ", path, ": ", std::strerror(errno),
                   "; give a path in a folder that the sensor's user may write, or \"\" for none"));
}

}  // namespace teiten
