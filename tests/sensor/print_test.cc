// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/print.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/tuple_csv.h"
#include "sensor/uplink/encode.h"

namespace teiten {
namespace {

FlowRow Row(Family family, Address source, Kind kind, uint16_t port) {
  FlowRow row;
  row.source = source;
  row.kind_flags = static_cast<uint8_t>(kind);
  if (family == Family::kIpv6) row.kind_flags |= kRowIpv6;
  row.protocol = kProtocolTcp;
  row.port = port;
  row.packets = 1;
  row.set_bytes(40);
  row.bitmap = 1;
  row.set_first_ms(1500);
  row.set_last_ms(1500);
  row.ttl = 52;
  row.ip_length = 40;
  row.tcp_window = 1024;
  row.source_port = 40000;
  return row;
}

// One row of every shape print has to know, in order of arrival.
std::vector<FlowRow> Rows() {
  std::vector<FlowRow> rows;
  FlowRow prefix = Row(Family::kIpv6, {0x20010db800000001, 0}, Kind::kTcpSyn, 22);
  prefix.kind_flags |= kRowPrefix64 | kRowLowerBound;
  rows.push_back(prefix);
  rows.push_back(Row(Family::kIpv4, {0, 0xc6336407}, Kind::kTcpSyn, 80));
  FlowRow full = Row(Family::kIpv4, {0, 0xc6336407}, Kind::kTcpSyn, 23);
  full.packets = 0xffffffff;
  full.set_bytes(kMax48);
  full.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), kMax24);
  full.set_first_ms(2000);
  full.set_last_ms(3000);
  full.bitmap = 3;
  rows.push_back(full);
  FlowRow second = Row(Family::kIpv4, {0, 0xc6336407}, Kind::kTcpSyn, 23);  // of the same key
  second.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), 1);
  second.set_first_ms(3500);
  second.set_last_ms(60'001);
  second.bitmap = 6;
  second.ttl = 99;
  rows.push_back(second);
  FlowRow answer = Row(Family::kIpv4, {0, 0x01020304}, Kind::kTcpSynack, 443);
  answer.packets = 21;
  for (int slot = 0; slot < kSlots; ++slot) answer.set_slot(slot, static_cast<uint16_t>(slot + 1));
  answer.source_port = 0;
  rows.push_back(answer);
  FlowRow probe = Row(Family::kIpv4, {0, 0x01020304}, Kind::kUdpProbe, 53);
  probe.protocol = kProtocolUdp;
  probe.set_counter(CounterOf(Kind::kUdpProbe, Mark::kAmplification), 1);
  rows.push_back(probe);
  return rows;
}

std::vector<FoldedRow> Folded() {
  FoldedRow other;
  other.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
  other.other = true;
  other.packets = 7;
  other.bytes = 280;
  FoldedRow telnet = other;
  telnet.other = false;
  telnet.protocol = kProtocolTcp;
  telnet.port = 23;
  return {other, telnet};
}

v1::WindowSummary Summary(bool exact) {
  const std::vector<FlowRow> rows = Rows();
  const std::vector<FoldedRow> folded = Folded();
  SummaryContext context;
  context.n4 = 256;
  context.p6 = 1;
  context.bitmap_exact_ipv4 = exact;
  context.bitmap_exact_ipv6 = exact;
  context.link_type = "EN10MB";
  WindowContents window;
  window.times.start_ms = 1'795'341'600'000;  // 2026-11-22T10:00:00Z
  window.times.end_ms = window.times.start_ms + 60'000;
  window.times.live_from_ms = window.times.start_ms;
  window.times.live_to_ms = window.times.end_ms;
  window.times.live_ms = 60'000;
  window.times.partial = true;
  window.rows = rows;
  window.folded = folded;
  window.counts.fates[static_cast<std::size_t>(Fate::kNotIp)] = 2;
  window.counts.fates[static_cast<std::size_t>(Fate::kObserved)] = 33;
  window.counts.late = 1;
  window.counts.folded = 14;
  window.counts.kernel_dropped = 4;
  return EncodeSummary(context, window);
}

std::string Csv(const v1::WindowSummary& summary) {
  std::string text;
  const absl::Status status = PrintCsv(summary, [&](std::string_view piece) { text += piece; });
  EXPECT_TRUE(status.ok()) << status;
  return text;
}

TEST(PrintCsv, Golden) {
  EXPECT_EQ(CsvHeaderLine(),
            "window_start,source,kind,protocol,port,packets,bytes,first,last,destinations,zmap,"
            "masscan,mirai,nmap,amplification,ttl,ip_length,tcp_window,tcp_options_length,"
            "source_port,slots,flags\n");
  EXPECT_EQ(
      Csv(Summary(true)),
      "2026-11-22T10:00:00.000Z,1.2.3.4,tcp_synack,6,443,21,40,2026-11-22T10:00:01.500Z,"
      "2026-11-22T10:00:01.500Z,1,,,,,,52,40,1024,0,0,1;2;3;4;5;6,\n"
      "2026-11-22T10:00:00.000Z,1.2.3.4,udp_probe,17,53,1,40,2026-11-22T10:00:01.500Z,"
      "2026-11-22T10:00:01.500Z,1,0,,,,1,52,40,1024,0,40000,,\n"
      "2026-11-22T10:00:00.000Z,198.51.100.7,tcp_syn,6,23,4294967296,281474976710695,"
      "2026-11-22T10:00:02.000Z,2026-11-22T10:01:00.001Z,3,0,0,16777216,0,,52,40,1024,0,40000,,\n"
      "2026-11-22T10:00:00.000Z,198.51.100.7,tcp_syn,6,80,1,40,2026-11-22T10:00:01.500Z,"
      "2026-11-22T10:00:01.500Z,1,0,0,0,0,,52,40,1024,0,40000,,\n"
      "2026-11-22T10:00:00.000Z,2001:db8:0:1::,tcp_syn,6,22,1,40,2026-11-22T10:00:01.500Z,"
      "2026-11-22T10:00:01.500Z,1,0,0,0,0,,52,40,1024,0,40000,,lower_bound;prefix64\n"
      "2026-11-22T10:00:00.000Z,,tcp_syn,6,23,7,280,,,,,,,,,,,,,,,\n"
      "2026-11-22T10:00:00.000Z,,tcp_syn,0,0,7,280,,,,,,,,,,,,,,,other\n");
}

