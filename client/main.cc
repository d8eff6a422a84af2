// SPDX-License-Identifier: Apache-2.0
// teiten: the analyst's command.
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "client/address.h"
#include "client/commands.h"
#include "client/grpc_client.h"
#include "client/options.h"
#include "common/text.h"
#include "fmt/format.h"

namespace {

using teiten::ExitCode;

int write_error = 0;  // of standard output, the first

void Write(std::FILE* stream, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (!written && stream == stdout && write_error == 0) write_error = errno;
}

int64_t NowUnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 120;
}

// --collector, the profile, this machine; in this order.
absl::StatusOr<std::string> CollectorAddress(const teiten::ClientOptions& options) {
  if (!options.collector.empty()) return teiten::CheckCollectorAddress(options.collector);
  absl::StatusOr<std::string> profile =
      teiten::ReadProfile(teiten::ConfigHome(Environment("XDG_CONFIG_HOME"), Environment("HOME")));
  if (!profile.ok()) return profile;
  return teiten::CheckCollectorAddress(profile->empty() ? teiten::kDefaultCollector : *profile);
}

// A full disk behind the pipe must not look like a whole answer.
ExitCode Flush(ExitCode exit) {
  if (std::fflush(stdout) != 0 && write_error == 0) write_error = errno;
  if (write_error == 0) return exit;
  Write(stderr, fmt::format("teiten: standard output: {}; make room, or write to somewhere else\n",
                            std::strerror(write_error)));
  return ExitCode::kIo;
}

ExitCode Run(const std::vector<std::string>& arguments) {
  // Whole seconds: times in the answer's first line are read by people.
  const int64_t now_unix_ms = NowUnixMs() / 1000 * 1000;
  const teiten::ParseResult parsed = teiten::ParseCommandLine(
      arguments, {.now_unix_ms = now_unix_ms, .utc_offset_minutes = std::nullopt});
  if (!parsed.run) {
    Write(parsed.exit == ExitCode::kDone ? stdout : stderr, parsed.text);
    return Flush(parsed.exit);
  }
  const absl::StatusOr<std::string> address = CollectorAddress(parsed.options);
  if (!address.ok()) {
    Write(stderr, teiten::ErrorLines("teiten", std::string(address.status().message())));
    return parsed.options.collector.empty() ? ExitCode::kConfiguration : ExitCode::kUsage;
  }
  const bool utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  const bool colour = isatty(STDOUT_FILENO) == 1 && !parsed.options.no_color &&
                      Environment("NO_COLOR").empty() && Environment("TERM") != "dumb";
  const teiten::Terminal terminal{
      .out = [](std::string_view text) { Write(stdout, text); },
      .err = [](std::string_view text) { Write(stderr, text); },
      .style = {.colour = colour, .utf8 = utf8},
      .width = TerminalWidth(),
      .now_unix_ms = now_unix_ms,
  };
  // gRPC's own log would stand between the lines of the answer.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const auto link = teiten::MakeGrpcClient(*address, parsed.options.timeout_ms);
  return Flush(teiten::RunCommandLine(arguments, *link, *address, terminal));
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  // A reader that has enough ends this as it ends any filter, even if whoever started it ignores
  // the signal.
  std::signal(SIGPIPE, SIG_DFL);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return static_cast<int>(Run(arguments));
}
