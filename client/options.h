// SPDX-License-Identifier: Apache-2.0
// The command line of `teiten`, parsed into a plain struct. Everything a user can write wrong is
// answered with what would be right; nothing is guessed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/parse_values.h"
#include "common/exit_code.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/report.pb.h"

namespace teiten {

enum class Command { kNone, kRank, kSeries, kSource, kSensors, kTuples, kReport };
enum class OutputFormat { kTable, kCsv, kJson };

struct ClientOptions {
  Command command = Command::kNone;
  std::string collector;  // empty: the profile's, or 127.0.0.1:7843
  int64_t timeout_ms = 60'000;
  OutputFormat output = OutputFormat::kTable;
  bool no_color = false;

  v1::Selection selection;                  // with its time
  bool time_given = false;                  // else the last 24 hours
  v1::RankBy by = v1::RANK_BY_UNSPECIFIED;  // rank --by, series --split
  bool compare = false;
  uint64_t limit = 0;    // 0: the collector's default, if none was given
  uint64_t step_ms = 0;  // 0: chosen from the time
  bool points = false;
  std::string source;
  std::string resume_token;
  bool empty_windows = false;

  v1::ReportPeriod report_period = v1::REPORT_PERIOD_DAY;
  v1::ReportFormat report_format = v1::REPORT_FORMAT_MARKDOWN;
  std::string report_file;  // empty: standard output
};

// What is to be done: run the command, or print `text` and exit.
struct ParseResult {
  bool run = false;
  ClientOptions options;
  std::string text;
  ExitCode exit = ExitCode::kDone;  // kDone: `text` is for standard output
};

// `arguments` without the program's name.
[[nodiscard]] ParseResult ParseCommandLine(const std::vector<std::string>& arguments,
                                           const AskedAt& at);

// The step of a series that asks for none: about 60 points, from rollups where possible.
[[nodiscard]] uint64_t ChooseStepMs(int64_t length_ms);

}  // namespace teiten
