// SPDX-License-Identifier: Apache-2.0
// Answers analysts' questions from the record: every method reads the store afresh and keeps
// nothing. One object for each reader thread, over that thread's StoreReader.
#pragma once

#include "collector/query/query_context.h"
#include "collector/query/query_handler.h"
#include "collector/store/store.h"

namespace teiten {

class RecordQuery final : public QueryHandler {
 public:
  // `store` outlives this object. `context.now_unix_ms` is required.
  RecordQuery(StoreReader* store, QueryContext context)
      : store_(store), context_(std::move(context)) {}

  [[nodiscard]] absl::StatusOr<v1::RankReply> Rank(const v1::RankRequest& request) override;
  [[nodiscard]] absl::StatusOr<v1::SeriesReply> Series(const v1::SeriesRequest& request) override;
  [[nodiscard]] absl::StatusOr<v1::SourceReply> Source(const v1::SourceRequest& request) override;
  [[nodiscard]] absl::StatusOr<v1::SensorsReply> Sensors(
      const v1::SensorsRequest& request) override;
  [[nodiscard]] absl::StatusOr<v1::ZoneReply> Zone(const v1::ZoneRequest& request) override;
  [[nodiscard]] absl::Status Tuples(
      const v1::TuplesRequest& request,
      const std::function<bool(const v1::TuplesReply&)>& send) override;
  [[nodiscard]] absl::StatusOr<v1::GetReportReply> Report(
      const v1::GetReportRequest& request) override;

 private:
  // What concerns every answer: names nobody has, and what keeps the store from taking more.
  // `Asked` names sensors, groups and a time.
  template <typename Asked>
  [[nodiscard]] absl::Status AddNotes(const Asked& asked, v1::Coverage& coverage) const;
  template <typename Asked, typename Reply>
  [[nodiscard]] absl::StatusOr<Reply> WithNotes(const Asked& asked,
                                                absl::StatusOr<Reply> reply) const;

  StoreReader* store_;
  QueryContext context_;
};

}  // namespace teiten
