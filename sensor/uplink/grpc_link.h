// SPDX-License-Identifier: Apache-2.0
// Link over gRPC (callback API). gRPC's threads only hand events to `post`, which must be safe
// from any thread and must not block; nothing is posted after the destructor has returned.
// A dead peer is found within 20 s (keepalive 10 s / 10 s).
#pragma once

#include <functional>
#include <memory>

#include "common/endpoint.h"
#include "sensor/uplink/link.h"

namespace teiten {

// Plaintext: the endpoint is local by construction (ParseLocalEndpoint).
[[nodiscard]] std::unique_ptr<Link> MakeGrpcLink(const Endpoint& collector,
                                                 std::function<void(LinkEvent)> post);

}  // namespace teiten
