// SPDX-License-Identifier: Apache-2.0
#include "collector/query/key_name.h"

#include "common/tool_mark.h"
#include "fmt/format.h"

namespace teiten {

RankKey KeyOf(const Cell& cell, v1::RankBy by) {
  switch (by) {
    case v1::RANK_BY_PORT:
      return {cell.protocol, cell.port, ""};
    case v1::RANK_BY_KIND:
      return {0, 0, std::string(KindName(cell.kind))};
    case v1::RANK_BY_REGION:
      return {0, 0, std::string(cell.region)};
    case v1::RANK_BY_TOOL:
      return {0, 0, ToolMarkName(cell.tool)};
    case v1::RANK_BY_SENSOR:
      return {0, 0, *cell.sensor};
    case v1::RANK_BY_SOURCE:
      return {0, 0, cell.source == nullptr ? "" : FormatAddress(cell.family, *cell.source)};
    default:
      return {};
  }
}

std::string KeyText(const RankKey& key, v1::RankBy by) {
  if (by == v1::RANK_BY_PORT) return FormatPort(key.protocol, key.port);
  return key.label;
}

absl::Status CheckBy(v1::RankBy by, std::string_view field) {
  if (by >= v1::RANK_BY_PORT && by <= v1::RANK_BY_SOURCE) return absl::OkStatus();
  if (by == v1::RANK_BY_SYSTEM) {
    return absl::InvalidArgumentError(
        fmt::format("{}: AS numbers are not part of this record", field));
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: port, kind, region, tool, sensor or source is required", field));
}

}  // namespace teiten
