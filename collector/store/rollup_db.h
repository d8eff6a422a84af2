// SPDX-License-Identifier: Apache-2.0
// rollup.db: hourly and daily rollups, coverage, sources. All of it was made from facts.
//
// Tables have rows of hours (tier 0) and days (tier 1) side by side. Each hour and day has two
// layers: layer 0 until what it was made from expires; after that what is computed from later
// facts stands in layer 1, and is added to layer 0 when it expires in turn. So freezing costs
// nothing in the usual case, and readers simply add up what they find. A day that is `stale` is
// behind its hours: its computed layer is ignored and its hours are added up instead.
//
// Activities of sources stand by hour of the day (`part`, + kLatePart for the late layer), so that
// an hour can be computed again without its day.
//
// Threads: the one that opened it. Functions that change it make their own transaction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/sqlite_db.h"
#include "collector/store/store_types.h"

namespace teiten {

inline constexpr int kLatePart = 32;
// Of one day, all sensors; what is beyond is counted as refused.
inline constexpr uint64_t kMostSourceRowsPerDay = 2'000'000;

// A source as a number that sorts as the address does: IPv4 as it is; of IPv6 the /64, its sign
// bit turned because SQLite's integers are signed.
[[nodiscard]] constexpr int64_t SourceNumber(Family family, const Address& source) {
  return static_cast<int64_t>(family == Family::kIpv4 ? source.low
                                                      : source.high ^ (uint64_t{1} << 63));
}
[[nodiscard]] constexpr Address SourceOfNumber(Family family, int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  return family == Family::kIpv4 ? Address{0, bits} : Address{bits ^ (uint64_t{1} << 63), 0};
}

class RollupDb {
 public:
  [[nodiscard]] static absl::StatusOr<RollupDb> Open(const std::string& path, SqliteMode mode);

  [[nodiscard]] absl::Status ReplaceHour(int64_t day_unix_ms, const HourRollup& hour,
                                         std::span<const SourceDay> sources);
  [[nodiscard]] absl::Status ReplaceDay(int64_t day_unix_ms);
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> StaleDays(uint32_t limit);

  // The facts of the day are about to go: its hours are never computed again.
  [[nodiscard]] absl::Status FreezeHours(int64_t day_unix_ms);
  // Brings the day up to date, freezes it, deletes its hours.
  [[nodiscard]] absl::Status ExpireHours(int64_t day_unix_ms);
  [[nodiscard]] absl::Status ExpireSources(int64_t day_unix_ms);
  // Starts of all hours that have rows, and days that have sources, oldest first.
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> Hours();
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> SourceDays();

  [[nodiscard]] SqliteDb& db() { return *db_; }

 private:
  explicit RollupDb(std::unique_ptr<SqliteDb> db) : db_(std::move(db)) {}

  // Where rows of one hour or day go.
  struct Place {
    int tier = 0;
    int64_t start = 0;
    int layer = 0;
  };
  [[nodiscard]] absl::StatusOr<bool> IsFrozen(int tier, int64_t day_unix_ms);
  [[nodiscard]] absl::StatusOr<int64_t> StreamId(const std::string& sensor,
                                                 const std::string& group);
  [[nodiscard]] absl::Status DeleteRows(const Place& place);
  [[nodiscard]] absl::Status InsertPorts(const Place& place, const HourRollup& hour);
  [[nodiscard]] absl::Status InsertRegions(const Place& place, const HourRollup& hour);
  [[nodiscard]] absl::Status InsertKinds(const Place& place, const HourRollup& hour);
  [[nodiscard]] absl::Status InsertCoverage(const Place& place, const HourRollup& hour);
  [[nodiscard]] absl::Status ReplaceSources(int64_t day_unix_ms, int part, const HourRollup& hour,
                                            std::span<const SourceDay> sources);
  [[nodiscard]] absl::Status MakeDay(int64_t day_unix_ms);
  // Adds layer 1 of [from, to) to layer 0.
  [[nodiscard]] absl::Status MergeLayers(int tier, int64_t from_unix_ms, int64_t to_unix_ms);
  [[nodiscard]] absl::Status MergeLateSources(int64_t day_unix_ms);

  std::unique_ptr<SqliteDb> db_;
  // (sensor, group) → id, as committed or about to be; cleared when a transaction fails.
  std::map<std::pair<std::string, std::string>, int64_t> streams_;
};

}  // namespace teiten
