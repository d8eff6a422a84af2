// SPDX-License-Identifier: Apache-2.0
// A store that answers from a list of single activities by adding them up, slowly and obviously.
// Only what reports read; there are no facts.
#pragma once

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "collector/store/store.h"

namespace teiten {

struct Activity {
  int64_t at_unix_ms = 0;
  std::string sensor;
  std::string source;  // "" for folded packets
  Kind kind = Kind::kTcpSyn;
  uint8_t protocol = 6;
  uint16_t port = 0;
  uint64_t packets = 1;
  v1::ToolMark tool = v1::TOOL_MARK_UNMARKED;
  std::string region = "unknown";
};

class ActivityStore : public StoreReader {
 public:
  std::vector<Activity> activities;
  std::vector<std::pair<int64_t, CoverageRollup>> hours;  // coverage by hour
  std::vector<SensorRecord> sensors;
  std::map<std::string, SpoolLedger> ledgers;  // by sensor
  std::vector<int64_t> dirty;
  std::map<std::string, std::string> group_of;  // "live" where absent
  bool hours_expired = false;
  Zone zone{0};

  // Watched from `from_hour` for `count` hours, all of each hour.
  CoverageRollup& Watch(const std::string& sensor, int64_t hour_unix_ms, double n4, double p6 = 0,
                        uint64_t live_ms = kHourMs) {
    CoverageRollup c;
    c.sensor = sensor;
    c.group = Group(sensor);
    c.summaries = live_ms / 60'000;
    c.live_ms = live_ms;
    if (live_ms > 0) {
      c.live.Add(static_cast<uint64_t>(hour_unix_ms),
                 static_cast<uint64_t>(hour_unix_ms) + live_ms - 1);
    }
    c.n4_live_ms = n4 * static_cast<double>(live_ms);
    c.p6_live_ms = p6 * static_cast<double>(live_ms);
    c.accounting.set_kernel_dropped(0);
    hours.emplace_back(hour_unix_ms, c);
    return hours.back().second;
  }
  void WatchDay(const std::string& sensor, int64_t day_unix_ms, double n4, double p6 = 0) {
    for (int h = 0; h < 24; ++h) Watch(sensor, day_unix_ms + h * kHourMs, n4, p6);
  }
  void Know(const std::string& sensor, int64_t newest_unix_ms) {
    SensorRecord record;
    record.contact.sensor = sensor;
    record.contact.group = Group(sensor);
    record.contact.software = "teiten-sensor 0.1.0";
    record.newest_window_end_unix_ms = newest_unix_ms;
    record.spools.push_back(Spool{});
    sensors.push_back(record);
  }

