// SPDX-License-Identifier: Apache-2.0
#include "common/time_format.h"

#include <gtest/gtest.h>

#include <ctime>
#include <limits>
#include <random>
#include <utility>

namespace teiten {
namespace {

TEST(FormatUtcMs, KnownTimes) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'399'999, "2000-02-28T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00.000Z"},
      {1'795'341'600'000, "2026-11-22T10:00:00.000Z"},
      {2'147'483'648'000, "2038-01-19T03:14:08.000Z"},
      {4'107'542'400'000, "2100-03-01T00:00:00.000Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
      {253'402'300'800'000, "9999-12-31T23:59:59.999Z"},
      {std::numeric_limits<int64_t>::max(), "9999-12-31T23:59:59.999Z"},
      {-62'135'596'800'000, "0001-01-01T00:00:00.000Z"},
      {std::numeric_limits<int64_t>::min(), "0001-01-01T00:00:00.000Z"},
  };
  for (const auto& [ms, text] : cases) EXPECT_EQ(FormatUtcMs(ms), text);
}

TEST(FormatUtcMs, AgreesWithTheLibraryAndIsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto ms = static_cast<int64_t>(random() % 300'000'000'000'000) - 60'000'000'000'000;
    if (ms > 253'402'300'799'999) continue;
    const std::string text = FormatUtcMs(ms);
    EXPECT_EQ(ParseTimeMs(text), ms) << text;
    const std::time_t seconds = (ms - ((ms % 1000) + 1000) % 1000) / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%m-%dT%H:%M:%S", &parts);
    EXPECT_EQ(text.substr(5, 14), expected);
  }
}

TEST(FormatOffset, ShiftsAndSaysSo) {
  EXPECT_EQ(FormatOffset(1'795'341'600'000, 540), "2026-11-22T19:00:00+09:00");
  EXPECT_EQ(FormatOffset(1'795'341'600'000, -210), "2026-11-22T06:30:00-03:30");
  EXPECT_EQ(FormatOffset(1'795'341'600'000, 0), "2026-11-22T10:00:00+00:00");
  EXPECT_EQ(FormatOffset(std::numeric_limits<int64_t>::max(), 840), "9999-12-31T23:59:59+14:00");
  EXPECT_EQ(FormatDay(1'795'341'600'000, 14 * 60), "2026-11-23");
  EXPECT_EQ(FormatDay(1'795'341'600'000, -11 * 60), "2026-11-21");
}

TEST(ParseTimeMs, WhatItTakes) {
  const std::pair<const char*, int64_t> cases[] = {
      {"1970-01-01", 0},
      {"2026-11-22", 1'795'305'600'000},
      {"2026-11-22T10:00", 1'795'341'600'000},
      {"2026-11-22 10:00", 1'795'341'600'000},
      {"2026-11-22T10:00Z", 1'795'341'600'000},
      {"2026-11-22T10:00:00", 1'795'341'600'000},
      {"2026-11-22T10:00:00Z", 1'795'341'600'000},
      {"2026-11-22t10:00:00z", 1'795'341'600'000},
      {"2026-11-22T19:00:00+09:00", 1'795'341'600'000},
      {"2026-11-22T06:30:00-03:30", 1'795'341'600'000},
      {"2026-11-22T10:00:00.5Z", 1'795'341'600'500},
      {"2026-11-22T10:00:00.1239999Z", 1'795'341'600'123},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},
      {"2000-02-29", 951'782'400'000},
  };
  for (const auto& [text, ms] : cases) EXPECT_EQ(ParseTimeMs(text), ms) << text;
}

TEST(ParseTimeMs, AZoneIsForTimesWithoutOne) {
  constexpr int64_t kNineHours = 9 * 3'600'000;
  EXPECT_EQ(ParseTimeMs("2026-11-22", 540), *ParseTimeMs("2026-11-22") - kNineHours);
  EXPECT_EQ(ParseTimeMs("2026-11-22T10:00", 540), *ParseTimeMs("2026-11-22T10:00") - kNineHours);
  EXPECT_EQ(ParseTimeMs("2026-11-22T10:00Z", 540), ParseTimeMs("2026-11-22T10:00Z"));
  EXPECT_EQ(ParseTimeMs("2026-11-22T10:00+01:00", 540), ParseTimeMs("2026-11-22T09:00Z"));
}

TEST(ParseTimeMs, WhatItRefuses) {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-11",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-11-31",
                                      "2026-02-29",
                                      "0000-01-01",
                                      "26-11-22",
                                      "2026-11-22T",
                                      "2026-11-22T10",
                                      "2026-11-22T24:00",
                                      "2026-11-22T10:60",
                                      "2026-11-22T10:00:61Z",
                                      "2026-11-22T10:00:00.Z",
                                      "2026-11-22T10:00:00+0900",
                                      "2026-11-22T10:00:00+24:00",
                                      "2026-11-22T10:00:00+09:60",
                                      "2026-11-22T10:00:00ZZ",
                                      "2026-11-22Z",
                                      " 2026-11-22",
                                      "2026-11-22 ",
                                      "yesterday",
                                      "2026-11-22T10:00:00.000Z\n",
                                      "+026-11-22",
                                      "2026-1-1"}) {
    EXPECT_EQ(ParseTimeMs(text), std::nullopt) << text;
  }
}

TEST(ParseDurationMs, Table) {
  const std::pair<const char*, int64_t> cases[] = {
      {"250ms", 250},      {"90s", 90'000},       {"15m", 900'000}, {"24h", 86'400'000},
      {"7d", 604'800'000}, {"2w", 1'209'600'000}, {"0s", 0},        {"3650d", 315'360'000'000},
  };
  for (const auto& [text, ms] : cases) EXPECT_EQ(ParseDurationMs(text), ms) << text;
  for (const char* text : {"", "s", "5", "-5s", "5 s", "5S", "5mo", "1.5h", "5sx", "999999999999w",
                           "99999999999999999999s"}) {
    EXPECT_EQ(ParseDurationMs(text), std::nullopt) << text;
  }
}

TEST(FormatDuration, Table) {
  const std::pair<int64_t, const char*> cases[] = {
      {0, "0 ms"},           {820, "820 ms"},        {1000, "1.0 s"},
      {12'345, "12.3 s"},    {59'999, "59.9 s"},     {245'000, "4m 05s"},
      {3'720'000, "1h 02m"}, {86'400'000, "1d 00h"}, {-245'000, "-4m 05s"},
  };
  for (const auto& [ms, text] : cases) EXPECT_EQ(FormatDuration(ms), text);
  EXPECT_EQ(FormatDuration(std::numeric_limits<int64_t>::min())[0], '-');
}

TEST(FormatBytes, Table) {
  const std::pair<uint64_t, const char*> cases[] = {
      {0, "0 B"},
      {118, "118 B"},
      {1023, "1023 B"},
      {1024, "1.0 KiB"},
      {12'897'485, "12.3 MiB"},
      {1'048'575, "1.0 MiB"},
      {1ULL << 30, "1.0 GiB"},
      {~0ULL, "16.0 EiB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(FormatBytes(bytes), text);
}

}  // namespace
}  // namespace teiten
