// SPDX-License-Identifier: Apache-2.0
// What goes into the store and what comes out: plain values.
// Hours and days are those of the store's zone, named by their start in UTC milliseconds.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "collector/store/zone.h"
#include "common/address.h"
#include "common/envelope.h"
#include "common/hyperloglog.h"
#include "common/kind.h"
#include "common/range_set.h"
#include "teiten/v1/ingest.pb.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

struct FactKey {
  std::string sensor;
  Spool spool{};
  uint64_t sequence = 0;
  friend auto operator<=>(const FactKey&, const FactKey&) = default;
};

// A validated summary on its way in.
struct AcceptedFact {
  FactKey key;
  std::string content_sha256;  // 32 bytes
  std::string envelope;        // serialised v1::Envelope
  int64_t window_start_unix_ms = 0;
  int64_t window_end_unix_ms = 0;
  int64_t received_unix_ms = 0;  // collector's clock; keeps imports of old days from expiring
  std::string group;             // "live", "replay"
};

enum class FactVerdict { kStored, kDuplicate, kConflict };

struct StoredFact {
  FactKey key;
  int64_t window_start_unix_ms = 0;
  std::string group;
  v1::WindowSummary summary;  // opened
};

struct SpoolLedger {
  // Stored, rejected or declared a gap: nothing of it need be sent again. Sorted, disjoint.
  std::vector<v1::SequenceRange> settled;
  std::vector<v1::SequenceRange> stored;
  std::vector<v1::Gap> gaps;
  uint64_t highest_sequence = 0;  // 0: never seen
  uint64_t rejected = 0;
  uint64_t conflicts = 0;
};

// What a sensor said of itself when it last connected.
struct SensorContact {
  std::string sensor;
  Spool spool{};
  std::string group;
  std::string software;
  std::string definitions_version;
  std::string machine_sha256;
  std::string boot_id;
  int64_t contact_unix_ms = 0;  // by the collector's clock
  int64_t clock_skew_ms = 0;    // sensor minus collector
};

// ---- Rollups. One row per key; sketches are under the deployment key.

enum class RollupTier { kHour, kDay };

// Packets of a tuple are split over the tools so that sums are exact (tool_split.h). Protocol 0
// and port 0 of a kind that has ports: the sensor's other ports, beyond kMaxPortRows.
struct PortRollup {  // P
  std::string sensor;
  std::string group;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  v1::ToolMark tool = v1::TOOL_MARK_UNMARKED;
  bool folded = false;  // rows without source; no tuples
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{12};
};

struct RegionRollup {  // C
  std::string sensor;
  std::string group;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  std::string region;  // "JP", "unknown", "folded"
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{12};
};

struct KindRollup {  // S
  std::string sensor;
  std::string group;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{14};  // rows, and folded packets under the deployment key
  // Folded packets sketched under other keys. Under independent keys a source looks like several,
  // so the estimate is the sum over keys: an upper bound, to be added to that of `sources`.
  HyperLogLog foreign_sources{14};
};

// Live time and loss of one sensor in one hour or day; the denominator of every figure.
struct CoverageRollup {
  std::string sensor;
  std::string group;
  uint64_t summaries = 0;
  uint64_t live_ms = 0;   // what several summaries cover counts once (coverage_sum.h)
  double n4_live_ms = 0;  // Σ n4 × live_ms
  double p6_live_ms = 0;
  uint64_t direction_unknown_ms = 0;
  uint64_t drops_unknown_ms = 0;
  v1::Accounting accounting;  // summed; absent drops are left out and counted above
  // Live time for which this (protocol, port) was blind.
  struct Blind {
    uint8_t protocol;
    uint16_t port;
    uint64_t live_ms;
  };
  std::vector<Blind> blind;    // by protocol and port
  RangeSet live;               // when it watched, in Unix milliseconds
  RangeSet addresses_unknown;  // and of these, when without known observed addresses
};

