// SPDX-License-Identifier: Apache-2.0
#include "client/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace teiten {
namespace {

constexpr Style kPlain{.colour = false, .utf8 = true};
constexpr Style kAscii{.colour = false, .utf8 = false};
using Points = std::vector<std::optional<double>>;

TEST(TextTable, AlignsWithoutTrailingSpaces) {
  TextTable table({{"port", Align::kRight}, {"service"}, {"packets", Align::kRight}, {"note"}});
  table.AddRow({"23/TCP", "telnet", "1 234", ""});
  table.AddRow({"0/ICMP", "", "7", "日本"});
  EXPECT_EQ(table.Format(kPlain),
            "  port  service  packets  note\n"
            "23/TCP  telnet     1 234\n"
            "0/ICMP                 7  日本\n");
}

TEST(TextTable, TitlesAreBoldOnATerminal) {
  TextTable table({{"a"}});
  table.AddRow({"1"});
  EXPECT_EQ(table.Format({.colour = true, .utf8 = true}), "\x1b[1ma\x1b[0m\n1\n");
}

TEST(Numbers, HaveCommasFromAThousand) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(1280), "1,280");
  EXPECT_EQ(GroupDigits(1234567890), "1,234,567,890");
  EXPECT_EQ(GroupDigits(~uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(Numbers, FiguresKeepFourDigits) {
  EXPECT_EQ(FormatFigure(0), "0");
  EXPECT_EQ(FormatFigure(0.01234), "0.0123");
  EXPECT_EQ(FormatFigure(1.23456), "1.235");
  EXPECT_EQ(FormatFigure(12.3456), "12.35");
  EXPECT_EQ(FormatFigure(123.456), "123.5");
  EXPECT_EQ(FormatFigure(999.96), "1,000");
  EXPECT_EQ(FormatFigure(1234.56), "1,235");
  EXPECT_EQ(FormatFigure(-12345.6), "-12,346");
  EXPECT_EQ(FormatFigure(1.0 / 0.0), "-");
}

TEST(Numbers, OneIsSingular) {
  EXPECT_EQ(Plural(0, "sensor"), "0 sensors");
  EXPECT_EQ(Plural(1, "identity conflict"), "1 identity conflict");
  EXPECT_EQ(Plural(2000, "identity conflict"), "2,000 identity conflicts");
  EXPECT_EQ(Plural(1, "summary", "summaries"), "1 summary");
  EXPECT_EQ(Plural(3, "summary", "summaries"), "3 summaries");
}

TEST(Numbers, ChangesHaveASign) {
  EXPECT_EQ(FormatChange(12.34), "+12.3 %");
  EXPECT_EQ(FormatChange(-3), "-3.0 %");
  EXPECT_EQ(FormatChange(0.01), "0.0 %");
}

TEST(Sparklines, GapIsNoZero) {
  const Points points = {0.0, 1.0, 4.0, std::nullopt, 8.0, 7.9};
  EXPECT_EQ(Sparkline(points, kPlain), "▁▂▅·██");
  EXPECT_EQ(Sparkline(points, kAscii), ".:+ @@");
  EXPECT_EQ(Sparkline(Points{0.0, std::nullopt, 0.0}, kPlain), "▁·▁");
  EXPECT_EQ(Sparkline(Points{}, kPlain), "");
}

TEST(Sparklines, AnythingAboveZeroShows) {
  EXPECT_EQ(Sparkline(Points{0.0, 0.001, 1000.0}, kPlain), "▁▂█");
}

TEST(Csv, QuotesWhatNeedsIt) {
  const std::string cells[] = {"a", "b,c", "say \"x\"", "", "two\nlines"};
  EXPECT_EQ(CsvLine(cells), "a,\"b,c\",\"say \"\"x\"\"\",,\"two\nlines\"\n");
}

TEST(Printable, NothingATerminalWouldObey) {
  EXPECT_EQ(Printable("tëst 日本"), "tëst 日本");
  EXPECT_EQ(Printable("\x1b[31mred\x07"), "\\x1b[31mred\\x07");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");  // C1 control as UTF-8
  EXPECT_EQ(Printable("\xe2\x80\xae"
                      "abc"),
            "\\xe2\\x80\\xae"
            "abc");  // right-to-left override
  EXPECT_EQ(Printable("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xc0\\xaf");  // overlong
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1);
  EXPECT_EQ(DisplayWidth("▁·"), 2);
}

}  // namespace
}  // namespace teiten
