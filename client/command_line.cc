// SPDX-License-Identifier: Apache-2.0
#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "client/help_text.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr const char* kTimeGroup = "Time";
constexpr const char* kFilterGroup = "Filters (lists with commas, or several times)";
constexpr const char* kCommonGroup = "Common";

struct CommandName {
  Command command;
  const char* name;
};
constexpr CommandName kCommands[] = {{Command::kRank, "rank"},     {Command::kSeries, "series"},
                                     {Command::kSource, "source"}, {Command::kSensors, "sensors"},
                                     {Command::kTuples, "tuples"}, {Command::kReport, "report"}};

class CommandLine {
 public:
  CommandLine() : app_(kProgramHelp, "teiten") {
    app_.set_version_flag("--version", std::string("teiten ") + TEITEN_VERSION);
    app_.require_subcommand(1);
    app_.footer(kProgramFooter);
    app_.get_formatter()->column_width(20);
    AddRank();
    AddSeries();
    AddSource();
    AddSensors();
    AddTuples();
    AddReport();
  }

  CommandLineResult Read(std::vector<std::string> arguments) {
    if (arguments.empty()) arguments.push_back("--help");
    CommandLineResult result;
    const auto named = [&](const CommandName& c) { return arguments[0] == c.name; };
    if (!arguments[0].starts_with('-') &&
        std::none_of(std::begin(kCommands), std::end(kCommands), named)) {
      return Refuse(fmt::format(
          "no command \"{}\"; there are rank, series, source, sensors, tuples and report",
          arguments[0]));
    }
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
    try {
      app_.parse(arguments);
    } catch (const CLI::CallForHelp&) {
      const auto chosen = app_.get_subcommands();
      result.text = chosen.empty() ? app_.help() : chosen[0]->help("teiten");
      return result;
    } catch (const CLI::CallForVersion& version) {
      result.text = std::string(version.what()) + "\n";
      return result;
    } catch (const CLI::ParseError& error) {
      return Refuse(error.what());
    }
    result.command = Chosen();
    result.words = std::move(words_);
    return result;
  }

 private:
  [[nodiscard]] Command Chosen() const {
    const auto chosen = app_.get_subcommands();
    for (const CommandName& c : kCommands) {
      if (!chosen.empty() && chosen[0]->get_name() == c.name) return c.command;
    }
    return Command::kNone;
  }

  [[nodiscard]] CommandLineResult Refuse(const std::string& problem) const {
    CommandLineResult result;
    result.usage_error = true;
    result.text = UsageProblem(problem, Chosen());
    return result;
  }

  CLI::App* Add(const char* name, const CommandHelp& help) {
    CLI::App* sub = app_.add_subcommand(name, help.what);
    sub->footer(help.examples);
    sub->get_help_ptr()->group(kCommonGroup);
    Option(sub, kCommonGroup, "--collector", words_.direct.collector,
           "HOST:PORT or unix:PATH (default: the profile's, or 127.0.0.1:7843)");
    Option(sub, kCommonGroup, "--timeout", words_.timeout,
           "How long to wait for the whole answer (default: 60s; tuples: 1h)");
    sub->add_flag("--no-color", words_.direct.no_color, "No colours, as with NO_COLOR set")
        ->group(kCommonGroup);
    return sub;
  }

  template <typename T>
  static CLI::Option* Option(CLI::App* sub, const char* group, const char* name, T& into,
                             const char* what) {
    return sub->add_option(name, into, what)->group(group)->type_name("");
  }

  static void List(CLI::App* sub, const char* name, std::vector<std::string>& into,
                   const char* what) {
    Option(sub, kFilterGroup, name, into, what)->delimiter(',')->allow_extra_args(false);
  }

  template <typename T>
  static void Own(CLI::App* sub, const char* name, T& into, const char* what) {
    Option(sub, "Options", name, into, what);
  }

  void AddOutput(CLI::App* sub) {
    Option(sub, kCommonGroup, "--output", words_.output, "table, csv or json (default: table)");
  }

  void AddTime(CLI::App* sub) {
    Option(sub, kTimeGroup, "--last", words_.time.last,
           "Length up to now: 90s, 15m, 24h, 7d, 2w (default: 24h)");
    Option(sub, kTimeGroup, "--from", words_.time.from,
           "Begin: 2026-11-22, 2026-11-22T10:00Z, today, yesterday");
    Option(sub, kTimeGroup, "--to", words_.time.to, "End, not included (default: now)");
  }

