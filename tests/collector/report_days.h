// SPDX-License-Identifier: Apache-2.0
// Reports of two sensors and two days whose figures are worked out by hand beside them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "activity_store.h"
#include "collector/report/report.h"
#include "common/time_format.h"

namespace teiten {

inline const int64_t kToday = *ParseTimeMs("2026-11-22");
inline const int64_t kYesterday = kToday - kDayMs;

inline ReportRequestResolved Day(int64_t day = kToday) {
  ReportRequestResolved r;
  r.from_unix_ms = day;
  r.to_unix_ms = day + kDayMs;
  r.previous_from_unix_ms = day - kDayMs;
  r.software = "teiten-collector 0.1.0";
  return r;
}

inline v1::Report Build(ActivityStore& store, const ReportRequestResolved& request = Day()) {
  auto report = BuildReport(store, request);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : v1::Report();
}

// Two sensors, a with 4 IPv4 addresses and 1 /64, b with 2 addresses.
inline ActivityStore TwoSensors() {
  ActivityStore s;
  s.Know("a", kToday + kDayMs);
  s.Know("b", kToday + kDayMs);
  for (const int64_t day : {kYesterday, kToday}) {
    s.WatchDay("a", day, 4, 1);
    s.WatchDay("b", day, 2);
  }
  return s;
}

inline void Add(ActivityStore& s, int64_t at, const std::string& sensor, const std::string& source,
                uint16_t port, uint64_t packets, v1::ToolMark tool = v1::TOOL_MARK_UNMARKED,
                const std::string& region = "unknown") {
  s.activities.push_back({at, sensor, source, Kind::kTcpSyn, 6, port, packets, tool, region});
}

}  // namespace teiten
