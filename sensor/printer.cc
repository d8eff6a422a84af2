// SPDX-License-Identifier: Apache-2.0
#include "sensor/printer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "sensor/uplink/print.h"

namespace teiten {

void Printer::Write(std::string_view text) {
  if (broken_) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) Break(errno);
}

void Printer::Flush() {
  if (!broken_ && std::fflush(stdout) != 0) Break(errno);
}

void Printer::Break(int error) {
  broken_ = true;
  if (error == EPIPE) return;
  status_.Update(
      absl::UnavailableError(absl::StrCat("cannot write to standard output: ", std::strerror(error),
                                          "; make room, or print to somewhere else")));
}

void Printer::Print(const SummaryContext& context, const WindowContents& window) {
  if (format_ == PrintFormat::kDefault) return;
  const auto write = [this](std::string_view text) { Write(text); };
  if (format_ == PrintFormat::kNone) return WriteAccounting(AccountingOf(context, window));
  const v1::WindowSummary summary = EncodeSummary(context, window);
  if (format_ == PrintFormat::kCsv) {
    if (!header_written_) Write(CsvHeaderLine());
    header_written_ = true;
    status_.Update(PrintCsv(summary, write));
  } else {
    status_.Update(PrintJson(summary, write));
  }
  Flush();  // who watches live sees each window as it closes
  WriteAccounting(summary);
}

void Printer::WriteAccounting(const v1::WindowSummary& summary) {
  const std::string accounting = FormatAccounting(summary);
  std::fwrite(accounting.data(), 1, accounting.size(), stderr);
}

absl::Status Printer::Finish() {
  if (format_ == PrintFormat::kCsv && !header_written_) Write(CsvHeaderLine());
  Flush();
  return status_;
}

}  // namespace teiten
