// SPDX-License-Identifier: Apache-2.0
// A record held in memory as facts alone: rollups are added up from the facts at each question,
// the slow and obvious way, so that queries answer from either and must agree.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "collector/store/accounting.h"
#include "collector/store/store.h"
#include "collector/store/tool_split.h"
#include "common/columns.h"

namespace teiten {

// One packet of kind tcp_syn from 192.0.2.1 to 23/TCP, unless said otherwise.
struct RowSpec {
  uint64_t source = 0xc0000201;
  uint16_t port = 23;
  uint32_t packets = 1;
  Kind kind = Kind::kTcpSyn;
  uint8_t protocol = kProtocolTcp;
  uint32_t mirai = 0;
  uint32_t zmap = 0;
  bool ipv6 = false;  // `source` is then the upper half
};

// One window of 60 s of sensor "a", watched whole, with one IPv4 address.
struct FakeFact {
  std::string sensor = "a";
  int64_t start_unix_ms = 0;
  uint64_t live_ms = 60'000;
  uint64_t n4 = 1;
  std::vector<RowSpec> rows = {};
  std::string group = "live";
  bool direction_unknown = false;
  std::vector<uint16_t> blind_tcp = {};
  uint32_t worker = 0;
  uint64_t folded_packets = 0;  // of tcp_syn 23/TCP
  int64_t window_ms = 60'000;
  int64_t live_from_ms = 0;  // after the start of the window
  uint8_t spool = 0;
};

inline FlowRow MakeRow(const RowSpec& spec) {
  FlowRow row;
  row.source = spec.ipv6 ? Address{spec.source, 1} : Address{0, spec.source};
  row.kind_flags =
      static_cast<uint8_t>(static_cast<uint8_t>(spec.kind) | (spec.ipv6 ? kRowIpv6 : uint8_t{0}));
  row.protocol = spec.protocol;
  row.port = spec.port;
  row.packets = spec.packets;
  row.set_bytes(uint64_t{spec.packets} * 40);
  row.ip_length = 40;
  row.set_first_ms(100);
  row.set_last_ms(200);
  row.bitmap = 1;
  if (spec.mirai > 0) row.set_counter(static_cast<int>(Mark::kMirai), spec.mirai);
  if (spec.zmap > 0) row.set_counter(static_cast<int>(Mark::kZmap), spec.zmap);
  return row;
}

class FakeReader final : public StoreReader {
 public:
  HashMultipliers multipliers = DeriveMultipliers(PublishedKey(), "source sketch");
  std::vector<int64_t> dirty_hours;
  std::vector<v1::Gap> gaps;
  uint64_t facts_read = 0;

  void Add(const FakeFact& spec) {
    Append(spec);
    std::stable_sort(facts_.begin(), facts_.end(), [](const StoredFact& a, const StoredFact& b) {
      return std::tie(a.window_start_unix_ms, a.key) < std::tie(b.window_start_unix_ms, b.key);
    });
  }

  // Not before any fact that is already there.
  void Append(const FakeFact& spec) {
    StoredFact fact{
        .key = {.sensor = spec.sensor, .spool = {spec.spool}, .sequence = ++sequence_[spec.sensor]},
        .window_start_unix_ms = spec.start_unix_ms,
        .group = spec.group,
        .summary = {}};
    v1::WindowSummary& s = fact.summary;
    s.set_window_start_unix_ms(spec.start_unix_ms);
    s.set_window_end_unix_ms(spec.start_unix_ms + spec.window_ms);
    s.set_live_from_unix_ms(spec.start_unix_ms + spec.live_from_ms);
    s.set_live_to_unix_ms(s.live_from_unix_ms() + static_cast<int64_t>(spec.live_ms));
    s.set_live_ms(spec.live_ms);
    s.mutable_worker()->set_index(spec.worker);
    s.mutable_worker()->set_count(spec.worker + 1);
    s.mutable_flags()->set_direction_unknown(spec.direction_unknown);
    if (!spec.direction_unknown) {
      s.set_n4(spec.n4);
      s.set_p6(1);
    }
    for (const uint16_t port : spec.blind_tcp) {
      v1::BlindPort& blind = *s.add_blind_ports();
      blind.set_protocol(kProtocolTcp);
      blind.set_port(port);
    }
    AddRows(spec, s);
    s.mutable_accounting()->set_kernel_dropped(0);
    facts_.push_back(std::move(fact));
  }

