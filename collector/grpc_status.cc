// SPDX-License-Identifier: Apache-2.0
#include "collector/grpc_status.h"

#include <grpcpp/support/status.h>

#include <string>

namespace teiten {

// absl's codes are gRPC's codes by number.
grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.raw_code()),
          std::string(status.message().data(), status.message().size())};
}

}  // namespace teiten
