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
// Threads: StoreWriter is called by the writer thread alone; each StoreReader by one thread.
// No call touches the network; times come in as arguments.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/envelope.h"
#include "common/hyperloglog.h"
#include "common/keyed_hash.h"
#include "common/kind.h"
#include "teiten/v1/ingest.pb.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

inline constexpr int64_t kHourMs = 3'600'000;
inline constexpr int64_t kDayMs = 86'400'000;

struct FactKey {
  std::string sensor;
  Spool spool{};
  uint64_t sequence = 0;
  friend auto operator<=>(const FactKey&, const FactKey&) = default;
};

// A validated summary on its way in.
struct AcceptedFact {
  FactKey key;
  std::string content_sha256;       // 32 bytes
  std::string envelope;             // serialised v1::Envelope
  int64_t window_start_unix_ms = 0;
  int64_t window_end_unix_ms = 0;
  std::string group;                // "live", "replay"
};

enum class FactVerdict { kStored, kDuplicate, kConflict };

struct StoredFact {
  FactKey key;
  int64_t window_start_unix_ms = 0;
  std::string group;
  v1::WindowSummary summary;        // opened
};

struct SpoolLedger {
  // Stored, rejected or declared a gap: nothing of it need be sent again. Sorted, disjoint.
  std::vector<v1::SequenceRange> settled;
  std::vector<v1::SequenceRange> stored;
  std::vector<v1::Gap> gaps;
  uint64_t highest_sequence = 0;    // 0: never seen
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
  int64_t contact_unix_ms = 0;      // by the collector's clock
  int64_t clock_skew_ms = 0;        // sensor minus collector
};

// ---- Rollups. One row per key; sketches are under the deployment key.

enum class RollupTier { kHour, kDay };

struct PortRollup {                 // P
  std::string sensor;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  v1::ToolMark tool = v1::TOOL_MARK_UNMARKED;
  uint64_t packets = 0, bytes = 0, tuples = 0;
  bool folded = false;              // rows without source
  HyperLogLog sources{12};
};

struct RegionRollup {               // C; AS is 0 until known
  std::string sensor;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  std::string region;               // "JP", "unknown", "folded"
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{12};
};

struct KindRollup {                 // S
  std::string sensor;
  Family family = Family::kIpv4;
  Kind kind = Kind::kNone;
  uint64_t packets = 0, bytes = 0, tuples = 0;
  HyperLogLog sources{14};
};

// Live time and loss of one sensor in one hour or day; the denominator of every figure.
struct CoverageRollup {
  std::string sensor;
  std::string group;
  uint64_t summaries = 0;
  uint64_t live_ms = 0;             // workers of one window count once (their maximum)
  double n4_live_ms = 0;            // Σ n4 × live_ms
  double p6_live_ms = 0;
  uint64_t direction_unknown_ms = 0;
  uint64_t drops_unknown_ms = 0;
  v1::Accounting accounting;        // summed; absent drops are left out and counted above
  // Live time for which this (protocol, port) was blind.
  struct Blind { uint8_t protocol; uint16_t port; uint64_t live_ms; };
  std::vector<Blind> blind;
};

struct HourRollup {
  int64_t start_unix_ms = 0;        // hour of the store's zone, or day
  std::vector<PortRollup> ports;
  std::vector<RegionRollup> regions;
  std::vector<KindRollup> kinds;
  std::vector<CoverageRollup> coverage;
};

// One source's doings on one day at one sensor.
struct SourceDay {
  int64_t day_unix_ms = 0;
  std::string sensor;
  Family family = Family::kIpv4;
  Address source;
  bool prefix64 = false;
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  uint64_t packets = 0, bytes = 0, windows = 0;
  int64_t first_unix_ms = 0, last_unix_ms = 0;
  uint64_t marks[kMarkCount] = {};
  uint32_t destinations = 0;        // most in one window
  std::string region;
};

// Half-open time range, an empty list selects all.
struct FactSelection {
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  std::vector<std::string> sensors;
  std::vector<std::string> groups;
};

// Which dimension a rollup is read by. Rows of the answer are always apart by sensor and family.
enum class RollupTable { kPorts, kRegions, kKinds };

struct RollupQuery {
  RollupTier tier = RollupTier::kHour;
  RollupTable table = RollupTable::kPorts;
  FactSelection selection;
  std::vector<Kind> kinds;
  std::vector<v1::ProtocolPort> ports;    // kPorts only
  std::vector<v1::ToolMark> tools;        // kPorts only
  std::vector<std::string> regions;       // kRegions only
  bool by_time = false;                   // one row per hour/day, else merged over time
};

// A merged row of any rollup table; fields that the table lacks are empty.
struct RollupRow {
  int64_t start_unix_ms = 0;              // 0 unless by_time
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
  HyperLogLog sources{12};
};

struct SourceQuery {
  int64_t from_unix_ms = 0;               // days that overlap
  int64_t to_unix_ms = 0;
  std::optional<Prefix> source;           // absent: all
  std::vector<std::string> sensors;
  std::vector<std::string> groups;
  uint32_t limit = 1000;
};

struct SensorRecord {
  SensorContact contact;
  int64_t newest_window_end_unix_ms = 0;
  std::vector<Spool> spools;
  v1::Health health;                      // of the newest summary
  uint64_t n4 = 0, p6 = 0;                // of the newest summary
};

class StoreReader {
 public:
  virtual ~StoreReader() = default;

  // In order of window start, sensor, spool, sequence. The visitor returns false to stop.
  [[nodiscard]] virtual absl::Status ScanFacts(
      const FactSelection& selection, const std::function<bool(const StoredFact&)>& visit) = 0;
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
  // Hours or days not yet (again) rolled up in the range: their figures are behind the facts.
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
  // Made at the first call, with the store.
  [[nodiscard]] virtual absl::StatusOr<v1::DeploymentKey> DeploymentKey() = 0;

  [[nodiscard]] virtual absl::StatusOr<std::vector<int64_t>> DirtyHours(uint32_t limit) = 0;
  // Replaces the hour's rows and takes it off the dirty list, in one transaction, unless a fact
  // of the hour came in since the facts were read (`generation` of ReadHourGeneration): Aborted.
  [[nodiscard]] virtual absl::StatusOr<uint64_t> HourGeneration(int64_t hour_unix_ms) = 0;
  [[nodiscard]] virtual absl::Status ReplaceHour(const HourRollup& hour, uint64_t generation,
                                                 std::span<const SourceDay> sources_of_day) = 0;
  [[nodiscard]] virtual absl::Status ReplaceDay(int64_t day_unix_ms) = 0;  // from its hours
};

}  // namespace teiten
