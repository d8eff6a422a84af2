// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/rejection_log.h"

namespace teiten {

void RejectionLog::Add(const std::string& sensor, const std::string& spool,
                       const v1::Rejection& rejection) {
  const int reason = rejection.reason();
  const bool full = pairs_.size() >= kMostPairs && !pairs_.contains({sensor, reason});
  const std::string& name = full ? "other" : sensor;
  Line& line = pairs_[{name, reason}].line;
  line.sensor = name;
  line.spool = spool;
  line.reason = rejection.reason();
  line.sequence = rejection.sequence();
  line.detail = rejection.detail();
  ++line.count;
}

std::vector<RejectionLog::Line> RejectionLog::Take(int64_t now_unix_ms, bool all) {
  std::vector<Line> lines;
  for (auto it = pairs_.begin(); it != pairs_.end();) {
    Pair& pair = it->second;
    const bool quiet = now_unix_ms - pair.told_unix_ms >= kQuietMs;
    if (pair.line.count > 0 && (quiet || all)) {
      lines.push_back(pair.line);
      pair.line.count = 0;
      pair.told_unix_ms = now_unix_ms;
    } else if (pair.line.count == 0 && quiet) {
      it = pairs_.erase(it);
      continue;
    }
    ++it;
  }
  return lines;
}

std::string RejectionReasonName(v1::Rejection::Reason reason) {
  constexpr std::size_t kPrefix = sizeof "REASON_" - 1;
  std::string name = v1::Rejection::Reason_Name(reason);
  if (name.size() <= kPrefix) return std::to_string(static_cast<int>(reason));
  name.erase(0, kPrefix);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace teiten
