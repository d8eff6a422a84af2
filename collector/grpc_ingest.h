// SPDX-License-Identifier: Apache-2.0
// IngestService of the collector: streams of sensors, named by number. gRPC's threads check
// envelopes and hand everything on; they never touch the store and never wait. The registry owns
// the streams until gRPC is done with them.
#pragma once

#include <functional>
#include <memory>

#include "collector/ingest/ingest.h"

namespace grpc {
class Service;
}

namespace teiten {

class GrpcIngest : public Streams {
 public:
  // `post` takes what streams say, from any thread, and must not block.
  [[nodiscard]] static std::unique_ptr<GrpcIngest> Make(std::function<void(IngestInput)> post);

  // Outlives the server it is registered with.
  [[nodiscard]] virtual grpc::Service& service() = 0;
};

}  // namespace teiten
