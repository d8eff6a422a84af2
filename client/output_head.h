// SPDX-License-Identifier: Apache-2.0
// The first line of a table: which time, and what was selected.
#pragma once

#include <string>

#include "client/text_table.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

// "2026-11-21T10:00Z to 2026-11-22T10:00Z (24h) · kind tcp_syn · port 23/TCP"
[[nodiscard]] std::string SelectionHead(const v1::Selection& selection, const Style& style);
// "2026-11-22T10:00Z", "2026-11-22T19:00+09:00", with seconds where they are not zero.
[[nodiscard]] std::string ShortTime(int64_t unix_ms, const Style& style);
// With milliseconds.
[[nodiscard]] std::string FullTime(int64_t unix_ms, const Style& style);
[[nodiscard]] std::string KindText(v1::Kind kind);

}  // namespace teiten
