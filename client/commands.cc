// SPDX-License-Identifier: Apache-2.0
#include "client/commands.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include "client/output.h"
#include "client/tuples_command.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::size_t kLeastSparkline = 20;
constexpr std::size_t kBesideSparkline = 64;  // the other columns of a series

class CommandRun {
 public:
  CommandRun(const ClientOptions& options, CollectorLink& link, const std::string& address,
             const Terminal& terminal)
      : o_(options), link_(link), address_(address), terminal_(terminal) {}

  ExitCode Run() {
    switch (o_.command) {
      case Command::kRank:
        return Rank();
      case Command::kSeries:
        return Series();
      case Command::kSource:
        return Source();
      case Command::kSensors:
        return Sensors();
      case Command::kTuples:
        return Tuples();
      case Command::kReport:
        return Report();
      case Command::kNone:
        break;
    }
    return ExitCode::kInternal;
  }

 private:
  ExitCode Fail(const absl::Status& status) {
    terminal_.err(ErrorText(status, address_));
    return ExitOf(status);
  }

  // Beside CSV and JSON, coverage is said on the error stream without colours.
  template <typename Reply, typename Table, typename Csv>
  ExitCode Print(const Reply& reply, const Table& table, const Csv& csv) {
    switch (o_.output) {
      case OutputFormat::kTable:
        terminal_.out(table());
        break;
      case OutputFormat::kCsv:
        terminal_.out(csv());
        terminal_.err(CoverageText(reply.coverage(), Plain()));
        break;
      case OutputFormat::kJson:
        terminal_.out(MessageJson(reply));
        break;
    }
    return ExitCode::kDone;
  }

  [[nodiscard]] Style Plain() const {
    Style plain = terminal_.style;
    plain.colour = false;
    return plain;
  }

  ExitCode Rank() {
    v1::RankRequest request;
    *request.mutable_selection() = o_.selection;
    request.set_by(o_.by);
    request.set_limit(Limit32());
    request.set_compare_previous(o_.compare);
    const absl::StatusOr<v1::RankReply> reply = link_.Rank(request);
    if (!reply.ok()) return Fail(reply.status());
    return Print(
        *reply, [&] { return RankTable(request, *reply, terminal_.style); },
        [&] { return RankCsv(*reply); });
  }

  ExitCode Series() {
    v1::SeriesRequest request;
    *request.mutable_selection() = o_.selection;
    request.set_step_ms(o_.step_ms);
    request.set_split_by(o_.by);
    request.set_limit(Limit32());
    const absl::StatusOr<v1::SeriesReply> reply = link_.Series(request);
    if (!reply.ok()) return Fail(reply.status());
    const std::size_t width = terminal_.width > kBesideSparkline + kLeastSparkline
                                  ? terminal_.width - kBesideSparkline
                                  : kLeastSparkline;
    const SeriesView view{.points = o_.points, .width = width};
    return Print(
        *reply, [&] { return SeriesTable(request, *reply, view, terminal_.style); },
        [&] { return SeriesCsv(*reply); });
  }

  ExitCode Source() {
    v1::SourceRequest request;
    request.set_source(o_.source);
    *request.mutable_time() = o_.selection.time();
    *request.mutable_sensors() = o_.selection.sensors();
    *request.mutable_groups() = o_.selection.groups();
    request.set_limit(Limit32());
    const absl::StatusOr<v1::SourceReply> reply = link_.Source(request);
    if (!reply.ok()) return Fail(reply.status());
    return Print(
        *reply, [&] { return SourceTable(request, *reply, terminal_.style); },
        [&] { return SourceCsv(*reply); });
  }

  ExitCode Sensors() {
    v1::SensorsRequest request;
    *request.mutable_time() = o_.selection.time();
    *request.mutable_sensors() = o_.selection.sensors();
    *request.mutable_groups() = o_.selection.groups();
    const absl::StatusOr<v1::SensorsReply> reply = link_.Sensors(request);
    if (!reply.ok()) return Fail(reply.status());
    return Print(
        *reply,
        [&] { return SensorsTable(request, *reply, terminal_.now_unix_ms, terminal_.style); },
        [&] { return SensorsCsv(*reply); });
  }

  ExitCode Tuples() {
    return RunTuples(o_, link_, terminal_, [this](const absl::Status& s) { return Fail(s); });
  }

