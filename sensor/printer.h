// SPDX-License-Identifier: Apache-2.0
// Summaries as text on standard output, accounting on standard error, a line a window.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "sensor/options.h"

namespace teiten {

class Printer {
 public:
  explicit Printer(PrintFormat format) : format_(format) {}

  // Encoder thread.
  void Print(const std::string& summary_bytes);
  // The first failure: a full disk, a closed pipe.
  [[nodiscard]] absl::Status Finish();

 private:
  void Write(std::string_view text);

  const PrintFormat format_;
  bool header_written_ = false;
  absl::Status status_;
};

}  // namespace teiten
