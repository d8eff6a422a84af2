// SPDX-License-Identifier: Apache-2.0
// Spool and conversation together: does what UplinkCore decides, on a SpoolStore and a Link, and
// tells it what came of it. No thread, clock or socket of its own; the shell (uplink.h) and the
// simulation (tests/delivery) drive the very same class.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sensor/uplink/link.h"
#include "sensor/uplink/spool.h"
#include "sensor/uplink/uplink_core.h"

namespace teiten {

class UplinkEngine {
 public:
  // Both must outlive the engine.
  UplinkEngine(UplinkOptions options, SpoolStore& spool, Link& link,
               std::function<uint64_t()> random);

  void Start(SpoolTime now) { Run(now, UplinkStart{}); }
  // Durable when it returns a sequence; ResourceExhausted: lost, counted and on record.
  [[nodiscard]] absl::StatusOr<uint64_t> Submit(SpoolTime now, SpoolAppend append);
  void OnLink(SpoolTime now, LinkEvent event);
  // When due (next_wake_mono_ms), at the latest; earlier calls do no harm.
  void OnTimer(SpoolTime now);
  // Ends with drained() having a value.
  void Drain(SpoolTime now, int64_t deadline_mono_ms);
  void Observed(SpoolTime now, uint64_t fingerprint);
  // After this nothing may be submitted; gives back unused sequences.
  void Close(SpoolTime now);

  [[nodiscard]] int64_t next_wake_mono_ms() const;
  // True: all was acknowledged. False: the deadline passed.
  [[nodiscard]] std::optional<bool> drained() const { return drained_; }
  [[nodiscard]] const UplinkCore& core() const { return core_; }
  [[nodiscard]] const SpoolStore& spool() const { return spool_; }

 private:
  void TickSpool(SpoolTime now);
  void Run(SpoolTime now, UplinkInput input);
  void Do(SpoolTime now, UplinkAction& action, UplinkActions& more);
  void SendEnvelope(SpoolTime now, const UplinkAction& action, UplinkActions& more);

  SpoolStore& spool_;
  Link& link_;
  UplinkCore core_;
  int64_t tick_mono_ms_ = 0;  // next SpoolTick
  std::optional<bool> drained_;
};

}  // namespace teiten
