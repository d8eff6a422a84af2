// SPDX-License-Identifier: Apache-2.0
// Facts of one hour → its rollup and its part of the day's sources. A pure core: no I/O, no
// clock; the same facts in the order of ScanFacts give the same rows. Sums are exact: over P, over
// C and over S they equal the packets and bytes of all tuples and folded rows of the facts.
//
// Folded rows have no source: in P they stand apart (`folded`), in C under region "folded", in S
// with their own. They count no tuples.
//
// Memory is bounded: beyond kMostPortRows of a sensor's ports (and kMostPortRowsInAll) the rest is
// counted at (kind, protocol 0, port 0); beyond kMostActivities new activities of sources are
// counted as refused. Cells saturate at 2^56, so that no later sum overflows.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "collector/store/coverage_sum.h"
#include "collector/store/store_types.h"
#include "collector/store/zone.h"
#include "common/flow_row.h"
#include "common/keyed_hash.h"

namespace teiten {

// ISO 3166-1 alpha-2, or "unknown".
using RegionOf = std::function<std::string(Family family, const Address& source)>;

struct RollupLimits {
  std::size_t most_port_rows = 1U << 17;  // of one sensor
  std::size_t most_port_rows_in_all = 1'000'000;
  std::size_t most_activities = 1'000'000;  // followed while the hour is added up
  std::size_t most_sources = 250'000;       // handed out
};

struct RollupCounters {
  uint64_t facts = 0;
  uint64_t rows = 0;
  uint64_t ports_merged = 0;      // shares that went to (kind, protocol 0, port 0)
  uint64_t damaged_sketches = 0;  // of folded packets; left out
};

class HourBuilder {
 public:
  HourBuilder(int64_t hour_unix_ms, Zone zone, const v1::DeploymentKey& key, RegionOf region_of,
              RollupLimits limits = {});

  // Errors: InvalidArgument if its columns do not decode; then nothing of it was counted.
  [[nodiscard]] absl::Status Add(const StoredFact& fact);

  // Ends the builder. Sources: those seen in ≥ 2 windows or by ≥ 2 sensors first, within each
  // half sorted by family and source.
  struct Result {
    HourRollup hour;
    std::vector<SourceDay> sources;
    RollupCounters counters;
  };
  [[nodiscard]] Result Finish() &&;

 private:
  struct Sum {
    uint64_t packets = 0, bytes = 0, tuples = 0;
    void Add(uint64_t more_packets, uint64_t more_bytes, uint64_t more_tuples);
  };
  template <uint8_t kPrecision>
  struct Cell {
    Sum sum;
    HyperLogLog sources{kPrecision};
  };
  struct KindCell : Cell<14> {
    HyperLogLog foreign_sources{14};
    bool used = false;
  };
  struct Activity {
    uint64_t packets = 0, bytes = 0, windows = 0;
    int64_t first_unix_ms = 0, last_unix_ms = 0, last_window_ms = 0;
    std::array<uint64_t, kMarkCount> marks{};
    uint32_t destinations = 0;
    uint16_t region = 0;
  };
  // All of one sensor and group.
  struct Stream {
    std::string sensor, group;
    std::size_t port_rows = 0;
    std::array<std::array<KindCell, kKindCount>, 2> kinds;
    CoverageSum coverage;
  };
  // stream, family, kind, protocol, port, tool, folded
  using PortKey = std::tuple<uint32_t, Family, Kind, uint8_t, uint16_t, uint8_t, bool>;
  // stream, family, kind, region
  using RegionKey = std::tuple<uint32_t, Family, Kind, uint16_t>;
  // family, source, stream, kind, protocol, port
  using ActivityKey = std::tuple<Family, uint64_t, uint32_t, Kind, uint8_t, uint16_t>;

  // What stays the same over the rows of one fact.
  struct FactContext {
    uint32_t stream = 0;
    int64_t window_start_unix_ms = 0;
    bool bitmap_exact = false;
  };

  [[nodiscard]] uint32_t StreamOf(const StoredFact& fact);
  [[nodiscard]] uint16_t RegionNumber(const std::string& region);
  [[nodiscard]] Cell<12>& PortCell(PortKey key);
  [[nodiscard]] static KindCell& KindCellOf(Stream& stream, Family family, Kind kind);
  void AddRows(const FactContext& context, const std::vector<FlowRow>& rows);
  void AddRow(const FactContext& context, const FlowRow& row, uint64_t hash, uint16_t region);
  void AddActivity(const FactContext& context, const FlowRow& row, uint16_t region);
  void AddFolded(const StoredFact& fact, uint32_t stream);

  void FinishPorts(HourRollup& hour);
  void FinishRegions(HourRollup& hour);
  void FinishKinds(HourRollup& hour);
  void FinishCoverage(HourRollup& hour) const;
  [[nodiscard]] std::vector<SourceDay> FinishSources(HourRollup& hour) const;
  [[nodiscard]] SourceDay ToSourceDay(const ActivityKey& key, const Activity& a) const;

  const int64_t hour_unix_ms_;
  const Zone zone_;
  const uint64_t key_id_;
  const HashMultipliers hash_;
  const RegionOf region_of_;
  const RollupLimits limits_;

  std::vector<Stream> streams_;
  std::map<std::pair<std::string, std::string>, uint32_t> stream_numbers_;
  std::vector<std::string> regions_;
  absl::flat_hash_map<std::string, uint16_t> region_numbers_;
  absl::flat_hash_map<PortKey, Cell<12>> ports_;
  absl::flat_hash_map<RegionKey, Cell<12>> region_cells_;
  absl::flat_hash_map<ActivityKey, Activity> activities_;
  uint64_t refused_ = 0;
  RollupCounters counters_;
};

}  // namespace teiten
