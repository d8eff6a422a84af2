// SPDX-License-Identifier: Apache-2.0
#include "collector/report/renderers.h"
#include "collector/report/report.h"
#include "google/protobuf/util/json_util.h"

namespace teiten {
namespace report {

absl::StatusOr<std::string> RenderJson(const v1::Report& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;  // as queries print them
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(report, &json, options);
  if (!status.ok()) return absl::InternalError("report as JSON: " + status.ToString());
  return json;
}

}  // namespace report

absl::StatusOr<std::string> RenderReport(const v1::Report& report, v1::ReportFormat format) {
  switch (format) {
    case v1::REPORT_FORMAT_MESSAGE:
      return report.SerializeAsString();
    case v1::REPORT_FORMAT_JSON:
      return report::RenderJson(report);
    case v1::REPORT_FORMAT_CSV:
      return report::RenderCsv(report);
    case v1::REPORT_FORMAT_MARKDOWN:
      return report::RenderMarkdown(report);
    case v1::REPORT_FORMAT_HTML:
      return report::RenderHtml(report);
    case v1::REPORT_FORMAT_PDF:
      return absl::UnimplementedError(
          "format: PDF is not made by this version; render HTML and print it from a browser");
    default:
      return absl::InvalidArgumentError("format: say json, csv, markdown or html");
  }
}

std::string ReportMediaType(v1::ReportFormat format) {
  switch (format) {
    case v1::REPORT_FORMAT_MESSAGE:
      return "application/x-protobuf";
    case v1::REPORT_FORMAT_JSON:
      return "application/json";
    case v1::REPORT_FORMAT_CSV:
      return "text/csv; charset=utf-8";
    case v1::REPORT_FORMAT_MARKDOWN:
      return "text/markdown; charset=utf-8";
    case v1::REPORT_FORMAT_HTML:
      return "text/html; charset=utf-8";
    case v1::REPORT_FORMAT_PDF:
      return "application/pdf";
    default:
      return "application/octet-stream";
  }
}

std::string ReportFileExtension(v1::ReportFormat format) {
  switch (format) {
    case v1::REPORT_FORMAT_MESSAGE:
      return "pb";
    case v1::REPORT_FORMAT_JSON:
      return "json";
    case v1::REPORT_FORMAT_CSV:
      return "csv";
    case v1::REPORT_FORMAT_MARKDOWN:
      return "md";
    case v1::REPORT_FORMAT_HTML:
      return "html";
    case v1::REPORT_FORMAT_PDF:
      return "pdf";
    default:
      return "bin";
  }
}

}  // namespace teiten
