// SPDX-License-Identifier: Apache-2.0
// The log: one event a line on stderr, logfmt (or JSON), with a stable event= name; repeats are
// folded and values from the network escaped. Colour only on a terminal and without NO_COLOR.
//
//   Log(LogLevel::kWarn, "spool_full", {{"shed", "3"}, {"limit", "1.0 GiB"}});
//   → time=2026-11-22T10:00:00.000Z level=warn event=spool_full shed=3 limit="1.0 GiB"
//
// Thread-safe; never call it per packet.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace teiten {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

struct LogField {
  std::string_view name;
  std::string value;
};

struct LogOptions {
  bool json = false;
  LogLevel least = LogLevel::kInfo;
};

void ConfigureLog(const LogOptions& options);
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
// Writes "… repeated N times" for a folded run; at the end of main.
void FlushLog();

// A value as logfmt writes it: quoted where it must be, control bytes as \xNN.
[[nodiscard]] std::string EscapeLogValue(std::string_view value);

}  // namespace teiten
