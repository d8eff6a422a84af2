// SPDX-License-Identifier: Apache-2.0
// Stored rows as people and programs outside get them: second rows of one key added, the
// destination bitmap turned into a count, times made absolute. The sensor's print and the
// collector's answers both come from here, so that they agree row for row.
#pragma once

#include <cstdint>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "common/flow_row.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

struct TupleContext {
  int64_t window_start_unix_ms = 0;
  bool bitmap_exact = false;  // of the rows' family
};

// `rows` are of one family and sorted by RowLess. The tuple is reused from call to call.
void ForEachTuple(std::span<const FlowRow> rows, const TupleContext& context,
                  absl::FunctionRef<void(const v1::Tuple&)> visit);

// Without source, times, destinations, marks and first packet: they are not known.
void FillTuple(const v1::FoldedRow& row, v1::Tuple& tuple);

// All of a summary in the order of print: IPv4, IPv6, folded rows.
// Errors: InvalidArgument from DecodeColumns; nothing has been visited then.
[[nodiscard]] absl::Status ForEachTupleOf(const v1::WindowSummary& summary,
                                          absl::FunctionRef<void(const v1::Tuple&)> visit);

// True for what FillTuple of a folded row made.
[[nodiscard]] inline bool IsFolded(const v1::Tuple& tuple) { return tuple.source().empty(); }

}  // namespace teiten
