// SPDX-License-Identifier: Apache-2.0
// Rows of one address family as the columns of FlowColumns (proto/teiten/v1/summary.proto), and
// back. Columns of small deltas are what makes a tuple cost 9-11 bytes after zstd.
//
// The writer produces the bytes of the message itself, column by column: as message objects
// 400,000 rows would take 40 MB, as bytes 10.
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
// family. A column in which all is zero stays empty. The same bytes protobuf would write.
[[nodiscard]] std::string SerializeColumns(std::span<const FlowRow> rows,
                                           std::span<const uint32_t> order);

// The same as a message. `rows` are of one family and sorted by RowLess.
void EncodeColumns(std::span<const FlowRow> rows, v1::FlowColumns& out);

// Errors: InvalidArgument naming the column: lengths that differ from row_count, values out of
// their field's range, an unknown kind, rows out of order, slots that do not fit the kinds.
// At most 2^19 rows are accepted. Any message is safe.
[[nodiscard]] absl::StatusOr<std::vector<FlowRow>> DecodeColumns(const v1::FlowColumns& columns,
                                                                 Family family);

}  // namespace teiten
