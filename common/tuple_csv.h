// SPDX-License-Identifier: Apache-2.0
// One flow tuple as one line of CSV: what `teiten-sensor --print csv` and `teiten tuples` both
// write, byte for byte.
//
//   window_start, first, last   RFC 3339, UTC, milliseconds
//   source                      address; of a row flagged prefix64 the /64's first address
//   kind                        by name; protocol and port by number
//   destinations                at most 160
//   zmap … amplification        packets; empty where the kind does not have the mark
//   slots                       n;n;n;n;n;n for backscatter, else empty
//   flags                       lower_bound, prefix64, other, joined by ';'
//
// Folded rows have no source: what only a known source's row has (first to amplification, ttl to
// slots) is empty, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "teiten/v1/query.pb.h"

namespace teiten {

// Without line feed.
[[nodiscard]] std::string_view TupleCsvHeader();

// Appends the tuple as one line with its line feed.
void AppendTupleCsv(int64_t window_start_unix_ms, const v1::Tuple& tuple, std::string& out);

}  // namespace teiten
