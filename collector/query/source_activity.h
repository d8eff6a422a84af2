// SPDX-License-Identifier: Apache-2.0
// What one source did on one service, added up over days and sensors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "collector/query/tool_name.h"
#include "common/address.h"
#include "common/kind.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

struct ActivityKey {
  Prefix source;  // one address, or the /64 an IPv6 source is recorded as
  Kind kind = Kind::kNone;
  uint8_t protocol = 0;
  uint16_t port = 0;
  friend auto operator<=>(const ActivityKey&, const ActivityKey&) = default;
};

struct DayMarks {
  uint64_t packets = 0;
  MarkPackets marks{};
};

struct Activity {
  uint64_t packets = 0, bytes = 0, tuples = 0;
  int64_t first_unix_ms = 0, last_unix_ms = 0;
  std::set<std::string> sensors;
  std::map<int64_t, DayMarks> days;

  void Seen(int64_t first, int64_t last) {
    first_unix_ms = first_unix_ms == 0 ? first : std::min(first_unix_ms, first);
    last_unix_ms = std::max(last_unix_ms, last);
  }
};

// A source is named day by day; several names are joined.
void WriteActivity(const ActivityKey& key, const Activity& activity, v1::SourceActivity& out);

}  // namespace teiten
