// SPDX-License-Identifier: Apache-2.0
// What the in-memory model holds, shared by its writer and readers under one mutex.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "common/range_set.h"

namespace teiten {

struct MemoryState {
  struct SpoolState {
    RangeSet stored, rejected, gap;
    std::map<uint64_t, v1::Gap> gaps;  // by first sequence
    uint64_t conflicts = 0;
  };
  struct Newest {
    int64_t window_end_unix_ms = 0;
    std::string group;
    FactPosition position;
  };
  // All that an hour was ever made into: frozen when its facts went, computed from those there.
  struct Hour {
    std::vector<HourRollup> frozen;
    std::optional<HourRollup> computed;
    void Freeze() {
      if (computed.has_value()) frozen.push_back(*std::exchange(computed, std::nullopt));
    }
  };
  struct HourSources {
    std::vector<SourceDay> frozen;
    std::vector<SourceDay> computed;
    void Freeze() {
      frozen.insert(frozen.end(), computed.begin(), computed.end());
      computed.clear();
    }
  };

  std::mutex mutex;
  Zone zone{0};
  Retention retention;
  v1::DeploymentKey deployment_key;

  std::map<FactPosition, AcceptedFact> facts;
  std::map<std::pair<std::string, Spool>, SpoolState> spools;
  std::map<std::string, SensorContact> contacts;
  std::map<std::string, Newest> newest;  // by sensor
  std::map<int64_t, int64_t> received;   // days that have facts → when the newest came
  std::map<int64_t, uint64_t> dirty;     // hours → generation
  uint64_t generation = 0;
  std::map<int64_t, Hour> hours;
  std::map<int64_t, HourSources> sources;
  std::map<int64_t, std::vector<HourRollup>> frozen_days;
};

[[nodiscard]] SpoolLedger LedgerOf(const MemoryState& state, const std::string& sensor,
                                   const Spool& spool);
[[nodiscard]] std::vector<int64_t> DirtyOf(const MemoryState& state, uint32_t limit);
[[nodiscard]] std::unique_ptr<StoreReader> MakeMemoryReader(MemoryState& state);

}  // namespace teiten
