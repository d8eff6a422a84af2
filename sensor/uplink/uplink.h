// SPDX-License-Identifier: Apache-2.0
// The way of a closed window out of the sensor: sealed, spooled durably, sent until acknowledged.
// One thread of its own ("uplink": libuv loop, spool, conversation), so that neither a slow disk
// nor a slow collector holds up capture or encoding; gRPC's threads only hand events to it.
//
//   auto uplink = Uplink::Open(options);      // as the final user, before any thread
//   uplink->Start();                          // its thread, then gRPC's
//   uplink->Submit(bytes, …);                // encoder thread
//   uplink->Drain(30'000);                    // one-shot runs, and at the end
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/endpoint.h"
#include "sensor/uplink/spool_core.h"
#include "sensor/uplink/uplink_core.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

struct UplinkConfig {
  std::string spool_folder;
  SpoolOptions spool;                 // spool.sensor is who we are
  UplinkOptions uplink;               // uplink.hello says what we are
  std::optional<Endpoint> collector;  // absent: only spool
};

// For Health, the status file and the log; a copy as of the last event.
struct UplinkStatus {
  UplinkState state = UplinkState::kIdle;
  SpoolCounters spool;
  uint64_t spool_limit_bytes = 0;
  UplinkCounters uplink;
  uint64_t in_flight_bytes = 0;
  uint64_t next_sequence = 1;
  Spool spool_id{};
  int64_t clock_skew_ms = 0;    // ours minus the collector's
  std::string disk_error;       // the last one; empty if none
  std::string collector_error;  // why nothing is taken from us; empty while it is
};

// Keys a summary is made with, and their ids for the summary. Id 0: the published constant.
struct SummaryKeys {
  Key128 bitmap{};
  uint64_t bitmap_id = 0;
  Key128 sketch{};
  uint64_t sketch_id = 0;
};

class Uplink {
 public:
  // Locks and reads the spool. Errors: FailedPrecondition (another process, another sensor's
  // spool), others with path and reason.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Uplink>> Open(UplinkConfig config);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // Once.
  void Start();

  // Seals a serialised WindowSummary, live from … to (packet time), in the calling thread and
  // returns when it is durable in the spool.
  // ResourceExhausted: it is too large or the disk refused it; the loss is counted and declared.
  // Any thread, after Start.
  [[nodiscard]] absl::Status Submit(std::string_view summary, int64_t from_ms, int64_t to_ms);

  // Waits until everything is acknowledged. DeadlineExceeded says how many summaries stay in the
  // spool, and why; they go with the next run. Any thread, after Start, with no Submit going on.
  [[nodiscard]] absl::Status Drain(int64_t timeout_ms);

  // The keys to use from now on. `fingerprint` stands for the set of observed addresses; another
  // one gets another bitmap key id. Waits for the disk; any thread, after Start.
  [[nodiscard]] SummaryKeys Keys(uint64_t fingerprint);

  [[nodiscard]] UplinkStatus status() const;  // any thread, never waits for the disk

 private:
  class Impl;
  explicit Uplink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace teiten
