// SPDX-License-Identifier: Apache-2.0
// A collector that answers what a test put in, and remembers what it was asked.
#pragma once

#include <vector>

#include "client/collector_link.h"

namespace teiten {

class FakeLink final : public CollectorLink {
 public:
  absl::Status error;
  v1::RankReply rank;
  v1::SeriesReply series;
  v1::SourceReply source;
  v1::SensorsReply sensors;
  std::vector<v1::TuplesReply> tuples;
  v1::GetReportReply report;
  v1::ZoneReply zone;
  absl::Status zone_error;

  v1::RankRequest rank_asked;
  v1::SeriesRequest series_asked;
  v1::SourceRequest source_asked;
  v1::TuplesRequest tuples_asked;
  v1::GetReportRequest report_asked;

  absl::StatusOr<v1::RankReply> Rank(const v1::RankRequest& request) override {
    rank_asked = request;
    return Give(rank);
  }
  absl::StatusOr<v1::SeriesReply> Series(const v1::SeriesRequest& request) override {
    series_asked = request;
    return Give(series);
  }
  absl::StatusOr<v1::SourceReply> Source(const v1::SourceRequest& request) override {
    source_asked = request;
    return Give(source);
  }
  absl::StatusOr<v1::SensorsReply> Sensors(const v1::SensorsRequest&) override {
    return Give(sensors);
  }
  absl::StatusOr<v1::ZoneReply> Zone(const v1::ZoneRequest&) override {
    if (!zone_error.ok()) return zone_error;
    return zone;
  }
  absl::Status Tuples(const v1::TuplesRequest& request,
                      const std::function<bool(const v1::TuplesReply&)>& take) override {
    tuples_asked = request;
    for (const v1::TuplesReply& reply : tuples) {
      if (!take(reply)) return absl::OkStatus();
    }
    return error;
  }
  absl::StatusOr<v1::GetReportReply> Report(const v1::GetReportRequest& request) override {
    report_asked = request;
    return Give(report);
  }

 private:
  template <typename Reply>
  absl::StatusOr<Reply> Give(const Reply& reply) const {
    if (!error.ok()) return error;
    return reply;
  }
};

}  // namespace teiten
