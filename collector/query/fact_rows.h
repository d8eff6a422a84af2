// SPDX-License-Identifier: Apache-2.0
// The rows of one fact that a selection covers, in the order of print: IPv4 before IPv6, by source,
// kind, protocol, port, folded rows last.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "collector/query/query_context.h"
#include "collector/query/selection.h"
#include "collector/store/store_types.h"
#include "common/flow_row.h"

namespace teiten {

// Rows of one family, sorted by RowLess. Tools are not looked at: see collector/store/tool_split.h.
[[nodiscard]] absl::StatusOr<std::vector<FlowRow>> SelectRows(const StoredFact& fact,
                                                              const RecordFilter& filter,
                                                              const QueryContext& context,
                                                              Family family);
// Tools are not looked at: a row may belong to several (collector/store/tool_split.h). Stops at the
// first error of the visitor.
[[nodiscard]] absl::Status ForEachRow(const StoredFact& fact, const RecordFilter& filter,
                                      const QueryContext& context,
                                      const std::function<absl::Status(const FlowRow&)>& visit);

// Folded packets have no source: no prefix holds them, their region is "folded", their tool
// unmarked.
[[nodiscard]] bool Covers(const RecordFilter& filter, const v1::FoldedRow& row);

// "unknown" without a region file.
[[nodiscard]] std::string SourceRegion(const QueryContext& context, Family family,
                                       const Address& source);

}  // namespace teiten
