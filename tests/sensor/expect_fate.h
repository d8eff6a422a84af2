// SPDX-License-Identifier: Apache-2.0
// One line of a table of fates.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/sensor/judge.h"

namespace teiten::test {

inline void ExpectFate(SensorUnderTest& sensor, const BuiltPacket& p, Fate want,
                       const std::string& name) {
  EXPECT_EQ(FateName(sensor.Judge(p).fate), FateName(want)) << name;
}
inline void ExpectFate(const PacketBuilder& p, Fate want, const std::string& name) {
  SensorUnderTest sensor;
  ExpectFate(sensor, p.Build(), want, name);
}

}  // namespace teiten::test
