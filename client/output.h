// SPDX-License-Identifier: Apache-2.0
// Answers as text: tables for people, CSV for spreadsheets, JSON for programs. Pure functions of
// the message; everything that came over the network is made printable.
//
// JSON is the answer in proto3 JSON, field names as in the .proto, on one line.
#pragma once

#include <string>

#include "client/text_table.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

[[nodiscard]] std::string RankTable(const v1::RankRequest& request, const v1::RankReply& reply,
                                    const Style& style);
[[nodiscard]] std::string RankCsv(const v1::RankReply& reply);

// `width` is the room for a sparkline.
struct SeriesView {
  bool points = false;
  std::size_t width = 60;
};
[[nodiscard]] std::string SeriesTable(const v1::SeriesRequest& request,
                                      const v1::SeriesReply& reply, const SeriesView& view,
                                      const Style& style);
[[nodiscard]] std::string SeriesCsv(const v1::SeriesReply& reply);

[[nodiscard]] std::string SourceTable(const v1::SourceRequest& request,
                                      const v1::SourceReply& reply, const Style& style);
[[nodiscard]] std::string SourceCsv(const v1::SourceReply& reply);

[[nodiscard]] std::string SensorsTable(const v1::SensorsRequest& request,
                                       const v1::SensorsReply& reply, int64_t now_unix_ms,
                                       const Style& style);
[[nodiscard]] std::string SensorsCsv(const v1::SensorsReply& reply);

// Lines of some tuples; the widths fit any, so that a stream can be printed as it comes.
[[nodiscard]] std::string TuplesTableHeader(const Style& style);
[[nodiscard]] std::string TupleTableLine(const v1::TuplesReply& reply, const v1::Tuple& tuple,
                                         const Style& style);
[[nodiscard]] std::string TupleJson(const v1::TuplesReply& reply, const v1::Tuple& tuple);

// Distinct sources: "600" counted, "≈12,345" estimated.
[[nodiscard]] std::string SourcesText(const v1::Counts& counts, const Style& style);
// A standard error of less than half a source is none that could be printed.
[[nodiscard]] bool IsEstimate(const v1::Counts& counts);

// The line that ends every table, its notes, and why there are no rows.
[[nodiscard]] std::string CoverageText(const v1::Coverage& coverage, const Style& style);

[[nodiscard]] std::string MessageJson(const google::protobuf::Message& message);

}  // namespace teiten
