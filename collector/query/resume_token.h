// SPDX-License-Identifier: Apache-2.0
// Where a stream of tuples goes on: a fact and how many of its selected rows were already sent.
// Text, so that it can be kept in a shell variable:
//   1.<window start ms>.<sensor>.<spool, 32 hex digits>.<sequence>.<rows sent, or "all">
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collector/store/store_types.h"

namespace teiten {

struct ResumePoint {
  static constexpr uint64_t kAllRows = ~uint64_t{0};
  FactPosition fact;
  uint64_t rows = 0;
  friend bool operator==(const ResumePoint&, const ResumePoint&) = default;
};

[[nodiscard]] std::string FormatResumeToken(const ResumePoint& point);
// Errors: InvalidArgument.
[[nodiscard]] absl::StatusOr<ResumePoint> ParseResumeToken(std::string_view token);

}  // namespace teiten
