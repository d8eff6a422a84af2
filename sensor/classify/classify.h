// SPDX-License-Identifier: Apache-2.0
// Packet to fate, and an observed packet to the row it counts into (definitions: the fate of a
// packet; kind, class and port). The sensor's judgement in one place, without I/O or clock.
// Thread: one Classifier per capture worker; the solicited table behind it is shared.
#pragma once

#include <memory>

#include "common/flow_row.h"
#include "sensor/aggregate/window.h"
#include "sensor/classify/address_view.h"
#include "sensor/classify/service_table.h"
#include "sensor/classify/solicited_table.h"
#include "sensor/decode/packet.h"

namespace teiten {

class Classifier {
 public:
  // All outlive the classifier.
  Classifier(const ServiceTable* services, SolicitedTable* solicited, uint32_t window_ms)
      : services_(services), solicited_(solicited), window_ms_(window_ms) {}

  // Before the first packet, then at the turn of a window only.
  void set_view(const AddressView* view) { view_ = view; }

  // What became of a decoded packet. `now_s` is believed packet time. Adds self_addressed.
  [[nodiscard]] Fate Judge(const Packet& packet, uint32_t now_s, WindowCounts& counts);

  // The row of one observed packet: packets 1, first = last = offset_ms from the window's start,
  // counters by kind. Adds quote_mismatch.
  void FillRow(const Packet& packet, uint32_t offset_ms, FlowRow& row, WindowCounts& counts) const;

 private:
  [[nodiscard]] bool IsService(const Packet& packet) const;
  [[nodiscard]] bool QuotesService(const Packet& packet) const;
  [[nodiscard]] Kind FillIcmp(const Packet& packet, FlowRow& row, WindowCounts& counts) const;

  const AddressView* view_ = nullptr;
  const ServiceTable* services_;
  SolicitedTable* solicited_;
  const uint32_t window_ms_;
};

}  // namespace teiten
