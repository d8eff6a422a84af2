// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "collector/config.h"

namespace teiten {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

CollectorOptions Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "teiten-collector");
  return ParseCollectorOptions(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CollectorConfig, TheShippedFileShowsEveryKeyWithItsDefault) {
  const std::string path = std::string(TEITEN_SOURCE_DIR) + "/config/collector.toml";
  if (std::getenv("TEITEN_ACCEPT") != nullptr) std::ofstream(path) << CollectorConfigExample();
  EXPECT_EQ(ReadFile(path), CollectorConfigExample()) << "TEITEN_ACCEPT=1 writes it anew";
}

TEST(CollectorConfig, TakesFlagsWithAndWithoutTheSubcommand) {
  for (const bool named : {false, true}) {
    std::vector<const char*> arguments = {"--data",        "/tmp/x", "--listen",
                                          "unix:/tmp/x/s", "--zone", "+09:00"};
    if (named) arguments.insert(arguments.begin(), "serve");
    const CollectorOptions options = Parse(arguments);
    ASSERT_FALSE(options.exit.has_value());
    EXPECT_EQ(options.config.data.folder, "/tmp/x");
    EXPECT_EQ(options.config.utc_offset_minutes, 540);
    EXPECT_TRUE(options.config.endpoint.unix_socket);
    EXPECT_EQ(options.config.endpoint.path, "/tmp/x/s");
  }
}

TEST(CollectorConfig, RefusesWhatCannotBe) {
  const auto refused = [](std::vector<const char*> arguments, const std::string& why) {
    ::testing::internal::CaptureStderr();
    const CollectorOptions options = Parse(std::move(arguments));
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(options.exit, ExitCode::kConfiguration);
    EXPECT_THAT(said, ::testing::HasSubstr(why));
  };
  refused({"--listen", "0.0.0.0:7843"}, "not a loopback address");
  refused({"--listen", "192.0.2.1:7843"}, "ssh -N -L");
  refused({"--zone", "+09:10"}, "15 minutes");
  refused({"--zone", "+19:00"}, "--zone");
  refused({"--config", "/nonexistent/collector.toml"}, "/nonexistent/collector.toml");
}

TEST(CollectorConfig, AFileMustSayThatNothingIsEncrypted) {
  const std::string path = ::testing::TempDir() + "collector.toml";
  std::ofstream(path) << "[listen]\naddress = \"127.0.0.1:9\"\n";
  EXPECT_EQ(Parse({"--config", path.c_str()}).exit, ExitCode::kConfiguration);
  std::ofstream(path) << "[listen]\naddress = \"127.0.0.1:9\"\ninsecure = true\n";
  const CollectorOptions options = Parse({"--config", path.c_str()});
  EXPECT_FALSE(options.exit.has_value());
  EXPECT_EQ(options.config.endpoint.port, 9);
}

TEST(CollectorConfig, AnUnknownFlagIsAUsageError) {
  EXPECT_EQ(Parse({"--frobnicate"}).exit, ExitCode::kUsage);
}

}  // namespace
}  // namespace teiten
