// SPDX-License-Identifier: Apache-2.0
#include "collector/store/rollup_accumulator.h"

#include <algorithm>
#include <utility>

#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr RollupColumns kPortColumns = {
    .table = "ports",
    .keys = "start, layer, protocol, port, kind, family, stream, tool, folded",
    .values = "packets, bytes, tuples, sources",
    .numbers = 9,
    .protocol = 2,
    .port = 3,
    .kind = 4,
    .family = 5,
    .stream = 6,
    .tool = 7,
    .folded = 8,
    .packets = 9,
};
constexpr RollupColumns kRegionColumns = {
    .table = "regions",
    .keys = "start, layer, kind, family, stream, region",
    .values = "packets, bytes, tuples, sources",
    .numbers = 5,
    .kind = 2,
    .family = 3,
    .stream = 4,
    .region = 5,
    .packets = 6,
};
constexpr RollupColumns kKindColumns = {
    .table = "kinds",
    .keys = "start, layer, kind, family, stream",
    .values = "packets, bytes, tuples, sources, foreign_sources",
    .numbers = 5,
    .kind = 2,
    .family = 3,
    .stream = 4,
    .packets = 5,
};

const RollupColumns& ColumnsOf(RollupTable table) {
  switch (table) {
    case RollupTable::kPorts:
      return kPortColumns;
    case RollupTable::kRegions:
      return kRegionColumns;
    case RollupTable::kKinds:
      return kKindColumns;
  }
  return kPortColumns;
}

template <typename T>
bool Selected(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

absl::Status MergeSketch(std::string_view blob, HyperLogLog& into) {
  if (blob.empty()) return absl::OkStatus();
  const absl::StatusOr<HyperLogLog> sketch = HyperLogLog::Parse(blob);
  if (!sketch.ok()) return sketch.status();
  into.Merge(*sketch);
  return absl::OkStatus();
}

}  // namespace

RollupAccumulator::RollupAccumulator(const RollupQuery& query,
                                     const std::map<int64_t, RollupStream>& streams)
    : query_(query), streams_(streams), columns_(ColumnsOf(query.table)) {}

bool RollupAccumulator::Wanted(const Statement& row) const {
  if (!streams_.contains(row.Int(columns_.stream))) return false;
  if (!Selected(query_.kinds, static_cast<Kind>(row.Int(columns_.kind)))) return false;
  if (columns_.tool >= 0 &&
      !Selected(query_.tools, static_cast<v1::ToolMark>(row.Int(columns_.tool)))) {
    return false;
  }
  if (columns_.region >= 0 && !Selected(query_.regions, std::string(row.Text(columns_.region)))) {
    return false;
  }
  if (columns_.port < 0 || query_.ports.empty()) return true;
  return std::any_of(query_.ports.begin(), query_.ports.end(), [&](const v1::ProtocolPort& p) {
    return p.protocol() == row.Int(columns_.protocol) && p.port() == row.Int(columns_.port);
  });
}

void RollupAccumulator::Add(int64_t start, const Statement& row) {
  if (!status_.ok() || !Wanted(row)) return;
  const auto number = [&](int column) { return column < 0 ? 0 : row.Int(column); };
  Key key{query_.by_time ? start : 0,
          number(columns_.stream),
          number(columns_.kind),
          number(columns_.family),
          number(columns_.protocol),
          number(columns_.port),
          number(columns_.tool),
          number(columns_.folded),
          columns_.region < 0 ? "" : std::string(row.Text(columns_.region))};
  const auto [it, added] = cells_.try_emplace(std::move(key));
  Cell& cell = it->second;
  if (added) Begin(it->first, cell.row);
  cell.row.packets += row.Uint(columns_.packets);
  cell.row.bytes += row.Uint(columns_.packets + 1);
  cell.row.tuples += row.Uint(columns_.packets + 2);
  status_ = MergeSketch(row.Blob(columns_.packets + 3), cell.row.sources);
  if (status_.ok() && query_.table == RollupTable::kKinds) {
    status_ = MergeSketch(row.Blob(columns_.packets + 4), cell.foreign);
  }
  if (cells_.size() > RollupReader::kMostRows) {
    status_ = absl::ResourceExhaustedError(
        fmt::format("more than {} rows: ask for less time or fewer sensors",
                    GroupDigits(RollupReader::kMostRows)));
  }
}

void RollupAccumulator::Begin(const Key& key, RollupRow& row) const {
  const RollupStream& stream = streams_.at(std::get<1>(key));
  row.start_unix_ms = std::get<0>(key);
  row.sensor = stream.sensor;
  row.group = stream.group;
  row.kind = static_cast<Kind>(std::get<2>(key));
  row.family = static_cast<Family>(std::get<3>(key));
  row.protocol = static_cast<uint8_t>(std::get<4>(key));
  row.port = static_cast<uint16_t>(std::get<5>(key));
  if (columns_.tool >= 0) row.tool = static_cast<v1::ToolMark>(std::get<6>(key));
  row.folded = std::get<7>(key) != 0;
  row.region = std::get<8>(key);
  if (query_.table == RollupTable::kKinds) row.sources = HyperLogLog(14);
}

std::vector<RollupRow> RollupAccumulator::Take() {
  std::vector<RollupRow> out;
  out.reserve(cells_.size());
  for (auto& [key, cell] : cells_) {
    if (!cell.foreign.empty()) cell.row.foreign_sources = cell.foreign.Estimate();
    out.push_back(std::move(cell.row));
  }
  std::sort(out.begin(), out.end(), RollupRowLess);
  return out;
}

}  // namespace teiten
