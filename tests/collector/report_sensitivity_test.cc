// SPDX-License-Identifier: Apache-2.0
#include "collector/report/sensitivity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace teiten::report {
namespace {

TEST(Sensitivity, TailsByHand) {
  EXPECT_NEAR(PoissonTail(1, 1), 1 - std::exp(-1), 1e-15);
  EXPECT_NEAR(PoissonTail(2, 2), 1 - 3 * std::exp(-2), 1e-15);  // 1 - e^-2 (1 + 2)
  EXPECT_NEAR(BinomialTail(3, 0.5, 2), 0.5, 1e-15);             // (3 + 1) / 8
  EXPECT_NEAR(BinomialTail(4, 0.5, 3), 5.0 / 16, 1e-15);
  EXPECT_EQ(BinomialTail(2, 1, 3), 0);
  EXPECT_EQ(BinomialTail(3, 1, 3), 1);
}

TEST(Sensitivity, FiguresOfTheDefinitions) {
  for (const uint64_t n4 : {5U, 6U, 16U, 256U, 65536U}) {
    EXPECT_NEAR(FleetPacketsNeeded(n4).value(), 11.605, 0.0005) << n4;
  }
  EXPECT_NEAR(MoorePacketsNeeded(), 44.190, 0.0005);
}

TEST(Sensitivity, FewAddressesNeedMorePackets) {
  // All three must be hit: (1 - e^(-m/3))^3 = 0.99, m = -3 ln(1 - 0.99^(1/3)) = 17.094.
  EXPECT_NEAR(FleetPacketsNeeded(3).value(), -3 * std::log(1 - std::cbrt(0.99)), 1e-6);
  EXPECT_GT(FleetPacketsNeeded(3).value(), FleetPacketsNeeded(4).value());
  EXPECT_GT(FleetPacketsNeeded(4).value(), 11.605);
  EXPECT_FALSE(FleetPacketsNeeded(2).has_value());
  EXPECT_FALSE(DosFleet(2.9, 300).packets_per_second.has_value());
}

TEST(Sensitivity, DosOfAFleetOf256) {
  // 11.605 x 2^32 / (256 x 300) = 649,000 packets per second.
  EXPECT_NEAR(DosFleet(256, 300).packets_per_second.value(), 11.6046 * kIpv4Space / (256 * 300),
              30);
  // Silence: ln(1000) x 2^32 / (100,000 x 256) = 1,158.9 s; an hour is longer than that.
  EXPECT_NEAR(FleetSilenceSeconds(256), 1158.9, 0.1);
  EXPECT_NEAR(DosFleet(256, 3600).packets_per_second.value(),
              11.6046 * kIpv4Space / (256 * 1158.94), 30);
  EXPECT_EQ(DosFleet(256, 3600).packets_per_second, DosFleet(256, 86400).packets_per_second);
}

TEST(Sensitivity, SilenceHasBounds) {
  EXPECT_DOUBLE_EQ(FleetSilenceSeconds(5), 10800);
  EXPECT_DOUBLE_EQ(FleetSilenceSeconds(1e6), 300);
  // A large fleet would see slow attacks, but their events would fall apart: 100,000 is the floor.
  EXPECT_DOUBLE_EQ(DosFleet(1e7, 3600).packets_per_second.value(), 100'000);
}

TEST(Sensitivity, MooreOfAFleetOf256) {
  EXPECT_NEAR(DosMoore(256).packets_per_second.value(), 44.190 * kIpv4Space / (256 * 60), 200);
}

TEST(Sensitivity, Scan) {
  // Three addresses: each must be hit, c = 0.99^(1/3); over a day c x 2^32 / 86,400.
  EXPECT_NEAR(ScanFleet(3, 86400).packets_per_second.value(), std::cbrt(0.99) * kIpv4Space / 86400,
              1e-3);
  EXPECT_FALSE(ScanFleet(2, 86400).packets_per_second.has_value());
  // With 256 addresses about 3.25 % of the space does.
  EXPECT_NEAR(ScanFleet(256, 1).packets_per_second.value() / kIpv4Space, 0.0325, 0.0005);
}

}  // namespace
}  // namespace teiten::report
