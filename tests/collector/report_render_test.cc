// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "collector/report/period_name.h"
#include "collector/report/renderers.h"
#include "report_sample.h"

namespace teiten {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr v1::ReportFormat kFormats[] = {v1::REPORT_FORMAT_MESSAGE, v1::REPORT_FORMAT_JSON,
                                         v1::REPORT_FORMAT_CSV, v1::REPORT_FORMAT_MARKDOWN,
                                         v1::REPORT_FORMAT_HTML};

v1::Report Sample() {
  ActivityStore store = SampleStore();
  return *BuildReport(store, SampleRequest());
}

std::string Render(const v1::Report& report, v1::ReportFormat format) {
  auto text = RenderReport(report, format);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

// The page is left in the tests' temporary folder, to be looked at.
void ExpectGoodPage(const std::string& html, const std::string& name) {
  const std::string path = ::testing::TempDir() + "teiten_" + name + ".html";
  std::ofstream(path, std::ios::binary) << html;
  const std::string command =
      "python3 " TEITEN_SOURCE_DIR "/tests/collector/check_html.py '" + path + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << path;
}

// A report made by hand, small enough to read its rendering.
v1::Report Small() {
  v1::Report r;
  r.set_title("Observation report: 22 November 2026");
  r.set_period(v1::REPORT_PERIOD_DAY);
  r.set_language("en");
  r.mutable_time()->set_from_unix_ms(*ParseTimeMs("2026-11-22"));
  r.mutable_time()->set_to_unix_ms(*ParseTimeMs("2026-11-23"));
  r.set_software("teiten-collector 0.1.0");
  r.set_definitions_version("1");
  r.add_headlines("1,234 unsolicited packets from 5 sources reached 1 sensor.");
  r.mutable_total()->set_packets(1234);
  v1::ReportTable& t = *r.add_tables();
  t.set_id("ports_scan_ipv4");
  t.set_section("Scans");
  t.set_title("Scanned ports, IPv4");
  t.set_row_label("Port");
  t.set_unit("packets per N4 and day");
  t.set_ranked(true);
  t.set_compared(true);
  t.set_keys(2);
  t.mutable_total()->set_packets(1234);
  v1::ReportRow& row = *t.add_rows();
  row.set_rank(1);
  row.set_key("23/TCP");
  row.set_name("telnet");
  row.set_value(308.5);
  row.set_median_value(308.5);
  row.set_pooled_value(308.5);
  row.mutable_counts()->set_packets(1234);
  row.mutable_counts()->set_sources(5);
  row.set_share(1);
  row.set_previous_rank(3);
  row.set_previous_value(200);
  row.set_change_value(108.5);
  row.set_change_percent(54.25);
  row.set_sensors(1);
  row.set_sensors_visible(1);
  r.add_notes("A note.");
  return r;
}

TEST(ReportRender, SameReportSameBytes) {
  for (const v1::ReportFormat format : kFormats) {
    EXPECT_EQ(Render(Sample(), format), Render(Sample(), format));
    EXPECT_GT(Render(Sample(), format).size(), 1000U);
  }
}

TEST(ReportRender, JsonIsTheMessage) {
  const v1::Report report = Sample();
  const auto json = nlohmann::json::parse(Render(report, v1::REPORT_FORMAT_JSON));
  EXPECT_EQ(json["total"]["packets"], std::to_string(report.total().packets()));
  EXPECT_EQ(json["tables"].size(), static_cast<std::size_t>(report.tables_size()));
  EXPECT_EQ(json["empty_reason"], "");
}

TEST(ReportRender, MarkdownOfASmallReport) {
  EXPECT_THAT(Render(Small(), v1::REPORT_FORMAT_MARKDOWN),
              HasSubstr("# Observation report: 22 November 2026\n"
                        "\n"
                        "2026-11-22 00:00 to 24:00 UTC\n"
                        "\n"
                        "- 1,234 unsolicited packets from 5 sources reached 1 sensor.\n"
                        "\n"));
  EXPECT_THAT(
      Render(Small(), v1::REPORT_FORMAT_MARKDOWN),
      HasSubstr("### Scanned ports, IPv4\n"
                "\n"
                "Values in packets per N4 and day.\n"
                "\n"
                "| Rank | Port | Name | Mean | Median | Pooled | Previous rank | Change | "
                "Packets | Share | Sources | Sensors |\n"
                "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
                "| 1 | 23/TCP | telnet | 308 | 308 | 308 | 3 | +108 (+54.2 %) | 1,234 | 100 % | 5 "
                "| 1 of 1 |\n"));
}

// The first format a terminal shows: nothing in it is there for a browser.
TEST(ReportRender, MarkdownReadsAsText) {
  v1::Report r = Small();
  v1::ReportRow& row = *r.mutable_tables(0)->mutable_rows(0);
  row.set_name("tcp_ack");
  row.set_change_value(-0.00001);
  row.set_change_percent(-0.001);
  r.mutable_tables(0)->set_keys(1);
  v1::SensorLine& line = *r.add_sensor_lines();
  line.set_sensor("a_b_|_");
  line.set_live_ms(1);
  line.set_expected_ms(1'000'000'000);
  const std::string markdown = Render(r, v1::REPORT_FORMAT_MARKDOWN);
  EXPECT_THAT(markdown, HasSubstr("| tcp_ack |"));
  EXPECT_THAT(markdown, HasSubstr("| ±0 |"));
  EXPECT_THAT(markdown, HasSubstr("| under 0.01 % |"));
  EXPECT_THAT(markdown, HasSubstr("| a_b\\_\\|\\_ |"));  // what could be markup stays escaped
  EXPECT_THAT(markdown, Not(HasSubstr("&")));
}

TEST(ReportRender, AChangeOfNothingIsPrintedAsNone) {
  const auto change = [](double value, std::optional<double> percent) {
    v1::Report r = Small();
    v1::ReportRow& row = *r.mutable_tables(0)->mutable_rows(0);
    row.set_change_value(value);
    row.clear_change_percent();
    if (percent) row.set_change_percent(*percent);
    const std::string text = Render(r, v1::REPORT_FORMAT_MARKDOWN);
    const std::size_t from = text.find("| 3 | ") + 6;
    return text.substr(from, text.find(" |", from) - from);
  };
  EXPECT_EQ(change(-0.000579, -0.0006), "±0");  // a day of 86,399,999 ms
  EXPECT_EQ(change(-0.00001, -0.0001), "±0");
  EXPECT_EQ(change(-0.00001, -50), "\u221250.0 %");
  EXPECT_EQ(change(6.42, std::nullopt), "+6.42");
  EXPECT_EQ(change(0, 0), "±0");
  EXPECT_EQ(change(355, 780.7), "+355 (+780.7 %)");
}

TEST(ReportRender, TilesAreOfOneShape) {
  v1::Report r = Small();
  const auto add = [&](const char* label, const char* unit, double value) -> v1::ReportFigure& {
    v1::ReportFigure& f = *r.add_figures();
    f.set_label(label);
    f.set_unit(unit);
    f.set_value(value);
    return f;
  };
  add("Packets", "", 97).set_previous(12);
  v1::ReportFigure& scan = add("Scan packets", "", 41);
  scan.set_previous(20);
  scan.set_change_percent(105);
  scan.set_note("42.3 % of all");
  add("Per sensor", "packets per sensor and day", 48.5);
  add("Time watched", "%", 100).set_previous(99.5);
  const std::string html = Render(r, v1::REPORT_FORMAT_HTML);
  EXPECT_THAT(html,
              HasSubstr("<dd class=\"value\">97</dd><dd class=\"more\">12 before</dd></div>"));
  EXPECT_THAT(html,
              HasSubstr("<dd class=\"value\">41</dd><dd class=\"more\">20 before (+105.0\u00A0%)"
                        "</dd><dd class=\"more\">42.3\u00A0% of all</dd></div>"));
  EXPECT_THAT(html, HasSubstr("<dd class=\"value\">48.5</dd></div>"));
  r.set_cut_unix_ms(r.time().from_unix_ms() + kHourMs);
  EXPECT_THAT(Render(r, v1::REPORT_FORMAT_HTML), HasSubstr("12 in all before<"));
  EXPECT_THAT(html, HasSubstr("<dd class=\"more\">99.5\u00A0% before</dd>"));
}

TEST(ReportRender, AWidenedRangeSaysSo) {
  v1::Report r = Small();
  r.set_period(v1::REPORT_PERIOD_RANGE);
  r.mutable_time()->set_from_unix_ms(*ParseTimeMs("2026-11-22T02:00"));
  r.mutable_time()->set_to_unix_ms(*ParseTimeMs("2026-11-22T03:00"));
  EXPECT_THAT(Render(r, v1::REPORT_FORMAT_MARKDOWN), Not(HasSubstr("widened")));
  r.mutable_asked()->set_from_unix_ms(*ParseTimeMs("2026-11-22T02:20"));
  r.mutable_asked()->set_to_unix_ms(*ParseTimeMs("2026-11-22T02:30") + 1500);
  const std::string head =
      "2026-11-22 02:00 to 03:00 UTC · asked for 2026-11-22 02:20 to 02:30:01.500, widened to "
      "whole "
      "hours";
  EXPECT_THAT(Render(r, v1::REPORT_FORMAT_MARKDOWN), HasSubstr(head));
  const std::string html = Render(r, v1::REPORT_FORMAT_HTML);
  EXPECT_THAT(html, HasSubstr("<p class=\"span\">" + head));
  EXPECT_THAT(html, HasSubstr("<h1>22 November 2026, 02:00 to 03:00 UTC</h1>"));
  EXPECT_THAT(Render(r, v1::REPORT_FORMAT_CSV),
              HasSubstr("report,asked_from,2026-11-22T02:20:00+00:00,"));
}

TEST(ReportRender, RangesAreCalledByTheirDays) {
  v1::Report r = Small();
  r.set_period(v1::REPORT_PERIOD_RANGE);
  const auto name = [&](const char* from, const char* to, int32_t offset) {
    r.mutable_time()->set_from_unix_ms(*ParseTimeMs(from));
    r.mutable_time()->set_to_unix_ms(*ParseTimeMs(to));
    r.set_utc_offset_minutes(offset);
    return report::InPeriod(r);
  };
  EXPECT_EQ(name("2026-11-22", "2026-11-23", 0), "on 22 November 2026");
  EXPECT_EQ(name("2026-11-22", "2026-11-25", 0), "from 22 November 2026 to 24 November 2026");
  EXPECT_EQ(name("2026-11-22T10:00", "2026-11-23", 0), "on 22 November 2026, 10:00 to 24:00 UTC");
  EXPECT_EQ(name("2026-11-22T10:00", "2026-11-23T01:00", 0),
            "from 22 November 2026 10:00 to 23 November 2026 01:00 UTC");
  EXPECT_EQ(report::SpanText(r), "2026-11-22 10:00 to 2026-11-23 01:00 UTC");
  EXPECT_EQ(name("2026-11-22T15:00", "2026-11-23T15:00", 540), "on 23 November 2026");
  EXPECT_EQ(report::SpanText(r), "2026-11-23 00:00 to 24:00 UTC+09:00");
}

TEST(ReportRender, CellsCarryTheirHeadsToTelephones) {
  const std::string html = Render(Small(), v1::REPORT_FORMAT_HTML);
  EXPECT_THAT(html, HasSubstr("<td class=\"n\" data-head=\"Mean\">308</td>"));
  EXPECT_THAT(html, HasSubstr("<table class=\"short\">"));
  const std::string sample = Render(Sample(), v1::REPORT_FORMAT_HTML);
  EXPECT_THAT(sample, HasSubstr("class=\"chart wide\""));
  EXPECT_THAT(sample, HasSubstr("class=\"chart narrow\""));
}

TEST(ReportRender, CsvOfASmallReport) {
  EXPECT_THAT(
      Render(Small(), v1::REPORT_FORMAT_CSV),
      HasSubstr("ports_scan_ipv4,rank,key,name,mean,median,trimmed_mean,pooled,previous_rank,"
                "previous_mean,change,change_percent,packets,share_percent,sources,sensors,"
                "sensors_visible,marks,dominated_by\r\n"
                "ports_scan_ipv4,1,23/TCP,telnet,308.5,308.5,,308.5,3,200,108.5,54.25,1234,100,5,1,"
                "1,,\r\n"));
}

// RFC 4180: "Each line should contain the same number of fields throughout the file."
TEST(ReportRender, EveryCsvRecordHasAsManyCells) {
  const std::string csv = Render(Sample(), v1::REPORT_FORMAT_CSV);
  std::set<long> widths;
  std::size_t from = 0;
  int records = 0;
  while (from < csv.size()) {
    const std::size_t end = csv.find("\r\n", from);
    const std::string record = csv.substr(from, end - from);
    bool quoted = false;
    long cells = 1;
    for (const char c : record) {
      if (c == '"') quoted = !quoted;
      if (c == ',' && !quoted) ++cells;
    }
    EXPECT_FALSE(quoted) << record;
    widths.insert(cells);
    from = end + 2;
    ++records;
  }
  EXPECT_GT(records, 100);
  EXPECT_THAT(widths, SizeIs(1));
}

TEST(ReportRender, HtmlOfASampleIsOneGoodPage) {
  const std::string html = Render(Sample(), v1::REPORT_FORMAT_HTML);
  ExpectGoodPage(html, "sample");
  EXPECT_THAT(html, HasSubstr("<h1>22 November 2026</h1>"));
  EXPECT_THAT(html, HasSubstr("<svg class=\"chart wide\""));
  EXPECT_THAT(html, HasSubstr("23/TCP"));
  EXPECT_THAT(html, HasSubstr("class=\"gap\""));
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_LT(html.size(), 200'000U);
}

TEST(ReportRender, EmptyReportsAreGoodPagesToo) {
  ActivityStore empty;
  const v1::Report r = *BuildReport(empty, SampleRequest());
  const std::string html = Render(r, v1::REPORT_FORMAT_HTML);
  EXPECT_THAT(html, HasSubstr("No sensor has ever reported to this collector."));
  EXPECT_THAT(html, HasSubstr("teiten-sensor --interface IF"));
  EXPECT_THAT(html, Not(HasSubstr("<svg")));
  EXPECT_THAT(Render(r, v1::REPORT_FORMAT_MARKDOWN), HasSubstr("No sensor has ever reported"));
}

TEST(ReportRender, ALargeReportHasManySensors) {
  ActivityStore store;
  const ReportRequestResolved request = SampleRequest();
  store.zone = Zone(request.utc_offset_minutes);
  for (int i = 0; i < 40; ++i) {
    const std::string sensor = "sensor-" + std::to_string(i);
    store.Know(sensor, request.to_unix_ms);
    for (int h = 0; h < 24; ++h) {
      store.Watch(sensor, request.from_unix_ms + h * kHourMs, 3);
    }
    AddSampleHour(store, sensor, request.from_unix_ms, 3);
  }
  const v1::Report r = *BuildReport(store, request);
  const std::string html = Render(r, v1::REPORT_FORMAT_HTML);
  ExpectGoodPage(html, "forty_sensors");
  EXPECT_THAT(html, HasSubstr("all sensors"));  // one line for coverage
  EXPECT_THAT(html, HasSubstr(">Trimmed<"));
}

// Names come from files people edit and from sensors: none may become markup or a formula.
TEST(ReportRender, HostileTextStaysText) {
  const std::string hostile = "<script>alert(1)</script>'\"&|*_[x](y)=1{{title}}{{{style}}}\x01";
  v1::Report r = Small();
  r.mutable_tables(0)->mutable_rows(0)->set_key(hostile);
  r.mutable_tables(0)->mutable_rows(0)->set_name("=HYPERLINK(\"x\")");
  r.mutable_tables(0)->set_title(hostile);
  r.mutable_tables(0)->add_notes(hostile);
  r.add_headlines(hostile);
  r.add_notes(hostile);
  r.set_region_data(hostile);
  r.set_software(hostile);
  v1::SensorLine& line = *r.add_sensor_lines();
  line.set_sensor(hostile);
  line.set_group(hostile);
  for (const auto kind : {v1::REPORT_CHART_KIND_BARS, v1::REPORT_CHART_KIND_LINES}) {
    v1::ReportChart& chart = *r.add_charts();
    chart.set_id(kind == v1::REPORT_CHART_KIND_BARS ? "ports_scan_x" : "classes_x");
    chart.set_kind(kind);
    chart.set_title(hostile);
    chart.set_unit(hostile);
    chart.set_step_ms(kHourMs);
    chart.add_bars()->set_label(hostile);
    v1::SeriesLine& series = *chart.add_lines();
    series.set_key(hostile);
    for (int h = 0; h < 3; ++h) {
      v1::SeriesPoint& p = *series.add_points();
      p.set_start_unix_ms(r.time().from_unix_ms() + h * kHourMs);
      p.set_value(h);
    }
  }
  const std::string html = Render(r, v1::REPORT_FORMAT_HTML);
  ExpectGoodPage(html, "hostile");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(html, HasSubstr("{{title}}"));  // not looked up a second time
  const std::string markdown = Render(r, v1::REPORT_FORMAT_MARKDOWN);
  EXPECT_THAT(markdown, Not(HasSubstr("<script")));
  EXPECT_THAT(markdown, HasSubstr("\\|\\*\\_\\[x\\](y)"));
  const std::string csv = Render(r, v1::REPORT_FORMAT_CSV);
  EXPECT_THAT(csv, HasSubstr("\"'=HYPERLINK(\"\"x\"\")\""));
}

TEST(ReportRender, FormatsHaveNames) {
  EXPECT_EQ(ReportMediaType(v1::REPORT_FORMAT_HTML), "text/html; charset=utf-8");
  EXPECT_EQ(ReportFileExtension(v1::REPORT_FORMAT_MARKDOWN), "md");
  EXPECT_EQ(RenderReport(Small(), v1::REPORT_FORMAT_PDF).status().code(),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(RenderReport(Small(), v1::REPORT_FORMAT_UNSPECIFIED).status().code(),
            absl::StatusCode::kInvalidArgument);
  v1::Report back;
  EXPECT_TRUE(back.ParseFromString(Render(Small(), v1::REPORT_FORMAT_MESSAGE)));
}

}  // namespace
}  // namespace teiten
