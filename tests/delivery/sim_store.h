// SPDX-License-Identifier: Apache-2.0
// The record as the delivery simulation needs it: what is durable, a crash that leaves any part of
// a commit behind, a disk that is full, a copy to restore from. Rollups are not its business.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "common/range_set.h"

namespace teiten {

class SimStore : public StoreWriter {
 public:
  struct Ledger {
    RangeSet stored;
    RangeSet rejected;
    RangeSet gaps;
    std::map<uint64_t, v1::Gap::Reason> reasons;  // by sequence
    uint64_t conflicts = 0;
    [[nodiscard]] RangeSet Settled() const;
  };
  // Everything that survives.
  struct Record {
    std::map<FactKey, std::string> facts;  // → content hash
    std::multiset<std::string> contents;   // hashes, once per stored fact
    std::map<std::pair<std::string, Spool>, Ledger> ledgers;
    std::set<std::string> conflicting;  // hashes kept aside
  };

  explicit SimStore(uint64_t seed) : random_(seed) {}

  void set_full(bool full) { full_ = full; }
  // The process dies in the middle of the next commit of facts.
  void CrashInNextCommit() { crash_ = true; }
  [[nodiscard]] bool crashed() const { return crashed_; }
  void Restart() { crash_ = crashed_ = false; }
  [[nodiscard]] const Record& record() const { return record_; }
  void Restore(Record record) { record_ = std::move(record); }

  // Mutants.
  void set_no_dedup() { no_dedup_ = true; }
  void set_accept_conflicts() { accept_conflicts_ = true; }

  absl::StatusOr<std::vector<FactVerdict>> CommitFacts(
      std::span<const AcceptedFact> facts) override;
  absl::Status CommitGaps(const std::string& sensor, const Spool& spool,
                          std::span<const v1::Gap> gaps) override;
  absl::Status CommitRejection(const FactKey& key, v1::Rejection::Reason reason,
                               const std::string& detail) override;
  absl::Status CommitContact(const SensorContact& contact) override;
  absl::StatusOr<SpoolLedger> Ledger(const std::string& sensor, const Spool& spool) override;
  absl::StatusOr<v1::DeploymentKey> DeploymentKey() override;

  absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t) override { return NotHere(); }
  absl::StatusOr<uint64_t> HourGeneration(int64_t) override { return NotHere(); }
  absl::StatusOr<bool> ReplaceHour(const HourRollup&, uint64_t,
                                   std::span<const SourceDay>) override {
    return NotHere();
  }
  absl::StatusOr<std::vector<int64_t>> StaleDays(uint32_t) override { return NotHere(); }
  absl::Status ReplaceDay(int64_t) override { return NotHere(); }
  absl::StatusOr<bool> ApplyRetention(int64_t) override { return NotHere(); }

 private:
  static absl::Status NotHere() { return absl::UnimplementedError("no rollups here"); }
  [[nodiscard]] absl::Status Check() const;
  FactVerdict Commit(const AcceptedFact& fact);

  std::mt19937_64 random_;
  Record record_;
  std::atomic<bool> full_ = false;  // tests set it while a writer runs
  bool crash_ = false;
  bool crashed_ = false;
  bool no_dedup_ = false;
  bool accept_conflicts_ = false;
};

}  // namespace teiten
