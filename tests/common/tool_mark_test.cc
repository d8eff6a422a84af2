// SPDX-License-Identifier: Apache-2.0
#include "common/tool_mark.h"

#include <gtest/gtest.h>

#include "common/kind.h"

namespace teiten {
namespace {

TEST(ToolMark, EveryOneOfTheWireHasItsNameAndIsFoundByIt) {
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_ZMAP), "zmap");
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_MASSCAN), "masscan");
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_MIRAI), "mirai");
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_NMAP), "nmap");
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_AMPLIFICATION), "amplification");
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_UNMARKED), "unmarked");
  for (int tool = v1::TOOL_MARK_UNMARKED; tool < v1::ToolMark_ARRAYSIZE; ++tool) {
    EXPECT_EQ(ToolMarkFromName(ToolMarkName(static_cast<v1::ToolMark>(tool))), tool);
  }
}

TEST(ToolMark, WhatIsNotKnownIsANumberAndNobodysName) {
  EXPECT_EQ(ToolMarkName(v1::TOOL_MARK_UNSPECIFIED), "tool 0");
  EXPECT_EQ(ToolMarkName(static_cast<v1::ToolMark>(99)), "tool 99");
  for (const char* name : {"", "none", "tool 0", "Mirai", "zmap "}) {
    EXPECT_FALSE(ToolMarkFromName(name)) << name;
  }
}

}  // namespace
}  // namespace teiten
