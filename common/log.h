// SPDX-License-Identifier: Apache-2.0
// The log: one event a line on stderr, logfmt (or JSON), with a stable event= name; repeats are
// folded and values from the network escaped. Colour only on a terminal and without NO_COLOR.
//
//   Log(LogLevel::kWarn, "spool_full", {{"shed", "3"}, {"limit", "1.0 GiB"}});
//   → time=2026-11-22T10:00:00.000Z level=warn event=spool_full shed=3 limit="1.0 GiB"
//
// The same event with the same fields again and again is written once, then as
//   time=… level=warn event=repeated of=spool_full times=41
// when another event comes, after a minute, and at the end.
//
// Thread-safe; never call it per packet.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <span>
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
// Writes "repeated" for a folded run; at the end of main.
void FlushLog();

// A value as logfmt writes it: quoted where it must be, control bytes and what is not UTF-8 as
// \xNN.
[[nodiscard]] std::string EscapeLogValue(std::string_view value);
// A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string JsonString(std::string_view value);

// What the functions above do, with its clock and its output given: the process has one, tests
// make their own.
class Logger {
 public:
  using Clock = std::function<int64_t()>;              // Unix milliseconds
  using Sink = std::function<void(std::string_view)>;  // one line with its line feed

  Logger(Clock clock, Sink sink, bool color)
      : clock_(std::move(clock)), sink_(std::move(sink)), color_(color) {}

  void Configure(const LogOptions& options);
  void Write(LogLevel level, std::string_view event, std::span<const LogField> fields);
  void Flush();

 private:
  // Both need mutex_.
  void WriteLine(int64_t now_ms, LogLevel level, std::string_view event, std::string_view fields);
  void FlushRepeats(int64_t now_ms);
  [[nodiscard]] std::string Render(std::span<const LogField> fields) const;

  // Constant after construction.
  const Clock clock_;
  const Sink sink_;
  const bool color_;

  // Protected by mutex_.
  std::mutex mutex_;
  LogOptions options_;
  LogLevel last_level_ = LogLevel::kInfo;
  std::string last_event_;
  std::string last_fields_;
  uint64_t repeats_ = 0;
  int64_t last_written_ms_ = 0;
};

}  // namespace teiten
