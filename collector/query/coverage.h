// SPDX-License-Identifier: Apache-2.0
// How far an answer may be trusted: live time, N4, P6, losses and gaps of the sensors behind it,
// from coverage rollups where hours are rolled up and from the facts themselves elsewhere.
// Definitions: "averages, ranks, editions"; a sensor live less than half of the time has no vote.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/query/query_context.h"
#include "collector/query/selection.h"
#include "collector/store/coverage_sum.h"
#include "collector/store/store.h"

namespace teiten {

// The length a sensor could have watched: the part of the range that is over.
[[nodiscard]] uint64_t ExpectedMs(int64_t from_unix_ms, int64_t to_unix_ms, int64_t now_unix_ms);

class CoverageBook {
 public:
  // Told of every addition of live time, with the start of its window, hour or day.
  using LiveVisitor = std::function<void(int64_t start_unix_ms, uint64_t live_ms)>;
  void OnLive(LiveVisitor visitor) { on_live_ = std::move(visitor); }

  void AddRollup(int64_t start_unix_ms, const CoverageRollup& rollup);
  // Facts in the order of StoreReader::ScanFacts.
  void AddFact(const StoredFact& fact);

  [[nodiscard]] const std::map<std::string, CoverageSum>& sensors() const { return sensors_; }
  [[nodiscard]] uint64_t live_ms() const;
  // The sensor watched at least half of `expected_ms`.
  [[nodiscard]] bool Counts(const std::string& sensor, uint64_t expected_ms) const;
  // Live time for which the sensor was blind for every one of `ports`; 0 if that is empty.
  [[nodiscard]] uint64_t BlindMs(const std::string& sensor,
                                 const std::vector<ProtocolAndPort>& ports) const;

  // All but gaps, source, empty_reason and left_out.
  void Write(uint64_t expected_ms, v1::Coverage& out) const;
  // Sensors that do not count: for answers that weigh them against each other.
  void WriteLeftOut(uint64_t expected_ms, v1::Coverage& out) const;

 private:
  std::map<std::string, CoverageSum> sensors_;
  LiveVisitor on_live_;
};

// Of the time: that it was widened, time that was
// counted twice, gaps that sensors declared, clipped to it, and rejections.
[[nodiscard]] absl::Status WriteGaps(StoreReader& store, const RecordFilter& filter,
                                     v1::Coverage& out);

}  // namespace teiten
