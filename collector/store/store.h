// SPDX-License-Identifier: Apache-2.0
// The record behind one narrow interface. Two implementations, one conformance suite: SQLite
// (sqlite_store.h) and a slow in-memory model for tests (memory_store.h).
//
// What is kept:
//   facts      envelopes as accepted, one file per day of window start, key (sensor, spool,
//              sequence); which sequences are stored stands in the ledger for ever
//   ledger     per (sensor, spool): stored, rejected and gap ranges; contacts; conflicts
//   rollups    hourly and daily P, C, S and coverage, made from facts
//   sources    one row per source, day and sensor-kind-port activity
//
// A day's rollup always equals the sum of its hours: where the stored day is behind, readers add
// up the hours themselves. When the facts of a day expire, its hours are frozen: a fact that
// comes later is added to the frozen rows, which are never computed again; likewise the day when
// its hours expire. (What is then covered twice is in the live time of a row twice;
// CoverageSum takes it out.)
//
// Hours and days are those of the store's zone, named by their start in UTC milliseconds.
//
// Threads: StoreWriter is called by the writer thread alone; each StoreReader by one thread.
// No call touches the network; times come in as arguments. No read transaction is held while a
// visitor runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/store_types.h"

namespace teiten {

class StoreReader {
 public:
  virtual ~StoreReader() = default;

  // In order of window start, sensor, spool, sequence. The visitor returns false to stop.
  [[nodiscard]] virtual absl::Status ScanFacts(
      const FactSelection& selection, const std::function<bool(const StoredFact&)>& visit) = 0;
  // The same facts in the same order, unopened. By opening them, where a store knows no better.
  [[nodiscard]] virtual absl::Status ScanWindows(
      const FactSelection& selection, const std::function<bool(const StoredWindow&)>& visit) {
    return ScanFacts(selection, [&](const StoredFact& fact) {
      return visit({{fact.window_start_unix_ms, fact.key}, fact.summary.window_end_unix_ms()});
    });
  }
  [[nodiscard]] virtual absl::StatusOr<std::vector<RollupRow>> ReadRollup(
      const RollupQuery& query) = 0;
  [[nodiscard]] virtual absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(
      RollupTier tier, const FactSelection& selection) = 0;
  // As above, one entry per hour or day.
  [[nodiscard]] virtual absl::StatusOr<std::vector<std::pair<int64_t, CoverageRollup>>>
  ReadCoverageByTime(RollupTier tier, const FactSelection& selection) = 0;
  [[nodiscard]] virtual absl::StatusOr<std::vector<SourceDay>> ReadSources(
      const SourceQuery& query) = 0;
  [[nodiscard]] virtual absl::StatusOr<std::vector<SensorRecord>> ReadSensors() = 0;
  [[nodiscard]] virtual absl::StatusOr<SpoolLedger> ReadLedger(const std::string& sensor,
                                                               const Spool& spool) = 0;
  // Hours not yet (again) rolled up, oldest first: their figures are behind the facts.
  [[nodiscard]] virtual absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) = 0;
};

class StoreWriter {
 public:
  virtual ~StoreWriter() = default;

  // Durable when it returns OK. One verdict per fact, in order. On an error nothing is
  // acknowledged; facts of the batch may or may not be stored and are deduplicated when resent.
  [[nodiscard]] virtual absl::StatusOr<std::vector<FactVerdict>> CommitFacts(
      std::span<const AcceptedFact> facts) = 0;
  [[nodiscard]] virtual absl::Status CommitGaps(const std::string& sensor, const Spool& spool,
                                                std::span<const v1::Gap> gaps) = 0;
  [[nodiscard]] virtual absl::Status CommitRejection(const FactKey& key,
                                                     v1::Rejection::Reason reason,
                                                     const std::string& detail) = 0;
  [[nodiscard]] virtual absl::Status CommitContact(const SensorContact& contact) = 0;
  [[nodiscard]] virtual absl::StatusOr<SpoolLedger> Ledger(const std::string& sensor,
                                                           const Spool& spool) = 0;
  // Made with the store, the same for ever.
  [[nodiscard]] virtual absl::StatusOr<v1::DeploymentKey> DeploymentKey() = 0;

  [[nodiscard]] virtual absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) = 0;
  // Grows with every fact of the hour, never used twice; 0: the hour is clean.
  [[nodiscard]] virtual absl::StatusOr<uint64_t> HourGeneration(int64_t hour_unix_ms) = 0;
  // Replaces the hour's rows and its part of the day's sources. Takes the hour off the dirty list
  // if no fact of it came in since `generation` was read (before the facts were read): true;
  // else it stays dirty: false. Errors: Aborted if the hour is not dirty.
  [[nodiscard]] virtual absl::StatusOr<bool> ReplaceHour(const HourRollup& hour,
                                                         uint64_t generation,
                                                         std::span<const SourceDay> sources) = 0;
  // Days whose stored rows are behind their hours, oldest first, and making them anew.
  [[nodiscard]] virtual absl::StatusOr<std::vector<int64_t>> StaleDays(uint32_t limit) = 0;
  [[nodiscard]] virtual absl::Status ReplaceDay(int64_t day_unix_ms) = 0;

  // Deletes what is older than it is kept: at most one day of facts, of hours and of sources a
  // call; true while there may be more. A day with dirty hours is left alone.
  [[nodiscard]] virtual absl::StatusOr<bool> ApplyRetention(int64_t now_unix_ms) = 0;
};

struct Retention {
  int fact_days = 30;
  int hour_days = 400;
  int source_days = 400;
};

// The record of one collector. Outlives its readers.
class Store {
 public:
  virtual ~Store() = default;

  [[nodiscard]] virtual StoreWriter& writer() = 0;
  // From any thread.
  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<StoreReader>> OpenReader() = 0;
  [[nodiscard]] virtual int32_t utc_offset_minutes() const = 0;
  // What keeps it from writing and what to do, for a reader; empty: nothing. From any thread.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

}  // namespace teiten
