// SPDX-License-Identifier: Apache-2.0
#include "collector/query/record_query.h"

#include <utility>

#include "collector/query/rank.h"
#include "collector/query/sensors.h"
#include "collector/query/series.h"
#include "collector/query/source.h"
#include "collector/query/tuples.h"

namespace teiten {

void RecordQuery::AddTrouble(v1::Coverage& coverage) const {
  std::string trouble = context_.trouble ? context_.trouble() : "";
  if (!trouble.empty()) coverage.add_notes(std::move(trouble));
}

template <typename Reply>
absl::StatusOr<Reply> RecordQuery::WithTrouble(absl::StatusOr<Reply> reply) const {
  if (reply.ok()) AddTrouble(*reply->mutable_coverage());
  return reply;
}

absl::StatusOr<v1::RankReply> RecordQuery::Rank(const v1::RankRequest& request) {
  return WithTrouble(AnswerRank(*store_, context_, request));
}

absl::StatusOr<v1::SeriesReply> RecordQuery::Series(const v1::SeriesRequest& request) {
  return WithTrouble(AnswerSeries(*store_, context_, request));
}

absl::StatusOr<v1::SourceReply> RecordQuery::Source(const v1::SourceRequest& request) {
  return WithTrouble(AnswerSource(*store_, context_, request));
}

absl::StatusOr<v1::SensorsReply> RecordQuery::Sensors(const v1::SensorsRequest& request) {
  return WithTrouble(AnswerSensors(*store_, context_, request));
}

absl::StatusOr<v1::ZoneReply> RecordQuery::Zone(const v1::ZoneRequest& /*request*/) {
  v1::ZoneReply reply;
  reply.set_utc_offset_minutes(context_.utc_offset_minutes);
  return reply;
}

absl::Status RecordQuery::Tuples(const v1::TuplesRequest& request,
                                 const std::function<bool(const v1::TuplesReply&)>& send) {
  return AnswerTuples(*store_, context_, request, [&](const v1::TuplesReply& reply) {
    if (!reply.has_coverage()) return send(reply);
    v1::TuplesReply last = reply;
    AddTrouble(*last.mutable_coverage());
    return send(last);
  });
}

absl::StatusOr<v1::GetReportReply> RecordQuery::Report(const v1::GetReportRequest& request) {
  if (!context_.report) return absl::UnimplementedError("this collector writes no reports");
  return context_.report(*store_, request);
}

}  // namespace teiten
