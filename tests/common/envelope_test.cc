// SPDX-License-Identifier: Apache-2.0
// Sealing and opening: limits, damage, bombs. What a summary must say: summary_check_test.cc.
#include "common/envelope.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

#include "common/sha256.h"
#include "tests/common/some_summary.h"

namespace teiten {
namespace {

std::string Zstd(std::string_view raw, int level = 3) {
  std::string out(ZSTD_compressBound(raw.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), level));
  return out;
}

// A frame that says how much it holds, whatever it holds.
v1::Envelope EnvelopeOf(std::string content, std::string_view raw) {
  v1::Envelope envelope;
  *envelope.mutable_identity() = SomeIdentity();
  envelope.set_content_sha256(Sha256Bytes(raw));
  envelope.set_raw_size_bytes(raw.size());
  envelope.set_content(std::move(content));
  return envelope;
}

absl::StatusCode CodeOf(const v1::Envelope& envelope) { return Open(envelope).status().code(); }

TEST(Envelope, RoundTrip) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const v1::WindowSummary summary = SomeSummary(seed, seed * 40);
    const auto envelope = Seal(SomeIdentity(), summary);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_EQ(envelope->identity().sequence(), SomeIdentity().sequence());
    const auto opened = Open(*envelope);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->SerializeAsString(), summary.SerializeAsString());
    EXPECT_TRUE(ValidateSummary(*opened).ok()) << ValidateSummary(*opened);
  }
}

TEST(Envelope, SameSummarySameBytes) {
  const auto a = Seal(SomeIdentity(), SomeSummary(3, 5000));
  const auto b = Seal(SomeIdentity(), SomeSummary(3, 5000));
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->SerializeAsString(), b->SerializeAsString());
  const auto c = SealBytes(SomeIdentity(), SomeSummary(3, 5000).SerializeAsString());
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(a->SerializeAsString(), c->SerializeAsString());
}

TEST(Envelope, TheFrameStatesItsSize) {
  const auto envelope = Seal(SomeIdentity(), SomeSummary(1, 10));
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(ZSTD_getFrameContentSize(envelope->content().data(), envelope->content().size()),
            envelope->raw_size_bytes());
}

TEST(Envelope, SealRefusesABadIdentity) {
  const v1::WindowSummary summary = SomeSummary(1, 1);
  const auto refused = [&](const v1::Identity& identity, std::string_view field) {
    const auto status = Seal(identity, summary).status();
    return status.code() == absl::StatusCode::kInvalidArgument &&
           status.ToString().find(field) != std::string::npos;
  };
  for (const char* sensor : {"", "-a", "A", "a_b", "a.b", "a b", "tokyo\n"}) {
    v1::Identity identity = SomeIdentity();
    identity.set_sensor(sensor);
    EXPECT_TRUE(refused(identity, "identity.sensor")) << sensor;
  }
  v1::Identity identity = SomeIdentity();
  identity.set_sensor(std::string(64, 'a'));
  EXPECT_TRUE(refused(identity, "identity.sensor"));
  identity.set_sensor(std::string(63, 'a'));
  EXPECT_TRUE(ValidateIdentity(identity).ok());
  for (const std::size_t size : {0U, 15U, 17U}) {
    identity.set_spool(std::string(size, 'x'));
    EXPECT_TRUE(refused(identity, "identity.spool"));
  }
  identity = SomeIdentity();
  identity.set_sequence(0);
  EXPECT_TRUE(refused(identity, "identity.sequence"));
}

TEST(Envelope, SealRefusesWhatIsTooLarge) {
  EXPECT_EQ(SealBytes(SomeIdentity(), std::string(kMaxRawBytes + 1, 'x')).status().code(),
            absl::StatusCode::kResourceExhausted);
  std::mt19937_64 random(1);
  std::string noise(kMaxContentBytes + 1, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const auto status = SealBytes(SomeIdentity(), noise).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.ToString().find("8388608"), std::string::npos) << status;
}

// A few bits of a zstd frame mean nothing; what opens is in any case what was sealed.
TEST(EnvelopeDamage, WhatOpensIsWhatWasSealed) {
  const v1::WindowSummary summary = SomeSummary(5, 30);
  const auto envelope = Seal(SomeIdentity(), summary);
  ASSERT_TRUE(envelope.ok());
  std::size_t opened_anyhow = 0;
  for (std::size_t at = 0; at < envelope->content().size(); ++at) {
    v1::Envelope damaged = *envelope;
    (*damaged.mutable_content())[at] ^= 0x10;
    const auto opened = Open(damaged);
    if (opened.ok()) {
      ++opened_anyhow;
      EXPECT_EQ(opened->SerializeAsString(), summary.SerializeAsString()) << at;
    }
    v1::Envelope cut = *envelope;
    cut.mutable_content()->resize(at);
    EXPECT_EQ(CodeOf(cut), absl::StatusCode::kDataLoss) << at;
  }
  EXPECT_LT(opened_anyhow * 50, envelope->content().size());
}