struct HourRollup {
  int64_t start_unix_ms = 0;
  std::vector<PortRollup> ports;
  std::vector<RegionRollup> regions;
  std::vector<KindRollup> kinds;
  std::vector<CoverageRollup> coverage;
  uint64_t sources_refused = 0;  // activities beyond the limit of sources per hour
};

// One source's doings on one day at one sensor, or one hour's part of them. IPv6 sources are
// their /64, prefix64 then being true.
struct SourceDay {
  int64_t day_unix_ms = 0;
  std::string sensor;
  std::string group;
  Family family = Family::kIpv4;
  Address source;
  bool prefix64 = false;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  uint64_t packets = 0, bytes = 0, windows = 0;
  int64_t first_unix_ms = 0, last_unix_ms = 0;
  uint64_t marks[kMarkCount] = {};
  uint32_t destinations = 0;  // most in one window
  std::string region;
};

// A place in the order of ScanFacts.
struct FactPosition {
  int64_t window_start_unix_ms = 0;
  FactKey key;
  friend auto operator<=>(const FactPosition&, const FactPosition&) = default;
};

// Where the window of a fact lies.
struct StoredWindow {
  FactPosition position;
  int64_t window_end_unix_ms = 0;  // nominal
};

// Half-open range of window starts (or of starts of hours and days), an empty list selects all.
struct FactSelection {
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  std::vector<std::string> sensors;
  std::vector<std::string> groups;
  std::optional<FactPosition> after;  // ScanFacts only: begin after it
};

// Which dimension a rollup is read by. Rows of the answer are always apart by sensor and family.
enum class RollupTable { kPorts, kRegions, kKinds };

struct RollupQuery {
  RollupTier tier = RollupTier::kHour;
  RollupTable table = RollupTable::kPorts;
  FactSelection selection;
  std::vector<Kind> kinds;
  std::vector<v1::ProtocolPort> ports;  // kPorts only
  std::vector<v1::ToolMark> tools;      // kPorts only
  std::vector<std::string> regions;     // kRegions only
  bool by_time = false;                 // one row per hour/day, else merged over time
};

// A merged row of any rollup table; fields that the table lacks are empty.
struct RollupRow {
  int64_t start_unix_ms = 0;  // 0 unless by_time
  std::string sensor;
  std::string group;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  v1::ToolMark tool = v1::TOOL_MARK_UNSPECIFIED;
  std::string region;
  bool folded = false;
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{12};     // p = 14 for kKinds
  double foreign_sources = 0;  // kKinds: to be added, as an upper bound
};

// The order of answers: by all that is not a count, as declared above.
[[nodiscard]] inline bool RollupRowLess(const RollupRow& a, const RollupRow& b) {
  const auto key = [](const RollupRow& r) {
    return std::tie(r.start_unix_ms, r.sensor, r.group, r.family, r.kind, r.protocol, r.port,
                    r.tool, r.region, r.folded);
  };
  return key(a) < key(b);
}

// Answers are sorted by day, then packets (most first), then key.
struct SourceQuery {
  int64_t from_unix_ms = 0;  // days that overlap
  int64_t to_unix_ms = 0;
  std::optional<Prefix> source;  // absent: all; IPv6 beyond /64 asks for its /64
  std::vector<std::string> sensors;
  std::vector<std::string> groups;
  uint32_t limit = 1000;     // rows of each day
  bool by_hour = false;      // only hours that begin in the range, else whole days that overlap it
  bool all_or_none = false;  // of a day that has more rows than `limit`: none
};

struct SensorRecord {
  SensorContact contact;
  int64_t newest_window_end_unix_ms = 0;
  std::vector<Spool> spools;
  // Of the newest summary, while its fact is kept.
  int64_t window_ms = 60'000;
  v1::Health health;
  uint64_t n4 = 0, p6 = 0;
};

}  // namespace teiten
