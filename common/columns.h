// SPDX-License-Identifier: Apache-2.0
// Rows of one address family as the columns of FlowColumns (proto/teiten/v1/summary.proto, which
// has the layout), and back. Byte planes of small deltas are what makes a tuple cost ten bytes
// after zstd; a full window is written in one go, without a message object in between.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/flow_row.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

inline constexpr uint32_t kMaxRowsOfSummary = 1U << 19;

// Serialised FlowColumns. `order` gives the rows to take, sorted by RowLess; all are of one
// family. The same bytes protobuf would write.
[[nodiscard]] std::string SerializeColumns(std::span<const FlowRow> rows,
                                           std::span<const uint32_t> order);

// The same as a message. `rows` are of one family and sorted by RowLess.
void EncodeColumns(std::span<const FlowRow> rows, v1::FlowColumns& out);

// Errors: InvalidArgument naming the column: lengths that do not fit row_count, planes that had to
// be left out, values out of range, an unknown kind, rows out of order, slots or marks that do
// not fit the kind or the packets. At most 2^19 rows are accepted. Any message is safe, and only
// one is accepted for given rows: the one SerializeColumns writes.
[[nodiscard]] absl::StatusOr<std::vector<FlowRow>> DecodeColumns(const v1::FlowColumns& columns,
                                                                 Family family);

}  // namespace teiten
