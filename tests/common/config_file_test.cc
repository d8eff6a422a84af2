// SPDX-License-Identifier: Apache-2.0
#include "common/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/text.h"

namespace teiten {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

struct Sample {
  std::string id = "here";
  bool insecure = false;
  int64_t snap = 256;
  int64_t ring_bytes = 16 * kMiB;
  int64_t timeout_ms = 100;
  std::string format = "logfmt";
  std::vector<std::string> observe;
};

ConfigFile FileFor(Sample* sample) {
  std::vector<ConfigKey> keys;
  keys.push_back(ConfigKey::String(
      "sensor.id", &sample->id, "Name of this sensor.",
      [](std::string_view text) { return text.empty() ? "must not be empty" : ""; }));
  keys.push_back(ConfigKey::Bool("sensor.insecure", &sample->insecure, "No TLS."));
  keys.push_back(ConfigKey::Integer("capture.snap", &sample->snap, {64, 65535}, "Bytes kept."));
  keys.push_back(
      ConfigKey::Size("capture.ring", &sample->ring_bytes, {2 * kMiB, kGiB}, "Ring buffer."));
  keys.push_back(
      ConfigKey::Duration("capture.timeout", &sample->timeout_ms, {1, kMinuteMs}, "Wake-up."));
  keys.push_back(
      ConfigKey::List("capture.observe", &sample->observe, "Dark prefixes.",
                      [](std::string_view text) { return text == "bad" ? "bad is no prefix" : ""; })
          .StaysHere());
  keys.push_back(
      ConfigKey::Choice("log.format", &sample->format, {"logfmt", "json"}, "How to log."));
  return ConfigFile(std::move(keys));
}

std::vector<std::string> Lines(const absl::Status& status) {
  const std::string text(status.message());
  std::vector<std::string> lines;
  for (const std::string_view line : SplitTrimmed(text, '\n')) lines.emplace_back(line);
  return lines;
}

TEST(ConfigFile, ReadsEveryTypeAndKeepsDefaults) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  ASSERT_TRUE(file.Parse(R"(
[sensor]
id = "tokyo-1"
insecure = true
[capture]
snap = 1500
ring = "256MiB"
timeout = "2s"
observe = ["203.0.113.0/24", "2001:db8:d::/48"]
)",
                         "s.toml")
                  .ok());
  EXPECT_EQ(sample.id, "tokyo-1");
  EXPECT_TRUE(sample.insecure);
  EXPECT_EQ(sample.snap, 1500);
  EXPECT_EQ(sample.ring_bytes, 256 * kMiB);
  EXPECT_EQ(sample.timeout_ms, 2000);
  EXPECT_THAT(sample.observe, ElementsAre("203.0.113.0/24", "2001:db8:d::/48"));
  EXPECT_EQ(sample.format, "logfmt");
  EXPECT_EQ(file.Origin("sensor.id"), "s.toml:3");
  EXPECT_EQ(file.Origin("capture.observe"), "s.toml:9");
  EXPECT_EQ(file.Origin("log.format"), "default");
}

TEST(ConfigFile, ReportsEveryProblemAtOnceInOrderOfLine) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  const absl::Status status = file.Parse(R"(log = "json"
[sensor]
id = ""
insecure = "yes"
idd = "x"
[capture]
snap = 63
ring = 1048576
timeout = "2 s"
observe = ["bad", "good", "bad"]
[capture.sub]
x = 1
[colector]
address = "x"
)",
                                         "s.toml");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      Lines(status),
      ElementsAre(
          "s.toml:1: log: must be a table ([log]), not a string",
          "s.toml:3: sensor.id: must not be empty",
          "s.toml:4: sensor.insecure: must be true or false, not a string",
          "s.toml:5: sensor.idd: unknown key; did you mean sensor.id?",
          "s.toml:7: capture.snap: 63 is out of range; must be an integer from 64 to 65535",
          "s.toml:8: capture.ring: must be a size from \"2MiB\" to \"1GiB\", not an integer",
          "s.toml:9: capture.timeout: \"2 s\" is no duration; write \"100ms\", \"90s\", \"24h\" or "
          "\"7d\"",
          "s.toml:10: capture.observe: bad is no prefix; bad is no prefix",
          "s.toml:11: capture.sub: unknown key", "s.toml:13: colector: unknown key"));
  EXPECT_EQ(sample.ring_bytes, 16 * kMiB);
  EXPECT_EQ(file.Origin("capture.ring"), "default");
}