  absl::Status ScanFacts(const FactSelection& selection,
                         const std::function<bool(const StoredFact&)>& visit) override {
    for (const StoredFact& fact : facts_) {
      if (!Selects(selection, fact)) continue;
      ++facts_read;
      if (!visit(fact)) break;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<RollupRow>> ReadRollup(const RollupQuery& query) override {
    std::map<std::tuple<int64_t, std::string, int, int, int, int, int, std::string, bool>,
             RollupRow>
        sums;
    for (const StoredFact& fact : facts_) {
      if (!Selects(query.selection, fact)) continue;
      for (RollupRow& row : RowsOf(fact, query.table)) {
        if (!Matches(query, row)) continue;
        row.start_unix_ms = query.by_time ? StartOf(query.tier, fact) : 0;
        RollupRow& sum = sums[{row.start_unix_ms, row.sensor, static_cast<int>(row.family),
                               static_cast<int>(row.kind), row.protocol, row.port, row.tool,
                               row.region, row.folded}];
        row.packets += sum.packets;
        row.bytes += sum.bytes;
        row.tuples += sum.tuples;
        row.sources.Merge(sum.sources);
        sum = row;
      }
    }
    std::vector<RollupRow> out;
    for (auto& [key, row] : sums) out.push_back(std::move(row));
    return out;
  }

  absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(
      RollupTier tier, const FactSelection& selection) override {
    auto by_time = *ReadCoverageByTime(tier, selection);
    std::vector<CoverageRollup> out;
    for (auto& [start, rollup] : by_time) out.push_back(std::move(rollup));
    return out;
  }

  absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverageByTime(
      RollupTier tier, const FactSelection& selection) override {
    std::vector<std::pair<int64_t, CoverageRollup>> out;
    for (const StoredFact& fact : facts_) {
      if (!Selects(selection, fact)) continue;
      const v1::WindowSummary& s = fact.summary;
      CoverageRollup rollup;
      rollup.sensor = fact.key.sensor;
      rollup.group = fact.group;
      rollup.summaries = 1;
      rollup.live_ms = s.live_ms();
      rollup.live.Add(static_cast<uint64_t>(s.live_from_unix_ms()),
                      static_cast<uint64_t>(s.live_to_unix_ms()) - 1);
      if (s.flags().direction_unknown()) rollup.addresses_unknown = rollup.live;
      rollup.n4_live_ms = static_cast<double>(s.n4() * s.live_ms());
      rollup.p6_live_ms = static_cast<double>(s.p6() * s.live_ms());
      rollup.direction_unknown_ms = s.flags().direction_unknown() ? s.live_ms() : 0;
      rollup.accounting = s.accounting();
      for (const v1::BlindPort& b : s.blind_ports()) {
        rollup.blind.push_back(
            {static_cast<uint8_t>(b.protocol()), static_cast<uint16_t>(b.port()), s.live_ms()});
      }
      out.push_back({StartOf(tier, fact), rollup});
    }
    return out;
  }

  absl::StatusOr<std::vector<SourceDay>> ReadSources(const SourceQuery& query) override {
    std::vector<SourceDay> out;
    for (const StoredFact& fact : facts_) {
      if (!Selects({query.from_unix_ms, query.to_unix_ms, query.sensors, query.groups, {}}, fact)) {
        continue;
      }
      for (const Family family : {Family::kIpv4, Family::kIpv6}) {
        const auto& columns = family == Family::kIpv4 ? fact.summary.ipv4() : fact.summary.ipv6();
        const std::vector<FlowRow> rows = *DecodeColumns(columns, family);
        for (const FlowRow& row : rows) {
          if (query.source && !query.source->Contains(family, row.source)) continue;
          out.push_back(DayOf(fact, row));
        }
      }
    }
    if (query.all_or_none && out.size() > query.limit) out.clear();
    return out;
  }

  absl::StatusOr<std::vector<SensorRecord>> ReadSensors() override {
    std::map<std::string, SensorRecord> records;
    for (const StoredFact& fact : facts_) {
      SensorRecord& record = records[fact.key.sensor];
      record.contact.sensor = fact.key.sensor;
      record.contact.group = fact.group;
      if (std::find(record.spools.begin(), record.spools.end(), fact.key.spool) ==
          record.spools.end()) {
        record.spools.push_back(fact.key.spool);
      }
      record.newest_window_end_unix_ms = fact.summary.window_end_unix_ms();
      record.window_ms = fact.summary.window_end_unix_ms() - fact.summary.window_start_unix_ms();
      record.n4 = fact.summary.n4();
    }
    std::vector<SensorRecord> out;
    for (auto& [name, record] : records) out.push_back(record);
    return out;
  }

  absl::StatusOr<SpoolLedger> ReadLedger(const std::string&, const Spool&) override {
    SpoolLedger ledger;
    ledger.gaps = gaps;
    return ledger;
  }

  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t) override { return dirty_hours; }

 private:
  static void AddRows(const FakeFact& spec, v1::WindowSummary& s) {
    std::vector<FlowRow> v4, v6;
    uint64_t observed = spec.folded_packets;
    for (const RowSpec& row : spec.rows) {
      (row.ipv6 ? v6 : v4).push_back(MakeRow(row));
      observed += row.packets;
    }
    std::sort(v4.begin(), v4.end(), RowLess);
    std::sort(v6.begin(), v6.end(), RowLess);
    EncodeColumns(v4, *s.mutable_ipv4());
    EncodeColumns(v6, *s.mutable_ipv6());
    s.mutable_accounting()->set_captured(observed);
    s.mutable_accounting()->set_observed(observed);
    s.mutable_accounting()->set_folded(spec.folded_packets);
    if (spec.folded_packets == 0) return;
    v1::FoldedRow& folded = *s.add_folded();
    folded.set_family(v1::ADDRESS_FAMILY_IPV4);
    folded.set_kind(v1::KIND_TCP_SYN);
    folded.set_protocol(kProtocolTcp);
    folded.set_port(23);
    folded.set_packets(spec.folded_packets);
    folded.set_bytes(spec.folded_packets * 40);
  }

  static bool Selects(const FactSelection& selection, const StoredFact& fact) {
    const auto names = [](const std::vector<std::string>& list, const std::string& name) {
      return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
    };
    const FactPosition at{fact.window_start_unix_ms, fact.key};
    return fact.window_start_unix_ms >= selection.from_unix_ms &&
           fact.window_start_unix_ms < selection.to_unix_ms &&
           names(selection.sensors, fact.key.sensor) && names(selection.groups, fact.group) &&
           (!selection.after || at > *selection.after);
  }

  static SourceDay DayOf(const StoredFact& fact, const FlowRow& row) {
    const bool ipv6 = row.family() == Family::kIpv6;
    SourceDay day{.day_unix_ms = StartOf(RollupTier::kDay, fact),
                  .sensor = fact.key.sensor,
                  .group = fact.group,
                  .family = row.family(),
                  .source = ipv6 ? Address{row.source.high, 0} : row.source,
                  .prefix64 = ipv6,
                  .kind = row.kind(),
                  .protocol = row.protocol,
                  .port = row.port,
                  .packets = row.packets,
                  .bytes = row.bytes(),
                  .windows = 1,
                  .first_unix_ms = fact.window_start_unix_ms + row.first_ms(),
                  .last_unix_ms = fact.window_start_unix_ms + row.last_ms(),
                  .region = "unknown"};
    if (row.kind() == Kind::kTcpSyn) day.marks[2] = row.counter(2);
    return day;
  }

  static int64_t StartOf(RollupTier tier, const StoredFact& fact) {
    return tier == RollupTier::kDay ? Zone(0).DayOf(fact.window_start_unix_ms)
                                    : Zone(0).HourOf(fact.window_start_unix_ms);
  }

  std::vector<RollupRow> RowsOf(const StoredFact& fact, RollupTable table) const {
    std::vector<RollupRow> out;
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const auto& columns = family == Family::kIpv4 ? fact.summary.ipv4() : fact.summary.ipv6();
      const std::vector<FlowRow> rows = *DecodeColumns(columns, family);
      for (const FlowRow& row : rows) {
        RollupRow base;
        base.sensor = fact.key.sensor;
        base.group = fact.group;
        base.family = family;
        base.kind = row.kind();
        const Address counted = family == Family::kIpv4 ? row.source : Address{row.source.high, 0};
        base.sources.AddHash(SketchHash(multipliers, family, counted));
        if (table == RollupTable::kRegions) base.region = "unknown";
        if (table == RollupTable::kPorts) {
          base.protocol = row.protocol;
          base.port = row.port;
        }
        for (const ToolShare& share : SplitByTool(row)) {
          RollupRow part = base;
          if (table == RollupTable::kPorts) part.tool = share.tool;
          part.packets = share.packets;
          part.bytes = share.bytes;
          part.tuples = share.tuples;
          out.push_back(part);
        }
      }
    }
    for (const v1::FoldedRow& folded : fact.summary.folded()) {
      RollupRow row;
      row.sensor = fact.key.sensor;
      row.group = fact.group;
      row.kind = static_cast<Kind>(folded.kind());
      row.packets = folded.packets();
      row.bytes = folded.bytes();
      row.folded = table == RollupTable::kPorts;
      if (table == RollupTable::kRegions) row.region = "folded";
      if (table == RollupTable::kPorts) {
        row.protocol = static_cast<uint8_t>(folded.protocol());
        row.port = static_cast<uint16_t>(folded.port());
        row.tool = v1::TOOL_MARK_UNMARKED;
      }
      out.push_back(row);
    }
    return out;
  }

  static bool Matches(const RollupQuery& query, const RollupRow& row) {
    const auto any = [](const auto& list, const auto& same) {
      return list.empty() || std::any_of(list.begin(), list.end(), same);
    };
    return any(query.kinds, [&](Kind k) { return k == row.kind; }) &&
           any(query.ports,
               [&](const v1::ProtocolPort& p) {
                 return p.protocol() == row.protocol && p.port() == row.port;
               }) &&
           any(query.tools, [&](v1::ToolMark t) { return t == row.tool; }) &&
           any(query.regions, [&](const std::string& r) { return r == row.region; });
  }

  std::vector<StoredFact> facts_;
  std::map<std::string, uint64_t> sequence_;
};

}  // namespace teiten
