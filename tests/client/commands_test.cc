// SPDX-License-Identifier: Apache-2.0
// Whole commands from the words to the text, against a collector that answers what is put in.
#include "client/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/tuple_csv.h"
#include "fmt/format.h"
#include "tests/client/fake_link.h"

namespace teiten {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kNow = 1'795'305'600'000;  // 2026-11-22T00:00:00Z

class Commands : public ::testing::Test {
 protected:
  ExitCode Run(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> arguments;
    for (std::string word; words >> word;) arguments.push_back(word);
    const ParseResult parsed = ParseCommandLine(arguments, {kNow, std::nullopt});
    EXPECT_TRUE(parsed.run) << parsed.text;
    out_.clear();
    err_.clear();
    const Terminal terminal{.out = [this](std::string_view text) { out_ += text; },
                            .err = [this](std::string_view text) { err_ += text; },
                            .style = style_,
                            .width = 100,
                            .now_unix_ms = kNow};
    return RunCommandLine(arguments, link_, "127.0.0.1:7843", terminal);
  }

  static void FillCoverage(v1::Coverage& c) {
    c.set_sensors(2);
    c.set_live_ms(47 * 3'600'000 + 720'000);
    c.set_expected_ms(48 * 3'600'000);
    c.set_mean_n4(512);
    c.mutable_accounting()->set_captured(1'234'567);
    c.mutable_accounting()->set_kernel_dropped(12);
    c.set_source("hourly rollups + facts");
  }

  void FillRank() {
    v1::RankReply& reply = link_.rank;
    reply.set_unit("packets per N4 and day");
    v1::RankRow& telnet = *reply.add_rows();
    telnet.set_rank(1);
    telnet.set_key("23/TCP");
    telnet.set_name("telnet");
    telnet.set_value(1234.5);
    telnet.set_pooled_value(1100);
    telnet.mutable_counts()->set_packets(123'456);
    telnet.mutable_counts()->set_sources(4321);
    telnet.mutable_counts()->set_sources_standard_error(0.016);
    telnet.set_share(0.9);
    telnet.set_sensors(2);
    telnet.set_sensors_visible(2);
    telnet.set_previous_rank(2);
    telnet.mutable_previous()->set_packets(100'000);
    telnet.set_change_percent(23.4);
    v1::RankRow& http = *reply.add_rows();
    http.set_rank(2);
    http.set_key("80/TCP");
    http.set_name("http");
    http.set_value(1.25);
    http.set_pooled_value(1.5);
    http.mutable_counts()->set_packets(99);
    http.mutable_counts()->set_sources(7);
    http.set_share(0.1);
    http.set_sensors(1);
    http.set_sensors_visible(2);
    http.mutable_previous()->set_packets(0);
    reply.mutable_total()->set_packets(123'555);
    reply.mutable_total()->set_sources(4327);
    reply.mutable_total()->set_sources_standard_error(0.016);
    reply.set_keys(17);
    FillCoverage(*reply.mutable_coverage());
  }

  FakeLink link_;
  Style style_{.colour = false, .utf8 = false};
  std::string out_;
  std::string err_;
};

TEST_F(Commands, RankTable) {
  FillRank();
  EXPECT_EQ(Run("rank --family ipv4 --compare"), ExitCode::kDone);
  EXPECT_EQ(
      out_,
      "2026-11-21T00:00Z to 2026-11-22T00:00Z (1d 00h) | family IPv4\n"
      "rank    port  service  packets per N4 and day  pooled  packets   share  sources  sensors  "
      "before   change\n"
      "   1  23/TCP  telnet                    1,235   1,100  123,456  90.0 %   ~4,321      2/2  "
      "     2  +23.4 %\n"
      "   2  80/TCP  http                      1.250   1.500       99  10.0 %        7      1/2  "
      "   new        -\n"
      "2 of 17 rows; --limit shows more\n"
      "Total: 123,555 packets, ~4,327 sources (+-1.6 %)\n"
      "Coverage: 2 sensors | live 1d 23h of 2d 00h (98.3 %) | N4 512 | "
      "dropped 12 of 1,234,579 packets (0.00 %) | from hourly rollups + facts\n");
  EXPECT_THAT(err_, IsEmpty());
  EXPECT_TRUE(link_.rank_asked.compare_previous());
}

TEST_F(Commands, DaysAreThoseOfTheStore) {
  constexpr int64_t kHour = 3'600'000;
  constexpr int64_t kDay = 24 * kHour;
  link_.zone.set_utc_offset_minutes(9 * 60);
  FillRank();
  // Midnight in UTC is nine in the morning there: yesterday began 33 hours ago.
  EXPECT_EQ(Run("rank --from yesterday --to today"), ExitCode::kDone);
  EXPECT_EQ(link_.rank_asked.selection().time().from_unix_ms(), kNow - 9 * kHour - kDay);
  EXPECT_EQ(link_.rank_asked.selection().time().to_unix_ms(), kNow - 9 * kHour);
  EXPECT_THAT(out_, HasSubstr("2026-11-21T00:00+09:00 to 2026-11-22T00:00+09:00 (1d 00h)\n"));
  EXPECT_EQ(Run("rank --from 2026-11-21 --to 2026-11-21T18:00"), ExitCode::kDone);
  EXPECT_EQ(link_.rank_asked.selection().time().from_unix_ms(), kNow - 9 * kHour - kDay);
  EXPECT_EQ(link_.rank_asked.selection().time().to_unix_ms(), kNow - 15 * kHour);
  // With an offset written, that one; in order only when the store's is known.
  EXPECT_EQ(Run("rank --from 2026-11-21 --to 2026-11-20T16:00Z"), ExitCode::kDone);
  EXPECT_EQ(link_.rank_asked.selection().time().to_unix_ms(), kNow - kDay - 8 * kHour);
  EXPECT_EQ(Run("rank --from 2026-11-21 --to 2026-11-20T14:00Z"), ExitCode::kUsage);
  EXPECT_THAT(err_, HasSubstr("is not before"));
  // The report's day, east and west.
  EXPECT_EQ(Run("report --day 2026-11-21"), ExitCode::kDone);
  EXPECT_EQ(link_.report_asked.time().from_unix_ms(), kNow - 9 * kHour - kDay);
  link_.zone.set_utc_offset_minutes(-210);
  EXPECT_EQ(Run("report --day 2026-11-21"), ExitCode::kDone);
  EXPECT_EQ(link_.report_asked.time().from_unix_ms(), kNow - kDay + 210 * 60'000);
  EXPECT_EQ(Run("report"), ExitCode::kDone);  // there it is still the 21st
  EXPECT_EQ(link_.report_asked.time().from_unix_ms(), kNow - kDay + 210 * 60'000);
  EXPECT_EQ(Run("rank --last 30m"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("2026-11-21T20:00-03:30 to 2026-11-21T20:30-03:30"));
}

TEST_F(Commands, RankCsvIsRawAndCoverageIsBesideIt) {
  FillRank();
  EXPECT_EQ(Run("rank --output csv"), ExitCode::kDone);
  EXPECT_THAT(out_,
              HasSubstr("\n1,23/TCP,telnet,1234.5,packets per N4 and day,1100,,,123456,0,0,4321,"
                        "0.0160,0.900000,2,2,2,100000,,23.4,\n"));
  EXPECT_THAT(err_, HasSubstr("Coverage: 2 sensors"));
}

TEST_F(Commands, AMeanThatIsOneSensorsIsSaidToBe) {
  FillRank();
  link_.rank.mutable_rows(0)->set_dominated_by("tokyo-1");
  link_.rank.mutable_rows(0)->set_median(12.5);
  link_.rank.mutable_rows(0)->set_trimmed_mean(13.25);
  link_.rank.mutable_rows(1)->set_dominated_by("tokyo-1");
  EXPECT_EQ(Run("rank"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("\nNote: tokyo-1 alone gives more than half of the summed rates of "
                              "23/TCP (median 12.50), 80/TCP\n"));
  EXPECT_EQ(Run("rank --output csv"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr(",pooled_value,median,trimmed_mean,packets,"));
  EXPECT_THAT(out_, HasSubstr(",1100,12.5,13.25,123456,"));
  EXPECT_EQ(Run("rank --output json"), ExitCode::kDone);
  EXPECT_EQ(nlohmann::json::parse(out_)["rows"][0]["median"], 12.5);
}

// A sketch's error of less than half a source is none.
TEST_F(Commands, OneSourceHasNoError) {
  FillRank();
  link_.rank.mutable_total()->set_packets(1);
  link_.rank.mutable_total()->set_sources(1.0001);
  EXPECT_EQ(Run("rank"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("\nTotal: 1 packet, 1 source\n"));
}

TEST_F(Commands, RankJsonIsTheMessage) {
  FillRank();
  EXPECT_EQ(Run("rank --output json"), ExitCode::kDone);
  const nlohmann::json json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["rows"][0]["key"], "23/TCP");
  EXPECT_EQ(json["coverage"]["sensors"], 2);
  EXPECT_THAT(err_, IsEmpty());
}

TEST_F(Commands, NotRankedIsSaid) {
  link_.rank.set_unit("packets per N4 and day");
  link_.rank.add_rows()->set_key("23/TCP");
  link_.rank.set_not_ranked("only 1 of 3 sensors was live for half of the period");
  EXPECT_EQ(Run("rank"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("Not ranked: only 1 of 3 sensors"));
  EXPECT_THAT(out_, HasSubstr("\n   -  23/TCP"));
}

TEST_F(Commands, EmptyAnswersSayWhyFirst) {
  link_.rank.mutable_coverage()->set_empty_reason("Nothing was received.");
  EXPECT_EQ(Run("rank"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr(")\nNothing was received.\nCoverage: 0 sensors"));
  EXPECT_THAT(out_, Not(HasSubstr("packets per")));
  link_.tuples.resize(1);
  *link_.tuples[0].mutable_coverage() = link_.rank.coverage();
  EXPECT_EQ(Run("tuples --output csv"), ExitCode::kDone);
  EXPECT_EQ(out_, fmt::format("sensor,{}\n", TupleCsvHeader()));
  EXPECT_THAT(err_, HasSubstr("Nothing was received."));
  EXPECT_EQ(Run("tuples"), ExitCode::kDone);
  EXPECT_EQ(out_,
            "2026-11-21T00:00Z to 2026-11-22T00:00Z (1d 00h)\n"
            "Nothing was received.\nCoverage: 0 sensors | no live time\n");
}

TEST_F(Commands, SeriesDrawsGapsAsGaps) {
  v1::SeriesLine& line = *link_.series.add_lines();
  for (int hour = 0; hour < 4; ++hour) {
    v1::SeriesPoint& point = *line.add_points();
    point.set_start_unix_ms(kNow - (4 - hour) * 3'600'000);
    if (hour == 1) continue;
    // Watched for half of the last hour: half of the packets is the same rate.
    point.set_live_ms(hour == 3 ? 1'800'000 : 3'600'000);
    point.mutable_counts()->set_packets(hour == 3 ? 50 : hour == 2 ? 100 : 0);
  }
  link_.series.set_step_ms(3'600'000);
  FillCoverage(*link_.series.mutable_coverage());
  style_.utf8 = true;
  EXPECT_EQ(Run("series --last 4h --step 1h --points"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("▁·██"));
  EXPECT_THAT(out_, HasSubstr("· is a gap"));
  EXPECT_THAT(out_, HasSubstr("2026-11-21T21:00Z  all       gap"));
  EXPECT_EQ(Run("series --output csv"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("2026-11-21T21:00:00.000Z,3600,,,,,,0\n"));
  EXPECT_THAT(out_, HasSubstr("2026-11-21T20:00:00.000Z,3600,0,0,0,0,0.0000,3600\n"));
}

// Merging keeps what was watched: 60 s with 1 packet and 1 s with 1 packet are 2 packets in 61 s.
TEST_F(Commands, SeriesMergesStepsByLiveTime) {
  v1::SeriesLine& line = *link_.series.add_lines();
  for (int i = 0; i < 200; ++i) {
    v1::SeriesPoint& point = *line.add_points();
    point.set_start_unix_ms(kNow + i * 60'000);
    point.set_live_ms(i % 2 == 0 ? 60'000 : 1'000);
    point.mutable_counts()->set_packets(1);
  }
  link_.series.set_step_ms(60'000);
  style_.utf8 = true;
  EXPECT_EQ(Run("series"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("118.0"));  // mean: 200 packets in 100 × 61 s
  EXPECT_THAT(out_, HasSubstr("3,600"));  // peak: 1 packet in 1 s
  const std::size_t begin = out_.find("all   ") + 6;
  EXPECT_LE(DisplayWidth(out_.substr(begin, out_.find(' ', begin) - begin)), 36);
}

TEST_F(Commands, SourceTellsTheTool) {
  link_.source.set_source("192.0.2.7");
  link_.source.set_region("JP");
  v1::SourceActivity& a = *link_.source.add_activities();
  a.set_source("192.0.2.7");
  a.set_kind(v1::KIND_TCP_SYN);
  a.set_protocol(6);
  a.set_port(23);
  a.mutable_counts()->set_packets(5);
  a.set_first_unix_ms(kNow - 1000);
  a.set_last_unix_ms(kNow);
  a.set_tool("mirai");
  EXPECT_EQ(Run("source 192.0.2.7"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("192.0.2.7  region JP"));
  EXPECT_THAT(out_, HasSubstr("tcp_syn  23/TCP  telnet"));
  EXPECT_THAT(out_, HasSubstr("mirai\n"));
  EXPECT_EQ(link_.source_asked.source(), "192.0.2.7");
}

TEST_F(Commands, SensorsShowWhatToLookAt) {
  v1::SensorState& s = *link_.sensors.add_sensors();
  s.set_sensor("sensor-1");
  s.set_group("live");
  s.set_state("silent");
  s.set_newest_window_end_unix_ms(kNow - 3'600'000);
  s.set_summaries(60);
  s.set_clock_skew_ms(-5000);
  s.mutable_health()->set_memory_limit_bytes(1);  // it told of itself: not a reader of files
  s.mutable_observed()->set_sources(12'345);
  s.mutable_observed()->set_sources_standard_error(0.008);
  s.add_spools()->set_conflicts(1);
  v1::Gap& gap = *s.add_spools()->add_gaps();
  gap.mutable_sequences()->set_first(3);
  gap.mutable_sequences()->set_last(7);
  gap.set_reason(v1::Gap::REASON_SHED_AGE);
  EXPECT_EQ(Run("sensors"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("silent"));
  EXPECT_THAT(out_, HasSubstr("1h 00m ago"));
  EXPECT_THAT(out_, HasSubstr("unknown"));  // drops: absent is not zero
  EXPECT_THAT(out_,
              HasSubstr("1 identity conflict, 5 summaries lost, interface down, clock -5.0 s"));
  EXPECT_THAT(out_, HasSubstr("~12,345"));
}

// What was read from a file has no link that could be down.
TEST_F(Commands, AReplayHasNoLink) {
  v1::SensorState& s = *link_.sensors.add_sensors();
  s.set_sensor("lab");
  s.set_group("replay");
  s.set_state("replay");
  EXPECT_EQ(Run("sensors --group replay"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("\nlab     replay  replay  -     never"));
  EXPECT_EQ(Run("sensors --group replay --output csv"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("\nlab,replay,replay,,"));
  s.set_connected(true);  // while it is sent
  EXPECT_EQ(Run("sensors --group replay"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("\nlab     replay  replay  up"));
  s.set_connected(false);
  s.set_group("live");
  EXPECT_EQ(Run("sensors"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("  down"));
}

TEST_F(Commands, TuplesAsCsvAreTheSensorsLines) {
  v1::TuplesReply reply;
  reply.mutable_identity()->set_sensor("tokyo-1");
  reply.set_window_start_unix_ms(kNow);
  v1::Tuple& tuple = *reply.add_tuples();
  tuple.set_source(std::string("\xc0\x00\x02\x07", 4));
  tuple.set_family(v1::ADDRESS_FAMILY_IPV4);
  tuple.set_kind(v1::KIND_TCP_SYN);
  tuple.set_protocol(6);
  tuple.set_port(23);
  tuple.set_packets(3);
  link_.tuples = {reply, v1::TuplesReply(), v1::TuplesReply()};
  link_.tuples[2].set_truncated(true);
  link_.tuples[2].set_resume_token("1.2.3");
  FillCoverage(*link_.tuples[2].mutable_coverage());
  std::string expected = fmt::format("sensor,{}\ntokyo-1,", TupleCsvHeader());
  AppendTupleCsv(kNow, tuple, expected);
  EXPECT_EQ(Run("tuples --output csv --limit 1"), ExitCode::kDone);
  EXPECT_EQ(out_, expected);
  EXPECT_THAT(err_, HasSubstr("--resume 1.2.3"));
  EXPECT_EQ(link_.tuples_asked.limit(), 1);

  EXPECT_EQ(Run("tuples --output json"), ExitCode::kDone);
  EXPECT_EQ(nlohmann::json::parse(out_)["source"], "192.0.2.7");
  EXPECT_EQ(Run("tuples"), ExitCode::kDone);
  EXPECT_THAT(out_, HasSubstr("to 2026-11-22T00:00Z (1d 00h)\nwindow"));
  EXPECT_THAT(out_, HasSubstr("192.0.2.7"));
}

TEST_F(Commands, TuplesSayWhatOfThemIsEstimated) {
  const auto shown = [this](uint32_t destinations, bool estimated) {
    v1::TuplesReply reply;
    v1::Tuple& tuple = *reply.add_tuples();
    tuple.set_source(std::string("\xc0\x00\x02\x07", 4));
    tuple.set_packets(1280);
    tuple.set_destinations(destinations);
    tuple.set_destinations_estimated(estimated);
    link_.tuples = {reply, v1::TuplesReply()};
    FillCoverage(*link_.tuples[1].mutable_coverage());
    EXPECT_EQ(Run("tuples"), ExitCode::kDone);
    const std::size_t begin = out_.find("1,280") + 5;
    return out_.substr(begin, out_.find('\n', begin) - begin);
  };
  EXPECT_EQ(shown(64, false), "       64");
  EXPECT_EQ(shown(81, true), "   81 +-9");
  EXPECT_EQ(shown(3, true), "  3 +-0.3");
  EXPECT_EQ(shown(160, true), "    >=160");
}

TEST_F(Commands, BrokenStreamSaysWhereToGoOn) {
  link_.tuples.resize(1);
  link_.tuples[0].set_resume_token("1.2.3");
  link_.error = absl::UnavailableError("connection reset");
  EXPECT_EQ(Run("tuples --output csv"), ExitCode::kUnreachable);
  EXPECT_THAT(err_, HasSubstr("To go on: --resume 1.2.3"));
  // What was wrong with the question does not get right by asking it again.
  link_.tuples.clear();
  link_.error = absl::InvalidArgumentError("resume_token: not a token of this service");
  EXPECT_EQ(Run("tuples --resume garbage"), ExitCode::kUsage);
  EXPECT_EQ(err_, "teiten: --resume: not a token of this service\n");
}

TEST_F(Commands, ErrorsHaveTheirExitCodeAndWhatToDo) {
  const auto run = [this](absl::Status error) {
    link_.error = std::move(error);
    return Run("rank");
  };
  EXPECT_EQ(run(absl::UnavailableError("nobody answers")), ExitCode::kUnreachable);
  EXPECT_THAT(err_, HasSubstr("collector 127.0.0.1:7843: nobody answers"));
  EXPECT_THAT(err_, HasSubstr("teiten-collector"));
  EXPECT_EQ(run(absl::InvalidArgumentError("step_ms: 7")), ExitCode::kUsage);
  EXPECT_EQ(err_, "teiten: --step: 7\n");  // the flag, not the field
  run(absl::InvalidArgumentError("time.from_unix_ms: is not between the years 2 and 9998"));
  EXPECT_EQ(err_, "teiten: --from or --day: is not between the years 2 and 9998\n");
  run(absl::InvalidArgumentError("kinds_of_error: no field"));
  EXPECT_EQ(err_, "teiten: kinds_of_error: no field\n");
  EXPECT_EQ(run(absl::DeadlineExceededError("")), ExitCode::kTryAgain);
  EXPECT_THAT(err_, HasSubstr("--timeout"));
  EXPECT_EQ(run(absl::PermissionDeniedError("no")), ExitCode::kPrivilege);
  EXPECT_EQ(run(absl::ResourceExhaustedError("too much")), ExitCode::kFailed);
  EXPECT_THAT(out_, IsEmpty());
  link_.zone_error = absl::UnimplementedError("");
  EXPECT_EQ(run(absl::OkStatus()), ExitCode::kFailed);
  EXPECT_THAT(err_, HasSubstr("same version"));
}

TEST_F(Commands, HostileTextIsMadePrintable) {
  link_.error = absl::InternalError("\x1b]0;owned\x07");
  EXPECT_EQ(Run("rank"), ExitCode::kFailed);
  EXPECT_THAT(err_, Not(HasSubstr("\x1b")));
}

TEST_F(Commands, ReportIsWrittenAsItCame) {
  link_.report.set_rendered(std::string("# Report\n\0x", 11));
  link_.report.set_media_type("text/markdown");
  EXPECT_EQ(Run("report --day yesterday"), ExitCode::kDone);
  EXPECT_EQ(out_, link_.report.rendered());
  EXPECT_EQ(link_.report_asked.format(), v1::REPORT_FORMAT_MARKDOWN);
  EXPECT_EQ(link_.report_asked.time().from_unix_ms(), kNow - 86'400'000);
  const std::string path = ::testing::TempDir() + "/report.md";
  EXPECT_EQ(Run("report --out " + path), ExitCode::kDone);
  std::ifstream file(path, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), link_.report.rendered());
  EXPECT_EQ(Run("report --out /nonexistent/report.md"), ExitCode::kIo);
  EXPECT_THAT(err_, HasSubstr("/nonexistent/report.md"));
}

}  // namespace
}  // namespace teiten