TEST(ConfigFile, RulesAreToldWhatWasRefusedAndWhatIsADefault) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  EXPECT_EQ(file.Error("sensor.id", "taken").message(), "sensor.id: taken");
  EXPECT_FALSE(file.Parse("[capture]\nsnap = 1\nring = \"4MiB\"\n", "s.toml").ok());
  EXPECT_TRUE(file.IsRefused("capture.snap"));
  EXPECT_FALSE(file.IsRefused("capture.ring"));
  EXPECT_FALSE(file.IsDefault("capture.ring"));
  EXPECT_TRUE(file.IsDefault("sensor.id"));
  EXPECT_EQ(file.Error("sensor.id", "taken").message(), "s.toml: sensor.id: taken");
  EXPECT_EQ(file.Error("capture.ring", "large").message(), "s.toml:3: capture.ring: large");
  ASSERT_TRUE(file.Set("capture.snap", "64", "--snap").ok());
  EXPECT_FALSE(file.IsRefused("capture.snap"));
}

TEST(ConfigFile, SaysWhereTomlItselfIsBroken) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  const absl::Status status = file.Parse("[sensor]\nid = \"a\nx = 1\n", "s.toml");
  EXPECT_THAT(std::string(status.message()), HasSubstr("s.toml:2: not TOML: "));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const absl::Status twice = file.Parse("[sensor]\nid = \"a\"\nid = \"b\"\n", "s.toml");
  EXPECT_THAT(std::string(twice.message()), HasSubstr("s.toml:3: not TOML: "));
}

TEST(ConfigFile, ElementsOfAnotherTypeAreRefused) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  EXPECT_THAT(Lines(file.Parse("[capture]\nobserve = [1]\n", "s")),
              ElementsAre("s:2: capture.observe: its elements must be strings, not an integer"));
}

TEST(ConfigFile, FlagsWinAndAreNamed) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  ASSERT_TRUE(file.Parse("[sensor]\nid = \"a\"\n", "s.toml").ok());
  ASSERT_TRUE(file.Set("sensor.id", "b", "--sensor").ok());
  ASSERT_TRUE(file.Set("capture.observe", "192.0.2.0/24, 192.0.3.0/24", "--observe").ok());
  ASSERT_TRUE(file.Set("sensor.insecure", "true", "--insecure").ok());
  ASSERT_TRUE(file.Set("capture.snap", "64", "--snap").ok());
  EXPECT_EQ(sample.id, "b");
  EXPECT_TRUE(sample.insecure);
  EXPECT_EQ(sample.snap, 64);
  EXPECT_THAT(sample.observe, ElementsAre("192.0.2.0/24", "192.0.3.0/24"));
  EXPECT_EQ(file.Origin("sensor.id"), "--sensor");
  EXPECT_EQ(file.Set("capture.ring", "1MiB", "--ring").message(),
            "--ring: capture.ring: 1MiB is out of range; must be a size from \"2MiB\" to "
            "\"1GiB\"");
  EXPECT_EQ(file.Set("log.format", "xml", "--log-format").message(),
            "--log-format: log.format: \"xml\" is none of them; must be one of \"logfmt\", "
            "\"json\"");
  EXPECT_EQ(file.Error("sensor.id", "taken").message(), "--sensor: sensor.id: taken");
  ASSERT_TRUE(file.SetList("capture.observe", {"a, b", "c"}, "--observe").ok());
  EXPECT_THAT(sample.observe, ElementsAre("a, b", "c"));
  EXPECT_FALSE(file.SetList("capture.observe", {"good", "bad"}, "--observe").ok());
  EXPECT_FALSE(file.Set("no.key", "x", "--no").ok());
}

TEST(ConfigFile, DumpReadsBackToTheSameValues) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  ASSERT_TRUE(file.Set("sensor.id", "quote \" back \\ bell \a", "--sensor").ok());
  ASSERT_TRUE(file.Set("capture.timeout", "1500ms", "--timeout").ok());
  const std::string dump = file.Dump();
  EXPECT_THAT(dump, HasSubstr("[capture]\nsnap = 256  # default\n"));
  EXPECT_THAT(dump, HasSubstr("timeout = \"1500ms\"  # --timeout\n"));
  Sample again;
  ConfigFile reader = FileFor(&again);
  ASSERT_TRUE(reader.Parse(dump, "dump").ok()) << dump;
  EXPECT_EQ(again.id, sample.id);
  EXPECT_EQ(again.timeout_ms, 1500);
}

