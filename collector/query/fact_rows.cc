// SPDX-License-Identifier: Apache-2.0
#include "collector/query/fact_rows.h"

#include "common/columns.h"

namespace teiten {

absl::StatusOr<std::vector<FlowRow>> SelectRows(const StoredFact& fact, const RecordFilter& filter,
                                                const QueryContext& context, Family family) {
  if (!filter.Has(family)) return std::vector<FlowRow>();
  const bool v4 = family == Family::kIpv4;
  absl::StatusOr<std::vector<FlowRow>> rows =
      DecodeColumns(v4 ? fact.summary.ipv4() : fact.summary.ipv6(), family);
  if (!rows.ok()) return rows;
  std::erase_if(*rows, [&](const FlowRow& row) {
    return !filter.Has(row.kind()) || !filter.HasPort(row.protocol, row.port) ||
           !filter.HasSource(family, row.source, row.prefix64()) ||
           (!filter.regions.empty() &&
            !filter.HasRegion(SourceRegion(context, family, row.source)));
  });
  return rows;
}

absl::Status ForEachRow(const StoredFact& fact, const RecordFilter& filter,
                        const QueryContext& context,
                        const std::function<absl::Status(const FlowRow&)>& visit) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    absl::StatusOr<std::vector<FlowRow>> rows = SelectRows(fact, filter, context, family);
    if (!rows.ok()) return rows.status();
    for (const FlowRow& row : *rows) {
      if (absl::Status s = visit(row); !s.ok()) return s;
    }
  }
  return absl::OkStatus();
}

bool Covers(const RecordFilter& filter, const v1::FoldedRow& row) {
  return filter.sources.empty() && filter.Has(static_cast<Family>(row.family())) &&
         filter.Has(static_cast<Kind>(row.kind())) &&
         filter.HasPort(static_cast<uint8_t>(row.protocol()), static_cast<uint16_t>(row.port())) &&
         filter.HasRegion("folded") && filter.Has(v1::TOOL_MARK_UNMARKED);
}

std::string SourceRegion(const QueryContext& context, Family family, const Address& source) {
  return context.region ? context.region(family, source) : "unknown";
}

}  // namespace teiten
