// SPDX-License-Identifier: Apache-2.0
#include "common/columns.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

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

TEST(Columns, PlanesGoFromLowToHighAndZerosAreLeftOut) {
  FlowRow rows[2];
  rows[0].source.low = 0x01020304;
  rows[0].kind_flags = static_cast<uint8_t>(Kind::kIcmpReply);
  rows[0].protocol = 1;
  rows[0].packets = 0x0201;
  rows[1] = rows[0];
  rows[1].source.low = 0x01020307;
  rows[1].packets = 5;
  rows[1].bitmap = 0x8000000000000001;
  v1::FlowColumns columns;
  EncodeColumns(rows, columns);
  v1::FlowColumns expected;
  expected.set_row_count(2);
  expected.set_source_v4_delta(std::string("\x04\x03\x03\x00\x02\x00\x01\x00", 8));
  expected.set_kind("\x0f\x0f");
  expected.set_protocol("\x01\x01");
  expected.set_packets(std::string("\x01\x05\x02\x00", 4));
  expected.set_destination("\x41\x40");
  expected.set_destination_bitmap(std::string("\x01\x00\x00\x00\x00\x00\x00\x80", 8));
  EXPECT_EQ(columns.DebugString(), expected.DebugString());
}

// One wrong thing at a time in a message that is else right.
struct Hostile {
  const char* name;
  Family family;
  std::function<void(v1::FlowColumns&)> break_it;
  const char* error;  // part of the message
};

class HostileColumns : public testing::TestWithParam<Hostile> {};

constexpr int kRows = 40;

TEST_P(HostileColumns, AreRefusedByName) {
  const Hostile& c = GetParam();
  RandomRows random(7);
  v1::FlowColumns columns;
  EncodeColumns(random.Sorted(c.family, kRows), columns);
  ASSERT_TRUE(DecodeColumns(columns, c.family).ok());
  c.break_it(columns);
  const auto decoded = DecodeColumns(columns, c.family);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(decoded.status().ToString().find(c.error), std::string::npos) << decoded.status();
}

