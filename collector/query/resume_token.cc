// SPDX-License-Identifier: Apache-2.0
#include "collector/query/resume_token.h"

#include <charconv>
#include <vector>

#include "fmt/format.h"

namespace teiten {
namespace {

std::vector<std::string_view> SplitAtDots(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

template <typename T>
bool ParseWhole(std::string_view text, T& value, int base = 10) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && stop == text.data() + text.size();
}

bool ParseSpool(std::string_view text, Spool& spool) {
  if (text.size() != 2 * spool.size()) return false;
  for (std::size_t i = 0; i < spool.size(); ++i) {
    if (!ParseWhole(text.substr(2 * i, 2), spool[i], 16)) return false;
  }
  return true;
}

}  // namespace

std::string FormatResumeToken(const ResumePoint& point) {
  const FactKey& key = point.fact.key;
  std::string spool;
  for (const uint8_t byte : key.spool) spool += fmt::format("{:02x}", byte);
  return fmt::format("1.{}.{}.{}.{}.{}", point.fact.window_start_unix_ms, key.sensor, spool,
                     key.sequence,
                     point.rows == ResumePoint::kAllRows ? "all" : fmt::format("{}", point.rows));
}

absl::StatusOr<ResumePoint> ParseResumeToken(std::string_view token) {
  const std::vector<std::string_view> parts = SplitAtDots(token);
  ResumePoint point;
  const bool whole = parts.size() == 6 && parts[0] == "1" &&
                     ParseWhole(parts[1], point.fact.window_start_unix_ms) &&
                     ValidSensorId(parts[2]) && ParseSpool(parts[3], point.fact.key.spool) &&
                     ParseWhole(parts[4], point.fact.key.sequence) && point.fact.key.sequence > 0;
  if (whole && parts[5] == "all") {
    point.rows = ResumePoint::kAllRows;
  } else if (!whole || !ParseWhole(parts[5], point.rows)) {
    return absl::InvalidArgumentError(
        "resume_token: not a token of this service; take the one an earlier answer ended with, or "
        "leave it out to begin at the beginning");
  }
  point.fact.key.sensor = std::string(parts[2]);
  return point;
}

}  // namespace teiten
