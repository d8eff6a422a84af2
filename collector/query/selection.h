// SPDX-License-Identifier: Apache-2.0
// A Selection checked once and put into a form that costs little per row: lists of kinds and
// tools are bit sets, prefixes are parsed. What it cannot express is an error naming the field.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/address.h"
#include "common/kind.h"
#include "common/port_name.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

inline constexpr int kMostSelected = 1000;  // entries of one list
inline constexpr const char* kReplayGroup = "replay";
inline constexpr const char* kLiveGroup = "live";

struct RecordFilter {
  int64_t from_unix_ms = 0;  // half-open, by window start; widened by WidenToWindows
  int64_t to_unix_ms = 0;
  int64_t asked_from_unix_ms = 0;
  int64_t asked_to_unix_ms = 0;
  uint32_t kinds = ~0U;          // bit 1 << Kind
  bool kinds_defaulted = false;  // restricted by DefaultToScan, not by who asks
  uint32_t tools = ~0U;          // bit 1 << ToolMark
  bool ipv4 = true;
  bool ipv6 = true;
  std::vector<uint8_t> protocols;
  std::vector<ProtocolAndPort> ports;
  std::vector<Prefix> sources;
  std::vector<std::string> regions;
  std::vector<std::string> sensors;
  std::vector<std::string> groups;
  bool groups_selected = false;  // else all known groups but "replay"

  [[nodiscard]] bool all_kinds() const { return kinds == ~0U; }
  [[nodiscard]] bool all_tools() const { return tools == ~0U; }
  [[nodiscard]] bool both_families() const { return ipv4 && ipv6; }
  [[nodiscard]] bool Has(Family family) const { return family == Family::kIpv4 ? ipv4 : ipv6; }
  [[nodiscard]] bool Has(Kind kind) const { return (kinds >> static_cast<int>(kind) & 1U) != 0; }
  [[nodiscard]] bool Has(v1::ToolMark tool) const {
    return (tools >> static_cast<int>(tool) & 1U) != 0;
  }
  [[nodiscard]] bool HasPort(uint8_t protocol, uint16_t port) const;
  // A source that is known by its /64 alone is in no longer prefix.
  [[nodiscard]] bool HasSource(Family family, const Address& source, bool prefix64) const;
  [[nodiscard]] bool HasRegion(std::string_view region) const;
  // True if who asks restricted more than time, sensors and groups.
  [[nodiscard]] bool restricts_rows() const;
  // Class scan alone, unless kinds were selected, for what scanners and victims together would
  // make meaningless: anything by port, region, tool or source, and selected ports. (Of
  // backscatter the port is the attacked service.) kinds_defaulted says whether it was done.
  void DefaultToScan(v1::RankBy by);
};

// Errors: InvalidArgument naming the field.
[[nodiscard]] absl::StatusOr<RecordFilter> ParseSelection(const v1::Selection& selection);
// Said with an answer that DefaultToScan restricted.
inline constexpr const char* kScanOnlyNote =
    "class scan only; select a class or kinds for the rest (--class backscatter)";
[[nodiscard]] absl::Status CheckTime(const v1::TimeRange& time, std::string_view field);

}  // namespace teiten
