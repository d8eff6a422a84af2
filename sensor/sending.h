// SPDX-License-Identifier: Apache-2.0
// The uplink of either mode, made from the options: spool, collector, what Hello says.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "sensor/classify/solicited_table.h"
#include "sensor/options.h"
#include "sensor/uplink/uplink.h"

namespace teiten {

// As the final user, before any thread: locks and reads the spool.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Uplink>> OpenUplink(const SensorOptions& options,
                                                                 bool imports);

// The collector as a peer whose traffic is never observed; none for a Unix socket.
[[nodiscard]] absl::StatusOr<std::vector<PinnedPeer>> CollectorPeers(const SensorOptions& options);

// Spool figures for Health.
void FillHealth(const UplinkStatus& status, v1::Health& health);

}  // namespace teiten
