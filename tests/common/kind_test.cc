// SPDX-License-Identifier: Apache-2.0
// The numbers of kinds, fates, classes and families are stored: here they are pinned to the proto.
#include "common/kind.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/address.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {
namespace {

std::string ProtoName(std::string prefix, std::string_view name) {
  prefix += name;
  std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return prefix;
}

TEST(Kind, HasTheNumberAndNameOfTheProto) {
  ASSERT_EQ(v1::Kind_descriptor()->value_count(), kKindCount);
  for (int number = 1; number < kKindCount; ++number) {
    const std::string name(KindName(static_cast<Kind>(number)));
    v1::Kind parsed = v1::KIND_UNSPECIFIED;
    ASSERT_TRUE(v1::Kind_Parse(ProtoName("KIND_", name), &parsed)) << name;
    EXPECT_EQ(static_cast<int>(parsed), number) << name;
    EXPECT_EQ(KindFromName(name), static_cast<Kind>(number));
  }
}

TEST(Kind, NumbersNeverChange) {
  EXPECT_EQ(static_cast<int>(Kind::kTcpSyn), 1);
  EXPECT_EQ(static_cast<int>(Kind::kTcpSynack), 2);
  EXPECT_EQ(static_cast<int>(Kind::kTcpRst), 3);
  EXPECT_EQ(static_cast<int>(Kind::kTcpAck), 4);
  EXPECT_EQ(static_cast<int>(Kind::kTcpNull), 5);
  EXPECT_EQ(static_cast<int>(Kind::kTcpFin), 6);
  EXPECT_EQ(static_cast<int>(Kind::kTcpXmas), 7);
  EXPECT_EQ(static_cast<int>(Kind::kTcpMaimon), 8);
  EXPECT_EQ(static_cast<int>(Kind::kTcpOdd), 9);
  EXPECT_EQ(static_cast<int>(Kind::kUdpProbe), 10);
  EXPECT_EQ(static_cast<int>(Kind::kUdpResponse), 11);
  EXPECT_EQ(static_cast<int>(Kind::kUdpOdd), 12);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpEchoRequest), 13);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpRequest), 14);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpReply), 15);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpUnreachable), 16);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpExceeded), 17);
  EXPECT_EQ(static_cast<int>(Kind::kIcmpOdd), 18);
  EXPECT_EQ(static_cast<int>(Kind::kFragment), 19);
  EXPECT_EQ(static_cast<int>(Kind::kIpOther), 20);
}

TEST(Fate, HasTheNumberAndNameOfTheProto) {
  ASSERT_EQ(v1::Fate_descriptor()->value_count(), kFateCount);
  for (int number = 1; number < kFateCount; ++number) {
    const std::string name(FateName(static_cast<Fate>(number)));
    v1::Fate parsed = v1::FATE_UNSPECIFIED;
    ASSERT_TRUE(v1::Fate_Parse(ProtoName("FATE_", name), &parsed)) << name;
    EXPECT_EQ(static_cast<int>(parsed), number) << name;
    // The accounting has a field of the same name for each.
    EXPECT_NE(v1::Accounting::descriptor()->FindFieldByName(name), nullptr) << name;
  }
}

TEST(KindClass, HasTheNumberAndNameOfTheProto) {
  ASSERT_EQ(v1::KindClass_descriptor()->value_count(), 4);
  for (int number = 1; number < 4; ++number) {
    const std::string name(KindClassName(static_cast<KindClass>(number)));
    v1::KindClass parsed = v1::KIND_CLASS_UNSPECIFIED;
    ASSERT_TRUE(v1::KindClass_Parse(ProtoName("KIND_CLASS_", name), &parsed)) << name;
    EXPECT_EQ(static_cast<int>(parsed), number) << name;
    EXPECT_EQ(KindClassFromName(name), static_cast<KindClass>(number));
  }
}

TEST(Family, HasTheNumbersOfTheProto) {
  EXPECT_EQ(static_cast<int>(Family::kIpv4), static_cast<int>(v1::ADDRESS_FAMILY_IPV4));
  EXPECT_EQ(static_cast<int>(Family::kIpv6), static_cast<int>(v1::ADDRESS_FAMILY_IPV6));
}

TEST(Names, UnknownIsNobody) {
  EXPECT_EQ(KindFromName("none"), std::nullopt);
  EXPECT_EQ(KindFromName("TCP_SYN"), std::nullopt);
  EXPECT_EQ(KindFromName(""), std::nullopt);
  EXPECT_EQ(KindClassFromName("none"), std::nullopt);
  EXPECT_EQ(KindName(static_cast<Kind>(200)), "none");
  EXPECT_EQ(FateName(Fate::kNone), "none");
}

TEST(Marks, EachKindHasThoseOfTheDefinitions) {
  struct Case {
    Kind kind;
    std::string marks;  // z m M n a
  };
  const Case cases[] = {
      {Kind::kTcpSyn, "zmMn"},      {Kind::kTcpNull, "n"},         {Kind::kTcpFin, "n"},
      {Kind::kTcpXmas, "n"},        {Kind::kTcpMaimon, "n"},       {Kind::kTcpAck, "n"},
      {Kind::kUdpProbe, "za"},      {Kind::kIcmpEchoRequest, "z"}, {Kind::kTcpSynack, ""},
      {Kind::kTcpRst, ""},          {Kind::kTcpOdd, ""},           {Kind::kUdpResponse, ""},
      {Kind::kUdpOdd, ""},          {Kind::kIcmpRequest, ""},      {Kind::kIcmpReply, ""},
      {Kind::kIcmpUnreachable, ""}, {Kind::kIcmpExceeded, ""},     {Kind::kIcmpOdd, ""},
      {Kind::kFragment, ""},        {Kind::kIpOther, ""},
  };
  ASSERT_EQ(std::size(cases), static_cast<std::size_t>(kKindCount - 1));
  for (const Case& c : cases) {
    std::string marks;
    for (int mark = 0; mark < kMarkCount; ++mark) {
      if (HasMark(c.kind, static_cast<Mark>(mark))) marks += "zmMna"[mark];
    }
    EXPECT_EQ(marks, c.marks) << KindName(c.kind);
    // A row has either marks or slots in the same bytes.
    EXPECT_FALSE(HasSlots(c.kind) && !marks.empty()) << KindName(c.kind);
  }
}

}  // namespace
}  // namespace teiten
