// SPDX-License-Identifier: Apache-2.0
// One table of a report from rollup rows: added up by key and sensor, ranked by rank_math, its
// sums closed: total = rows shown + rest.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collector/query/rank_math.h"
#include "collector/report/period_data.h"
#include "teiten/v1/report.pb.h"

namespace teiten::report {

struct TableSpec {
  using EmitKey = std::function<void(const RankKey&)>;

  std::string id, section, title, row_label;
  RankUnit unit = RankUnit::kPerSensor;
  std::vector<RollupRow> PeriodData::*rows = nullptr;
  // nullopt: the row has no place in this table.
  std::function<std::optional<RankKey>(const RollupRow&)> key_of;
  // The same for an activity of a source; one may belong to several keys, or to none.
  std::function<void(const SourceDay&, const EmitKey&)> keys_of_source;
  // What is printed beside the key: a service's or a region's name.
  std::function<std::string(const RankKey&)> name_of;
  // Keys that stand for what could not be told apart: shown last and never ranked.
  std::function<bool(const RankKey&)> is_remainder;
  bool can_be_blind = false;    // keys are ports that packets were sent to
  bool in_own_order = false;    // by key; all rows, no ranks
  std::vector<RankKey> always;  // rows even where nothing was seen
};

// Why no table is compared when the store has no live time of the period before.
inline constexpr const char* kNoPrevious = "the store has nothing of the previous period";

struct TwoPeriods {
  const PeriodData& now;
  const PeriodData& before;
};

// "packets per N4 and day"
[[nodiscard]] std::string UnitName(RankUnit unit);
// "23/TCP", "JP", "23/TCP, Mirai mark"
[[nodiscard]] std::string KeyText(const RankKey& key);

[[nodiscard]] v1::ReportTable BuildTable(const TableSpec& spec, const TwoPeriods& periods,
                                         uint32_t most_rows);

// Input for rank_math of any selection of rows; also of a single key for a total.
[[nodiscard]] RankInput RankInputOf(const TableSpec& spec, const TwoPeriods& periods, bool before);

}  // namespace teiten::report
