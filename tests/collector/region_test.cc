// SPDX-License-Identifier: Apache-2.0
#include "collector/enrich/region.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/log.h"
#include "tests/collector/mmdb_writer.h"
#include "tests/collector/store_fixture.h"

namespace teiten {
namespace {

std::string Flat(const std::string& code) {
  return MmdbWriter::Map({{"country_code", MmdbWriter::Text(code)}});
}

std::string Write(const TestFolder& folder, const std::string& name, const std::string& bytes) {
  const std::string path = folder.path() + "/" + name;
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string Lookup(const RegionLookup& regions, const std::string& address) {
  const auto parsed = ParseAddress(address);
  return regions.RegionOf(parsed->family, parsed->address);
}

MmdbWriter SmallFile() {
  MmdbWriter file;
  file.Add("192.0.2.0/24", Flat("JP"));
  file.Add("198.51.100.128/25", Flat("US"));
  file.Add("2001:db8::/32", Flat("DE"));
  file.Add("203.0.113.0/24",
           MmdbWriter::Map({{"country", MmdbWriter::Map({{"iso_code", MmdbWriter::Text("BR")}})}}));
  file.Add("100.64.0.0/10", Flat("<b>"));
  file.Add("100.0.0.0/16", Flat("us"));
  return file;
}

TEST(Region, WithoutAFileEverythingIsUnknown) {
  const RegionLookup regions;
  EXPECT_EQ(Lookup(regions, "192.0.2.1"), "unknown");
  EXPECT_EQ(regions.info().path, "");
}

TEST(Region, ReadsBothLayoutsAndBothFamilies) {
  const TestFolder folder;
  RegionLookup regions;
  ASSERT_TRUE(regions.Load(Write(folder, "a.mmdb", SmallFile().Bytes())).ok());
  EXPECT_EQ(Lookup(regions, "192.0.2.1"), "JP");
  EXPECT_EQ(Lookup(regions, "192.0.3.1"), "unknown");
  EXPECT_EQ(Lookup(regions, "198.51.100.127"), "unknown");
  EXPECT_EQ(Lookup(regions, "198.51.100.128"), "US");
  EXPECT_EQ(Lookup(regions, "2001:db8::1"), "DE");
  EXPECT_EQ(Lookup(regions, "2001:db9::1"), "unknown");
  EXPECT_EQ(Lookup(regions, "203.0.113.9"), "BR");
  // What is not a code of two capital letters is never passed on.
  EXPECT_EQ(Lookup(regions, "100.64.0.1"), "unknown");
  EXPECT_EQ(Lookup(regions, "100.0.0.1"), "unknown");
  const RegionFileInfo info = regions.info();
  EXPECT_EQ(info.type, "test country");
  EXPECT_EQ(info.built_unix_ms, 1'781'726'061'000);
  EXPECT_EQ(info.sha256.size(), 64U);
}

TEST(Region, AFileThatChangesUnderneathChangesNothingUntilTheNextLoad) {
  const TestFolder folder;
  RegionLookup regions;
  const std::string path = Write(folder, "a.mmdb", SmallFile().Bytes());
  ASSERT_TRUE(regions.Load(path).ok());
  std::filesystem::resize_file(path, 10);
  EXPECT_EQ(Lookup(regions, "2001:db8::1"), "DE");
  const std::string hash = regions.info().sha256;
  // A bad file leaves the good one in use.
  EXPECT_TRUE(absl::IsDataLoss(regions.Load(path)));
  EXPECT_EQ(Lookup(regions, "2001:db8::1"), "DE");
  EXPECT_EQ(regions.info().sha256, hash);
  MmdbWriter other;
  other.Add("192.0.2.0/24", Flat("FR"));
  ASSERT_TRUE(regions.Load(Write(folder, "a.mmdb", other.Bytes())).ok());
  EXPECT_EQ(Lookup(regions, "192.0.2.1"), "FR");
  EXPECT_EQ(Lookup(regions, "2001:db8::1"), "unknown");
  ASSERT_TRUE(regions.Load("").ok());
  EXPECT_EQ(Lookup(regions, "192.0.2.1"), "unknown");
}

TEST(Region, ErrorsNameTheFile) {
  const TestFolder folder;
  RegionLookup regions;
  const absl::Status missing = regions.Load(folder.path() + "/none.mmdb");
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_NE(std::string(missing.message()).find("none.mmdb"), std::string::npos);
  EXPECT_TRUE(absl::IsNotFound(regions.Load(folder.path())));
  for (const std::string& bytes : {std::string(), std::string(1000, 'x')}) {
    const absl::Status bad = regions.Load(Write(folder, "bad.mmdb", bytes));
    EXPECT_TRUE(absl::IsDataLoss(bad)) << bad;
    EXPECT_NE(std::string(bad.message()).find("bad.mmdb"), std::string::npos);
  }
}

// Any cut and any flipped byte of a file gives an error or some answer, never more.
TEST(Region, DamagedFilesAreSafe) {
  ConfigureLog({.least = LogLevel::kError});
  const TestFolder folder;
  const std::string good = SmallFile().Bytes();
  RegionLookup regions;
  for (std::size_t i = 0; i < good.size(); i += 3) {
    std::string flipped = good;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x5a);
    for (const std::string& bytes : {good.substr(0, i), flipped}) {
      if (!regions.Load(Write(folder, "bad.mmdb", bytes)).ok()) continue;
      for (const char* address : {"192.0.2.1", "203.0.113.9", "2001:db8::1", "255.255.255.255"}) {
        const std::string region = Lookup(regions, address);
        EXPECT_TRUE(region == "unknown" || region.size() == 2) << region;
      }
    }
  }
  ConfigureLog({});
}

}  // namespace
}  // namespace teiten
