// SPDX-License-Identifier: Apache-2.0
#include "sensor/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/kind.h"

namespace teiten {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// TEITEN_ACCEPT=1 writes the file anew, after a key has changed.
TEST(SensorConfig, FileInConfigShowsEveryKeyAndIsTrue) {
  const std::string path = std::string(TEITEN_SOURCE_DIR) + "/config/sensor.toml";
  if (std::getenv("TEITEN_ACCEPT") != nullptr) std::ofstream(path) << SensorConfigExample();
  EXPECT_EQ(ReadFile(path), SensorConfigExample()) << "TEITEN_ACCEPT=1 writes it anew";
}

TEST(SensorConfig, FileInConfigIsWhatADefaultSensorDoes) {
  SensorConfig defaults;
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  config.capture.ring_bytes = 0;
  config.spool.folder = "";
  ASSERT_TRUE(file.Read(std::string(TEITEN_SOURCE_DIR) + "/config/sensor.toml").ok());
  EXPECT_EQ(config.capture.ring_bytes, defaults.capture.ring_bytes);
  EXPECT_EQ(config.spool.folder, defaults.spool.folder);
  EXPECT_TRUE(FinishSensorConfig(file, &config).ok());
  EXPECT_FALSE(config.sensor.id.empty());
  EXPECT_TRUE(config.observe.prefixes.empty());
  EXPECT_FALSE(config.observe.everything);
}

TEST(SensorConfig, Services) {
  const absl::StatusOr<ServiceDeclaration> web = ParseService("80/tcp");
  ASSERT_TRUE(web.ok());
  EXPECT_EQ(web->protocol, kProtocolTcp);
  EXPECT_EQ(web->port, 80);
  EXPECT_TRUE(web->from.empty());

  const absl::StatusOr<ServiceDeclaration> ssh =
      ParseService("22/TCP from 192.0.2.0/24, 2001:db8::/32");
  ASSERT_TRUE(ssh.ok()) << ssh.status();
  ASSERT_EQ(ssh->from.size(), 2U);
  EXPECT_EQ(FormatPrefix(ssh->from[0]), "192.0.2.0/24");
  EXPECT_EQ(FormatPrefix(ssh->from[1]), "2001:db8::/32");

  const absl::StatusOr<ServiceDeclaration> gre = ParseService("0/47");
  ASSERT_TRUE(gre.ok());
  EXPECT_EQ(gre->protocol, 47);

  for (const char* bad : {"", "80", "tcp/80", "65536/tcp", "80/tcp from", "80/tcp from x",
                          "80/tcp from 192.0.2.1/24", "5/47", "80/tcp to 192.0.2.0/24"}) {
    const absl::StatusOr<ServiceDeclaration> rule = ParseService(bad);
    EXPECT_FALSE(rule.ok()) << bad;
    EXPECT_THAT(std::string(rule.status().message()), HasSubstr("\"")) << bad;
  }
}

TEST(SensorConfig, Observe) {
  const absl::StatusOr<ObserveRule> none = ParseObserve({});
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->everything);

  const absl::StatusOr<ObserveRule> all = ParseObserve({"everything"});
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->everything);

  // An address inside a prefix counts once.
  const absl::StatusOr<ObserveRule> some = ParseObserve(
      {"203.0.113.7", "203.0.113.0/24", "2001:db8:d::/48", "203.0.113.0/25", "198.51.100.1"});
  ASSERT_TRUE(some.ok());
  ASSERT_EQ(some->prefixes.size(), 3U);
  EXPECT_EQ(FormatPrefix(some->prefixes[0]), "198.51.100.1/32");
  EXPECT_EQ(FormatPrefix(some->prefixes[1]), "203.0.113.0/24");
  EXPECT_EQ(FormatPrefix(some->prefixes[2]), "2001:db8:d::/48");

  EXPECT_FALSE(ParseObserve({"everything", "203.0.113.0/24"}).ok());
  EXPECT_FALSE(ParseObserve({"203.0.113.1/24"}).ok());
  EXPECT_FALSE(ParseObserve({"example.net"}).ok());
}

