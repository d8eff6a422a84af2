// SPDX-License-Identifier: Apache-2.0
// Cuts a time range into pieces that are read from daily rollups, hourly rollups or facts: whole
// hours that are rolled up come from rollups, edges and hours that are not (again) rolled up come
// from facts, so that "the last 24 h" is both cheap and up to the minute.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teiten {

enum class PieceSource : uint8_t { kFacts, kHours, kDays };

struct Piece {
  int64_t from_unix_ms = 0;  // half-open
  int64_t to_unix_ms = 0;
  PieceSource source = PieceSource::kFacts;
  friend bool operator==(const Piece&, const Piece&) = default;
};

struct PlanInput {
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  int64_t now_unix_ms = 0;
  int64_t utc_offset_ms = 0;  // of the store's zone: where hours and days begin
  int64_t facts_kept_ms = 0;
  bool days = false;                 // whole days may come from daily rollups
  bool only_days = false;            // only whole days may come from rollups (sources)
  std::vector<int64_t> dirty_hours;  // starts of hours whose rollups are behind the facts
};

// Sorted, disjoint, together the range.
[[nodiscard]] std::vector<Piece> PlanPieces(PlanInput input);
// "hourly rollups + facts"
[[nodiscard]] std::string DescribePieces(const std::vector<Piece>& pieces);
// Start of the hour or day (`unit_ms`) of the store's zone that holds the time.
[[nodiscard]] int64_t FloorTo(int64_t unix_ms, int64_t unit_ms, int64_t utc_offset_ms);

}  // namespace teiten