// Sets one byte: of entry `row` in plane `plane`.
void Poke(std::string* column, int row, int plane, int value) {
  const std::size_t at = static_cast<std::size_t>(plane * kRows + row);
  if (column->size() <= at) column->resize(static_cast<std::size_t>((plane + 1) * kRows));
  (*column)[at] = static_cast<char>(value);
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
, Hostile{"v6_columns_in_v4", Family::kIpv4, BREAK{c.set_source_v6_low(std::string(kRows, 'x'));
}
, "ipv4.source_v6_low"
}
, Hostile{"v4_columns_in_v6", Family::kIpv6, BREAK{c.set_source_v4_delta(std::string(kRows, 'x'));
}
, "ipv6.source_v4_delta"
}
, Hostile{"source_v4_too_wide", Family::kIpv4,
          BREAK{c.set_source_v4_delta(std::string(5 * kRows, 'x'));
}
, "ipv4.source_v4_delta"
}
, Hostile{"source_v4_overflow", Family::kIpv4,
          BREAK{Poke(c.mutable_source_v4_delta(), kRows - 1, 3, 0xff);
}
, "ipv4.source_v4_delta[39]"
}
, Hostile{"source_v6_high_overflow", Family::kIpv6,
          BREAK{for (int plane = 0; plane < 8;
                     ++plane){Poke(c.mutable_source_v6_high_delta(), kRows - 1, plane, 0xff);
}
}
, "ipv6.source_v6_high_delta[39]"
}
, Hostile{"kind_zero", Family::kIpv4, BREAK{Poke(c.mutable_kind(), 3, 0, 0);
}
, "ipv4."
}
, Hostile{"kind_unknown", Family::kIpv4,
          BREAK{c.set_kind(std::string(kRows, static_cast<char>(kKindCount)));
}
, "ipv4.slots"
}
, Hostile{"kind_two_planes", Family::kIpv4, BREAK{Poke(c.mutable_kind(), 3, 1, 1);
}
, "ipv4.kind"
}
, Hostile{"protocol_256", Family::kIpv4, BREAK{Poke(c.mutable_protocol(), 0, 1, 1);
}
, "ipv4.protocol"
}
, Hostile{"port_65536", Family::kIpv6, BREAK{Poke(c.mutable_port(), 1, 2, 1);
}
, "ipv6.port"
}
, Hostile{"row_flags", Family::kIpv6, BREAK{Poke(c.mutable_row_flags(), 1, 0, 4);
}
, "ipv6.row_flags[1]"
}
, Hostile{"prefix64_v4", Family::kIpv4, BREAK{Poke(c.mutable_row_flags(), 1, 0, 2);
}
, "ipv4.row_flags[1]"
}
, Hostile{"packets_zero", Family::kIpv4,
          BREAK{for (int plane = 0; plane < 4; ++plane) Poke(c.mutable_packets(), 2, plane, 0);
}
, "ipv4.packets[2]"
}
, Hostile{
      "bytes_far_below_zero", Family::kIpv4,
      BREAK{for (int plane = 0; plane < 8; ++plane){Poke(c.mutable_bytes_residue(), 2, plane, 0xff);
}
}
, "ipv4.bytes_residue[2]"
}
, Hostile{"bytes_2_60", Family::kIpv4, BREAK{Poke(c.mutable_bytes_residue(), 2, 7, 0x20);
}
, "ipv4.bytes_residue[2]"
}
, Hostile{"last_ms", Family::kIpv4,
          BREAK{for (int plane = 0; plane < 3; ++plane){Poke(c.mutable_first_ms(), 5, plane, 0xff);
Poke(c.mutable_last_after_first_ms(), 5, plane, plane == 0 ? 1 : 0);
}
}
, "ipv4.last_after_first_ms[5]"
}
, Hostile{"first_ms_2_24", Family::kIpv4, BREAK{Poke(c.mutable_first_ms(), 5, 3, 1);
}
, "ipv4.first_ms"
}
, Hostile{"destination_66", Family::kIpv4,
          BREAK{const std::size_t at = c.destination().find('\x41');
ASSERT_NE(at, std::string::npos);
(*c.mutable_destination())[at] = '\x42';
}
, "ipv4.destination["
}
, Hostile{"bitmap_of_one_bit", Family::kIpv4,
          BREAK{const std::size_t entries = c.destination_bitmap().size() / 8;
for (std::size_t plane = 0; plane < 8; ++plane) {
  (*c.mutable_destination_bitmap())[plane * entries] = plane == 0 ? '\x08' : 0;
}
}
, "ipv4.destination["
}
, Hostile{"top_plane_zero", Family::kIpv4, BREAK{c.mutable_ttl()->append(kRows, '\0');
}
, "ipv4.ttl"
}
, Hostile{"zero_column_written", Family::kIpv4,
          BREAK{c.set_tcp_options_length(std::string(kRows, '\0'));
}
, "ipv4.tcp_options_length"
}),
    [](const auto& hostile) {
  return std::string(hostile.param.name); });
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
  std::swap((*columns.mutable_port())[0], (*columns.mutable_port())[1]);
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
  of_other_kind.set_zmap("\x0a\x01");
  EXPECT_TRUE(refused(of_other_kind, "ipv4.zmap[1]"));
  v1::FlowColumns too_many = columns;
  too_many.set_nmap(std::string("\x0b\x00", 2));
  EXPECT_TRUE(refused(too_many, "ipv4.nmap[0]"));
  v1::FlowColumns fits = columns;
  fits.set_nmap("\x0a\x0a");
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

// Each column one byte too short and one too long, by reflection: no column can be forgotten.
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
      if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) continue;
      const std::string bytes = reflection->GetString(whole, field);
      if (bytes.empty()) continue;  // the columns of the other family
      ++columns_tried;
      for (const std::string& other : {bytes.substr(1), bytes + 'x'}) {
        v1::FlowColumns broken = whole;
        reflection->SetString(&broken, field, other);
        EXPECT_FALSE(DecodeColumns(broken, family).ok()) << field->name();
      }
    }
    EXPECT_EQ(columns_tried, family == Family::kIpv4 ? 22 : 23);
  }
}

// Whatever a message says, decoding it neither crashes nor accepts what encoding would not write.
TEST(HostileColumns, RandomDamageIsRefusedOrCanonical) {
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
    columns.DiscardUnknownFields();
    v1::FlowColumns again;
    EncodeColumns(*decoded, again);
    ASSERT_EQ(again.SerializeAsString(), columns.SerializeAsString()) << "seed " << seed;
  }
  EXPECT_GT(accepted, 100);  // damage that only changes a value within its range
}

}  // namespace
}  // namespace teiten
