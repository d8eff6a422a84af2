// SPDX-License-Identifier: Apache-2.0
// Handing out what HourBuilder has added up.
#include <algorithm>

#include "collector/store/rollup.h"

namespace teiten {

HourBuilder::Result HourBuilder::Finish() && {
  Result out;
  out.hour.start_unix_ms = hour_unix_ms_;
  FinishPorts(out.hour);
  FinishRegions(out.hour);
  FinishKinds(out.hour);
  FinishCoverage(out.hour);
  out.sources = FinishSources(out.hour);
  out.counters = counters_;
  return out;
}

void HourBuilder::FinishPorts(HourRollup& hour) {
  hour.ports.reserve(ports_.size());
  for (auto& [key, cell] : ports_) {
    const auto& [stream, family, kind, protocol, port, tool, folded] = key;
    PortRollup& row = hour.ports.emplace_back();
    row.sensor = streams_[stream].sensor;
    row.group = streams_[stream].group;
    row.family = family;
    row.kind = kind;
    row.protocol = protocol;
    row.port = port;
    row.tool = static_cast<v1::ToolMark>(tool);
    row.folded = folded;
    row.packets = cell.sum.packets;
    row.bytes = cell.sum.bytes;
    row.tuples = cell.sum.tuples;
    row.sources = std::move(cell.sources);
  }
  std::sort(hour.ports.begin(), hour.ports.end(), [](const PortRollup& a, const PortRollup& b) {
    return std::tie(a.protocol, a.port, a.kind, a.family, a.sensor, a.group, a.tool, a.folded) <
           std::tie(b.protocol, b.port, b.kind, b.family, b.sensor, b.group, b.tool, b.folded);
  });
}

void HourBuilder::FinishRegions(HourRollup& hour) {
  hour.regions.reserve(region_cells_.size());
  for (auto& [key, cell] : region_cells_) {
    const auto& [stream, family, kind, region] = key;
    RegionRollup& row = hour.regions.emplace_back();
    row.sensor = streams_[stream].sensor;
    row.group = streams_[stream].group;
    row.family = family;
    row.kind = kind;
    row.region = regions_[region];
    row.packets = cell.sum.packets;
    row.bytes = cell.sum.bytes;
    row.tuples = cell.sum.tuples;
    row.sources = std::move(cell.sources);
  }
  std::sort(hour.regions.begin(), hour.regions.end(),
            [](const RegionRollup& a, const RegionRollup& b) {
              return std::tie(a.kind, a.family, a.sensor, a.group, a.region) <
                     std::tie(b.kind, b.family, b.sensor, b.group, b.region);
            });
}

void HourBuilder::FinishKinds(HourRollup& hour) {
  for (Stream& stream : streams_) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      for (int kind = 0; kind < kKindCount; ++kind) {
        KindCell& cell =
            stream.kinds[family == Family::kIpv6 ? 1 : 0][static_cast<std::size_t>(kind)];
        if (!cell.used) continue;
        KindRollup& row = hour.kinds.emplace_back();
        row.sensor = stream.sensor;
        row.group = stream.group;
        row.family = family;
        row.kind = static_cast<Kind>(kind);
        row.packets = cell.sum.packets;
        row.bytes = cell.sum.bytes;
        row.tuples = cell.sum.tuples;
        row.sources = std::move(cell.sources);
        row.foreign_sources = std::move(cell.foreign_sources);
      }
    }
  }
}

void HourBuilder::FinishCoverage(HourRollup& hour) const {
  for (const Stream& stream : streams_) hour.coverage.push_back(stream.coverage.sum());
}

std::vector<SourceDay> HourBuilder::FinishSources(HourRollup& hour) const {
  // By how many sensors a source was seen: 2 stands for more.
  absl::flat_hash_map<std::pair<Family, uint64_t>, std::pair<uint32_t, bool>> sensors;
  for (const auto& [key, activity] : activities_) {
    const auto [it, added] =
        sensors.try_emplace({std::get<0>(key), std::get<1>(key)}, std::get<2>(key), false);
    if (!added && it->second.first != std::get<2>(key)) it->second.second = true;
  }
  struct Ranked {
    bool once;  // one window at one sensor: the first to be left out
    const ActivityKey* key;
    const Activity* activity;
  };
  std::vector<Ranked> ranked;
  ranked.reserve(activities_.size());
  for (const auto& [key, activity] : activities_) {
    const bool by_several = sensors.at({std::get<0>(key), std::get<1>(key)}).second;
    ranked.push_back({activity.windows < 2 && !by_several, &key, &activity});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.once, *a.key) < std::tie(b.once, *b.key);
  });
  const std::size_t kept = std::min(ranked.size(), limits_.most_sources);
  hour.sources_refused = refused_ + (ranked.size() - kept);

  std::vector<SourceDay> out;
  out.reserve(kept);
  for (std::size_t i = 0; i < kept; ++i) {
    out.push_back(ToSourceDay(*ranked[i].key, *ranked[i].activity));
  }
  return out;
}

SourceDay HourBuilder::ToSourceDay(const ActivityKey& key, const Activity& a) const {
  const auto& [family, word, stream, kind, protocol, port] = key;
  SourceDay row;
  row.day_unix_ms = zone_.DayOf(hour_unix_ms_);
  row.sensor = streams_[stream].sensor;
  row.group = streams_[stream].group;
  row.family = family;
  row.source = family == Family::kIpv6 ? Address{word, 0} : Address{0, word};
  row.prefix64 = family == Family::kIpv6;
  row.kind = kind;
  row.protocol = protocol;
  row.port = port;
  row.packets = a.packets;
  row.bytes = a.bytes;
  row.windows = a.windows;
  row.first_unix_ms = a.first_unix_ms;
  row.last_unix_ms = a.last_unix_ms;
  std::copy(a.marks.begin(), a.marks.end(), std::begin(row.marks));
  row.destinations = a.destinations;
  row.region = regions_[a.region];
  return row;
}

}  // namespace teiten
