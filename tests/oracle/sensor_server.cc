// SPDX-License-Identifier: Apache-2.0
// teiten-sensor for tests that run it thousands of times: loaded once, then a child for each
// request, with what main() does. A request is a line of arguments with tabs between them; the
// answer a line "EXIT-CODE STDOUT-BYTES STDERR-BYTES" and those bytes. A child that takes a minute
// is killed; one that was killed has exit code 128 + signal.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "common/log.h"
#include "sensor/context.h"
#include "sensor/options.h"
#include "sensor/run_file.h"

namespace teiten {
namespace {

constexpr unsigned kMostSeconds = 60;

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> words = {"teiten-sensor"};
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

// In the child.
int RunSensor(std::vector<std::string> words) {
  ::alarm(kMostSeconds);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  const ParsedOptions parsed =
      ParseSensorOptions(static_cast<int>(arguments.size()), arguments.data());
  if (parsed.exit.has_value()) return static_cast<int>(*parsed.exit);
  ConfigureLog(LogOptionsOf(parsed.options.config));
  const ExitCode code = RunFile(parsed.options);
  FlushLog();
  return static_cast<int>(code);
}

std::string Content(int fd) {
  std::string out(static_cast<std::size_t>(::lseek(fd, 0, SEEK_END)), '\0');
  if (::pread(fd, out.data(), out.size(), 0) != static_cast<ssize_t>(out.size())) return "";
  return out;
}

int Serve(const std::vector<std::string>& words, std::string* out, std::string* err) {
  const int fds[] = {::memfd_create("stdout", 0), ::memfd_create("stderr", 0)};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(fds[0], STDOUT_FILENO);
    ::dup2(fds[1], STDERR_FILENO);
    const int code = RunSensor(words);
    std::fflush(nullptr);
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  *out = Content(fds[0]);
  *err = Content(fds[1]);
  for (const int fd : fds) ::close(fd);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace
}  // namespace teiten

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::string out;
    std::string err;
    const int code = teiten::Serve(teiten::Split(line), &out, &err);
    std::cout << code << ' ' << out.size() << ' ' << err.size() << '\n' << out << err << std::flush;
  }
}
