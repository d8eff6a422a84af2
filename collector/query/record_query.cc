// SPDX-License-Identifier: Apache-2.0
#include "collector/query/record_query.h"

#include <utility>

#include "collector/query/asked_names.h"
#include "collector/query/rank.h"
#include "collector/query/sensors.h"
#include "collector/query/series.h"
#include "collector/query/source.h"
#include "collector/query/tuples.h"

namespace teiten {

template <typename Asked>
absl::Status RecordQuery::AddNotes(const Asked& asked, v1::Coverage& coverage) const {
  const absl::StatusOr<AskedNames> names =
      CheckNames(*store_, {.from_unix_ms = asked.time().from_unix_ms(),
                           .to_unix_ms = asked.time().to_unix_ms(),
                           .sensors = {asked.sensors().begin(), asked.sensors().end()},
                           .groups = {asked.groups().begin(), asked.groups().end()},
                           .after = std::nullopt});
  if (!names.ok()) return names.status();
  for (const std::string& note : names->notes) coverage.add_notes(note);
  std::string trouble = context_.trouble ? context_.trouble() : "";
  if (!trouble.empty()) coverage.add_notes(std::move(trouble));
  return absl::OkStatus();
}

template <typename Asked, typename Reply>
absl::StatusOr<Reply> RecordQuery::WithNotes(const Asked& asked,
                                             absl::StatusOr<Reply> reply) const {
  if (!reply.ok()) return reply;
  if (absl::Status s = AddNotes(asked, *reply->mutable_coverage()); !s.ok()) return s;
  return reply;
}

absl::StatusOr<v1::RankReply> RecordQuery::Rank(const v1::RankRequest& request) {
  return WithNotes(request.selection(), AnswerRank(*store_, context_, request));
}

absl::StatusOr<v1::SeriesReply> RecordQuery::Series(const v1::SeriesRequest& request) {
  return WithNotes(request.selection(), AnswerSeries(*store_, context_, request));
}

absl::StatusOr<v1::SourceReply> RecordQuery::Source(const v1::SourceRequest& request) {
  return WithNotes(request, AnswerSource(*store_, context_, request));
}

absl::StatusOr<v1::SensorsReply> RecordQuery::Sensors(const v1::SensorsRequest& request) {
  return WithNotes(request, AnswerSensors(*store_, context_, request));
}

absl::StatusOr<v1::ZoneReply> RecordQuery::Zone(const v1::ZoneRequest& /*request*/) {
  v1::ZoneReply reply;
  reply.set_utc_offset_minutes(context_.utc_offset_minutes);
  return reply;
}

absl::Status RecordQuery::Tuples(const v1::TuplesRequest& request,
                                 const std::function<bool(const v1::TuplesReply&)>& send) {
  absl::Status noted;
  const absl::Status sent =
      AnswerTuples(*store_, context_, request, [&](const v1::TuplesReply& reply) {
        if (!reply.has_coverage()) return send(reply);
        v1::TuplesReply last = reply;
        noted = AddNotes(request.selection(), *last.mutable_coverage());
        return noted.ok() && send(last);
      });
  return noted.ok() ? sent : noted;
}

absl::StatusOr<v1::GetReportReply> RecordQuery::Report(const v1::GetReportRequest& request) {
  if (!context_.report) return absl::UnimplementedError("this collector writes no reports");
  return context_.report(*store_, request);
}

}  // namespace teiten
