// SPDX-License-Identifier: Apache-2.0
#include "client/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/address.h"
#include "client/parse_values.h"

namespace teiten {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kDay = 86'400'000;
constexpr int64_t kToday = 1'795'305'600'000;  // 2026-11-22T00:00:00Z
constexpr int64_t kNow = kToday + 10 * 3'600'000;

ParseResult Parse(const std::string& line) {
  std::istringstream words(line);
  std::vector<std::string> arguments;
  for (std::string word; words >> word;) arguments.push_back(word);
  return ParseCommandLine(arguments, {kNow, 0});
}

ClientOptions Good(const std::string& line) {
  ParseResult result = Parse(line);
  EXPECT_TRUE(result.run) << result.text;
  return result.options;
}

std::string Bad(const std::string& line) {
  const ParseResult result = Parse(line);
  EXPECT_FALSE(result.run) << line;
  EXPECT_EQ(result.exit, ExitCode::kUsage) << line;
  EXPECT_THAT(result.text, HasSubstr("; see teiten ")) << line;
  return result.text;
}

TEST(Options, DefaultsAskForPortsOfTheLastDay) {
  const ClientOptions o = Good("rank");
  EXPECT_EQ(o.command, Command::kRank);
  EXPECT_EQ(o.by, v1::RANK_BY_PORT);
  EXPECT_EQ(o.output, OutputFormat::kTable);
  EXPECT_EQ(o.selection.time().to_unix_ms(), kNow);
  EXPECT_EQ(o.selection.time().from_unix_ms(), kNow - kDay);
  EXPECT_EQ(o.collector, "");
  EXPECT_EQ(o.limit, 0);
}

TEST(Options, TakesEveryFilter) {
  const ClientOptions o = Good(
      "rank --by source --kind tcp_syn,udp_probe --class scan --protocol tcp --port 23/TCP "
      "--port 53/udp,0/ICMP --source-prefix 192.0.2.0/24 --region jp,unknown --tool mirai "
      "--sensor a,b-1 --group replay --family ipv4 --limit 7 --compare --output csv");
  const v1::Selection& s = o.selection;
  EXPECT_EQ(o.by, v1::RANK_BY_SOURCE);
  EXPECT_THAT(s.kinds(), ElementsAre(v1::KIND_TCP_SYN, v1::KIND_UDP_PROBE));
  EXPECT_THAT(s.classes(), ElementsAre(v1::KIND_CLASS_SCAN));
  EXPECT_THAT(s.protocols(), ElementsAre(6));
  ASSERT_EQ(s.ports_size(), 3);
  EXPECT_EQ(s.ports(1).protocol(), 17);
  EXPECT_EQ(s.ports(1).port(), 53);
  EXPECT_EQ(s.ports(2).protocol(), 1);
  EXPECT_THAT(s.source_prefixes(), ElementsAre("192.0.2.0/24"));
  EXPECT_THAT(s.regions(), ElementsAre("JP", "unknown"));
  EXPECT_THAT(s.tools(), ElementsAre(v1::TOOL_MARK_MIRAI));
  EXPECT_THAT(s.sensors(), ElementsAre("a", "b-1"));
  EXPECT_THAT(s.groups(), ElementsAre("replay"));
  EXPECT_THAT(s.families(), ElementsAre(v1::ADDRESS_FAMILY_IPV4));
  EXPECT_EQ(o.limit, 7);
  EXPECT_TRUE(o.compare);
  EXPECT_EQ(o.output, OutputFormat::kCsv);
}

TEST(Options, FamiliesMayBeWrittenAsTheyArePrinted) {
  EXPECT_THAT(Good("rank --family IPv6").selection.families(),
              ElementsAre(v1::ADDRESS_FAMILY_IPV6));
  EXPECT_THAT(Good("rank --family IPV4,6").selection.families(),
              ElementsAre(v1::ADDRESS_FAMILY_IPV4, v1::ADDRESS_FAMILY_IPV6));
}

TEST(Options, UnderstandsTimes) {
  const auto time = [](const std::string& words) {
    const v1::TimeRange t = Good("rank " + words).selection.time();
    return std::pair(t.from_unix_ms() - kToday, t.to_unix_ms() - kToday);
  };
  constexpr int64_t kHour = 3'600'000;
  EXPECT_EQ(time("--last 2h"), std::pair(8 * kHour, 10 * kHour));
  EXPECT_EQ(time("--from today"), std::pair(int64_t{0}, 10 * kHour));
  EXPECT_EQ(time("--from yesterday --to today"), std::pair(-kDay, int64_t{0}));
  EXPECT_EQ(time("--from 2026-11-21 --last 1h"), std::pair(-kDay, -kDay + kHour));
  EXPECT_EQ(time("--to 2026-11-22T09:00Z --last 1h"), std::pair(8 * kHour, 9 * kHour));
  EXPECT_EQ(time("--from 2026-11-22T10:00:00+09:00 --to now"), std::pair(1 * kHour, 10 * kHour));
}

TEST(Options, TheLastMinutesAreWholeOnes) {
  const auto time = [](const TimeWords& words) {
    v1::TimeRange range;
    EXPECT_EQ(ParseTimeWords(words, {kNow + 20'400, 0}, range), "");
    return std::pair(range.from_unix_ms() - kNow, range.to_unix_ms() - kNow);
  };
  EXPECT_EQ(time({.from = "", .to = "", .last = "13m"}), std::pair(-780'000L, 60'000L));
  EXPECT_EQ(time({.from = "", .to = "", .last = ""}), std::pair(-kDay, int64_t{60'000}));
  EXPECT_EQ(time({.from = "", .to = "now", .last = "1m"}), std::pair(-39'600L, 20'400L));
  EXPECT_EQ(time({.from = "today", .to = "", .last = ""}).second, 20'400);
}

TEST(Options, SaysWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_THAT(Bad("rank --from noon"), HasSubstr("--from \"noon\": no time; write 2026-11-22"));
  EXPECT_THAT(Bad("rank --last 5"), HasSubstr("write 90s, 15m, 24h, 7d or 2w"));
  EXPECT_THAT(Bad("rank --from today --to today"), HasSubstr("is not before"));
  EXPECT_THAT(Bad("rank --from yesterday --to today --last 1h"), HasSubstr("--last"));
  EXPECT_THAT(Bad("rank --kind syn"), HasSubstr("scan: tcp_syn tcp_null"));
  EXPECT_THAT(Bad("rank --kind syn"), HasSubstr("backscatter: tcp_synack"));
  EXPECT_THAT(Bad("rank --class scans"), HasSubstr("scan, backscatter and other"));
  EXPECT_THAT(Bad("rank --port 23"), HasSubstr("write 23/TCP or 23/UDP"));
  EXPECT_THAT(Bad("rank --source-prefix 192.0.2.1/24"), HasSubstr("host bits zero"));
  EXPECT_THAT(Bad("rank --region JPN"), HasSubstr("two letters"));
  EXPECT_THAT(Bad("rank --tool hydra"), HasSubstr("mirai, masscan"));
  EXPECT_THAT(Bad("rank --family 5"), HasSubstr("ipv4 or ipv6"));
  EXPECT_THAT(Bad("rank --limit 0"), HasSubstr("--limit 0: write a number from 1 to 1,000"));
  EXPECT_THAT(Bad("rank --limit 1001"), HasSubstr("from 1 to 1,000"));
  EXPECT_THAT(Bad("rank --limit -1"), HasSubstr("--limit -1: write a number from 1 to 1,000"));
  EXPECT_THAT(Bad("rank --limit 18446744073709551616"), HasSubstr("from 1 to 1,000"));
  EXPECT_THAT(Bad("rank --limit 3x"), HasSubstr("--limit 3x: write a number"));
  EXPECT_THAT(Bad("rank --from 1950-01-01 --to 1960-01-01"),
              HasSubstr("--from \"1950-01-01\": nothing is kept of before 1970"));
  EXPECT_THAT(Bad("rank --to 1970-01-01"), HasSubstr("--to \"1970-01-01\": nothing is kept"));
  EXPECT_THAT(Bad("report --day 1950-01-01"), HasSubstr("--day \"1950-01-01\": nothing is kept"));
  EXPECT_THAT(Bad("tuples --limit 0"), HasSubstr("from 1 to 10,000,000"));
  EXPECT_THAT(Bad("report --limit 101"), HasSubstr("from 1 to 100"));
  EXPECT_THAT(Bad("rank --sensor Upper"), HasSubstr("teiten sensors"));
  EXPECT_THAT(Bad("rank --by asn"), HasSubstr("port, kind, region"));
  EXPECT_THAT(Bad("rank --output xml"), HasSubstr("table, csv or json"));
  EXPECT_THAT(Bad("series --step fast"), HasSubstr("write 1m, 10m"));
  EXPECT_THAT(Bad("series --step 7m"), HasSubstr("--step 7m: write minutes that divide an hour"));
  EXPECT_THAT(Bad("series --step 90s"), HasSubstr("--step 90s: "));
  EXPECT_THAT(Bad("series --step 5h"), HasSubstr("--step 5h: "));
  EXPECT_THAT(Bad("series --step 36h"), HasSubstr("--step 36h: "));
  EXPECT_THAT(Bad("rank --kind tcp_syn --class other"), HasSubstr("--kind: none of the kinds is"));
  EXPECT_THAT(Bad("source"), HasSubstr("ADDRESS"));
  EXPECT_THAT(Bad("report --format pdf"), HasSubstr("json, csv, markdown or html"));
  EXPECT_THAT(Bad("report --day 22/11"), HasSubstr("write 2026-11-22"));
  EXPECT_THAT(Bad("report --from today --day today"), HasSubstr("not together"));
  EXPECT_THAT(Bad("rnak"), HasSubstr("there are rank, series"));
  EXPECT_THAT(Bad("rank --nonsense"), HasSubstr("--nonsense"));
}

TEST(Options, TellsAllWrongFiltersAtOnce) {
  const std::string text = Bad("rank --kind a --port b --tool c");
  EXPECT_THAT(text, HasSubstr("--kind \"a\""));
  EXPECT_THAT(text, HasSubstr("--port \"b\""));
  EXPECT_THAT(text, HasSubstr("--tool \"c\""));
}

TEST(Options, HelpTeachesEachCommandWithTwoExamples) {
  for (const char* command : {"rank", "series", "source", "sensors", "tuples", "report"}) {
    const ParseResult result = Parse(std::string(command) + " --help");
    EXPECT_FALSE(result.run);
    EXPECT_EQ(result.exit, ExitCode::kDone);
    EXPECT_THAT(result.text, HasSubstr(std::string("Usage: teiten ") + command));
    const std::string example = std::string("\n  teiten ") + command;
    const std::size_t first = result.text.find(example);
    ASSERT_NE(first, std::string::npos) << command;
    EXPECT_NE(result.text.find(example, first + 1), std::string::npos) << command;
  }
  EXPECT_THAT(Parse("").text, HasSubstr("Subcommands:"));
  EXPECT_THAT(Parse("--version").text, HasSubstr("teiten "));
}

// What help shows must work.
TEST(Options, ExamplesOfTheHelpParse) {
  int examples = 0;
  for (const char* command : {"", "rank", "series", "source", "sensors", "tuples", "report"}) {
    std::istringstream lines(Parse(std::string(command) + " --help").text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("  teiten ")) continue;
      line = line.substr(9, line.find_first_of("|>") - 9);
      if (const std::size_t note = line.find("   "); note != std::string::npos) line.resize(note);
      EXPECT_TRUE(Parse(line).run) << line << "\n" << Parse(line).text;
      ++examples;
    }
  }
  EXPECT_GE(examples, 15);
}

TEST(Options, ReportsAreOfADayUnlessSaid) {
  ClientOptions o = Good("report --day yesterday --format html --out /tmp/x.html");
  EXPECT_EQ(o.report_period, v1::REPORT_PERIOD_DAY);
  EXPECT_EQ(o.selection.time().from_unix_ms(), kToday - kDay);
  EXPECT_EQ(o.report_format, v1::REPORT_FORMAT_HTML);
  EXPECT_EQ(o.report_file, "/tmp/x.html");
  EXPECT_EQ(Good("report --period week").report_period, v1::REPORT_PERIOD_WEEK);
  o = Good("report --from 2026-11-16 --to 2026-11-20 --group replay");
  EXPECT_EQ(o.report_period, v1::REPORT_PERIOD_RANGE);
  EXPECT_EQ(o.selection.time().to_unix_ms(), kToday - 2 * kDay);
  EXPECT_THAT(o.selection.groups(), ElementsAre("replay"));
}

TEST(Options, ChoosesAStepForTheLength) {
  EXPECT_EQ(ChooseStepMs(3'600'000), 60'000);
  EXPECT_EQ(ChooseStepMs(kDay), 3'600'000);
  EXPECT_EQ(ChooseStepMs(7 * kDay), 6 * 3'600'000);
  EXPECT_EQ(ChooseStepMs(30 * kDay), kDay);
  EXPECT_EQ(ChooseStepMs(400 * kDay), 7 * kDay);
  EXPECT_EQ(Good("series --last 1d --step 10m").step_ms, 600'000);
  for (const char* step : {"60s", "30m", "60m", "6h", "24h", "7d", "2w"}) {
    Good(std::string("series --last 1d --step ") + step);
  }
}

TEST(Address, OnlyThisMachineIsAskedInClear) {
  EXPECT_EQ(*CheckCollectorAddress("127.0.0.1:7843"), "ipv4:127.0.0.1:7843");
  EXPECT_EQ(*CheckCollectorAddress("localhost"), "ipv4:127.0.0.1:7843");
  EXPECT_EQ(*CheckCollectorAddress("127.3.2.1"), "ipv4:127.3.2.1:7843");
  EXPECT_EQ(*CheckCollectorAddress("[::1]:99"), "ipv6:[::1]:99");
  EXPECT_EQ(*CheckCollectorAddress("::1"), "ipv6:[::1]:7843");
  EXPECT_EQ(*CheckCollectorAddress("unix:/run/teiten/query.sock"), "unix:/run/teiten/query.sock");
  const absl::Status far = CheckCollectorAddress("collector.example:7843").status();
  EXPECT_THAT(std::string(far.message()),
              HasSubstr("ssh -N -L 7843:127.0.0.1:7843 collector.example"));
  EXPECT_THAT(std::string(CheckCollectorAddress("10.9.8.7:9999").status().message()),
              HasSubstr("ssh -N -L 9999:127.0.0.1:9999 10.9.8.7"));
  for (const char* wrong : {"", ":7843", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                            "127.0.0.1:x", "[::1", "[::1]x", "unix:", "unix:relative"}) {
    EXPECT_THAT(std::string(CheckCollectorAddress(wrong).status().message()),
                HasSubstr("collector "))
        << wrong;
  }
}

TEST(Address, SettingsAreWhereXdgSays) {
  EXPECT_EQ(ConfigHome("", "/home/a"), "/home/a/.config");
  EXPECT_EQ(ConfigHome("/x", "/home/a"), "/x");
  EXPECT_EQ(ConfigHome("relative", "/home/a"), "/home/a/.config");  // to be ignored, XDG says
  EXPECT_EQ(ConfigHome("", ""), "");
}

TEST(Address, ProfileIsReadStrictly) {
  const std::string home = ::testing::TempDir() + "/profile_home";
  EXPECT_EQ(*ReadProfile(home + "/none/.config"), "");
  EXPECT_EQ(*ReadProfile(""), "");
  ASSERT_EQ(std::system(("mkdir -p " + home + "/.config/teiten").c_str()), 0);
  const auto write = [&](const char* text) {
    std::FILE* file = std::fopen((home + "/.config/teiten/profile.toml").c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fputs(text, file);
    std::fclose(file);
  };
  write("collector = \"unix:/tmp/t.sock\"\n");
  EXPECT_EQ(*ReadProfile(home + "/.config"), "unix:/tmp/t.sock");
  write("colector = \"127.0.0.1\"\n");
  EXPECT_THAT(std::string(ReadProfile(home + "/.config").status().message()),
              HasSubstr("profile.toml:1"));
  write("collector = \"10.0.0.1:7843\"\n");
  EXPECT_THAT(std::string(ReadProfile(home + "/.config").status().message()), HasSubstr("tunnel"));
}

}  // namespace
}  // namespace teiten
