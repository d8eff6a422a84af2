// SPDX-License-Identifier: Apache-2.0
#include "client/options.h"

#include <algorithm>
#include <charconv>

#include "client/command_line.h"
#include "client/parse_values.h"
#include "client/text_table.h"
#include "common/address.h"
#include "common/series_step.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kTuplesTimeoutMs = kHour;  // ten million rows are a stream of minutes

// What the collector answers at most; it checks again.
uint64_t MostRows(Command command) {
  switch (command) {
    case Command::kRank:
    case Command::kSeries:
      return 1000;
    case Command::kSource:
      return 100'000;
    case Command::kTuples:
      return 10'000'000;
    case Command::kReport:
      return 100;
    case Command::kSensors:
    case Command::kNone:
      break;
  }
  return 0;
}

// Makes values of words; each step returns an empty string, or what is wrong.
class Finisher {
 public:
  Finisher(const Words& words, const AskedAt& at, ClientOptions& options)
      : words_(words), at_(at), options_(options) {}

  std::string Finish() {
    if (std::string p = ParseFilterWords(words_.filter, options_.selection); !p.empty()) return p;
    if (std::string p = FinishTimeout(); !p.empty()) return p;
    if (std::string p = FinishOutput(); !p.empty()) return p;
    if (std::string p = FinishLimit(); !p.empty()) return p;
    if (options_.command == Command::kReport) return FinishReport();
    if (options_.command == Command::kSource && !ParsePrefix(options_.source)) {
      return fmt::format(
          "\"{}\": no address nor prefix; write 192.0.2.7, 2001:db8::1 or 192.0.2.0/24 with the "
          "host bits zero",
          options_.source);
    }
    const TimeWords& time = words_.time;
    options_.time_given = !time.from.empty() || !time.to.empty() || !time.last.empty();
    if (std::string p = ParseTimeWords(time, at_, *options_.selection.mutable_time()); !p.empty()) {
      return p;
    }
    if (options_.command == Command::kRank) {
      if (std::string p = ParseBy(words_.by, options_.by); !p.empty()) return "--by " + p;
    }
    if (options_.command == Command::kSeries) return FinishSeries();
    return "";
  }

 private:
  std::string FinishTimeout() {
    if (words_.timeout.empty()) {
      if (options_.command == Command::kTuples) options_.timeout_ms = kTuplesTimeoutMs;
      return "";
    }
    const std::optional<int64_t> timeout = ParseDurationMs(words_.timeout);
    if (!timeout || *timeout <= 0) {
      return fmt::format("--timeout \"{}\": no duration; {}", words_.timeout, kDurationForms);
    }
    options_.timeout_ms = *timeout;
    return "";
  }

  std::string FinishOutput() {
    if (words_.output == "table") {
      options_.output = OutputFormat::kTable;
    } else if (words_.output == "csv") {
      options_.output = OutputFormat::kCsv;
    } else if (words_.output == "json") {
      options_.output = OutputFormat::kJson;
    } else {
      return fmt::format("--output \"{}\": write table, csv or json", words_.output);
    }
    return "";
  }

  std::string FinishLimit() {
    if (!words_.limit) return "";
    const std::string& word = *words_.limit;
    const uint64_t most = MostRows(options_.command);
    const char* const end = word.data() + word.size();
    const auto [stop, error] = std::from_chars(word.data(), end, options_.limit);
    if (error == std::errc() && stop == end && options_.limit > 0 && options_.limit <= most) {
      return "";
    }
    return fmt::format("--limit {}: write a number from 1 to {}", word, GroupDigits(most));
  }

  std::string FinishSeries() {
    if (!words_.split.empty()) {
      if (std::string p = ParseBy(words_.split, options_.by); !p.empty()) return "--split " + p;
    }
    const v1::TimeRange& time = options_.selection.time();
    options_.step_ms = ChooseStepMs(time.to_unix_ms() - time.from_unix_ms());
    if (words_.step.empty()) return "";
    const std::optional<int64_t> step = ParseDurationMs(words_.step);
    if (!step || *step <= 0) {
      return fmt::format("--step \"{}\": no duration; write 1m, 10m, 1h, 6h, 1d or 7d",
                         words_.step);
    }
    options_.step_ms = static_cast<uint64_t>(*step);
    if (!IsSeriesStep(*step)) {
      return fmt::format(
          "--step {}: write minutes that divide an hour (1m, 10m), hours that "
          "divide a day (1h, 6h), or whole days (1d, 7d)",
          words_.step);
    }
    return "";
  }

