// SPDX-License-Identifier: Apache-2.0
// A closed window becomes a WindowSummary. In: what the capture worker counted, rows in order of
// arrival. Out: the serialised message, ready to be sealed, spooled and sent.
//
// Columns are written straight into the message's bytes (common/columns.h) and rows are never
// copied, only an order of their numbers is made: at 400,000 rows this takes about 20 MB beside
// the table. The same window always gives the same bytes.
//
// Encoder thread. Pure functions: no clock, no I/O, no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/definitions.h"
#include "common/flow_row.h"
#include "common/hyperloglog.h"
#include "sensor/aggregate/window.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

// What holds for the sensor or the file, and changes seldom or never from window to window.
struct SummaryContext {
  std::string software = "teiten-sensor " TEITEN_VERSION;
  std::string definitions_version = kDefinitionsVersion;
  uint32_t worker_index = 0;
  uint32_t worker_count = 1;

  bool direction_unknown = false;  // no own addresses; then n4 and p6 are not known
  std::optional<uint64_t> n4;      // observed IPv4 addresses
  std::optional<uint64_t> p6;      // observed IPv6 /64 prefixes
  std::vector<v1::BlindPort> blind_ports;

  uint64_t bitmap_key_id = 0;
  uint64_t sketch_key_id = 0;
  bool bitmap_exact_ipv4 = false;  // at most 64 observed addresses of the family
  bool bitmap_exact_ipv6 = false;

  std::string link_type;
  std::string filter;
  uint32_t snap_length = 0;
  std::string group = "live";
  std::optional<int64_t> replay_shift_ms;  // a file whose times were shifted
  bool imported = false;                   // a file's own times
};

// Distinct sources of the folded packets of one kind; `sources` outlives the call.
struct FoldedSketch {
  uint8_t kind_flags = 0;  // Kind and kRowIpv6
  const HyperLogLog* sources = nullptr;
};

// One window. Everything pointed to outlives the call.
struct WindowContents {
  WindowTimes times;
  WindowCounts counts;
  std::span<const FlowRow> rows;  // in order of arrival, both families
  std::span<const FoldedRow> folded;
  std::span<const FoldedSketch> folded_sources;
  std::span<const v1::Flood> floods;
  const v1::Health* health = nullptr;  // nullptr: not said
};

// The serialised WindowSummary, for SealBytes (common/envelope.h).
[[nodiscard]] std::string EncodeSummaryBytes(const SummaryContext& context,
                                             const WindowContents& window);

// The same as a message, several times larger.
[[nodiscard]] v1::WindowSummary EncodeSummary(const SummaryContext& context,
                                              const WindowContents& window);

// The same without rows, only their number: for accounting, where nothing else is wanted.
[[nodiscard]] v1::WindowSummary AccountingOf(const SummaryContext& context,
                                             const WindowContents& window);

}  // namespace teiten
