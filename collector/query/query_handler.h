// SPDX-License-Identifier: Apache-2.0
// What analysts can ask, without gRPC: the service shells translate Status codes and deadlines.
// Threads: called by the two reader threads, one call at a time on each.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/report.pb.h"

namespace teiten {

// Errors: InvalidArgument names the field; NotFound; ResourceExhausted names the limit.
class QueryHandler {
 public:
  virtual ~QueryHandler() = default;

  [[nodiscard]] virtual absl::StatusOr<v1::RankReply> Rank(const v1::RankRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SeriesReply> Series(
      const v1::SeriesRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SourceReply> Source(
      const v1::SourceRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SensorsReply> Sensors(
      const v1::SensorsRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::ZoneReply> Zone(const v1::ZoneRequest& request) = 0;
  // `send` returns false when the caller has gone.
  [[nodiscard]] virtual absl::Status Tuples(
      const v1::TuplesRequest& request,
      const std::function<bool(const v1::TuplesReply&)>& send) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::GetReportReply> Report(
      const v1::GetReportRequest& request) = 0;
};

}  // namespace teiten