TEST(SensorConfig, OnlyThisMachineWithoutTls) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  for (const char* good : {"127.0.0.1:7843", "[::1]:7843", "localhost", "unix:/run/t.sock"}) {
    EXPECT_TRUE(file.Set("collector.address", good, "--collector").ok()) << good;
    EXPECT_TRUE(FinishSensorConfig(file, &config).ok()) << good;
  }
  const absl::Status far = file.Set("collector.address", "192.0.2.1:7843", "--collector");
  EXPECT_THAT(std::string(far.message()), HasSubstr("not a loopback address"));
  EXPECT_FALSE(file.Set("collector.address", "unix:", "--collector").ok());
}

TEST(SensorConfig, PlaintextMustBeWrittenDownInAFile) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  ASSERT_TRUE(file.Parse("[collector]\naddress = \"127.0.0.1:7843\"\n", "s.toml").ok());
  EXPECT_THAT(
      std::string(FinishSensorConfig(file, &config).message()),
      HasSubstr("s.toml:2: collector.address: nothing is encrypted on this way; say so with "
                "collector.insecure = true"));
  config.collector.insecure = true;
  EXPECT_TRUE(FinishSensorConfig(file, &config).ok());
}

TEST(SensorConfig, RulesBetweenKeysAreReportedTogether) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  ASSERT_TRUE(file.Parse("[sensor]\nid = \"a\"\nwindow = \"7m\"\n"
                         "[spool]\nkeep = \"1h\"\nkeep_acknowledged = \"2h\"\n"
                         "[collector]\naddress = \"127.0.0.1:7843\"\n"
                         "[capture]\nobserve = [\"everything\", \"192.0.2.0/24\"]\n",
                         "s.toml")
                  .ok());
  const std::string problems(FinishSensorConfig(file, &config).message());
  EXPECT_THAT(problems, HasSubstr("s.toml:3: sensor.window: must divide an hour"));
  EXPECT_THAT(problems, HasSubstr("s.toml:6: spool.keep_acknowledged: "));
  EXPECT_THAT(problems, HasSubstr("s.toml:8: collector.address: "));
  EXPECT_THAT(problems, HasSubstr("s.toml:10: capture.observe: \"everything\" stands alone"));
}

// The key that was written is named, and the one whose default is in its way.
TEST(SensorConfig, AConflictWithADefaultNamesTheKeyToSet) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  ASSERT_TRUE(file.Parse("[spool]\nkeep = \"1h\"\n", "s.toml").ok());
  EXPECT_EQ(FinishSensorConfig(file, &config).message(),
            "s.toml:2: spool.keep: shorter than spool.keep_acknowledged is by default (24h); set "
            "that, too");
}

TEST(SensorConfig, RulesSayNothingOfValuesThatWereRefused) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  EXPECT_FALSE(file.Parse("[spool]\nkeep = \"1y\"\nkeep_acknowledged = \"30d\"\n"
                          "[collector]\naddress = \"127.0.0.1:7843\"\ninsecure = \"yes\"\n",
                          "s.toml")
                   .ok());
  EXPECT_TRUE(FinishSensorConfig(file, &config).ok()) << FinishSensorConfig(file, &config);
}

TEST(SensorConfig, IdsAreChecked) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  for (const char* good : {"a", "tokyo-1", "0", "x-"}) {
    EXPECT_TRUE(file.Set("sensor.id", good, "--sensor").ok()) << good;
  }
  for (const char* bad : {"-a", "Tokyo", "a_b", "a.b", "a b"}) {
    EXPECT_FALSE(file.Set("sensor.id", bad, "--sensor").ok()) << bad;
  }
  EXPECT_TRUE(file.Set("sensor.id", std::string(63, 'a'), "--sensor").ok());
  EXPECT_FALSE(file.Set("sensor.id", std::string(64, 'a'), "--sensor").ok());
}

TEST(SensorConfig, ObservedAddressesAreNotShared) {
  SensorConfig config;
  ConfigFile file = SensorConfigFile(&config);
  ASSERT_TRUE(file.Set("capture.observe", "203.0.113.0/24", "--observe").ok());
  ASSERT_TRUE(file.Set("capture.services", "22/tcp from 192.0.2.0/24", "--service").ok());
  for (const auto& [key, value] : file.Shareable()) {
    EXPECT_EQ(value.find("203.0.113"), std::string::npos) << key;
    EXPECT_EQ(value.find("192.0.2"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace teiten
