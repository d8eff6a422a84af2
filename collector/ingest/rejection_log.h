// SPDX-License-Identifier: Apache-2.0
// What the log says of rejected summaries: a sensor that sends thousands of them is one line a
// minute for each reason, with how many there were. A pure core: time comes in, lines go out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "teiten/v1/ingest.pb.h"

namespace teiten {

class RejectionLog {
 public:
  static constexpr int64_t kQuietMs = 60'000;      // between two lines of one sensor and reason
  static constexpr std::size_t kMostPairs = 1024;  // of sensor and reason; beyond: sensor "other"

  struct Line {
    std::string sensor;
    std::string spool;  // of the newest of them, 32 hex digits
    v1::Rejection::Reason reason = v1::Rejection::REASON_UNSPECIFIED;
    uint64_t sequence = 0;  // likewise
    std::string detail;     // likewise; names the field
    uint64_t count = 0;
  };

  void Add(const std::string& sensor, const std::string& spool, const v1::Rejection& rejection);
  // Lines that are due: the first of a pair at once, then what came within a minute.
  [[nodiscard]] std::vector<Line> Take(int64_t now_unix_ms) { return Take(now_unix_ms, false); }
  // All that were not yet told.
  [[nodiscard]] std::vector<Line> TakeAll(int64_t now_unix_ms) { return Take(now_unix_ms, true); }

 private:
  struct Pair {
    Line line;
    int64_t told_unix_ms = 0;
  };
  std::vector<Line> Take(int64_t now_unix_ms, bool all);

  std::map<std::pair<std::string, int>, Pair> pairs_;  // sensor, reason
};

// "hash_mismatch"
[[nodiscard]] std::string RejectionReasonName(v1::Rejection::Reason reason);

}  // namespace teiten
