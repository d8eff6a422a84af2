// SPDX-License-Identifier: Apache-2.0
// The collector's gRPC: IngestService for sensors, QueryService and ReportService for analysts,
// health and reflection for tools.
//
// Limits (constants in the .cc): messages, metadata, streams per connection, connection age,
// handshake time, memory. Plaintext, because the endpoint is local by construction.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "collector/ingest/ingest.h"
#include "collector/reader_pool.h"
#include "common/endpoint.h"

namespace teiten {

class GrpcServer {
 public:
  // `post` takes what streams say, from any thread, and must not block. It and `readers` must
  // outlive the server. Errors: FailedPrecondition naming the owner of a busy endpoint.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const Endpoint& listen, std::function<void(IngestInput)> post, ReaderPool& readers);
  virtual ~GrpcServer() = default;

  // Of sensors; as long as the server.
  [[nodiscard]] virtual Streams& streams() = 0;
  // Where it listens, with the port the system chose if 0 was asked for.
  [[nodiscard]] virtual const Endpoint& endpoint() const = 0;
  // Takes no new calls, gives running ones `grace_ms`, then cancels them. Blocks; once.
  virtual void Shutdown(int64_t grace_ms) = 0;
};

}  // namespace teiten