TEST(ConfigFile, ExampleShowsEveryKeyAndReadsBackToTheDefaults) {
  Sample sample;
  const std::string example = FileFor(&sample).Example("A sample.");
  EXPECT_EQ(example.substr(0, 55), "# SPDX-License-Identifier: Apache-2.0\n# A sample.\n\n[sen");
  EXPECT_THAT(example, HasSubstr("\n# Ring buffer.\n# (a size from \"2MiB\" to \"1GiB\")\n"
                                 "ring = \"16MiB\"\n"));
  Sample again;
  again.ring_bytes = 2 * kMiB;
  again.insecure = true;
  again.id = "other";
  again.observe = {"x"};
  ConfigFile reader = FileFor(&again);
  ASSERT_TRUE(reader.Parse(example, "example").ok()) << example;
  EXPECT_EQ(again.ring_bytes, sample.ring_bytes);
  EXPECT_EQ(again.insecure, sample.insecure);
  EXPECT_EQ(again.id, sample.id);
  EXPECT_EQ(again.observe, sample.observe);
}

TEST(ConfigFile, WhatStaysHereIsNotShared) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  ASSERT_TRUE(file.Set("capture.observe", "192.0.2.1", "--observe").ok());
  const auto shared = file.Shareable();
  EXPECT_EQ(shared.count("capture.observe"), 0U);
  EXPECT_THAT(shared, ::testing::Contains(Pair("capture.ring", "\"16MiB\"")));
  EXPECT_EQ(shared.size(), 6U);
}

TEST(ConfigFile, SaysWhyAFileCannotBeRead) {
  Sample sample;
  ConfigFile file = FileFor(&sample);
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "config_file";
  std::filesystem::create_directories(folder);
  EXPECT_EQ(file.Read(folder / "none.toml").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(file.Read(folder).code(), absl::StatusCode::kUnavailable);
  std::ofstream(folder / "large.toml") << "#" << std::string(1024 * 1024, ' ');
  EXPECT_THAT(std::string(file.Read(folder / "large.toml").message()),
              HasSubstr("large.toml: larger than 1MiB"));
  std::ofstream(folder / "good.toml") << "[capture]\nsnap = 100\n";
  EXPECT_TRUE(file.Read(folder / "good.toml").ok());
  EXPECT_EQ(sample.snap, 100);
}

struct ScaledCase {
  const char* text;
  int64_t value;  // -1: refused
};

TEST(ConfigFile, Sizes) {
  const ScaledCase cases[] = {{"0B", 0},
                              {"512B", 512},
                              {"256KiB", 262144},
                              {"1GiB", 1073741824},
                              {"3TiB", 3 * 1024 * kGiB},
                              {"", -1},
                              {"16", -1},
                              {"16M", -1},
                              {"16MB", -1},
                              {"-1MiB", -1},
                              {"1.5GiB", -1},
                              {" 1GiB", -1},
                              {"1GiB ", -1},
                              {"GiB", -1},
                              {"9999999999TiB", -1}};
  for (const ScaledCase& c : cases) {
    const absl::StatusOr<int64_t> size = ParseConfigSize(c.text);

    if (c.value < 0)
      EXPECT_FALSE(size.ok()) << c.text;
    else
      EXPECT_EQ(size.value_or(-1), c.value) << c.text;
  }
}

TEST(ConfigFile, Durations) {
  const ScaledCase cases[] = {{"0s", 0},           {"100ms", 100},  {"90s", 90'000},
                              {"15m", 900'000},    {"24h", kDayMs}, {"7d", 7 * kDayMs},
                              {"2w", 14 * kDayMs}, {"1 h", -1},     {"1H", -1},
                              {"h", -1},           {"1h30m", -1},   {"-5s", -1}};
  for (const ScaledCase& c : cases) {
    const absl::StatusOr<int64_t> duration = ParseConfigDuration(c.text);
    if (c.value < 0)
      EXPECT_FALSE(duration.ok()) << c.text;
    else
      EXPECT_EQ(duration.value_or(-1), c.value) << c.text;
  }
}

TEST(Text, SplitsAndTrims) {
  EXPECT_THAT(SplitTrimmed(" a ,b,, c\t,", ','), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(SplitTrimmed(" , ", ',').empty());
  EXPECT_EQ(Trim("\r\n"), "");
}

}  // namespace
}  // namespace teiten
