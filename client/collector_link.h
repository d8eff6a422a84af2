// SPDX-License-Identifier: Apache-2.0
// The collector as the commands see it: questions out, answers or a Status in. grpc_client.h is
// the real one; tests have their own. One thread.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "teiten/v1/query.pb.h"
#include "teiten/v1/report.pb.h"

namespace teiten {

// Errors: Unavailable (nobody answers), DeadlineExceeded, and the service's own.
class CollectorLink {
 public:
  virtual ~CollectorLink() = default;

  [[nodiscard]] virtual absl::StatusOr<v1::RankReply> Rank(const v1::RankRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SeriesReply> Series(
      const v1::SeriesRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SourceReply> Source(
      const v1::SourceRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::SensorsReply> Sensors(
      const v1::SensorsRequest& request) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::ZoneReply> Zone(const v1::ZoneRequest& request) = 0;
  // `take` returns false to stop.
  [[nodiscard]] virtual absl::Status Tuples(
      const v1::TuplesRequest& request,
      const std::function<bool(const v1::TuplesReply&)>& take) = 0;
  [[nodiscard]] virtual absl::StatusOr<v1::GetReportReply> Report(
      const v1::GetReportRequest& request) = 0;
};

}  // namespace teiten
