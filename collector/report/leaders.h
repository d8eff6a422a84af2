// SPDX-License-Identifier: Apache-2.0
// Who leads a table, in words that claim no more than the table shows: ties are told as ties,
// shares of few packets as counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "teiten/v1/report.pb.h"

namespace teiten::report {

// Of fewer packets counts are told and no shares: a percent would say more than is known.
inline constexpr uint64_t kLeastForShare = 100;

// "29.4 %", or of few packets "8 packets".
[[nodiscard]] std::string ShareText(uint64_t packets, uint64_t whole);
// "23/TCP (telnet)", with `more` "23/TCP (telnet, 19.6 %)"; of a region its name alone.
[[nodiscard]] std::string Called(const v1::ReportRow& row, std::string_view more = "");
// "a, b and c"
[[nodiscard]] std::string JoinAnd(const std::vector<std::string>& items);

// "23/TCP (telnet) led the scans over IPv4 with 29.4 % of their packets, as before; then came …".
// `subject`: "the scans over IPv4". "" where nothing in the table has a rank or a number.
[[nodiscard]] std::string LeadersText(const v1::ReportTable& table, std::string_view subject,
                                      v1::ReportPeriod period);

}  // namespace teiten::report
