// SPDX-License-Identifier: Apache-2.0
#include "collector/query/gather.h"

#include <algorithm>

#include "collector/query/fact_rows.h"
#include "collector/store/tool_split.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint32_t kMostDirtyHours = 100'000;

class Gatherer {
 public:
  Gatherer(StoreReader& store, const QueryContext& context, const GatherRequest& request,
           CoverageBook& book, const std::function<absl::Status(const Cell&)>& visit)
      : store_(store),
        context_(context),
        request_(request),
        filter_(*request.filter),
        book_(book),
        visit_(visit),
        by_tool_(!filter_.all_tools() || request.by == v1::RANK_BY_TOOL),
        by_region_(!filter_.regions.empty() || request.by == v1::RANK_BY_REGION) {}

  absl::Status Run(std::string& description) {
    absl::StatusOr<std::vector<Piece>> pieces = Plan();
    if (!pieces.ok()) return pieces.status();
    description = DescribePieces(*pieces);
    for (const Piece& piece : *pieces) {
      absl::Status s = piece.source == PieceSource::kFacts ? ReadFacts(piece) : ReadRollups(piece);
      if (!s.ok()) return s;
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<Piece>> Plan() {
    if (request_.all_from_facts || NeedsFacts(filter_, request_.by)) {
      return std::vector<Piece>{{filter_.from_unix_ms, filter_.to_unix_ms, PieceSource::kFacts}};
    }
    absl::StatusOr<std::vector<int64_t>> dirty = store_.DirtyHours(kMostDirtyHours);
    if (!dirty.ok()) return dirty.status();
    return PlanPieces({.from_unix_ms = filter_.from_unix_ms,
                       .to_unix_ms = filter_.to_unix_ms,
                       .now_unix_ms = context_.now_unix_ms(),
                       .utc_offset_ms = int64_t{context_.utc_offset_minutes} * 60'000,
                       .facts_kept_ms = context_.facts_kept_ms,
                       .days = request_.days,
                       .dirty_hours = *std::move(dirty)});
  }

  FactSelection Select(const Piece& piece) const {
    return {.from_unix_ms = piece.from_unix_ms,
            .to_unix_ms = piece.to_unix_ms,
            .sensors = filter_.sensors,
            .groups = filter_.groups,
            .after = std::nullopt};
  }

  RollupTable Table() const {
    if (by_region_) return RollupTable::kRegions;
    const bool ports = by_tool_ || !filter_.ports.empty() || !filter_.protocols.empty() ||
                       request_.by == v1::RANK_BY_PORT;
    return ports ? RollupTable::kPorts : RollupTable::kKinds;
  }

  RollupQuery MakeQuery(const Piece& piece) const {
    RollupQuery query{
        .tier = piece.source == PieceSource::kDays ? RollupTier::kDay : RollupTier::kHour,
        .table = Table(),
        .selection = Select(piece),
        .kinds = {},
        .ports = {},
        .tools = {},
        .regions = filter_.regions,
        .by_time = request_.by_time};
    if (!filter_.all_kinds()) {
      for (int kind = 1; kind < kKindCount; ++kind) {
        if (filter_.Has(static_cast<Kind>(kind))) query.kinds.push_back(static_cast<Kind>(kind));
      }
    }
    for (const ProtocolAndPort& p : filter_.ports) {
      v1::ProtocolPort wanted;
      wanted.set_protocol(p.protocol);
      wanted.set_port(p.port);
      query.ports.push_back(wanted);
    }
    if (!filter_.all_tools()) {
      for (int tool = 1; tool < v1::ToolMark_ARRAYSIZE; ++tool) {
        const auto mark = static_cast<v1::ToolMark>(tool);
        if (filter_.Has(mark)) query.tools.push_back(mark);
      }
    }
    return query;
  }

  absl::Status ReadRollups(const Piece& piece) {
    const RollupQuery query = MakeQuery(piece);
    if (absl::Status s = ReadRollupCoverage(query, piece); !s.ok()) return s;
    absl::StatusOr<std::vector<RollupRow>> rows = store_.ReadRollup(query);
    if (!rows.ok()) return rows.status();
    for (const RollupRow& row : *rows) {
      if (!filter_.Has(row.family)) continue;
      if (query.table == RollupTable::kPorts && !filter_.HasPort(row.protocol, row.port)) continue;
      const Cell cell{.start_unix_ms = request_.by_time ? row.start_unix_ms : piece.from_unix_ms,
                      .sensor = &row.sensor,
                      .family = row.family,
                      .kind = row.kind,
                      .protocol = row.protocol,
                      .port = row.port,
                      .tool = row.tool,
                      .region = row.region,
                      .folded = row.folded || row.region == "folded",
                      .packets = row.packets,
                      .bytes = row.bytes,
                      .tuples = row.tuples,
                      .source = nullptr,
                      .sources = &row.sources,
                      .foreign_sources = row.foreign_sources};
      if (absl::Status s = visit_(cell); !s.ok()) return s;
    }
    return ReadSources(piece);
  }

  [[nodiscard]] bool WithinOneDay() const {
    const int64_t offset_ms = int64_t{context_.utc_offset_minutes} * 60'000;
    return FloorTo(filter_.from_unix_ms, kDayMs, offset_ms) ==
           FloorTo(filter_.to_unix_ms - 1, kDayMs, offset_ms);
  }

  absl::Status ReadSources(const Piece& piece) {
    if (!request_.on_source || by_tool_ || !WithinOneDay()) return absl::OkStatus();
    absl::StatusOr<std::vector<SourceDay>> sources =
        store_.ReadSources({.from_unix_ms = piece.from_unix_ms,
                            .to_unix_ms = piece.to_unix_ms,
                            .source = std::nullopt,
                            .sensors = filter_.sensors,
                            .groups = filter_.groups,
                            .limit = kMostExactActivities,
                            .by_hour = true,
                            .all_or_none = true});
    if (!sources.ok()) return sources.status();
    for (const SourceDay& s : *sources) {
      if (!filter_.Has(s.family) || !filter_.Has(s.kind)) continue;
      if (!filter_.HasPort(s.protocol, s.port) || !filter_.HasRegion(s.region)) continue;
      request_.on_source(Cell{.start_unix_ms = piece.from_unix_ms,
                              .sensor = &s.sensor,
                              .family = s.family,
                              .kind = s.kind,
                              .protocol = s.protocol,
                              .port = s.port,
                              .tool = v1::TOOL_MARK_UNSPECIFIED,
                              .region = s.region,
                              .folded = false,
                              .packets = s.packets,
                              .bytes = s.bytes,
                              .tuples = s.windows,
                              .source = &s.source,
                              .sources = nullptr,
                              .foreign_sources = 0});
    }
    return absl::OkStatus();
  }

  absl::Status ReadRollupCoverage(const RollupQuery& query, const Piece& piece) {
    if (request_.by_time) {
      auto rollups = store_.ReadCoverageByTime(query.tier, query.selection);
      if (!rollups.ok()) return rollups.status();
      for (const auto& [start, rollup] : *rollups) book_.AddRollup(start, rollup);
      return absl::OkStatus();
    }
    auto rollups = store_.ReadCoverage(query.tier, query.selection);
    if (!rollups.ok()) return rollups.status();
    for (const CoverageRollup& rollup : *rollups) book_.AddRollup(piece.from_unix_ms, rollup);
    return absl::OkStatus();
  }

  absl::Status ReadFacts(const Piece& piece) {
    absl::Status status;
    absl::Status scan = store_.ScanFacts(Select(piece), [&](const StoredFact& fact) {
      if (++facts_ > kMostFacts) {
        status = absl::ResourceExhaustedError(fmt::format(
            "this selection has to read more than {} facts (windows of one sensor): ask for a "
            "shorter time or fewer sensors, or leave out what rollups do not hold (source "
            "prefixes, regions together with ports or tools, steps below an hour)",
            GroupDigits(kMostFacts)));
      } else {
        status = AddFact(fact);
      }
      return status.ok();
    });
    return status.ok() ? scan : status;
  }

  absl::Status AddFact(const StoredFact& fact) {
    book_.AddFact(fact);
    absl::Status s =
        ForEachRow(fact, filter_, context_, [&](const FlowRow& row) { return AddRow(fact, row); });
    if (!s.ok()) return s;
    for (const v1::FoldedRow& row : fact.summary.folded()) {
      if (!Covers(filter_, row)) continue;
      s = AddFolded(fact, row);
      if (!s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status AddRow(const StoredFact& fact, const FlowRow& row) {
    const std::string region =
        by_region_ ? SourceRegion(context_, row.family(), row.source) : std::string();
    Cell cell{.start_unix_ms = fact.window_start_unix_ms,
              .sensor = &fact.key.sensor,
              .family = row.family(),
              .kind = row.kind(),
              .protocol = row.protocol,
              .port = row.port,
              .tool = v1::TOOL_MARK_UNSPECIFIED,
              .region = region,
              .folded = false,
              .packets = row.packets,
              .bytes = row.bytes(),
              .tuples = 1,
              .source = &row.source,
              .sources = nullptr,
              .foreign_sources = 0};
    if (!by_tool_) return visit_(cell);
    for (const ToolShare& share : SplitByTool(row)) {
      if (!filter_.Has(share.tool)) continue;
      cell.tool = share.tool;
      cell.packets = share.packets;
      cell.bytes = share.bytes;
      cell.tuples = share.tuples;
      if (absl::Status s = visit_(cell); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status AddFolded(const StoredFact& fact, const v1::FoldedRow& row) {
    return visit_(Cell{.start_unix_ms = fact.window_start_unix_ms,
                       .sensor = &fact.key.sensor,
                       .family = static_cast<Family>(row.family()),
                       .kind = static_cast<Kind>(row.kind()),
                       .protocol = static_cast<uint8_t>(row.protocol()),
                       .port = static_cast<uint16_t>(row.port()),
                       .tool = v1::TOOL_MARK_UNMARKED,
                       .region = "folded",
                       .folded = true,
                       .packets = row.packets(),
                       .bytes = row.bytes(),
                       .tuples = 0,
                       .source = nullptr,
                       .sources = nullptr,
                       .foreign_sources = 0});
  }

  StoreReader& store_;
  const QueryContext& context_;
  const GatherRequest& request_;
  const RecordFilter& filter_;
  CoverageBook& book_;
  const std::function<absl::Status(const Cell&)>& visit_;
  const bool by_tool_;
  const bool by_region_;
  uint64_t facts_ = 0;
};

}  // namespace

bool NeedsFacts(const RecordFilter& filter, v1::RankBy by) {
  const bool regions = !filter.regions.empty() || by == v1::RANK_BY_REGION;
  const bool ports = !filter.ports.empty() || !filter.protocols.empty() || by == v1::RANK_BY_PORT;
  const bool tools = !filter.all_tools() || by == v1::RANK_BY_TOOL;
  return !filter.sources.empty() || by == v1::RANK_BY_SOURCE || (regions && (ports || tools));
}

absl::Status Gather(StoreReader& store, const QueryContext& context, const GatherRequest& request,
                    CoverageBook& book, const std::function<absl::Status(const Cell&)>& visit,
                    std::string& description) {
  return Gatherer(store, context, request, book, visit).Run(description);
}

}  // namespace teiten
