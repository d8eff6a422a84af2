// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/status.h"

namespace grpc {
class Status;
}

namespace teiten {

[[nodiscard]] grpc::Status ToGrpc(const absl::Status& status);

}  // namespace teiten