  void AddSensorFilters(CLI::App* sub) {
    FilterWords& f = words_.filter;
    List(sub, "--sensor", f.sensors, "Sensor ids");
    List(sub, "--group", f.groups, "Groups of sensors; \"replay\" is left out unless named");
  }

  void AddFilters(CLI::App* sub) {
    FilterWords& f = words_.filter;
    List(sub, "--kind", f.kinds, "tcp_syn, udp_probe, tcp_synack, ...");
    List(sub, "--class", f.classes, "scan, backscatter, other");
    List(sub, "--protocol", f.protocols, "TCP, UDP, ICMP, ICMPv6 or a number");
    List(sub, "--port", f.ports, "23/TCP, 53/UDP");
    List(sub, "--source-prefix", f.sources, "192.0.2.0/24, 2001:db8::/32");
    List(sub, "--region", f.regions, "Region of the source: JP, unknown");
    List(sub, "--tool", f.tools, "mirai, masscan, zmap, nmap, amplification, unmarked");
    AddSensorFilters(sub);
    List(sub, "--family", f.families, "ipv4 or ipv6");
  }

  void AddRank() {
    CLI::App* sub = Add("rank", kRankHelp);
    Own(sub, "--by", words_.by, "port, kind, region, tool, sensor or source (default: port)");
    Own(sub, "--limit", words_.limit, "Rows, at most 1,000 (default: 10)");
    sub->add_flag("--compare", words_.direct.compare, "With the same length of time just before");
    AddTime(sub);
    AddFilters(sub);
    AddOutput(sub);
  }

  void AddSeries() {
    CLI::App* sub = Add("series", kSeriesHelp);
    Own(sub, "--step", words_.step, "1m, 10m, 1h, 1d, ... (default: by the length of time)");
    Own(sub, "--split", words_.split, "A line for each port, kind, region, tool, sensor or source");
    Own(sub, "--limit", words_.limit, "Lines of --split, at most 1,000 (default: 10)");
    sub->add_flag("--points", words_.direct.points, "Every point as a row, too");
    AddTime(sub);
    AddFilters(sub);
    AddOutput(sub);
  }

  void AddSource() {
    CLI::App* sub = Add("source", kSourceHelp);
    Option(sub, "Positionals", "ADDRESS", words_.direct.source,
           "192.0.2.7, 192.0.2.0/24, 2001:db8::1")
        ->required();
    Own(sub, "--limit", words_.limit, "Rows, at most 100,000 (default: 1,000)");
    AddTime(sub);
    AddSensorFilters(sub);
    AddOutput(sub);
  }

  void AddSensors() {
    CLI::App* sub = Add("sensors", kSensorsHelp);
    AddTime(sub);
    AddSensorFilters(sub);
    AddOutput(sub);
  }

  void AddTuples() {
    CLI::App* sub = Add("tuples", kTuplesHelp);
    Own(sub, "--limit", words_.limit, "Rows, at most 10,000,000 (default: 10,000)");
    Own(sub, "--resume", words_.direct.resume_token, "Go on after the token of an earlier run");
    sub->add_flag("--empty-windows", words_.direct.empty_windows,
                  "Windows without rows, too, with their accounting (json)");
    AddTime(sub);
    AddFilters(sub);
    AddOutput(sub);
  }

  void AddReport() {
    CLI::App* sub = Add("report", kReportHelp);
    Own(sub, "--day", words_.day, "2026-11-22, today or yesterday (default: today)");
    Own(sub, "--period", words_.period,
        "day, week, month, quarter or year that holds --day (default: day)");
    Own(sub, "--format", words_.format, "json, csv, markdown or html (default: markdown)");
    Own(sub, "--out", words_.direct.report_file, "File to write (default: standard output)");
    Own(sub, "--limit", words_.limit, "Rows of each table, at most 100 (default: 10)");
    Option(sub, kTimeGroup, "--from", words_.time.from, "Begin of a report over any time");
    Option(sub, kTimeGroup, "--to", words_.time.to, "Its end, not included");
    AddSensorFilters(sub);
  }

  Words words_;
  CLI::App app_;
};

}  // namespace

CommandLineResult ReadCommandLine(const std::vector<std::string>& arguments) {
  return CommandLine().Read(arguments);
}

std::string UsageProblem(const std::string& problem, Command command) {
  const auto* known = std::find_if(std::begin(kCommands), std::end(kCommands),
                                   [&](const CommandName& c) { return c.command == command; });
  const std::string name =
      known == std::end(kCommands) ? std::string() : std::string(known->name) + " ";
  return ErrorLines("teiten", fmt::format("{}; see teiten {}--help", problem, name));
}

}  // namespace teiten
