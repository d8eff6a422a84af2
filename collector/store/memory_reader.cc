// SPDX-License-Identifier: Apache-2.0
// The answers of the model.
#include <algorithm>
#include <functional>
#include <tuple>

#include "collector/store/accounting.h"
#include "collector/store/memory_state.h"

namespace teiten {
namespace {

template <typename T>
bool Selected(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool SelectedPort(const std::vector<v1::ProtocolPort>& wanted, uint8_t protocol, uint16_t port) {
  return wanted.empty() ||
         std::any_of(wanted.begin(), wanted.end(), [&](const v1::ProtocolPort& p) {
           return p.protocol() == protocol && p.port() == port;
         });
}

struct Cell {
  RollupRow row;
  HyperLogLog foreign{14};
};

std::vector<Cell> CellsOf(const HourRollup& hour, const RollupQuery& query) {
  std::vector<Cell> out;
  const auto begin = [&](const auto& from) -> RollupRow& {
    RollupRow& row = out.emplace_back().row;
    row.sensor = from.sensor;
    row.group = from.group;
    row.family = from.family;
    row.kind = from.kind;
    row.packets = from.packets;
    row.bytes = from.bytes;
    row.tuples = from.tuples;
    row.sources = from.sources;
    return row;
  };
  switch (query.table) {
    case RollupTable::kPorts:
      for (const PortRollup& from : hour.ports) {
        if (!SelectedPort(query.ports, from.protocol, from.port)) continue;
        if (!Selected(query.tools, from.tool)) continue;
        RollupRow& row = begin(from);
        row.protocol = from.protocol;
        row.port = from.port;
        row.tool = from.tool;
        row.folded = from.folded;
      }
      break;
    case RollupTable::kRegions:
      for (const RegionRollup& from : hour.regions) {
        if (Selected(query.regions, from.region)) begin(from).region = from.region;
      }
      break;
    case RollupTable::kKinds:
      for (const KindRollup& from : hour.kinds) {
        begin(from);
        out.back().foreign = from.foreign_sources;
      }
      break;
  }
  std::erase_if(out, [&](const Cell& cell) {
    return !Selected(query.kinds, cell.row.kind) ||
           !Selected(query.selection.sensors, cell.row.sensor) ||
           !Selected(query.selection.groups, cell.row.group);
  });
  return out;
}

struct RowLess {
  bool operator()(const RollupRow& a, const RollupRow& b) const { return RollupRowLess(a, b); }
};

class MemoryReader final : public StoreReader {
 public:
  explicit MemoryReader(MemoryState& state) : state_(state) {}

  absl::Status ScanFacts(const FactSelection& selection,
                         const std::function<bool(const StoredFact&)>& visit) override {
    std::vector<AcceptedFact> facts;
    {
      const std::lock_guard lock(state_.mutex);
      for (const auto& [position, fact] : state_.facts) {
        if (position.window_start_unix_ms < selection.from_unix_ms ||
            position.window_start_unix_ms >= selection.to_unix_ms ||
            !Selected(selection.sensors, position.key.sensor) ||
            !Selected(selection.groups, fact.group) ||
            (selection.after.has_value() && position <= *selection.after)) {
          continue;
        }
        facts.push_back(fact);
      }
    }
    for (const AcceptedFact& fact : facts) {
      absl::StatusOr<v1::WindowSummary> summary = Summary(fact);
      if (!summary.ok()) return summary.status();
      if (!visit({fact.key, fact.window_start_unix_ms, fact.group, *std::move(summary)})) break;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<RollupRow>> ReadRollup(const RollupQuery& query) override {
    std::map<RollupRow, Cell, RowLess> cells;
    ForHours(query.tier, query.selection, [&](int64_t start, const HourRollup& hour) {
      for (Cell& cell : CellsOf(hour, query)) {
        if (query.by_time) cell.row.start_unix_ms = start;
        const auto [it, added] = cells.try_emplace(cell.row, cell);
        if (added) continue;
        it->second.row.packets += cell.row.packets;
        it->second.row.bytes += cell.row.bytes;
        it->second.row.tuples += cell.row.tuples;
        it->second.row.sources.Merge(cell.row.sources);
        it->second.foreign.Merge(cell.foreign);
      }
    });
    std::vector<RollupRow> out;
    for (auto& [key, cell] : cells) {
      if (!cell.foreign.empty()) cell.row.foreign_sources = cell.foreign.Estimate();
      out.push_back(std::move(cell.row));
    }
    return out;
  }

  absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(
      RollupTier tier, const FactSelection& selection) override {
    std::vector<CoverageRollup> out;
    for (auto& [start, row] : Coverage(tier, selection, false)) out.push_back(std::move(row));
    return out;
  }

  absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverageByTime(
      RollupTier tier, const FactSelection& selection) override {
    return Coverage(tier, selection, true);
  }

  absl::StatusOr<std::vector<SourceDay>> ReadSources(const SourceQuery& query) override;

  absl::StatusOr<std::vector<SensorRecord>> ReadSensors() override {
    const std::lock_guard lock(state_.mutex);
    std::map<std::string, SensorRecord> sensors;
    for (const auto& [key, ledger] : state_.spools) {
      sensors[key.first].contact.sensor = key.first;
      sensors[key.first].spools.push_back(key.second);
    }
    for (const auto& [name, newest] : state_.newest) {
      SensorRecord& sensor = sensors[name];
      sensor.newest_window_end_unix_ms = newest.window_end_unix_ms;
      sensor.contact.group = newest.group;
      const auto fact = state_.facts.find(newest.position);
      if (fact == state_.facts.end()) continue;
      const absl::StatusOr<v1::WindowSummary> summary = Summary(fact->second);
      if (!summary.ok()) return summary.status();
      sensor.window_ms = summary->window_end_unix_ms() - summary->window_start_unix_ms();
      sensor.health = summary->health();
      sensor.n4 = summary->n4();
      sensor.p6 = summary->p6();
    }
    for (const auto& [name, contact] : state_.contacts) sensors[name].contact = contact;
    std::vector<SensorRecord> out;
    for (auto& [name, sensor] : sensors) out.push_back(std::move(sensor));
    return out;
  }

  absl::StatusOr<SpoolLedger> ReadLedger(const std::string& sensor, const Spool& spool) override {
    const std::lock_guard lock(state_.mutex);
    return LedgerOf(state_, sensor, spool);
  }

  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) override {
    const std::lock_guard lock(state_.mutex);
    return DirtyOf(state_, limit);
  }

 private:
  static absl::StatusOr<v1::WindowSummary> Summary(const AcceptedFact& fact) {
    v1::Envelope envelope;
    if (!envelope.ParseFromString(fact.envelope)) return absl::DataLossError("damaged envelope");
    return teiten::Open(envelope);
  }

  void ForHours(RollupTier tier, const FactSelection& selection,
                const std::function<void(int64_t, const HourRollup&)>& visit) {
    const std::lock_guard lock(state_.mutex);
    const auto selected = [&](int64_t start) {
      return start >= selection.from_unix_ms && start < selection.to_unix_ms;
    };
    for (const auto& [hour, rollup] : state_.hours) {
      const int64_t start = tier == RollupTier::kHour ? hour : state_.zone.DayOf(hour);
      if (!selected(start)) continue;
      for (const HourRollup& layer : rollup.frozen) visit(start, layer);
      if (rollup.computed.has_value()) visit(start, *rollup.computed);
    }
    if (tier == RollupTier::kHour) return;
    for (const auto& [day, rollups] : state_.frozen_days) {
      if (!selected(day)) continue;
      for (const HourRollup& rollup : rollups) visit(day, rollup);
    }
  }

  std::vector<std::pair<int64_t, CoverageRollup>> Coverage(RollupTier tier,
                                                           const FactSelection& selection,
                                                           bool by_time) {
    std::map<std::tuple<int64_t, std::string, std::string>, CoverageRollup> rows;
    ForHours(tier, selection, [&](int64_t start, const HourRollup& hour) {
      for (const CoverageRollup& from : hour.coverage) {
        if (!Selected(selection.sensors, from.sensor)) continue;
        if (!Selected(selection.groups, from.group)) continue;
        CoverageRollup& row = rows[{by_time ? start : 0, from.sensor, from.group}];
        row.sensor = from.sensor;
        row.group = from.group;
        row.summaries += from.summaries;
        row.live_ms += from.live_ms;
        row.n4_live_ms += from.n4_live_ms;
        row.p6_live_ms += from.p6_live_ms;
        row.direction_unknown_ms += from.direction_unknown_ms;
        row.drops_unknown_ms += from.drops_unknown_ms;
        AddAccounting(from.accounting, row.accounting);
        row.live.AddAll(from.live);
        row.addresses_unknown.AddAll(from.addresses_unknown);
        std::map<std::pair<uint8_t, uint16_t>, uint64_t> blind;
        for (const auto& list : {row.blind, from.blind}) {
          for (const CoverageRollup::Blind& b : list) blind[{b.protocol, b.port}] += b.live_ms;
        }
        row.blind.clear();
        for (const auto& [port, ms] : blind) row.blind.push_back({port.first, port.second, ms});
      }
    });
    std::vector<std::pair<int64_t, CoverageRollup>> out;
    for (auto& [key, row] : rows) out.emplace_back(std::get<0>(key), std::move(row));
    return out;
  }

  MemoryState& state_;
};

absl::StatusOr<std::vector<SourceDay>> MemoryReader::ReadSources(const SourceQuery& query) {
  const std::lock_guard lock(state_.mutex);
  std::optional<Prefix> prefix = query.source;
  if (prefix.has_value() && prefix->family == Family::kIpv6 && prefix->length > 64) {
    prefix = Prefix{Family::kIpv6, {prefix->base.high, 0}, 64};
  }
  const auto key = [](const SourceDay& s) {
    return std::tie(s.day_unix_ms, s.family, s.source, s.sensor, s.group, s.kind, s.protocol,
                    s.port);
  };
  const auto key_less = [&](const SourceDay& a, const SourceDay& b) { return key(a) < key(b); };
  std::map<SourceDay, SourceDay, decltype(key_less)> merged(key_less);
  for (const auto& [hour, rows] : state_.sources) {
    const int64_t day = state_.zone.DayOf(hour);
    if (day + kDayMs <= query.from_unix_ms || day >= query.to_unix_ms) continue;
    if (query.by_hour && (hour < query.from_unix_ms || hour >= query.to_unix_ms)) continue;
    for (const std::vector<SourceDay>* list : {&rows.frozen, &rows.computed}) {
      for (const SourceDay& from : *list) {
        if (!Selected(query.sensors, from.sensor) || !Selected(query.groups, from.group)) continue;
        if (prefix.has_value() && !prefix->Contains(from.family, from.source)) continue;
        const auto [it, added] = merged.try_emplace(from, from);
        if (added) continue;
        SourceDay& row = it->second;
        row.packets += from.packets;
        row.bytes += from.bytes;
        row.windows += from.windows;
        row.first_unix_ms = std::min(row.first_unix_ms, from.first_unix_ms);
        row.last_unix_ms = std::max(row.last_unix_ms, from.last_unix_ms);
        for (int i = 0; i < kMarkCount; ++i) row.marks[i] += from.marks[i];
        row.destinations = std::max(row.destinations, from.destinations);
        row.region = std::max(row.region, from.region);
      }
    }
  }
  std::map<int64_t, std::vector<SourceDay>> days;
  for (auto& [k, row] : merged) days[row.day_unix_ms].push_back(std::move(row));
  std::vector<SourceDay> out;
  for (auto& [day, rows] : days) {
    if (query.all_or_none && rows.size() > query.limit) continue;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const SourceDay& a, const SourceDay& b) { return a.packets > b.packets; });
    if (rows.size() > query.limit) rows.resize(query.limit);
    for (SourceDay& row : rows) out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

std::unique_ptr<StoreReader> MakeMemoryReader(MemoryState& state) {
  return std::make_unique<MemoryReader>(state);
}

}  // namespace teiten
