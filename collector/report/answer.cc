// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "collector/report/report.h"

namespace teiten {

absl::StatusOr<v1::GetReportReply> AnswerReport(StoreReader& store,
                                                const v1::GetReportRequest& request,
                                                const ReportContext& context) {
  auto resolved = ResolveReportRequest(request, context.utc_offset_minutes, context.now_unix_ms);
  if (!resolved.ok()) return resolved.status();
  resolved->software = context.software;
  resolved->region_data = context.region_data;
  resolved->inventory_revision = context.inventory_revision;
  auto report = BuildReport(store, *resolved);
  if (!report.ok()) return report.status();
  v1::GetReportReply reply;
  const v1::ReportFormat format = request.format() == v1::REPORT_FORMAT_UNSPECIFIED
                                      ? v1::REPORT_FORMAT_MESSAGE
                                      : request.format();
  reply.set_media_type(ReportMediaType(format));
  if (format == v1::REPORT_FORMAT_MESSAGE) {
    *reply.mutable_report() = *std::move(report);
    return reply;
  }
  auto rendered = RenderReport(*report, format);
  if (!rendered.ok()) return rendered.status();
  reply.set_rendered(*std::move(rendered));
  return reply;
}

}  // namespace teiten