TEST(PrintCsv, EveryLineHasEveryColumn) {
  const auto commas = [](std::string_view line) {
    return std::count(line.begin(), line.end(), ',');
  };
  std::string text = Csv(Summary(true));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_EQ(commas(std::string_view(text).substr(at, end - at)), commas(TupleCsvHeader()));
    at = end + 1;
  }
}

TEST(PrintCsv, EstimatesWhereBitsAreShared) {
  // Three bits of 64: 64 ln(64/61) is 3.07; one address owns its bit only if they are exact.
  v1::WindowSummary summary = Summary(false);
  EXPECT_NE(Csv(summary).find("2026-11-22T10:01:00.001Z,3,"), std::string::npos);
  FlowRow row = Row(Family::kIpv4, {0, 1}, Kind::kTcpSyn, 23);
  row.bitmap = 0xffffffff;
  summary.clear_ipv6();
  SummaryContext context;
  WindowContents window;
  window.rows = {&row, 1};
  EXPECT_NE(Csv(EncodeSummary(context, window)).find(",44,0,0,0,0,"), std::string::npos);
  context.bitmap_exact_ipv4 = true;
  EXPECT_NE(Csv(EncodeSummary(context, window)).find(",32,0,0,0,0,"), std::string::npos);
}

TEST(PrintCsv, RefusesColumnsThatDoNotDecode) {
  v1::WindowSummary summary = Summary(true);
  summary.mutable_ipv4()->set_row_count(1);
  std::string text;
  EXPECT_FALSE(PrintCsv(summary, [&](std::string_view piece) { text += piece; }).ok());
  EXPECT_EQ(text, "");
  EXPECT_FALSE(PrintJson(summary, [&](std::string_view piece) { text += piece; }).ok());
  EXPECT_EQ(text, "");
}

TEST(PrintJson, OneLineWithTuplesAsObjects) {
  std::string text;
  const absl::Status status =
      PrintJson(Summary(true), [&](std::string_view piece) { text += piece; });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const nlohmann::json json = nlohmann::json::parse(text);
  EXPECT_EQ(json["window_start_unix_ms"], "1795341600000");
  EXPECT_EQ(json["flags"]["partial"], true);
  EXPECT_EQ(json["accounting"]["not_ip"], "2");
  EXPECT_EQ(json["accounting"]["service"], "0");
  EXPECT_EQ(json["accounting"]["kernel_dropped"], "4");
  EXPECT_FALSE(json["accounting"].contains("interface_dropped"));
  EXPECT_FALSE(json.contains("ipv4"));
  EXPECT_EQ(json["folded"].size(), 2U);
  EXPECT_EQ(json["folded"][1]["other"], true);
  ASSERT_EQ(json["tuples"].size(), 5U);
  EXPECT_EQ(json["tuples"][0].dump(),
            R"({"bytes":40,"destinations":1,"first":"2026-11-22T10:00:01.500Z","flags":[],)"
            R"("ip_length":40,"kind":"tcp_synack","last":"2026-11-22T10:00:01.500Z",)"
            R"("packets":21,"port":443,"protocol":6,"slots":[1,2,3,4,5,6],"source":"1.2.3.4",)"
            R"("source_port":0,"tcp_options_length":0,"tcp_window":1024,"ttl":52})");
  EXPECT_EQ(json["tuples"][2]["mirai"], 16777216);
  EXPECT_EQ(json["tuples"][2]["packets"], 4294967296);
  EXPECT_FALSE(json["tuples"][2].contains("amplification"));
  EXPECT_EQ(json["tuples"][4]["flags"], nlohmann::json::array({"lower_bound", "prefix64"}));
}

TEST(FormatAccounting, Golden) {
  EXPECT_EQ(FormatAccounting(Summary(true)),
            R"({"window_start":"2026-11-22T10:00:00.000Z","window_end":"2026-11-22T10:01:00.000Z",)"
            R"("captured":35,"fates":{"undecodable_link":0,"not_ip":2,"truncated":0,)"
            R"("malformed":0,"link_local":0,"outbound":0,"unobserved":0,"service":0,)"
            R"("solicited":0,"observed":33},"self_addressed":0,"quote_mismatch":0,"late":1,)"
            R"("time_bad":0,"folded":14,"offload_merged":0,"solicited_evicted":0,)"
            R"("observed_bytes":0,"rows":6,"folded_rows":2,"live_ms":60000,"worker":0,)"
            R"("kernel_dropped":4,"interface_dropped":null,"flags":["partial"]})"
            "\n");
}

}  // namespace
}  // namespace teiten
