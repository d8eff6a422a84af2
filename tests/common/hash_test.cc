// SPDX-License-Identifier: Apache-2.0
// SHA-256, keyed hashing and CRC32C against published vectors.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "common/crc32c.h"
#include "common/envelope.h"
#include "common/keyed_hash.h"
#include "common/sha256.h"

namespace teiten {
namespace {

TEST(Sha256, Vectors) {  // FIPS 180-4 examples
  EXPECT_EQ(FormatSpool(Sha256Bytes("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(FormatSpool(Sha256Bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crc32c, Vectors) {  // RFC 3720, appendix B.4
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (int i = 0; i < 32; ++i) rising.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(Crc32c(std::string(rising.rbegin(), rising.rend())), 0x113fdb5cU);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  const unsigned char iscsi_read[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                        0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                        0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
  char bytes[48];
  std::memcpy(bytes, iscsi_read, 48);
  EXPECT_EQ(Crc32c(std::string_view(bytes, 48)), 0xd9963a56U);
}

TEST(Crc32c, ExtendsAtAnyCut) {
  std::mt19937 random(3);
  std::string data;
  for (int i = 0; i < 100; ++i) data.push_back(static_cast<char>(random()));
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    EXPECT_EQ(ExtendCrc32c(Crc32c(data.substr(0, cut)), data.substr(cut)), Crc32c(data));
  }
}

TEST(KeyedHash, PublishedKeyIsFixed) {
  const Sha256Digest digest = Sha256("teiten published key");
  EXPECT_EQ(std::memcmp(PublishedKey().data(), digest.data(), 16), 0);
}

TEST(KeyedHash, MultipliersDependOnKeyAndPurpose) {
  const HashMultipliers a = DeriveMultipliers(PublishedKey(), "a");
  const HashMultipliers b = DeriveMultipliers(PublishedKey(), "b");
  Key128 other_key = PublishedKey();
  other_key[15] ^= 1;
  const HashMultipliers c = DeriveMultipliers(other_key, "a");
  EXPECT_EQ(a.m, DeriveMultipliers(PublishedKey(), "a").m);
  for (std::size_t i = 0; i < a.m.size(); ++i) {
    EXPECT_EQ(a.m[i] & 1, 1U);
    EXPECT_NE(a.m[i], b.m[i]);
    EXPECT_NE(a.m[i], c.m[i]);
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(a.m[i], a.m[j]);
  }
}

}  // namespace
}  // namespace teiten
