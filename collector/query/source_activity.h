// SPDX-License-Identifier: Apache-2.0
// What one source did on one service, added up over days and sensors.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/container/inlined_vector.h"
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

// A part of it: of one sensor, and within one day of the store.
struct ActivityPart {
  int64_t day_unix_ms = 0;
  uint32_t sensor = 0;  // a number for its name
  uint64_t packets = 0, bytes = 0, tuples = 0;
  int64_t first_unix_ms = 0, last_unix_ms = 0;
  MarkPackets marks{};
};

// A source is named day by day, so days are closed one after the other and only the last is held.
class Activity {
 public:
  // Parts in the order of their days.
  void Add(const ActivityPart& part);
  // After the last part.
  void CloseDay();

  [[nodiscard]] uint64_t packets() const { return packets_; }
  // Days of which it has a single packet.
  [[nodiscard]] uint32_t single_packet_days() const { return single_packet_days_; }
  // Several names are joined.
  void Write(const ActivityKey& key, v1::SourceActivity& out) const;

 private:
  uint64_t packets_ = 0, bytes_ = 0, tuples_ = 0;
  int64_t first_unix_ms_ = 0, last_unix_ms_ = 0;
  MarkPackets marks_{};
  absl::InlinedVector<uint32_t, 4> sensors_;
  absl::InlinedVector<std::string_view, 1> tools_;
  uint32_t days_ = 0;
  uint32_t single_packet_days_ = 0;
  int64_t day_unix_ms_ = 0;
  uint64_t packets_of_day_ = 0;
  MarkPackets marks_of_day_{};
};

}  // namespace teiten
