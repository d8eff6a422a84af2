// SPDX-License-Identifier: Apache-2.0
// One line of a table of kinds: what the row of an observed packet must say.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/sensor/judge.h"

namespace teiten::test {

// What the table says of a packet.
struct Want {
  Kind kind;
  uint16_t port = 0;
  uint8_t protocol = kProtocolTcp;
  uint16_t source_port = 0;
};

inline void ExpectRow(const Judgement& j, const Want& want, bool ipv6, const std::string& name) {
  ASSERT_EQ(j.fate, Fate::kObserved) << name;
  EXPECT_EQ(KindName(j.kind()), KindName(want.kind)) << name;
  EXPECT_EQ(j.row.port, want.port) << name;
  EXPECT_EQ(j.row.protocol, want.protocol) << name;
  EXPECT_EQ(j.row.source_port, want.source_port) << name;
  EXPECT_EQ(j.row.source, A(ipv6 ? kScanner6 : kScanner4)) << name;
  EXPECT_EQ(j.row.family(), ipv6 ? Family::kIpv6 : Family::kIpv4) << name;
  EXPECT_EQ(j.row.packets, 1U) << name;
  EXPECT_EQ(j.row.first_ms(), 0U) << name;
}

}  // namespace teiten::test