TEST(EnvelopeDamage, HashAndSizesMustAgree) {
  const std::string raw = SomeSummary(5, 30).SerializeAsString();
  const std::string content = Zstd(raw);
  ASSERT_TRUE(Open(EnvelopeOf(content, raw)).ok());

  v1::Envelope other_hash = EnvelopeOf(content, raw);
  (*other_hash.mutable_content_sha256())[31] ^= 1;
  EXPECT_EQ(CodeOf(other_hash), absl::StatusCode::kDataLoss);
  other_hash.clear_content_sha256();
  EXPECT_EQ(CodeOf(other_hash), absl::StatusCode::kDataLoss);

  for (const int64_t off : {-1, 1}) {
    v1::Envelope other_size = EnvelopeOf(content, raw);
    other_size.set_raw_size_bytes(static_cast<uint64_t>(static_cast<int64_t>(raw.size()) + off));
    EXPECT_EQ(CodeOf(other_size), absl::StatusCode::kDataLoss) << off;
  }
  EXPECT_EQ(CodeOf(EnvelopeOf(content + 'x', raw)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EnvelopeOf(content + content, raw)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EnvelopeOf("", raw)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EnvelopeOf(raw, raw)), absl::StatusCode::kDataLoss);  // not compressed
  EXPECT_EQ(CodeOf(v1::Envelope()), absl::StatusCode::kDataLoss);
}

TEST(EnvelopeDamage, ContentThatIsNoSummary) {
  EXPECT_EQ(CodeOf(EnvelopeOf(Zstd("\xff\xff\xff"), "\xff\xff\xff")),
            absl::StatusCode::kInvalidArgument);
}

