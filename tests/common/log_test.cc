// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <vector>

#include "teiten/v1/summary.pb.h"

namespace teiten {
namespace {

class LogTest : public testing::Test {
 protected:
  void Say(std::string_view event, std::vector<LogField> fields = {},
           LogLevel level = LogLevel::kWarn) {
    logger_.Write(level, event, fields);
  }

  int64_t now_ms_ = 1'795'341'600'000;  // 2026-11-22T10:00:00Z
  std::string out_;
  Logger logger_{[this] { return now_ms_; }, [this](std::string_view line) { out_ += line; },
                 false};
};

TEST_F(LogTest, OneEventALine) {
  Say("spool_full", {{"shed", "3"}, {"limit", "1.0 GiB"}});
  EXPECT_EQ(out_,
            "time=2026-11-22T10:00:00.000Z level=warn event=spool_full shed=3 limit=\"1.0 GiB\"\n");
}

TEST_F(LogTest, Json) {
  logger_.Configure({.json = true, .least = LogLevel::kInfo});
  Say("spool_full", {{"shed", "3"}, {"path", "a\"b"}});
  EXPECT_EQ(out_,
            "{\"time\":\"2026-11-22T10:00:00.000Z\",\"level\":\"warn\",\"event\":\"spool_full\","
            "\"shed\":\"3\",\"path\":\"a\\\"b\"}\n");
}

TEST_F(LogTest, SaysNothingBelowItsLevel) {
  Say("quiet", {}, LogLevel::kDebug);
  EXPECT_EQ(out_, "");
  logger_.Configure({.json = false, .least = LogLevel::kError});
  Say("quiet");
  EXPECT_EQ(out_, "");
  Say("loud", {}, LogLevel::kError);
  EXPECT_EQ(out_, "time=2026-11-22T10:00:00.000Z level=error event=loud\n");
}

TEST_F(LogTest, FoldsRepeatsUntilAnotherEventComes) {
  for (int i = 0; i < 42; ++i) Say("connect_failed", {{"to", "10.0.0.1"}});
  Say("connect_failed", {{"to", "10.0.0.2"}});
  const std::string head = "time=2026-11-22T10:00:00.000Z level=warn event=";
  EXPECT_EQ(out_, head + "connect_failed to=10.0.0.1\n" + head +
                      "repeated of=connect_failed times=41\n" + head +
                      "connect_failed to=10.0.0.2\n");
}

TEST_F(LogTest, FoldedRunIsSaidEachMinuteAndAtTheEnd) {
  Say("again");
  for (int second = 1; second <= 90; ++second) {
    now_ms_ += 1000;
    Say("again");
  }
  logger_.Flush();
  logger_.Flush();
  EXPECT_EQ(out_,
            "time=2026-11-22T10:00:00.000Z level=warn event=again\n"
            "time=2026-11-22T10:01:00.000Z level=warn event=repeated of=again times=60\n"
            "time=2026-11-22T10:01:30.000Z level=warn event=repeated of=again times=30\n");
}

TEST_F(LogTest, OtherLevelsAreOtherEvents) {
  Say("same");
  Say("same", {}, LogLevel::kError);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 2);
}

TEST_F(LogTest, ColorsOnlyTheLevel) {
  Logger color([] { return int64_t{0}; }, [this](std::string_view line) { out_ += line; }, true);
  color.Write(LogLevel::kError, "bad", {});
  EXPECT_EQ(out_, "time=1970-01-01T00:00:00.000Z level=\x1b[31merror\x1b[0m event=bad\n");
}

TEST_F(LogTest, ThreadsDoNotMixLines) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 250; ++i) Say("e", {{"n", std::to_string(t * 1000 + i)}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 1000);
}

TEST(ProcessLog, TakesWhatProtobufSays) {
  ConfigureLog({});
  testing::internal::CaptureStderr();
  v1::Identity identity;
  EXPECT_FALSE(identity.ParseFromString("\x0a\x02\xff\xfe"));  // sensor is no UTF-8
  FlushLog();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(" level=warn event=protobuf message=\"String field"), std::string::npos)
      << said;
}

TEST(EscapeLogValue, Table) {
  const std::pair<std::string, const char*> cases[] = {
      {"plain", "plain"},
      {"", "\"\""},
      {"two words", "\"two words\""},
      {"a=b", "\"a=b\""},
      {"say \"hi\"", "\"say \\\"hi\\\"\""},
      {"back\\slash", "\"back\\\\slash\""},
      {"line\nfeed", "\"line\\x0afeed\""},
      {"\x1b[31mred", "\"\\x1b[31mred\""},
      {std::string("nul\0!", 5), "\"nul\\x00!\""},
      {"\x7f", "\"\\x7f\""},
      {"日本", "日本"},
      {"\xff\xfe", "\"\\xff\\xfe\""},
      {"\xc0\xaf", "\"\\xc0\\xaf\""},                    // overlong '/'
      {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},           // a surrogate
      {"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""},  // above U+10FFFF
      {"\xc2\x9b[31m", "\"\\xc2\\x9b[31m\""},            // C1: CSI
      {"\xe6\x97", "\"\\xe6\\x97\""},                    // cut off
      {"😀", "😀"},
  };
  for (const auto& [value, escaped] : cases) EXPECT_EQ(EscapeLogValue(value), escaped);
}

// Any bytes make one line that is printable, and JSON that another parser reads.
TEST(Escaping, SurvivesAnyBytes) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 5000; ++i) {
    std::string value;
    for (uint64_t n = random() % 24; n > 0; --n) {
      value += static_cast<char>(random() % 4 == 0 ? random() : random() % 128);
    }
    const std::string escaped = EscapeLogValue(value);
    for (const char c : escaped) {
      EXPECT_TRUE(static_cast<uint8_t>(c) >= 0x20 && c != 0x7f);
    }
    EXPECT_TRUE(nlohmann::json::parse(JsonString(value), nullptr, false).is_string()) << escaped;
  }
}

}  // namespace
}  // namespace teiten
