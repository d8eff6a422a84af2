// SPDX-License-Identifier: Apache-2.0
// The reading side of the SQLite store: read-only connections of its own, short transactions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/fact_file.h"
#include "collector/store/record_db.h"
#include "collector/store/rollup_db.h"
#include "collector/store/rollup_reader.h"
#include "collector/store/sqlite_paths.h"
#include "collector/store/store.h"

namespace teiten {

class SqliteReader final : public StoreReader {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SqliteReader>> Open(const StorePaths& paths);

  [[nodiscard]] absl::Status ScanFacts(
      const FactSelection& selection, const std::function<bool(const StoredFact&)>& visit) override;
  [[nodiscard]] absl::Status ScanWindows(
      const FactSelection& selection,
      const std::function<bool(const StoredWindow&)>& visit) override;
  [[nodiscard]] absl::StatusOr<std::vector<RollupRow>> ReadRollup(
      const RollupQuery& query) override;
  [[nodiscard]] absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(
      RollupTier tier, const FactSelection& selection) override;
  [[nodiscard]] absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>> ReadCoverageByTime(
      RollupTier tier, const FactSelection& selection) override;
  [[nodiscard]] absl::StatusOr<std::vector<SourceDay>> ReadSources(
      const SourceQuery& query) override;
  [[nodiscard]] absl::StatusOr<std::vector<SensorRecord>> ReadSensors() override;
  [[nodiscard]] absl::StatusOr<SpoolLedger> ReadLedger(const std::string& sensor,
                                                       const Spool& spool) override;
  [[nodiscard]] absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) override;

 private:
  SqliteReader(StorePaths paths, RecordDb record, RollupDb rollup)
      : paths_(std::move(paths)), record_(std::move(record)), rollup_(std::move(rollup)) {}

  // nullopt: the day's facts have expired. Opened for one use: a kept connection would hold on to
  // a file that retention has deleted.
  [[nodiscard]] absl::StatusOr<std::optional<FactFile>> OpenDay(int64_t day_unix_ms);
  // False: the visitor wants no more.
  using HeadVisitor = std::function<absl::StatusOr<bool>(FactFile&, const FactHead&)>;
  [[nodiscard]] absl::Status ScanHeads(const FactSelection& selection, const HeadVisitor& visit);
  [[nodiscard]] static absl::StatusOr<bool> ScanDay(FactFile& file, const FactSelection& selection,
                                                    const HeadVisitor& visit);
  [[nodiscard]] absl::Status FillNewest(const std::vector<NewestWindow>& newest,
                                        std::map<std::string, SensorRecord>& sensors);

  StorePaths paths_;
  RecordDb record_;
  RollupDb rollup_;
};

}  // namespace teiten
