// SPDX-License-Identifier: Apache-2.0
// QueryService and ReportService of the collector: gRPC's threads hand each call to a reader thread
// and never touch the store. A call that has waited too long for one is not begun; one that finds
// the queue full is told to try again.
#pragma once

#include <memory>

#include "collector/reader_pool.h"

namespace grpc {
class Service;
}

namespace teiten {

// `readers` outlives the services, and they the server they are registered with.
[[nodiscard]] std::unique_ptr<grpc::Service> MakeQueryService(ReaderPool& readers);
[[nodiscard]] std::unique_ptr<grpc::Service> MakeReportService(ReaderPool& readers);

}  // namespace teiten
