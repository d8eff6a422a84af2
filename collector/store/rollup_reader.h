// SPDX-License-Identifier: Apache-2.0
// Reads rollup.db: adds up tiers, layers and hours of stale days (rollup_db.h) into answers.
// Errors: those of SqliteDb; ResourceExhausted beyond kMostRows; Unavailable if days kept changing
// under the query.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/store_types.h"

namespace teiten {

struct RollupStream {
  std::string sensor;
  std::string group;
};
class RollupAccumulator;

class RollupReader {
 public:
  static constexpr std::size_t kMostRows = 1'000'000;

  explicit RollupReader(SqliteDb& db) : db_(db) {}

  [[nodiscard]] absl::StatusOr<std::vector<RollupRow>> Read(const RollupQuery& query);
  // By start (0: merged over time) and sensor.
  [[nodiscard]] absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverage(
      RollupTier tier, const FactSelection& selection, bool by_time);
  [[nodiscard]] absl::StatusOr<std::vector<SourceDay>> ReadSources(const SourceQuery& query);

 private:
  // Days of the range whose computed layer is not to be used, with that layer.
  struct DayState {
    std::map<int64_t, int> stale;
    bool operator==(const DayState&) const = default;
  };
  // Rows of one tier whose start is in [from, to).
  struct Segment {
    int tier = 0;
    int64_t from = 0;
    int64_t to = 0;
    std::optional<int64_t> as_start = {};  // hours of a stale day stand for the day
  };

  [[nodiscard]] absl::StatusOr<std::map<int64_t, RollupStream>> Streams(
      const std::vector<std::string>& sensors, const std::vector<std::string>& groups);
  [[nodiscard]] absl::StatusOr<DayState> ReadDayState(int64_t from, int64_t to);
  // Calls `read` for each segment of the selection, again from the beginning if days changed;
  // `clear` forgets what was read.
  [[nodiscard]] absl::Status ForSegments(
      RollupTier tier, const FactSelection& selection, const std::function<void()>& clear,
      const std::function<absl::Status(const Segment&, const DayState&)>& read);

  [[nodiscard]] absl::Status ScanSegment(const Segment& segment, const DayState& days,
                                         RollupAccumulator& rows);
  [[nodiscard]] absl::Status ScanPorts(const Segment& segment, const DayState& days,
                                       RollupAccumulator& rows);
  using CoverageRows = std::map<std::pair<int64_t, int64_t>, CoverageRollup>;  // start, stream
  [[nodiscard]] absl::Status ScanCoverage(const Segment& segment, const DayState& days,
                                          const std::map<int64_t, RollupStream>& streams,
                                          bool by_time, CoverageRows& rows);

  struct SourceActivities;
  static void AppendDay(int64_t day_unix_ms, const SourceActivities& activities,
                        const std::map<int64_t, RollupStream>& streams, uint32_t limit,
                        std::vector<SourceDay>& out);
  // Days that overlap the query → their parts.
  [[nodiscard]] absl::StatusOr<std::map<int64_t, std::vector<int64_t>>> SourceParts(
      const SourceQuery& query);

  SqliteDb& db_;
};

}  // namespace teiten
