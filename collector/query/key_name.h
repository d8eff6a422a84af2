// SPDX-License-Identifier: Apache-2.0
// What a cell is called in a rank or a series: "23/TCP", "tcp_syn", "JP", "mirai", a sensor's id,
// a source's address.
#pragma once

#include <string>
#include <string_view>

#include "collector/query/gather.h"
#include "collector/query/rank_math.h"
#include "teiten/v1/query.pb.h"

namespace teiten {

// Unspecified gives one key for all, an empty label.
[[nodiscard]] RankKey KeyOf(const Cell& cell, v1::RankBy by);
[[nodiscard]] std::string KeyText(const RankKey& key, v1::RankBy by);
// InvalidArgument where the record cannot be asked by it. `field` names the field.
[[nodiscard]] absl::Status CheckBy(v1::RankBy by, std::string_view field);

struct RankKeyHash {
  std::size_t operator()(const RankKey& key) const {
    return Mix64(std::hash<std::string>()(key.label) ^
                 Mix64(uint64_t{key.protocol} << 16 | key.port));
  }
};

}  // namespace teiten
