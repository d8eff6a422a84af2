// SPDX-License-Identifier: Apache-2.0
// Who has it, if an endpoint cannot be listened on: for one good line of error.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/endpoint.h"

namespace teiten {

// OK if nobody listens there now. FailedPrecondition "127.0.0.1:7843 is in use by process 1234
// (nginx)", without the process where it cannot be found (another user's, without privilege).
// Other errors: the address cannot be bound at all. Between this and binding someone may come.
[[nodiscard]] absl::Status CheckFree(const Endpoint& endpoint);

}  // namespace teiten
