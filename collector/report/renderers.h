// SPDX-License-Identifier: Apache-2.0
// One function a format. They add nothing: every word and figure is in the message.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

// proto3 JSON, every field printed, so that a zero is told from what is absent.
[[nodiscard]] absl::StatusOr<std::string> RenderJson(const v1::Report& report);
// RFC 4180. Every record begins with the name of its table; each table begins with a record of
// column names. Cells that a spreadsheet would take for a formula are quoted with an apostrophe.
[[nodiscard]] std::string RenderCsv(const v1::Report& report);
// CommonMark with pipe tables.
[[nodiscard]] std::string RenderMarkdown(const v1::Report& report);
// One page that refers to nothing outside itself and runs no script.
[[nodiscard]] absl::StatusOr<std::string> RenderHtml(const v1::Report& report);

}  // namespace teiten::report
