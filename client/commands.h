// SPDX-License-Identifier: Apache-2.0
// Runs one command: question, answer, text. Answers go to `out`, what is said about them beside a
// CSV or JSON answer to `err`, so that pipes stay clean.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/collector_link.h"
#include "client/options.h"
#include "client/text_table.h"
#include "common/exit_code.h"

namespace teiten {

struct Terminal {
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
  Style style;
  std::size_t width = 80;
  int64_t now_unix_ms = 0;
};

// The command of a command line that ParseCommandLine took before the store's zone was known:
// asks the collector for it first, because it says what a day is. `address` is only named in
// messages.
[[nodiscard]] ExitCode RunCommandLine(const std::vector<std::string>& arguments,
                                      CollectorLink& link, const std::string& address,
                                      Terminal terminal);

// What an error means for scripts, and in words with what to do.
[[nodiscard]] ExitCode ExitOf(const absl::Status& status);
[[nodiscard]] std::string ErrorText(const absl::Status& status, const std::string& address);

}  // namespace teiten