  absl::Status ScanFacts(const FactSelection&,
                         const std::function<bool(const StoredFact&)>&) override {
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<RollupRow>> ReadRollup(const RollupQuery& q) override {
    using Key = std::tuple<int64_t, std::string, Family, Kind, uint8_t, uint16_t, v1::ToolMark,
                           std::string, bool>;
    std::map<Key, RollupRow> rows;
    if (q.tier == RollupTier::kHour && hours_expired) return std::vector<RollupRow>();
    for (const Activity& a : activities) {
      if (!Selected(q, a)) continue;
      RollupRow row;
      row.start_unix_ms = q.by_time ? StartOf(q.tier, a.at_unix_ms) : 0;
      row.sensor = a.sensor;
      row.group = Group(a.sensor);
      row.family = FamilyOf(a);
      row.kind = a.kind;
      row.folded = a.source.empty() && q.table == RollupTable::kPorts;
      if (q.table == RollupTable::kPorts) {
        std::tie(row.protocol, row.port, row.tool) = std::tuple(a.protocol, a.port, a.tool);
      }
      if (q.table == RollupTable::kRegions) row.region = a.source.empty() ? "folded" : a.region;
      if (q.table == RollupTable::kKinds) row.sources = HyperLogLog(14);
      const Key key{row.start_unix_ms, row.sensor, row.family, row.kind,  row.protocol,
                    row.port,          row.tool,   row.region, row.folded};
      RollupRow& sum = rows.try_emplace(key, row).first->second;
      sum.packets += a.packets;
      sum.bytes += 40 * a.packets;
      sum.tuples += a.source.empty() ? 0U : 1U;
      if (!a.source.empty()) sum.sources.AddHash(HashOf(a));
    }
    std::vector<RollupRow> out;
    for (auto& [key, row] : rows) out.push_back(std::move(row));
    return out;
  }

  absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(RollupTier tier,
                                                           const FactSelection& s) override {
    std::vector<CoverageRollup> out;
    auto by_time = ReadCoverageByTime(tier, s);
    for (auto& [start, c] : *by_time) out.push_back(std::move(c));
    return out;
  }

  absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverageByTime(
      RollupTier tier, const FactSelection& s) override {
    std::vector<std::pair<int64_t, CoverageRollup>> out;
    if (tier == RollupTier::kHour && hours_expired) return out;
    for (const auto& [hour, c] : hours) {
      if (hour < s.from_unix_ms || hour >= s.to_unix_ms) continue;
      if (!Has(s.sensors, c.sensor) || !Has(s.groups, c.group)) continue;
      out.emplace_back(StartOf(tier, hour), c);
    }
    return out;
  }

  absl::StatusOr<std::vector<SourceDay>> ReadSources(const SourceQuery& q) override {
    std::vector<SourceDay> out;
    for (const Activity& a : activities) {
      if (a.source.empty() || a.at_unix_ms < q.from_unix_ms || a.at_unix_ms >= q.to_unix_ms)
        continue;
      if (!Has(q.sensors, a.sensor) || !Has(q.groups, Group(a.sensor))) continue;
      SourceDay s;
      s.sensor = a.sensor;
      s.group = Group(a.sensor);
      s.family = FamilyOf(a);
      s.source = ParseAddress(a.source)->address;
      std::tie(s.kind, s.protocol, s.port, s.packets) =
          std::tuple(a.kind, a.protocol, a.port, a.packets);
      s.region = a.region;
      if (a.tool >= v1::TOOL_MARK_ZMAP) {
        s.marks[static_cast<int>(a.tool) - static_cast<int>(v1::TOOL_MARK_ZMAP)] = a.packets;
      }
      out.push_back(s);
      if (out.size() == q.limit) break;
    }
    return out;
  }

  absl::StatusOr<std::vector<SensorRecord>> ReadSensors() override { return sensors; }
  absl::StatusOr<SpoolLedger> ReadLedger(const std::string& sensor, const Spool&) override {
    return ledgers[sensor];
  }
  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t) override { return dirty; }

 private:
  static bool Has(const std::vector<std::string>& list, const std::string& name) {
    return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
  }
  std::string Group(const std::string& sensor) const {
    const auto at = group_of.find(sensor);
    return at == group_of.end() ? "live" : at->second;
  }
  static Family FamilyOf(const Activity& a) {
    return a.source.find(':') == std::string::npos ? Family::kIpv4 : Family::kIpv6;
  }
  static uint64_t HashOf(const Activity& a) {
    static const HashMultipliers k = DeriveMultipliers(PublishedKey(), "source sketch");
    return SketchHash(k, FamilyOf(a), ParseAddress(a.source)->address);
  }
  int64_t StartOf(RollupTier tier, int64_t at) const {
    return tier == RollupTier::kHour ? zone.HourOf(at) : zone.DayOf(at);
  }
  bool Selected(const RollupQuery& q, const Activity& a) const {
    const FactSelection& s = q.selection;
    if (a.at_unix_ms < s.from_unix_ms || a.at_unix_ms >= s.to_unix_ms) return false;
    if (!Has(s.sensors, a.sensor) || !Has(s.groups, Group(a.sensor))) return false;
    if (!q.kinds.empty() && std::find(q.kinds.begin(), q.kinds.end(), a.kind) == q.kinds.end()) {
      return false;
    }
    return q.ports.empty() ||
           std::any_of(q.ports.begin(), q.ports.end(), [&](const v1::ProtocolPort& p) {
             return p.protocol() == a.protocol && p.port() == a.port;
           });
  }
};

}  // namespace teiten
