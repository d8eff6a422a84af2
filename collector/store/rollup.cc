// SPDX-License-Identifier: Apache-2.0
// Adding facts up. Handing out: rollup_finish.cc.
#include "collector/store/rollup.h"

#include <algorithm>

#include "collector/store/tool_split.h"
#include "common/columns.h"

namespace teiten {
namespace {

constexpr uint64_t kMostOfCell = uint64_t{1} << 56;

Key128 KeyBytes(const v1::DeploymentKey& key) {
  Key128 out{};
  std::copy_n(key.key().begin(), std::min(key.key().size(), out.size()), out.begin());
  return out;
}

// Distinct counts and source-days of IPv6 are of the /64.
uint64_t SourceWord(Family family, const Address& source) {
  return family == Family::kIpv6 ? source.high : source.low;
}

Family FamilyOf(v1::AddressFamily family) {
  return family == v1::ADDRESS_FAMILY_IPV6 ? Family::kIpv6 : Family::kIpv4;
}

}  // namespace

void HourBuilder::Sum::Add(uint64_t more_packets, uint64_t more_bytes, uint64_t more_tuples) {
  packets = std::min(kMostOfCell, packets + std::min(kMostOfCell, more_packets));
  bytes = std::min(kMostOfCell, bytes + std::min(kMostOfCell, more_bytes));
  tuples += more_tuples;
}

HourBuilder::HourBuilder(int64_t hour_unix_ms, Zone zone, const v1::DeploymentKey& key,
                         RegionOf region_of, RollupLimits limits)
    : hour_unix_ms_(hour_unix_ms),
      zone_(zone),
      key_id_(key.id()),
      hash_(DeriveMultipliers(KeyBytes(key), "source sketch")),
      region_of_(std::move(region_of)),
      limits_(limits) {}

absl::Status HourBuilder::Add(const StoredFact& fact) {
  const v1::WindowSummary& summary = fact.summary;
  absl::StatusOr<std::vector<FlowRow>> ipv4 = DecodeColumns(summary.ipv4(), Family::kIpv4);
  if (!ipv4.ok()) return ipv4.status();
  absl::StatusOr<std::vector<FlowRow>> ipv6 = DecodeColumns(summary.ipv6(), Family::kIpv6);
  if (!ipv6.ok()) return ipv6.status();

  const uint32_t stream = StreamOf(fact);
  streams_[stream].coverage.Add(fact);
  FactContext context{.stream = stream,
                      .window_start_unix_ms = fact.window_start_unix_ms,
                      .bitmap_exact = summary.bitmap_exact_ipv4()};
  AddRows(context, *ipv4);
  context.bitmap_exact = summary.bitmap_exact_ipv6();
  AddRows(context, *ipv6);
  AddFolded(fact, stream);
  ++counters_.facts;
  counters_.rows += ipv4->size() + ipv6->size();
  return absl::OkStatus();
}

uint32_t HourBuilder::StreamOf(const StoredFact& fact) {
  const auto [it, added] = stream_numbers_.try_emplace({fact.key.sensor, fact.group},
                                                       static_cast<uint32_t>(streams_.size()));
  if (added) {
    streams_.emplace_back();
    streams_.back().sensor = fact.key.sensor;
    streams_.back().group = fact.group;
  }
  return it->second;
}

uint16_t HourBuilder::RegionNumber(const std::string& region) {
  const auto [it, added] =
      region_numbers_.try_emplace(region, static_cast<uint16_t>(regions_.size()));
  if (added) regions_.push_back(region);
  return it->second;
}

HourBuilder::Cell<12>& HourBuilder::PortCell(PortKey key) {
  const auto found = ports_.find(key);
  if (found != ports_.end()) return found->second;
  Stream& stream = streams_[std::get<0>(key)];
  if (stream.port_rows >= limits_.most_port_rows ||
      ports_.size() >= limits_.most_port_rows_in_all) {
    ++counters_.ports_merged;
    std::get<3>(key) = 0;
    std::get<4>(key) = 0;
    return ports_[key];
  }
  ++stream.port_rows;
  return ports_[key];
}

HourBuilder::KindCell& HourBuilder::KindCellOf(Stream& stream, Family family, Kind kind) {
  KindCell& cell = stream.kinds[family == Family::kIpv6 ? 1 : 0][static_cast<std::size_t>(kind)];
  cell.used = true;
  return cell;
}

void HourBuilder::AddRows(const FactContext& context, const std::vector<FlowRow>& rows) {
  // Rows are sorted by source: what depends on the source alone is done when it changes.
  const FlowRow* before = nullptr;
  uint64_t hash = 0;
  uint16_t region = 0;
  for (const FlowRow& row : rows) {
    if (before == nullptr || before->source != row.source) {
      hash = SketchHash(hash_, row.family(), row.source);
      region = RegionNumber(region_of_(row.family(), row.source));
    }
    before = &row;
    AddRow(context, row, hash, region);
  }
}

void HourBuilder::AddRow(const FactContext& context, const FlowRow& row, uint64_t hash,
                         uint16_t region) {
  const Family family = row.family();
  const Kind kind = row.kind();
  for (const ToolShare& share : SplitByTool(row)) {
    Cell<12>& cell = PortCell({context.stream, family, kind, row.protocol, row.port,
                               static_cast<uint8_t>(share.tool), false});
    cell.sum.Add(share.packets, share.bytes, share.tuples);
    cell.sources.AddHash(hash);
  }
  Cell<12>& of_region = region_cells_[{context.stream, family, kind, region}];
  of_region.sum.Add(row.packets, row.bytes(), 1);
  of_region.sources.AddHash(hash);
  KindCell& of_kind = KindCellOf(streams_[context.stream], family, kind);
  of_kind.sum.Add(row.packets, row.bytes(), 1);
  of_kind.sources.AddHash(hash);
  AddActivity(context, row, region);
}

void HourBuilder::AddActivity(const FactContext& context, const FlowRow& row, uint16_t region) {
  const ActivityKey key{row.family(),   SourceWord(row.family(), row.source),
                        context.stream, row.kind(),
                        row.protocol,   row.port};
  auto it = activities_.find(key);
  const bool fresh = it == activities_.end();
  if (fresh) {
    if (activities_.size() >= limits_.most_activities) {
      ++refused_;
      return;
    }
    it = activities_.try_emplace(key).first;
  }
  Activity& a = it->second;
  const int64_t first = context.window_start_unix_ms + row.first_ms();
  const int64_t last = context.window_start_unix_ms + row.last_ms();
  a.packets += row.packets;
  a.bytes = std::min(kMostOfCell, a.bytes + row.bytes());
  // Windows come in order.
  if (fresh || a.last_window_ms != context.window_start_unix_ms) ++a.windows;
  a.last_window_ms = context.window_start_unix_ms;
  a.first_unix_ms = fresh ? first : std::min(a.first_unix_ms, first);
  a.last_unix_ms = fresh ? last : std::max(a.last_unix_ms, last);
  for (int mark = 0; mark < kMarkCount; ++mark) {
    const int counter = CounterOf(row.kind(), static_cast<Mark>(mark));
    if (counter >= 0) a.marks[static_cast<std::size_t>(mark)] += row.counter(counter);
  }
  a.destinations = std::max(a.destinations, DestinationCount(row.bitmap, context.bitmap_exact));
  if (fresh) a.region = region;
}

void HourBuilder::AddFolded(const StoredFact& fact, uint32_t stream) {
  const uint16_t region = RegionNumber("folded");
  for (const v1::FoldedRow& row : fact.summary.folded()) {
    const Family family = FamilyOf(row.family());
    const auto kind = static_cast<Kind>(row.kind());
    PortCell({stream, family, kind, static_cast<uint8_t>(row.protocol()),
              static_cast<uint16_t>(row.port()), v1::TOOL_MARK_UNMARKED, true})
        .sum.Add(row.packets(), row.bytes(), 0);
    region_cells_[{stream, family, kind, region}].sum.Add(row.packets(), row.bytes(), 0);
    KindCellOf(streams_[stream], family, kind).sum.Add(row.packets(), row.bytes(), 0);
  }
  for (const v1::KindSketch& kind_sketch : fact.summary.folded_sources()) {
    const absl::StatusOr<HyperLogLog> sketch = HyperLogLog::Parse(kind_sketch.hyperloglog());
    if (!sketch.ok()) {
      ++counters_.damaged_sketches;
      continue;
    }
    KindCell& cell = KindCellOf(streams_[stream], FamilyOf(kind_sketch.family()),
                                static_cast<Kind>(kind_sketch.kind()));
    const bool ours = fact.summary.sketch_key_id() == key_id_;
    (ours ? cell.sources : cell.foreign_sources).Merge(*sketch);
  }
}

}  // namespace teiten
