// SPDX-License-Identifier: Apache-2.0
#include "collector/report/svg_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "collector/report/number_text.h"
#include "collector/report/svg_parts.h"
#include "collector/store/zone.h"

namespace teiten::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

int Count(const std::string& text, const std::string& part) {
  int n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(SvgChart, TicksAreNice) {
  EXPECT_THAT(NiceTicks(100, 4), ElementsAre(0, 50, 100));
  EXPECT_THAT(NiceTicks(90, 5), ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(NiceTicks(1, 5), ElementsAre(0, 0.2, 0.4, ::testing::DoubleNear(0.6, 1e-12), 0.8, 1));
  EXPECT_THAT(NiceTicks(0, 4), ElementsAre(0, 1));
  EXPECT_THAT(NiceTicks(-3, 4), ElementsAre(0, 1));
  EXPECT_THAT(NiceTicks(NAN, 4), ElementsAre(0, 1));
  EXPECT_THAT(NiceTicks(INFINITY, 4), ElementsAre(0, 1));
  for (const double most : {1e-9, 0.013, 3.0, 7.5, 99.9, 12345.6, 1e12}) {
    const auto ticks = NiceTicks(most, 4);
    EXPECT_GE(ticks.back() * 1.000001, most);
    EXPECT_LE(ticks.size(), 6U) << most;
    EXPECT_GE(ticks.size(), 2U) << most;
  }
}

TEST(SvgChart, TickTextHasTheStepsDecimals) {
  EXPECT_EQ(TickText(0, 0.05), "0");
  EXPECT_EQ(TickText(0.1, 0.05), "0.10");
  EXPECT_EQ(TickText(1500, 500), "1,500");
  EXPECT_EQ(TickText(0.4, 0.2), "0.4");
}

TEST(SvgChart, TextIsEscaped) {
  EXPECT_EQ(XmlText("a<b>&\"'\n\x7f"), "a&lt;b&gt;&amp;&quot;&#39;\uFFFD\uFFFD");
  EXPECT_EQ(XmlText("定点"), "定点");
}

v1::ReportChart Lines(const std::vector<std::vector<double>>& lines) {  // NaN: no value
  v1::ReportChart chart;
  chart.set_id("x");
  chart.set_title("Title");
  chart.set_unit("packets");
  chart.set_step_ms(kHourMs);
  for (const auto& values : lines) {
    v1::SeriesLine& line = *chart.add_lines();
    line.set_key("line");
    for (std::size_t i = 0; i < values.size(); ++i) {
      v1::SeriesPoint& p = *line.add_points();
      p.set_start_unix_ms(static_cast<int64_t>(i) * kHourMs);
      if (!std::isnan(values[i])) p.set_value(values[i]);
    }
  }
  return chart;
}

TEST(SvgChart, AGapBreaksTheLineAndIsShaded) {
  const ChartFrame frame{0, 5 * kHourMs, 0};
  const std::string svg = SvgLineChart(Lines({{1, 2, NAN, 3, 4}}), frame);
  EXPECT_EQ(Count(svg, "<polyline"), 2);
  EXPECT_EQ(Count(svg, "class=\"gap\""), 2);  // the gap and its key
  EXPECT_THAT(svg, HasSubstr("no data"));
  const std::string whole = SvgLineChart(Lines({{1, 2, 2, 3, 4}}), frame);
  EXPECT_EQ(Count(whole, "<polyline"), 1);
  EXPECT_THAT(whole, Not(HasSubstr("class=\"gap\"")));
  // One line without a value where the other has one is a break, but somebody watched.
  const std::string half = SvgLineChart(Lines({{1, 2, NAN, 3, 4}, {1, 1, 1, 1, 1}}), frame);
  EXPECT_EQ(Count(half, "<polyline"), 3);
  EXPECT_THAT(half, Not(HasSubstr("class=\"gap\"")));
}

TEST(SvgChart, ALonelyPointIsADot) {
  const std::string svg = SvgLineChart(Lines({{NAN, 2, NAN}}), ChartFrame{0, 3 * kHourMs, 0});
  EXPECT_EQ(Count(svg, "<circle"), 1);
  EXPECT_EQ(Count(svg, "<polyline"), 0);
}

TEST(SvgChart, PointsAreWhereTheyBelong) {
  // Ticks 0, 1, 2, 3, 4 of 190 px: a value of 4 is at the top, 0 at the bottom. The plot is from
  // left to 748; points stand in the middle of their hour.
  const std::string svg = SvgLineChart(Lines({{0, 4}}), ChartFrame{0, 2 * kHourMs, 0});
  const double left = 20 + kCharWidth, width = 748 - left;
  char expected[100];
  std::snprintf(expected, sizeof(expected), "points=\"%.1f,%.1f %.1f,%.1f\"", left + width / 4,
                46 + 190.0, left + width * 3 / 4, 46.0);
  EXPECT_THAT(svg, HasSubstr(expected));
}

TEST(SvgChart, HoursAreOfTheZone) {
  v1::ReportChart chart = Lines({std::vector<double>(24, 1)});
  for (v1::SeriesPoint& p : *chart.mutable_lines(0)->mutable_points()) {
    p.set_start_unix_ms(p.start_unix_ms() - 9 * kHourMs);
  }
  const std::string svg = SvgLineChart(chart, ChartFrame{-9 * kHourMs, 15 * kHourMs, 540});
  EXPECT_LT(svg.find(">00:00<"), svg.find(">09:00<"));  // local midnight first
  EXPECT_LT(svg.find(">09:00<"), svg.find(">24:00<"));
  EXPECT_THAT(svg, HasSubstr("points=\"54.0,46.0 "));  // 39.2 + half of an hour's 29.5
}

TEST(SvgChart, NothingToDrawIsNothing) {
  EXPECT_EQ(SvgLineChart(Lines({}), ChartFrame{0, 1, 0}), "");
  EXPECT_EQ(SvgLineChart(Lines({{1}}), ChartFrame{5, 5, 0}), "");
  EXPECT_EQ(SvgLineChart(Lines({{NAN, NAN}}), ChartFrame{0, 2 * kHourMs, 0}), "");
  EXPECT_EQ(SvgBarChart({}, {}), "");
}

v1::ReportChart Bars(const std::vector<double>& values) {
  v1::ReportChart chart;
  chart.set_unit("packets");
  for (const double value : values) {
    v1::ReportBar& bar = *chart.add_bars();
    bar.set_label("12345");
    bar.set_value(value);
  }
  return chart;
}

TEST(SvgChart, BarsAreInProportion) {
  v1::ReportChart chart = Bars({100, 50, 0});
  chart.mutable_bars(1)->set_previous(100);
  const std::string svg = SvgBarChart(chart, {});
  // Left 16 + 5 characters = 48; 760 - 48 - 86 = 626 px for 100.
  EXPECT_THAT(svg, HasSubstr("x=\"48.0\" y=\"33.0\" width=\"626.0\""));
  EXPECT_THAT(svg, HasSubstr("width=\"313.0\""));
  EXPECT_THAT(svg, HasSubstr("width=\"1.0\""));  // a bar of 0 is a line, not nothing
  EXPECT_EQ(Count(svg, "class=\"was\""), 2);     // the mark and its key
  EXPECT_THAT(svg, HasSubstr("x1=\"674.0\""));
}

TEST(SvgChart, StripsAreFilledByPercent) {
  v1::ReportChart chart = Lines({{100, 25, 0, NAN}});
  const std::string svg = SvgStripChart(chart, ChartFrame{0, 4 * kHourMs, 0});
  // Left 16 + 4 characters = 41.6, width 760 - 88 - 41.6 = 630.4; a step is 157.6 wide.
  EXPECT_THAT(svg, HasSubstr("x=\"41.6\" y=\"8.0\" width=\"157.7\" height=\"16.0\""));
  EXPECT_THAT(svg, HasSubstr("x=\"199.2\" y=\"20.0\" width=\"157.7\" height=\"4.0\""));
  EXPECT_EQ(Count(svg, "class=\"bar\""), 2);
  EXPECT_THAT(svg, HasSubstr(">41.7 %<"));  // (100 + 25 + 0) / 3
  EXPECT_EQ(SvgStripChart(Lines({}), ChartFrame{0, 1, 0}), "");
  // Steps of one height are one box.
  const std::string whole =
      SvgStripChart(Lines({{100, 100, 100, 100}}), ChartFrame{0, 4 * kHourMs, 0});
  EXPECT_EQ(Count(whole, "class=\"bar\""), 1);
}

TEST(SvgChart, WhatIsStillToComeIsNoGap) {
  ChartFrame frame{0, 10 * kHourMs, 0};
  frame.until_unix_ms = 4 * kHourMs + 1'800'000;
  const v1::ReportChart chart = Lines({{1, NAN, 2, 2, NAN, NAN, NAN, NAN, NAN, NAN}});
  const std::string svg = SvgLineChart(chart, frame);
  // The plot is 708.8 px wide from 39.2: an hour is 70.9, half of one 35.4.
  EXPECT_EQ(Count(svg, "class=\"gap\""), 3);  // one between, half an hour, and their key
  EXPECT_THAT(svg, HasSubstr("x=\"322.7\" y=\"46.0\" width=\"35.4\""));
  EXPECT_THAT(svg, HasSubstr(">until 04:30 UTC<"));
  EXPECT_EQ(Count(svg, "class=\"until\""), 2);
  // If somebody watches the hour that is going on, it is only not over.
  v1::ReportChart watched = chart;
  watched.mutable_lines(0)->mutable_points(4)->set_live_ms(600'000);
  EXPECT_EQ(Count(SvgLineChart(watched, frame), "class=\"gap\""), 2);
  frame.to_unix_ms = 9 * kDayMs;
  EXPECT_THAT(SvgLineChart(chart, frame), HasSubstr(">until 01-01 04:30 UTC<"));
  // A strip has no ground there: 4.5 of 10 hours of 630.4 px.
  frame.to_unix_ms = 10 * kHourMs;
  EXPECT_THAT(SvgStripChart(chart, frame),
              HasSubstr("width=\"283.7\" height=\"16.0\" class=\"ground\""));
  EXPECT_THAT(SvgLineChart(chart, ChartFrame{0, 10 * kHourMs, 0}), Not(HasSubstr("until")));
  // The mean is over time: half of an hour all and an hour nothing watched.
  frame.until_unix_ms = kHourMs + 1'800'000;
  EXPECT_THAT(SvgStripChart(Lines({{0, 100}}), frame), HasSubstr(">33.3 %<"));
}

TEST(SvgChart, AGapInWhichSomebodyWatchedIsNotCalledNoData) {
  v1::ReportChart chart = Lines({{1, NAN, 2}});
  chart.mutable_lines(0)->mutable_points(1)->set_live_ms(20'000);
  const std::string svg = SvgLineChart(chart, ChartFrame{0, 3 * kHourMs, 0});
  EXPECT_THAT(svg, HasSubstr("too little watched"));
  EXPECT_THAT(svg, Not(HasSubstr("no data")));
}

TEST(SvgChart, CountsAreWholeAndOneColourNeedsNoKey) {
  const std::string svg = SvgBarChart(Bars({368, 97}), {});
  EXPECT_THAT(svg, HasSubstr(">97<"));
  EXPECT_THAT(svg, Not(HasSubstr("97.0")));
  EXPECT_THAT(svg, Not(HasSubstr("this period")));
  EXPECT_THAT(SvgBarChart(Bars({2}), {}), Not(HasSubstr(">0.")));  // no ticks between packets
  v1::ReportChart rates = Bars({97});
  rates.set_unit("packets per N4 and day");
  EXPECT_THAT(SvgBarChart(rates, {}), HasSubstr("97.0"));
}

// Within the width of the drawing, whatever it is.
TEST(SvgChart, NarrowChartsAreDrawnForAHand) {
  ChartFrame frame{0, 24 * kHourMs, 0};
  frame.narrow = true;
  v1::ReportChart lines = Lines({std::vector<double>(24, 12345)});
  v1::ReportChart bars = Bars({12345678});
  bars.mutable_bars(0)->set_label(std::string(60, 'x'));
  for (const std::string& svg :
       {SvgLineChart(lines, frame), SvgStripChart(lines, frame), SvgBarChart(bars, frame)}) {
    EXPECT_THAT(svg, HasSubstr("class=\"chart narrow\" viewBox=\"0 0 360 "));
    EXPECT_THAT(svg, HasSubstr("-narrow-title"));
    for (std::size_t at = svg.find("x2=\""); at != std::string::npos;
         at = svg.find("x2=\"", at + 1)) {
      EXPECT_LE(std::stod(svg.substr(at + 4)), 360) << svg;
    }
    EXPECT_THAT(svg, Not(HasSubstr("width=\"-")));
    EXPECT_LE(Count(svg, "class=\"mid\"") + Count(svg, "class=\"end\""), 6);
  }
}

TEST(NumberText, ForPeople) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1234567), "1,234,567");
  EXPECT_EQ(Rounded(12345.6), "12,346");
  EXPECT_EQ(Rounded(99.96), "100");
  EXPECT_EQ(Rounded(12.34), "12.3");
  EXPECT_EQ(Rounded(9.996), "10.0");
  EXPECT_EQ(Rounded(1.234), "1.23");
  EXPECT_EQ(Rounded(0.5), "0.500");
  EXPECT_EQ(Rounded(0.01234), "0.0123");
  EXPECT_EQ(Rounded(0.00001), "under 0.0001");
  EXPECT_EQ(Rounded(-2), "\u22122.00");
  EXPECT_EQ(Rounded(-0.00001), "0");
  EXPECT_EQ(Rounded(NAN), "–");
  EXPECT_EQ(Signed(0), "±0");
  EXPECT_EQ(Signed(-0.00001), "±0");
  EXPECT_EQ(Signed(-0.5), "\u22120.500");
  EXPECT_EQ(Percent(0), "0 %");
  EXPECT_EQ(Percent(0.001), "under 0.01 %");
  EXPECT_EQ(Percent(0.05), "0.05 %");
  EXPECT_EQ(Percent(99.99), "over 99.9 %");
  EXPECT_EQ(Percent(100), "100 %");
  EXPECT_EQ(SignedPercent(12.34), "+12.3 %");
  EXPECT_EQ(SignedPercent(-4), "\u22124.0 %");
  EXPECT_EQ(SignedPercent(0.01), "±0 %");
  EXPECT_EQ(SignedPercent(123456), "+123,456 %");
  EXPECT_EQ(OffsetName(540), "UTC+09:00");
  EXPECT_EQ(OffsetName(-210), "UTC\u221203:30");
  EXPECT_EQ(OffsetName(0), "UTC");
  EXPECT_EQ(Plural(1, "sensor"), "1 sensor");
  EXPECT_EQ(Plural(2000, "sensor"), "2,000 sensors");
}

}  // namespace
}  // namespace teiten::report
