// SPDX-License-Identifier: Apache-2.0
// A day of a small fleet as it may look: 24 hours, three sensors, an outage, tools, backscatter,
// a little IPv6. All figures follow from a counter; nothing is random.
#pragma once

#include <cmath>

#include "activity_store.h"
#include "collector/report/report.h"
#include "common/time_format.h"

namespace teiten {

inline ReportRequestResolved SampleRequest() {
  ReportRequestResolved r;
  r.from_unix_ms = *ParseTimeMs("2026-11-22T00:00:00+09:00");
  r.to_unix_ms = r.from_unix_ms + kDayMs;
  r.previous_from_unix_ms = r.from_unix_ms - kDayMs;
  r.utc_offset_minutes = 540;
  r.software = "teiten-collector 0.1.0";
  r.region_data = "iptoasn-country.mmdb, sha256 5f0c9a1d, iptoasn.com, public domain (PDDL)";
  return r;
}

struct SampleTraffic {
  Kind kind;
  uint8_t protocol;
  uint16_t port;
  int packets;  // about, of an hour at a sensor
  v1::ToolMark tool;
};

inline constexpr SampleTraffic kSampleTraffic[] = {
    {Kind::kTcpSyn, 6, 23, 310, v1::TOOL_MARK_MIRAI},
    {Kind::kTcpSyn, 6, 23, 190, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 2323, 60, v1::TOOL_MARK_MIRAI},
    {Kind::kTcpSyn, 6, 2323, 18, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 22, 240, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 443, 160, v1::TOOL_MARK_ZMAP},
    {Kind::kTcpSyn, 6, 80, 150, v1::TOOL_MARK_MASSCAN},
    {Kind::kTcpSyn, 6, 445, 110, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 3389, 90, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 8080, 70, v1::TOOL_MARK_ZMAP},
    {Kind::kTcpSyn, 6, 5555, 40, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSyn, 6, 37215, 33, v1::TOOL_MARK_MIRAI},
    {Kind::kTcpSyn, 6, 6379, 28, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpNull, 6, 22, 2, v1::TOOL_MARK_NMAP},
    {Kind::kUdpProbe, 17, 53, 45, v1::TOOL_MARK_UNMARKED},
    {Kind::kUdpProbe, 17, 123, 30, v1::TOOL_MARK_AMPLIFICATION},
    {Kind::kUdpProbe, 17, 5060, 52, v1::TOOL_MARK_UNMARKED},
    {Kind::kIcmpEchoRequest, 1, 0, 64, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSynack, 6, 443, 31, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpSynack, 6, 80, 22, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpRst, 6, 25565, 12, v1::TOOL_MARK_UNMARKED},
    {Kind::kUdpResponse, 17, 53, 9, v1::TOOL_MARK_UNMARKED},
    {Kind::kIcmpUnreachable, 17, 30120, 5, v1::TOOL_MARK_UNMARKED},
    {Kind::kTcpAck, 6, 443, 7, v1::TOOL_MARK_UNMARKED},
    {Kind::kUdpOdd, 17, 27015, 3, v1::TOOL_MARK_UNMARKED},
    {Kind::kFragment, 17, 0, 1, v1::TOOL_MARK_UNMARKED},
};

inline constexpr const char* kSampleRegions[] = {"US", "CN", "NL",      "BR", "RU", "JP",
                                                 "IN", "DE", "unknown", "BG", "VN", "GB"};

inline void AddSampleHour(ActivityStore& store, const std::string& sensor, int64_t at, int n4) {
  const int hour = static_cast<int>(at / kHourMs % 48);
  int i = 0;
  for (const SampleTraffic& t : kSampleTraffic) {
    ++i;
    const double wave = 1 + 0.35 * std::sin((hour + i * 3) / 24.0 * 6.283) +
                        (t.port == 37215 && hour % 24 > 9 ? 4.5 : 0);
    const auto packets = static_cast<uint64_t>(t.packets * wave * n4 / 4);
    for (uint64_t part = 0; part < 4; ++part) {
      const uint64_t source = (static_cast<uint64_t>(hour) * 17 + static_cast<uint64_t>(i) * 13 +
                               part * 5 + static_cast<uint64_t>(n4)) %
                              250;
      Activity a{at + 1000 * i,
                 sensor,
                 "198.51." + std::to_string(i) + "." + std::to_string(source % 250),
                 t.kind,
                 t.protocol,
                 t.port,
                 packets / (part + 2),
                 t.tool,
                 kSampleRegions[(source * source / 40) % 12]};
      store.activities.push_back(a);
    }
  }
  if (sensor != "tokyo-1") return;
  store.activities.push_back({at, sensor, "2001:db8:7::" + std::to_string(hour % 9 + 1),
                              Kind::kTcpSyn, 6, 443, static_cast<uint64_t>(4 + hour % 3),
                              v1::TOOL_MARK_UNMARKED, "DE"});
  store.activities.push_back({at, sensor, "2001:db8:9::1", Kind::kIcmpEchoRequest, 58, 0, 2,
                              v1::TOOL_MARK_UNMARKED, "US"});
}

inline ActivityStore SampleStore() {
  ActivityStore store;
  const ReportRequestResolved r = SampleRequest();
  store.zone = Zone(r.utc_offset_minutes);
  const std::pair<const char*, int> sensors[] = {{"tokyo-1", 4}, {"osaka-1", 2}, {"sapporo-1", 8}};
  for (const auto& [sensor, n4] : sensors) {
    store.Know(sensor, r.to_unix_ms);
    for (int64_t at = r.previous_from_unix_ms; at < r.to_unix_ms; at += kHourMs) {
      const int64_t hour = (at - r.from_unix_ms) / kHourMs;
      const bool all_down = hour == 15;  // a power cut: nobody watched
      const bool osaka_down = sensor == std::string("osaka-1") && hour >= 2 && hour < 6;
      if (all_down || osaka_down) continue;
      CoverageRollup& c = store.Watch(sensor, at, n4, n4 == 4 ? 1 : 0);
      c.accounting.set_captured(9000);
      c.accounting.set_observed(1800);
      c.accounting.set_outbound(3000);
      c.accounting.set_solicited(3200);
      c.accounting.set_service(700);
      c.accounting.set_unobserved(250);
      c.accounting.set_not_ip(50);
      if (n4 == 8) c.accounting.set_kernel_dropped(3);
      if (n4 == 2) {
        c.blind.push_back({6, 22, kHourMs});
        c.accounting.clear_kernel_dropped();
        c.drops_unknown_ms = c.live_ms;
      }
      AddSampleHour(store, sensor, at, n4);
    }
  }
  v1::Gap gap;
  gap.set_reason(v1::Gap::REASON_SHED_SIZE);
  gap.mutable_sequences()->set_first(100);
  gap.mutable_sequences()->set_last(339);
  gap.set_from_unix_ms(r.from_unix_ms + 2 * kHourMs);
  gap.set_to_unix_ms(r.from_unix_ms + 6 * kHourMs);
  store.ledgers["osaka-1"].gaps.push_back(gap);
  return store;
}

}  // namespace teiten
