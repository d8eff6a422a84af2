// SPDX-License-Identifier: Apache-2.0
#include "sensor/printer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "sensor/uplink/print.h"

namespace teiten {

void Printer::Write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() || !status_.ok()) return;
  status_ = absl::UnavailableError(
      absl::StrCat("cannot write to standard output: ", std::strerror(errno)));
}

void Printer::Print(const std::string& summary_bytes) {
  if (format_ == PrintFormat::kDefault) return;
  v1::WindowSummary summary;
  if (!summary.ParseFromString(summary_bytes)) {
    status_ = absl::InternalError("a summary of our own does not parse");
    return;
  }
  const auto write = [this](std::string_view text) { Write(text); };
  if (format_ == PrintFormat::kCsv) {
    if (!header_written_) Write(CsvHeaderLine());
    header_written_ = true;
    status_.Update(PrintCsv(summary, write));
  } else if (format_ == PrintFormat::kJson) {
    status_.Update(PrintJson(summary, write));
  }
  std::fflush(stdout);  // who watches live sees each window as it closes
  const std::string accounting = FormatAccounting(summary);
  std::fwrite(accounting.data(), 1, accounting.size(), stderr);
}

absl::Status Printer::Finish() {
  if (format_ == PrintFormat::kCsv && !header_written_) Write(CsvHeaderLine());
  if (std::fflush(stdout) != 0 && status_.ok()) {
    status_ = absl::UnavailableError(
        absl::StrCat("cannot write to standard output: ", std::strerror(errno)));
  }
  return status_;
}

}  // namespace teiten
