// SPDX-License-Identifier: Apache-2.0
// The example in proto/README.md is a real envelope: it opens, its sums close, its row is what the
// text says. That is also the proof that envelopes written by this version stay readable.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/columns.h"
#include "common/envelope.h"
#include "common/sha256.h"

namespace teiten {
namespace {

constexpr std::string_view kBegin = "TEITEN_ACCEPT=1 -->\n```\n";
constexpr std::string_view kEnd = "```\n<!-- end of example -->";

std::string Path() { return std::string(TEITEN_SOURCE_DIR) + "/proto/README.md"; }

std::string ReadReadme() {
  std::ifstream in(Path());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

FlowRow Row() {
  FlowRow row;
  row.source = {0, 0xc6336407};  // 198.51.100.7
  row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  row.protocol = kProtocolTcp;
  row.port = 23;
  row.packets = 3;
  row.bitmap = 1ULL << 5;
  row.set_bytes(120);
  row.set_first_ms(1500);
  row.set_last_ms(3500);
  row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), 3);
  row.ttl = 52;
  row.ip_length = 40;
  row.tcp_window = 14600;
  row.source_port = 40000;
  return row;
}

v1::WindowSummary Summary() {
  v1::WindowSummary summary;
  summary.set_software("teiten-sensor 0.1.0");
  summary.set_definitions_version("1");
  summary.mutable_worker()->set_count(1);
  summary.set_window_start_unix_ms(1795341600000);  // 2026-11-22T10:00:00Z
  summary.set_window_end_unix_ms(1795341660000);
  summary.set_live_from_unix_ms(1795341600000);
  summary.set_live_to_unix_ms(1795341660000);
  summary.set_live_ms(60000);
  summary.mutable_flags();
  summary.set_n4(1);
  summary.set_p6(0);
  summary.set_bitmap_exact_ipv4(true);
  summary.set_bitmap_exact_ipv6(true);
  summary.set_link_type("EN10MB");
  summary.set_snap_length(256);
  summary.set_group("live");
  v1::Accounting& accounting = *summary.mutable_accounting();
  accounting.set_captured(4);
  accounting.set_not_ip(1);
  accounting.set_observed(3);
  accounting.set_observed_bytes(120);
  accounting.set_kernel_dropped(0);
  const FlowRow row = Row();
  EncodeColumns({&row, 1}, *summary.mutable_ipv4());
  summary.mutable_ipv6();
  return summary;
}

std::string Dump(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool ends = i % 32 == 31 || i + 1 == bytes.size();
    out += fmt::format("{:02x}{}", static_cast<unsigned char>(bytes[i]), ends ? "\n" : " ");
  }
  return out;
}

std::string Parse(std::string_view hex) {
  std::string bytes;
  std::stringstream in{std::string(hex)};
  for (std::string word; in >> word;) {
    bytes += static_cast<char>(std::stoi(word, nullptr, 16));
  }
  return bytes;
}

void Accept() {
  v1::Identity identity;
  identity.set_sensor("tokyo-1");
  identity.set_spool("0123456789abcdef");
  identity.set_sequence(1);
  const absl::StatusOr<v1::Envelope> envelope = Seal(identity, Summary());
  ASSERT_TRUE(envelope.ok()) << envelope.status();
  std::string text = ReadReadme();
  const std::size_t begin = text.find(kBegin) + kBegin.size();
  text.replace(begin, text.find(kEnd) - begin, Dump(envelope->SerializeAsString()));
  std::ofstream(Path()) << text;
}

TEST(ProtoExample, TheBytesOfTheReadmeAreARealEnvelope) {
  if (std::getenv("TEITEN_ACCEPT") != nullptr) Accept();
  const std::string text = ReadReadme();
  const std::size_t begin = text.find(kBegin);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t from = begin + kBegin.size();
  v1::Envelope envelope;
  ASSERT_TRUE(envelope.ParseFromString(Parse(text.substr(from, text.find(kEnd) - from))));
  EXPECT_EQ(envelope.identity().sensor(), "tokyo-1");
  EXPECT_EQ(envelope.identity().sequence(), 1U);

  const absl::StatusOr<v1::WindowSummary> summary = Open(envelope);
  ASSERT_TRUE(summary.ok()) << summary.status();
  SummaryRows rows;
  const absl::Status valid = ValidateSummary(*summary, &rows);
  EXPECT_TRUE(valid.ok()) << valid;
  ASSERT_EQ(rows.ipv4.size(), 1U);
  EXPECT_TRUE(rows.ipv6.empty());
  const FlowRow want = Row();
  EXPECT_EQ(std::memcmp(&rows.ipv4[0], &want, sizeof want), 0);
  EXPECT_EQ(summary->ipv4().source_v4_delta(), "\x07\x64\x33\xc6");
  EXPECT_EQ(summary->ipv4().bytes_residue(), "");

  // Content is deterministic: the same summary has the same hash, whoever compressed it.
  EXPECT_EQ(summary->SerializeAsString(), Summary().SerializeAsString());
  EXPECT_EQ(Sha256Bytes(Summary().SerializeAsString()), envelope.content_sha256());
}

}  // namespace
}  // namespace teiten