  ExitCode Report() {
    v1::GetReportRequest request;
    request.set_period(o_.report_period);
    *request.mutable_time() = o_.selection.time();
    *request.mutable_sensors() = o_.selection.sensors();
    *request.mutable_groups() = o_.selection.groups();
    request.set_format(o_.report_format);
    request.set_edition(v1::REPORT_EDITION_INTERNAL);
    request.set_rows(Limit32());
    const absl::StatusOr<v1::GetReportReply> reply = link_.Report(request);
    if (!reply.ok()) return Fail(reply.status());
    if (o_.report_file.empty()) {
      terminal_.out(reply->rendered());
      return ExitCode::kDone;
    }
    std::ofstream file(o_.report_file, std::ios::binary | std::ios::trunc);
    file << reply->rendered();
    file.close();
    if (!file) {
      terminal_.err(fmt::format("teiten: {}: cannot be written; is the folder there, and room?\n",
                                o_.report_file));
      return ExitCode::kIo;
    }
    terminal_.err(fmt::format("{}: {}, {}\n", o_.report_file,
                              Plural(reply->rendered().size(), "byte"),
                              Printable(reply->media_type())));
    return ExitCode::kDone;
  }

  [[nodiscard]] uint32_t Limit32() const {
    return static_cast<uint32_t>(std::min<uint64_t>(o_.limit, ~uint32_t{0}));
  }

  const ClientOptions& o_;
  CollectorLink& link_;
  const std::string& address_;
  const Terminal& terminal_;
};

}  // namespace

ExitCode RunCommandLine(const std::vector<std::string>& arguments, CollectorLink& link,
                        const std::string& address, Terminal terminal) {
  const absl::StatusOr<v1::ZoneReply> zone = link.Zone({});
  if (!zone.ok()) {
    terminal.err(ErrorText(zone.status(), address));
    return ExitOf(zone.status());
  }
  terminal.style.utc_offset_minutes = zone->utc_offset_minutes();
  const ParseResult parsed = ParseCommandLine(
      arguments,
      {.now_unix_ms = terminal.now_unix_ms, .utc_offset_minutes = zone->utc_offset_minutes()});
  if (!parsed.run) {
    (parsed.exit == ExitCode::kDone ? terminal.out : terminal.err)(parsed.text);
    return parsed.exit;
  }
  return CommandRun(parsed.options, link, address, terminal).Run();
}

ExitCode ExitOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kDone;
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kUsage;
    case absl::StatusCode::kUnavailable:
      return ExitCode::kUnreachable;
    case absl::StatusCode::kDeadlineExceeded:
      return ExitCode::kTryAgain;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kPrivilege;
    default:
      return ExitCode::kFailed;
  }
}

namespace {

// The collector names fields of its protocol; who typed flags is told flags.
std::string WithFlag(const std::string& problem) {
  constexpr std::pair<std::string_view, std::string_view> kFlags[] = {
      {"by", "--by"},
      {"classes", "--class"},
      {"families", "--family"},
      {"groups", "--group"},
      {"kinds", "--kind"},
      {"limit", "--limit"},
      {"period", "--period"},
      {"ports", "--port"},
      {"protocols", "--protocol"},
      {"regions", "--region"},
      {"resume_token", "--resume"},
      {"rows", "--limit"},
      {"sensors", "--sensor"},
      {"source", "ADDRESS"},
      {"source_prefixes", "--source-prefix"},
      {"split_by", "--split"},
      {"step_ms", "--step"},
      {"time", "--from and --to"},
      {"time.from_unix_ms", "--from or --day"},
      {"time.to_unix_ms", "--to"},
      {"tools", "--tool"}};
  const std::string_view text = problem;
  for (const auto& [field, flag] : kFlags) {
    if (text.starts_with(field) && text.substr(field.size()).starts_with(": ")) {
      return fmt::format("{}{}", flag, text.substr(field.size()));
    }
  }
  return problem;
}

}  // namespace

std::string ErrorText(const absl::Status& status, const std::string& address) {
  const std::string what = Printable(std::string(status.message()));
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return fmt::format(
          "teiten: collector {}: {}. Is it running? Start one with `teiten-collector`, or name "
          "another with --collector HOST:PORT or --collector unix:PATH.\n",
          address, what);
    case absl::StatusCode::kDeadlineExceeded:
      return fmt::format(
          "teiten: collector {}: no answer in time. Ask for less, or wait longer: --timeout 5m\n",
          address);
    case absl::StatusCode::kUnimplemented:
      return fmt::format(
          "teiten: collector {}: does not know this question ({}). Is it of the "
          "same version as this command?\n",
          address, what);
    case absl::StatusCode::kInvalidArgument:
      return fmt::format("teiten: {}\n", WithFlag(what));
    default:
      return fmt::format("teiten: {}\n", what);
  }
}

}  // namespace teiten