TEST(EnvelopeLimits, DeclaredSizesAreCheckedFirst) {
  v1::Envelope large;
  large.set_content(std::string(kMaxContentBytes + 1, 'x'));
  EXPECT_EQ(CodeOf(large), absl::StatusCode::kResourceExhausted);
  v1::Envelope raw_large = EnvelopeOf(Zstd("x"), "x");
  raw_large.set_raw_size_bytes(kMaxRawBytes + 1);
  EXPECT_EQ(CodeOf(raw_large), absl::StatusCode::kResourceExhausted);
  // The frame itself says more than is allowed, the envelope does not.
  v1::Envelope bomb = EnvelopeOf(Zstd(std::string(kMaxRawBytes + 1, '\0')), "x");
  bomb.set_raw_size_bytes(kMaxRawBytes);
  EXPECT_EQ(CodeOf(bomb), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(bomb.content().size(), 16'384U);
}

// A frame that lies about its size: the header says 100 bytes, the blocks go on for 64 MiB.
TEST(EnvelopeLimits, ABombStopsAtTheSizeItDeclared) {
  const std::string zeros(kMaxRawBytes, '\0');
  std::string content = Zstd(zeros);
  ASSERT_EQ(ZSTD_getFrameContentSize(content.data(), content.size()), zeros.size());
  // Frame header (RFC 8878): magic 4, descriptor 1 with the size of the content size field in its
  // upper two bits and single segment in bit 5.
  ASSERT_EQ(static_cast<uint8_t>(content[4]) >> 6, 2);  // four bytes of content size
  const std::size_t size_at = (static_cast<uint8_t>(content[4]) & 0x20) != 0 ? 5 : 6;
  content.replace(size_at, 4, std::string("\x64\0\0\0", 4));
  v1::Envelope bomb = EnvelopeOf(content, std::string(100, '\0'));
  const absl::StatusCode code = CodeOf(bomb);
  EXPECT_TRUE(code == absl::StatusCode::kResourceExhausted || code == absl::StatusCode::kDataLoss);
}

TEST(EnvelopeLimits, AFrameThatDoesNotStateItsSizeIsRefused) {
  const std::string raw = SomeSummary(1, 5).SerializeAsString();
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string content(ZSTD_compressBound(raw.size()), '\0');
  content.resize(ZSTD_compress2(context, content.data(), content.size(), raw.data(), raw.size()));
  ZSTD_freeCCtx(context);
  EXPECT_EQ(CodeOf(EnvelopeOf(content, raw)), absl::StatusCode::kDataLoss);
}

TEST(EnvelopeLimits, AFrameThatWantsALargeWindowIsRefused) {
  const std::string raw(32 << 20, 'x');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 24);
  std::string content(ZSTD_compressBound(raw.size()), '\0');
  content.resize(ZSTD_compress2(context, content.data(), content.size(), raw.data(), raw.size()));
  ZSTD_freeCCtx(context);
  EXPECT_EQ(CodeOf(EnvelopeOf(content, raw)), absl::StatusCode::kDataLoss);
}

// Content of a hostile sensor that would parse into gigabytes: refused before parsing.
TEST(EnvelopeLimits, ListsAreCountedBeforeTheyAreParsed) {
  const auto repeated = [](std::string_view unit, std::size_t times) {
    std::string raw;
    for (std::size_t i = 0; i < times; ++i) raw += unit;
    return raw;
  };
  struct Case {
    const char* name;
    std::string raw;
    bool fits;
  };
  const auto nested = [](int field, const std::string& inner) {
    std::string out;
    for (std::size_t varint : {static_cast<std::size_t>(field << 3 | 2), inner.size()}) {
      for (; varint >= 0x80; varint >>= 7) out += static_cast<char>(varint | 0x80);
      out += static_cast<char>(varint);
    }
    return out + inner;
  };
  const std::string folded("\xca\x01\x00", 3);  // field 25, empty
  const std::string sketch("\xd2\x01\x00", 3);  // field 26
  const std::string flood("\xda\x01\x00", 3);   // field 27
  const std::string blind("\x6a\x00", 2);       // field 13
  const std::string port("\x7a\x00", 2);        // top_ports of a flood
  const std::string column("\x28\x00", 2);      // a number where a column should be
  const Case cases[] = {
      {"folded", repeated(folded, kMaxFoldedRowsOfSummary), true},
      {"folded + 1", repeated(folded, kMaxFoldedRowsOfSummary + 1), false},
      {"5 million folded", repeated(folded, 5'000'000), false},
      {"sketches", repeated(sketch, kMaxSketchesOfSummary), true},
      {"sketches + 1", repeated(sketch, kMaxSketchesOfSummary + 1), false},
      {"floods", repeated(flood, kMaxFloodsOfSummary), true},
      {"floods + 1", repeated(flood, kMaxFloodsOfSummary + 1), false},
      {"blind ports", repeated(blind, kMaxBlindPortsOfSummary), true},
      {"blind ports + 1", repeated(blind, kMaxBlindPortsOfSummary + 1), false},
      {"top ports", nested(27, repeated(port, kMaxTopPortsOfFlood)), true},
      {"top ports + 1", nested(27, repeated(port, kMaxTopPortsOfFlood + 1)), false},
      {"columns of 64 fields", nested(23, repeated(column, 64)), true},
      {"columns of 65 fields", nested(23, repeated(column, 65)), false},
      {"ipv4 twice", nested(23, "") + nested(23, ""), false},
      {"17 MiB of what we do not know", nested(100, std::string(17 << 20, 'x')), false},
      {"1 MiB of what we do not know", nested(100, std::string(1 << 20, 'x')), true},
  };
  for (const Case& c : cases) {
    const auto opened = Open(EnvelopeOf(Zstd(c.raw), c.raw));
    EXPECT_EQ(opened.ok(), c.fits) << c.name << " " << opened.status();
    if (!c.fits) {
      EXPECT_EQ(opened.status().code(), absl::StatusCode::kResourceExhausted) << c.name;
    }
  }
}

TEST(EnvelopeDamage, RandomEnvelopesNeverCrash) {
  const auto envelope = Seal(SomeIdentity(), SomeSummary(8, 100));
  ASSERT_TRUE(envelope.ok());
  const std::string bytes = envelope->SerializeAsString();
  std::mt19937_64 random(6);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = bytes;
    for (uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    v1::Envelope parsed;
    if (!parsed.ParseFromString(damaged)) continue;
    const auto opened = Open(parsed);
    if (opened.ok()) {
      EXPECT_EQ(Sha256Bytes(opened->SerializeAsString()), envelope->content_sha256());
    }
  }
}

TEST(FormatSpool, IsHexadecimal) {
  EXPECT_EQ(FormatSpool(std::string("\x00\x01\xfe\xff", 4)), "0001feff");
}

}  // namespace
}  // namespace teiten
