// SPDX-License-Identifier: Apache-2.0
// The line to the collector as the uplink sees it: attempts numbered by the caller, so that what a
// dead stream still has to say is recognised and ignored. Events come back as LinkUp, LinkReply
// and LinkLost, later and one at a time; none comes from within these calls.
#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "sensor/uplink/uplink_core.h"
#include "teiten/v1/ingest.pb.h"

namespace teiten {

using LinkEvent = std::variant<LinkUp, LinkReply, LinkLost>;

class Link {
 public:
  virtual ~Link() = default;

  // At most one attempt is open; opening closes the one before.
  virtual void Open(uint64_t attempt) = 0;
  // Queued in order; memory is bounded by the credit the collector gave. Nothing if not open.
  virtual void Send(uint64_t attempt, v1::PublishRequest request) = 0;
  virtual void Close(uint64_t attempt) = 0;
};

}  // namespace teiten
