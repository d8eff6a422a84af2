// SPDX-License-Identifier: Apache-2.0
// The observation report. One protobuf message is made from the store alone; renderers turn it
// into files and add nothing, so that JSON, CSV, Markdown and HTML of one report never disagree.
// No clock is read: the same store and request give the same bytes.
//
// Figures come from rollups. The rollup worker keeps the running hour near the facts; hours whose
// rollups are behind are counted in the notes.
//
// Threads: the report worker; the StoreReader is used by the calling thread alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/store/store.h"
#include "collector/store/zone.h"
#include "teiten/v1/report.pb.h"

namespace teiten {

inline constexpr uint32_t kReportRows = 10;
inline constexpr uint32_t kMostReportRows = 100;
inline constexpr int64_t kMostHourlyMs = 8 * kDayMs;  // longer periods are read and drawn by days

// A GetReportRequest with its period cut out, all fields checked.
struct ReportRequestResolved {
  v1::ReportPeriod period = v1::REPORT_PERIOD_DAY;
  int64_t from_unix_ms = 0;  // half-open; hours of the store's zone
  int64_t to_unix_ms = 0;
  int64_t previous_from_unix_ms = 0;   // the period before; it ends where this one begins
  std::optional<v1::TimeRange> asked;  // a range that was widened
  int32_t utc_offset_minutes = 0;
  // Where the period is not over: time after it was not expected to be watched. Before the
  // period: it has not begun.
  std::optional<int64_t> cut_unix_ms;
  std::vector<std::string> sensors;  // empty: all of the groups
  std::vector<std::string> groups;   // empty: all but "replay"
  uint32_t rows = kReportRows;
  v1::ReportEdition edition = v1::REPORT_EDITION_INTERNAL;
  std::string language = "en";

  // What the store does not know of itself.
  std::string software;
  std::string region_data;  // name, hash, attribution of the region file; empty: there is none
  uint64_t inventory_revision = 0;
};

// Days, weeks (from Monday), months, quarters and years of the store's zone; ranges are widened to
// whole hours, above eight days to whole days. `now_unix_ms` cuts a period that is not over.
// Errors: InvalidArgument naming the field; Unimplemented for what is not made yet.
[[nodiscard]] absl::StatusOr<ReportRequestResolved> ResolveReportRequest(
    const v1::GetReportRequest& request, int32_t utc_offset_minutes, int64_t now_unix_ms);

// Errors: those of the store. A period without data is a report that says why.
[[nodiscard]] absl::StatusOr<v1::Report> BuildReport(StoreReader& store,
                                                     const ReportRequestResolved& request);

// REPORT_FORMAT_MESSAGE is the serialised message. Errors: InvalidArgument for an unspecified
// format, Unimplemented for PDF.
[[nodiscard]] absl::StatusOr<std::string> RenderReport(const v1::Report& report,
                                                       v1::ReportFormat format);
// What the collector knows and the store does not.
struct ReportContext {
  int32_t utc_offset_minutes = 0;  // of the store's zone
  int64_t now_unix_ms = 0;
  std::string software;     // "teiten-collector 0.1.0"
  std::string region_data;  // name, hash, attribution of the region file; empty: none
  uint64_t inventory_revision = 0;
};

// The three steps above for one request: the message itself for an unspecified format or
// REPORT_FORMAT_MESSAGE, else its rendering. Errors: theirs.
[[nodiscard]] absl::StatusOr<v1::GetReportReply> AnswerReport(StoreReader& store,
                                                              const v1::GetReportRequest& request,
                                                              const ReportContext& context);

// "text/html; charset=utf-8"
[[nodiscard]] std::string ReportMediaType(v1::ReportFormat format);
// "html"
[[nodiscard]] std::string ReportFileExtension(v1::ReportFormat format);

}  // namespace teiten