  std::string FinishReport() {
    constexpr std::pair<std::string_view, v1::ReportFormat> kFormats[] = {
        {"json", v1::REPORT_FORMAT_JSON},
        {"csv", v1::REPORT_FORMAT_CSV},
        {"markdown", v1::REPORT_FORMAT_MARKDOWN},
        {"html", v1::REPORT_FORMAT_HTML}};
    const auto format = std::find_if(std::begin(kFormats), std::end(kFormats),
                                     [&](const auto& f) { return f.first == words_.format; });
    if (format == std::end(kFormats)) {
      return fmt::format("--format \"{}\": write json, csv, markdown or html", words_.format);
    }
    options_.report_format = format->second;
    return FinishReportTime();
  }

  std::string FinishReportTime() {
    v1::TimeRange& time = *options_.selection.mutable_time();
    if (!words_.time.from.empty() || !words_.time.to.empty()) {
      if (!words_.day.empty() || !words_.period.empty()) {
        return "--from and --to: not together with --day or --period";
      }
      if (words_.time.from.empty()) return "--to: needs --from";
      options_.report_period = v1::REPORT_PERIOD_RANGE;
      return ParseTimeWords(words_.time, at_, time);
    }
    constexpr std::pair<std::string_view, v1::ReportPeriod> kPeriods[] = {
        {"", v1::REPORT_PERIOD_DAY},
        {"day", v1::REPORT_PERIOD_DAY},
        {"week", v1::REPORT_PERIOD_WEEK},
        {"month", v1::REPORT_PERIOD_MONTH},
        {"quarter", v1::REPORT_PERIOD_QUARTER},
        {"year", v1::REPORT_PERIOD_YEAR}};
    const auto period = std::find_if(std::begin(kPeriods), std::end(kPeriods),
                                     [&](const auto& p) { return p.first == words_.period; });
    if (period == std::end(kPeriods)) {
      return fmt::format("--period \"{}\": write day, week, month, quarter or year", words_.period);
    }
    options_.report_period = period->second;
    const TimeWords day{.from = words_.day.empty() ? "today" : words_.day, .to = "", .last = "1d"};
    if (const std::string p = ParseTimeWords(day, at_, time); !p.empty()) {
      if (p.ends_with(kBefore1970)) return fmt::format("--day \"{}\"{}", words_.day, kBefore1970);
      return fmt::format("--day \"{}\": no day; write 2026-11-22, today or yesterday", words_.day);
    }
    return "";
  }

  const Words& words_;
  const AskedAt& at_;
  ClientOptions& options_;
};

}  // namespace

ParseResult ParseCommandLine(const std::vector<std::string>& arguments, const AskedAt& at) {
  CommandLineResult words = ReadCommandLine(arguments);
  ParseResult result;
  result.text = std::move(words.text);
  result.exit = words.usage_error ? ExitCode::kUsage : ExitCode::kDone;
  if (words.command == Command::kNone) return result;
  result.options = std::move(words.words.direct);
  result.options.command = words.command;
  const std::string problem = Finisher(words.words, at, result.options).Finish();
  if (problem.empty()) {
    result.run = true;
    return result;
  }
  result.exit = ExitCode::kUsage;
  result.text = UsageProblem(problem, words.command);
  return result;
}

uint64_t ChooseStepMs(int64_t length_ms) {
  constexpr std::pair<int64_t, int64_t> kSteps[] = {// up to this length, this step
                                                    {2 * kHour, kMinute},
                                                    {8 * kHour, 10 * kMinute},
                                                    {4 * kDay, kHour},
                                                    {14 * kDay, 6 * kHour},
                                                    {100 * kDay, kDay}};
  for (const auto& [most, step] : kSteps) {
    if (length_ms <= most) return static_cast<uint64_t>(step);
  }
  return static_cast<uint64_t>(7 * kDay);
}

}  // namespace teiten
