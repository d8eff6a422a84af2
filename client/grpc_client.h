// SPDX-License-Identifier: Apache-2.0
// The collector over gRPC, in plaintext: for a loopback address or a Unix socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "client/collector_link.h"

namespace teiten {

// `address` as CheckCollectorAddress returns it. A call fails as Unavailable when nobody answers
// within three seconds, as DeadlineExceeded when the answer is not there after `timeout_ms`.
[[nodiscard]] std::unique_ptr<CollectorLink> MakeGrpcClient(const std::string& address,
                                                            int64_t timeout_ms);

}  // namespace teiten
