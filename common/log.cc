// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "common/time_format.h"

namespace teiten {
namespace {

constexpr int64_t kRepeatPeriodMs = 60'000;

struct LevelText {
  std::string_view name;
  std::string_view color;
};
constexpr std::array<LevelText, 4> kLevels = {
    {{"debug", "\x1b[2m"}, {"info", "\x1b[32m"}, {"warn", "\x1b[33m"}, {"error", "\x1b[31m"}}};

// Length of the UTF-8 sequence at the front, 0 if there is none (RFC 3629: no overlong forms, no
// surrogates, nothing above U+10FFFF).
std::size_t Utf8Length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool bad = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                   (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

// C1 controls (U+0080 to U+009F) move the cursor of some terminals.
bool IsC1Control(std::string_view text, std::size_t length) {
  return length == 2 && static_cast<uint8_t>(text[0]) == 0xc2 &&
         static_cast<uint8_t>(text[1]) < 0xa0;
}

void WriteStderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nowhere left to say it
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// protobuf writes of bad UTF-8 in messages of strangers; on its own it would write lines of its
// own, unfolded.
void LogOfProtobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/,
                   const std::string& message) {
  const bool error = level >= google::protobuf::LOGLEVEL_ERROR;
  Log(error ? LogLevel::kWarn : LogLevel::kInfo, "protobuf", {{"message", message}});
}

Logger& ProcessLogger() {
  static const bool color = isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  // Never destroyed: threads may still log while the process exits.
  static Logger& logger = *new Logger(NowMs, WriteStderr, color);
  return logger;
}

}  // namespace

std::string EscapeLogValue(std::string_view value) {
  std::string escaped;
  bool quote = value.empty();
  while (!value.empty()) {
    const auto byte = static_cast<uint8_t>(value[0]);
    const std::size_t length = Utf8Length(value);
    if (byte < 0x20 || byte == 0x7f || length == 0 || IsC1Control(value, length)) {
      const std::string_view bytes = value.substr(0, length == 0 ? 1 : length);
      for (const char c : bytes) {
        fmt::format_to(std::back_inserter(escaped), "\\x{:02x}", static_cast<uint8_t>(c));
      }
      quote = true;
      value.remove_prefix(bytes.size());
      continue;
    }
    if (byte == '"' || byte == '\\') escaped += '\\';
    quote = quote || byte == ' ' || byte == '=' || byte == '"' || byte == '\\';
    escaped += value.substr(0, length);
    value.remove_prefix(length);
  }
  return quote ? '"' + escaped + '"' : escaped;
}

std::string JsonString(std::string_view value) {
  std::string out = "\"";
  while (!value.empty()) {
    const auto byte = static_cast<uint8_t>(value[0]);
    const std::size_t length = Utf8Length(value);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      value.remove_prefix(1);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += value[0];
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else if (IsC1Control(value, length)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<uint8_t>(value[1]));
    } else {
      out += value.substr(0, length);
    }
    value.remove_prefix(length);
  }
  return out + '"';
}

void Logger::Configure(const LogOptions& options) {
  const std::lock_guard lock(mutex_);
  FlushRepeats(clock_());
  options_ = options;
}

std::string Logger::Render(std::span<const LogField> fields) const {
  std::string text;
  for (const LogField& field : fields) {
    if (options_.json) {
      text += fmt::format(",{}:{}", JsonString(field.name), JsonString(field.value));
    } else {
      text += fmt::format(" {}={}", field.name, EscapeLogValue(field.value));
    }
  }
  return text;
}

void Logger::Write(LogLevel level, std::string_view event, std::span<const LogField> fields) {
  const std::lock_guard lock(mutex_);
  if (level < options_.least) return;
  const int64_t now_ms = clock_();
  std::string rendered = Render(fields);
  if (level == last_level_ && event == last_event_ && rendered == last_fields_) {
    ++repeats_;
    if (now_ms - last_written_ms_ >= kRepeatPeriodMs) FlushRepeats(now_ms);
    return;
  }
  FlushRepeats(now_ms);
  last_level_ = level;
  last_event_ = event;
  last_fields_ = std::move(rendered);
  WriteLine(now_ms, level, event, last_fields_);
}

void Logger::FlushRepeats(int64_t now_ms) {
  if (repeats_ == 0) return;
  const LogField fields[] = {{"of", last_event_}, {"times", fmt::format("{}", repeats_)}};
  repeats_ = 0;
  WriteLine(now_ms, last_level_, "repeated", Render(fields));
}

void Logger::WriteLine(int64_t now_ms, LogLevel level, std::string_view event,
                       std::string_view fields) {
  last_written_ms_ = now_ms;
  const LevelText& text = kLevels[static_cast<std::size_t>(level)];
  const std::string time = FormatUtcMs(now_ms);
  if (options_.json) {
    sink_(fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"event\":{}{}}}\n", time, text.name,
                      JsonString(event), fields));
  } else if (color_) {
    sink_(fmt::format("time={} level={}{}\x1b[0m event={}{}\n", time, text.color, text.name, event,
                      fields));
  } else {
    sink_(fmt::format("time={} level={} event={}{}\n", time, text.name, event, fields));
  }
}

void Logger::Flush() {
  const std::lock_guard lock(mutex_);
  FlushRepeats(clock_());
}

void ConfigureLog(const LogOptions& options) {
  ProcessLogger().Configure(options);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  ProcessLogger().Write(level, event, fields);
}

void FlushLog() { ProcessLogger().Flush(); }

}  // namespace teiten
