// SPDX-License-Identifier: Apache-2.0
// Summaries as text on standard output, accounting on standard error, a line a window.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "sensor/options.h"
#include "sensor/uplink/encode.h"

namespace teiten {

class Printer {
 public:
  explicit Printer(PrintFormat format) : format_(format) {}

  // Encoder thread.
  void Print(const SummaryContext& context, const WindowContents& window);
  // Nothing more can be printed: the disk is full, or the reader has closed the pipe.
  [[nodiscard]] bool broken() const { return broken_; }
  // The first failure. A closed pipe is none: its reader has what it wanted.
  [[nodiscard]] absl::Status Finish();

 private:
  void Write(std::string_view text);
  void Flush();
  void Break(int error);
  static void WriteAccounting(const v1::WindowSummary& summary);

  const PrintFormat format_;
  bool header_written_ = false;
  bool broken_ = false;
  absl::Status status_;
};

}  // namespace teiten
