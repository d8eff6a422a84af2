// SPDX-License-Identifier: Apache-2.0
// The rows a selection covers, from rollups where they suffice and from facts where they do not,
// as one stream of cells that rank and series add up. A selection needs facts where it names
// source prefixes or asks by source, or joins regions with ports or tools; and always at the edges
// (plan.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/query/coverage.h"
#include "collector/query/plan.h"
#include "collector/query/query_context.h"
#include "collector/query/selection.h"
#include "collector/store/store.h"

namespace teiten {

// Facts that one query may open, of about a millisecond each; 20 sensors for a day, or one for 20.
inline constexpr uint64_t kMostFacts = 30'000;

// Activities of sources that one query reads to count sources one by one.
inline constexpr uint32_t kMostExactActivities = 200'000;

// What rows have in common; valid during the visit.
struct Cell {
  int64_t start_unix_ms = 0;  // of the window; of the hour or day (by_time); else of the piece
  const std::string* sensor = nullptr;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  v1::ToolMark tool = v1::TOOL_MARK_UNSPECIFIED;  // only if tools are selected or asked by
  std::string_view region;                        // only if regions are selected or asked by
  bool folded = false;                            // without source
  uint64_t packets = 0, bytes = 0, tuples = 0;
  const Address* source = nullptr;       // of facts
  const HyperLogLog* sources = nullptr;  // of rollups
  double foreign_sources = 0;            // of rollups: an upper bound to be added
};

struct GatherRequest {
  const RecordFilter* filter = nullptr;
  v1::RankBy by = v1::RANK_BY_UNSPECIFIED;
  bool by_time = false;
  bool all_from_facts = false;  // steps below an hour
  bool days = false;            // whole days may come from daily rollups
  // If set and the range is within one day of the store: told of the activities behind rollups
  // (by source), as far as the record has them and not apart by tool; those of facts are cells.
  // Beyond kMostExactActivities of them: of none.
  std::function<void(const Cell&)> on_source = {};
};

[[nodiscard]] bool NeedsFacts(const RecordFilter& filter, v1::RankBy by);

// Adds the cells and the coverage of the range. `description` says what was read.
// Errors: those of the store; ResourceExhausted above kMostFacts.
[[nodiscard]] absl::Status Gather(StoreReader& store, const QueryContext& context,
                                  const GatherRequest& request, CoverageBook& book,
                                  const std::function<absl::Status(const Cell&)>& visit,
                                  std::string& description);

}  // namespace teiten
