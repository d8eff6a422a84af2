// SPDX-License-Identifier: Apache-2.0
#include "common/columns.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/common/random_rows.h"

namespace teiten {
namespace {

class ColumnsOfFamily : public testing::TestWithParam<Family> {};
INSTANTIATE_TEST_SUITE_P(Both, ColumnsOfFamily, testing::Values(Family::kIpv4, Family::kIpv6));

TEST_P(ColumnsOfFamily, RoundTripRandomRows) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomRows random(seed);
    const std::vector<FlowRow> rows = random.Sorted(GetParam(), seed % 97);
    v1::FlowColumns columns;
    EncodeColumns(rows, columns);
    const auto decoded = DecodeColumns(columns, GetParam());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(std::memcmp(&(*decoded)[i], &rows[i], sizeof(FlowRow)), 0)
          << "seed " << seed << " row " << i;
    }
  }
}

TEST_P(ColumnsOfFamily, WritesTheBytesOfProtobuf) {
  RandomRows random(5);
  const std::vector<FlowRow> rows = random.Sorted(GetParam(), 500);
  std::vector<uint32_t> order(rows.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const std::string bytes = SerializeColumns(rows, order);
  v1::FlowColumns columns;
  ASSERT_TRUE(columns.ParseFromString(bytes));
  EXPECT_EQ(columns.SerializeAsString(), bytes);
}

TEST(Columns, NoRowsAreNoBytes) {
  EXPECT_EQ(SerializeColumns({}, {}), "");
  v1::FlowColumns columns;
  EncodeColumns({}, columns);
  EXPECT_EQ(columns.ByteSizeLong(), 0U);
  EXPECT_TRUE(DecodeColumns(columns, Family::kIpv4).ok());
}

TEST(Columns, AZeroColumnIsEmpty) {
  FlowRow row;
  row.source.low = 0x01020304;
  row.kind_flags = static_cast<uint8_t>(Kind::kIcmpReply);
  row.protocol = 1;
  row.packets = 1;
  v1::FlowColumns columns;
  EncodeColumns({&row, 1}, columns);
  EXPECT_EQ(columns.ShortDebugString(),
            "row_count: 1 source_v4_delta: 16909060 kind: 15 protocol: 1 packets: 1 "
            "destination: 65");
}

// One wrong thing at a time in a message that is else right.
struct Hostile {
  const char* name;
  Family family;
  std::function<void(v1::FlowColumns&)> break_it;
  const char* error;  // part of the message
};

class HostileColumns : public testing::TestWithParam<Hostile> {};

TEST_P(HostileColumns, AreRefusedByName) {
  const Hostile& c = GetParam();
  RandomRows random(7);
  v1::FlowColumns columns;
  EncodeColumns(random.Sorted(c.family, 40), columns);
  ASSERT_TRUE(DecodeColumns(columns, c.family).ok());
  c.break_it(columns);
  const auto decoded = DecodeColumns(columns, c.family);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(decoded.status().ToString().find(c.error), std::string::npos) << decoded.status();
}

#define BREAK [](v1::FlowColumns & c)
INSTANTIATE_TEST_SUITE_P(
    Values, HostileColumns,
    testing::Values(
        Hostile{"too_many_rows", Family::kIpv4, BREAK { c.set_row_count(kMaxRowsOfSummary + 1);
}  // namespace
, "ipv4.row_count"
}  // namespace teiten
, Hostile{"rows_2_32", Family::kIpv4, BREAK{c.set_row_count(0xffffffff);
}
, "ipv4.row_count"
}
, Hostile{"row_count_zero", Family::kIpv4, BREAK{c.set_row_count(0);
}
, "ipv4.source_v4_delta"
}
, Hostile{"v6_columns_in_v4", Family::kIpv4, BREAK{c.add_source_v6_low(1);
}
, "ipv4.source_v6_low"
}
, Hostile{"v4_columns_in_v6", Family::kIpv6, BREAK{c.add_source_v4_delta(1);
}
, "ipv6.source_v4_delta"
}
, Hostile{"source_v4_overflow", Family::kIpv4, BREAK{c.set_source_v4_delta(39, 0xffffffff);
}
, "ipv4.source_v4_delta[39]"
}
, Hostile{"source_v6_high_overflow", Family::kIpv6, BREAK{c.set_source_v6_high_delta(39, ~0ULL);
}
, "ipv6.source_v6_high_delta[39]"
}
, Hostile{"kind_zero", Family::kIpv4, BREAK{c.set_kind(3, 0);
}
, "ipv4.kind[3]"
}
, Hostile{"kind_unknown", Family::kIpv4, BREAK{c.set_kind(3, kKindCount);
}
, "ipv4.kind[3]"
}
, Hostile{"protocol", Family::kIpv4, BREAK{c.set_protocol(0, 256);
}
, "ipv4.protocol[0]"
}
, Hostile{"port", Family::kIpv6, BREAK{c.set_port(1, 65536);
}
, "ipv6.port[1]"
}
, Hostile{"row_flags", Family::kIpv6, BREAK{c.set_row_flags(1, 4);
}
, "ipv6.row_flags[1]"
}
, Hostile{"prefix64_v4", Family::kIpv4, BREAK{c.set_row_flags(1, 2);
}
, "ipv4.row_flags[1]"
}
, Hostile{"packets_zero", Family::kIpv4, BREAK{c.set_packets(2, 0);
}
, "ipv4.packets[2]"
}
, Hostile{"bytes_negative", Family::kIpv4, BREAK{c.set_bytes_residue(2, INT64_MIN);
}
, "ipv4.bytes_residue[2]"
}
, Hostile{"bytes_minus_one", Family::kIpv4,
          BREAK{c.set_bytes_residue(2, -int64_t{c.packets(2)} * c.ip_length(2) - 1);
}
, "ipv4.bytes_residue[2]"
}
, Hostile{"bytes_2_48", Family::kIpv4,
          BREAK{c.set_bytes_residue(2, (int64_t{1} << 48) - int64_t{c.packets(2)} * c.ip_length(2));
}
, "ipv4.bytes_residue[2]"
}
, Hostile{"first_ms", Family::kIpv4, BREAK{c.set_first_ms(5, kMax24 + 1);
}
, "ipv4.first_ms[5]"
}
, Hostile{"last_ms", Family::kIpv4, BREAK{c.set_last_after_first_ms(5, kMax24 - c.first_ms(5) + 1);
}
, "ipv4.last_after_first_ms[5]"
}
, Hostile{"destination", Family::kIpv4, BREAK{c.set_destination(5, 66);
}
, "ipv4.destination[5]"
}
, Hostile{"bitmap_missing", Family::kIpv4, BREAK{c.mutable_destination_bitmap()->RemoveLast();
}
, "ipv4.destination["
}
, Hostile{"bitmap_left", Family::kIpv4, BREAK{c.add_destination_bitmap(3);
}
, "ipv4.destination_bitmap"
}
, Hostile{"bitmap_of_one_bit", Family::kIpv4, BREAK{c.set_destination_bitmap(0, 8);
}
, "ipv4.destination["
}
, Hostile{"slots_missing", Family::kIpv4, BREAK{c.mutable_slots()->RemoveLast();
}
, "ipv4.slots"
}
, Hostile{"slots_left", Family::kIpv4, BREAK{c.add_slots(0);
}
, "ipv4.slots"
}
, Hostile{"slot_range", Family::kIpv4, BREAK{c.set_slots(0, 65536);
}
, "ipv4.slots["
}
, Hostile{"ttl", Family::kIpv4, BREAK{c.set_ttl(0, 256);
}
, "ipv4.ttl[0]"
}
, Hostile{"ip_length", Family::kIpv4, BREAK{c.set_ip_length(0, 65536);
}
, "ipv4.ip_length[0]"
}
, Hostile{"tcp_window", Family::kIpv4, BREAK{c.set_tcp_window(0, 65536);
}
, "ipv4.tcp_window[0]"
}
, Hostile{"tcp_options_length", Family::kIpv4, BREAK{c.set_tcp_options_length(0, 256);
}
, "ipv4.tcp_options_length[0]"
}
, Hostile{"source_port", Family::kIpv4, BREAK{c.set_source_port(0, 65536);
}
, "ipv4.source_port[0]"
}),
    [](const auto& hostile) { return std::string(hostile.param.name); });
#undef BREAK

FlowRow Row(uint32_t source, Kind kind, uint16_t port) {
  FlowRow row;
  row.source.low = source;
  row.kind_flags = static_cast<uint8_t>(kind);
  row.protocol = 6;
  row.port = port;
  row.packets = 10;
  return row;
}

TEST(HostileColumns, RowsOutOfOrder) {
  const FlowRow sorted[] = {Row(1, Kind::kTcpSyn, 23), Row(1, Kind::kTcpSyn, 80)};
  v1::FlowColumns columns;
  EncodeColumns(sorted, columns);
  ASSERT_TRUE(DecodeColumns(columns, Family::kIpv4).ok());
  columns.mutable_port()->SwapElements(0, 1);
  const auto decoded = DecodeColumns(columns, Family::kIpv4);
  ASSERT_FALSE(decoded.ok());
  EXPECT_NE(decoded.status().ToString().find("out of order"), std::string::npos);
}

TEST(HostileColumns, MarksTheKindDoesNotHaveOrAboveThePackets) {
  const FlowRow rows[] = {Row(1, Kind::kTcpSyn, 23), Row(2, Kind::kTcpAck, 80)};
  v1::FlowColumns columns;
  EncodeColumns(rows, columns);
  const auto refused = [&](const v1::FlowColumns& c, std::string_view part) {
    const auto decoded = DecodeColumns(c, Family::kIpv4);
    return !decoded.ok() && decoded.status().ToString().find(part) != std::string::npos;
  };
  v1::FlowColumns of_other_kind = columns;
  of_other_kind.add_zmap(10);
  of_other_kind.add_zmap(1);
  EXPECT_TRUE(refused(of_other_kind, "ipv4.zmap[1]"));
  v1::FlowColumns too_many = columns;
  too_many.add_nmap(11);
  too_many.add_nmap(0);
  EXPECT_TRUE(refused(too_many, "ipv4.nmap[0]"));
  v1::FlowColumns fits = columns;
  fits.add_nmap(10);
  fits.add_nmap(10);
  EXPECT_TRUE(DecodeColumns(fits, Family::kIpv4).ok());
}

TEST(HostileColumns, SlotsAboveThePackets) {
  FlowRow row = Row(1, Kind::kTcpRst, 80);
  for (int slot = 0; slot < kSlots; ++slot) row.set_slot(slot, 2);  // 12 of 10 packets
  v1::FlowColumns columns;
  EncodeColumns({&row, 1}, columns);
  EXPECT_FALSE(DecodeColumns(columns, Family::kIpv4).ok());
}

TEST(HostileColumns, SecondRowsOfOneKeyAreFine) {
  const FlowRow rows[] = {Row(1, Kind::kTcpSyn, 23), Row(1, Kind::kTcpSyn, 23)};
  v1::FlowColumns columns;
  EncodeColumns(rows, columns);
  EXPECT_TRUE(DecodeColumns(columns, Family::kIpv4).ok());
}

// Each column one entry too short and one too long, by reflection: no column can be forgotten.
TEST(HostileColumns, EveryLengthOffByOne) {
  const auto* descriptor = v1::FlowColumns::descriptor();
  const auto* reflection = v1::FlowColumns::GetReflection();
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    RandomRows random(11);
    v1::FlowColumns whole;
    EncodeColumns(random.Sorted(family, 200), whole);
    int columns_tried = 0;
    for (int f = 0; f < descriptor->field_count(); ++f) {
      const auto* field = descriptor->field(f);
      if (!field->is_repeated() || reflection->FieldSize(whole, field) == 0) continue;
      ++columns_tried;
      v1::FlowColumns shorter = whole;
      reflection->RemoveLast(&shorter, field);
      EXPECT_FALSE(DecodeColumns(shorter, family).ok()) << field->name();
      v1::FlowColumns longer = whole;
      switch (field->cpp_type()) {
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
          reflection->AddUInt32(&longer, field, 0);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
          reflection->AddUInt64(&longer, field, 0);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_INT64:
          reflection->AddInt64(&longer, field, 0);
          break;
        default:
          FAIL() << "a column of a type this test does not know: " << field->name();
      }
      EXPECT_FALSE(DecodeColumns(longer, family).ok()) << field->name();
    }
    EXPECT_EQ(columns_tried, family == Family::kIpv4 ? 22 : 23);
  }
}

// Whatever a message says, decoding it neither crashes nor accepts what encoding would not write.
TEST(HostileColumns, RandomDamageIsRefusedOrStillCanonical) {
  int accepted = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    RandomRows random(seed % 8 + 1);
    const Family family = seed % 2 == 0 ? Family::kIpv4 : Family::kIpv6;
    v1::FlowColumns columns;
    EncodeColumns(random.Sorted(family, 10), columns);
    std::string bytes = columns.SerializeAsString();
    std::mt19937_64 damage(seed);
    bytes[damage() % bytes.size()] = static_cast<char>(damage());
    if (!columns.ParseFromString(bytes)) continue;
    const auto decoded = DecodeColumns(columns, family);
    if (!decoded.ok()) continue;
    ++accepted;
    v1::FlowColumns again;
    EncodeColumns(*decoded, again);
    const auto back = DecodeColumns(again, family);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(back->size(), decoded->size());
    for (std::size_t i = 0; i < back->size(); ++i) {
      ASSERT_EQ(std::memcmp(&(*back)[i], &(*decoded)[i], sizeof(FlowRow)), 0);
    }
  }
  EXPECT_GT(accepted, 100);  // damage that only changes a value within its range
}

}  // namespace
}  // namespace teiten
