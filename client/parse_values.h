// SPDX-License-Identifier: Apache-2.0
// Words of the command line as values of the protocol. Each returns an empty string, or what is
// wrong and what would be right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr const char* kTimeForms =
    "write 2026-11-22, 2026-11-22T10:00 (both in the store's zone), 2026-11-22T10:00:00Z, "
    "2026-11-22T19:00:00+09:00, now, today or yesterday";
inline constexpr const char* kBefore1970 = ": nothing is kept of before 1970";
inline constexpr const char* kDurationForms = "write 90s, 15m, 24h, 7d or 2w";

struct TimeWords {
  std::string from, to, last;  // as written; empty: not given
};
// What words of time are relative to.
struct AskedAt {
  int64_t now_unix_ms = 0;
  // Of the store's zone, in which days are meant. Absent before the collector was asked for it:
  // then words are checked one by one, and what is made of them is not to be used.
  std::optional<int32_t> utc_offset_minutes;
};
// Neither: the last 24 hours. --last alone is widened to whole minutes; --from alone ends now;
// --from with --last begins there.
[[nodiscard]] std::string ParseTimeWords(const TimeWords& words, const AskedAt& at,
                                         v1::TimeRange& out);

struct FilterWords {
  std::vector<std::string> kinds, classes, protocols, ports, sources, regions, tools, sensors,
      groups, families;
};
// All that is wrong, one problem a line.
[[nodiscard]] std::string ParseFilterWords(const FilterWords& words, v1::Selection& out);

[[nodiscard]] std::string ParseBy(const std::string& word, v1::RankBy& out);

}  // namespace teiten
