// SPDX-License-Identifier: Apache-2.0
#include "common/service_name.h"

#include <gtest/gtest.h>

namespace teiten {
namespace {

TEST(ServiceName, KnowsPortsByProtocol) {
  EXPECT_EQ(ServiceName(6, 23), "telnet");
  EXPECT_EQ(ServiceName(6, 443), "https");
  EXPECT_EQ(ServiceName(17, 53), "domain");
  EXPECT_EQ(ServiceName(6, 514), "shell");
  EXPECT_EQ(ServiceName(17, 514), "syslog");
  EXPECT_EQ(ServiceName(17, 47808), "bacnet");
  EXPECT_EQ(ServiceName(6, 20), "ftp-data");  // first and last rows of TCP
  EXPECT_EQ(ServiceName(6, 47808), "bacnet");
}

TEST(ServiceName, IsEmptyForTheRest) {
  EXPECT_EQ(ServiceName(6, 37215), "");
  EXPECT_EQ(ServiceName(6, 0), "");
  EXPECT_EQ(ServiceName(6, 65535), "");
  EXPECT_EQ(ServiceName(1, 23), "");
  EXPECT_EQ(ServiceName(262, 23), "");  // no truncation to TCP
  EXPECT_EQ(ServiceName(6, 65536 + 23), "");
}

// lower_bound needs the table sorted: what is out of order would not be found.
TEST(ServiceName, TableIsSorted) {
  int names = 0;
  for (uint32_t protocol : {6U, 17U}) {
    for (uint32_t port = 0; port < 65536; ++port)
      names += ServiceName(protocol, port).empty() ? 0 : 1;
  }
  EXPECT_EQ(names, 329);
}

}  // namespace
}  // namespace teiten
