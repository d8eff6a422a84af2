// SPDX-License-Identifier: Apache-2.0
#include "collector/query/plan.h"

#include <algorithm>

#include "collector/store/zone.h"

namespace teiten {
namespace {

int64_t CeilTo(int64_t unix_ms, int64_t unit_ms, int64_t utc_offset_ms) {
  return FloorTo(unix_ms + unit_ms - 1, unit_ms, utc_offset_ms);
}

class Planner {
 public:
  explicit Planner(PlanInput input) : in_(std::move(input)) {
    std::sort(in_.dirty_hours.begin(), in_.dirty_hours.end());
  }

  std::vector<Piece> Plan() {
    const int64_t unit = in_.only_days ? kDayMs : kHourMs;
    // An hour or day that is not over is never read from a rollup, dirty or not.
    const int64_t over = FloorTo(in_.now_unix_ms, unit, in_.utc_offset_ms);
    const int64_t first = CeilTo(in_.from_unix_ms, unit, in_.utc_offset_ms);
    const int64_t last = std::min(FloorTo(in_.to_unix_ms, unit, in_.utc_offset_ms), over);
    if (first >= last) {
      Add(in_.from_unix_ms, in_.to_unix_ms, PieceSource::kFacts);
      return std::move(pieces_);
    }
    Add(in_.from_unix_ms, first, PieceSource::kFacts);
    int64_t at = first;
    for (const int64_t hour : in_.dirty_hours) {
      const int64_t dirty = FloorTo(hour, unit, in_.utc_offset_ms);
      if (dirty < at || dirty >= last || !FactsKept(dirty)) continue;
      AddRollups(at, dirty);
      Add(dirty, dirty + unit, PieceSource::kFacts);
      at = dirty + unit;
    }
    AddRollups(at, last);
    Add(last, in_.to_unix_ms, PieceSource::kFacts);
    return std::move(pieces_);
  }

 private:
  // A dirty hour whose facts have expired is only ever added to: its rollup is all there is.
  bool FactsKept(int64_t at) const { return at >= in_.now_unix_ms - in_.facts_kept_ms; }

  void AddRollups(int64_t from, int64_t to) {
    if (in_.only_days) return Add(from, to, PieceSource::kDays);
    const int64_t first = CeilTo(from, kDayMs, in_.utc_offset_ms);
    const int64_t last = FloorTo(to, kDayMs, in_.utc_offset_ms);
    if (!in_.days || first >= last) return Add(from, to, PieceSource::kHours);
    Add(from, first, PieceSource::kHours);
    Add(first, last, PieceSource::kDays);
    Add(last, to, PieceSource::kHours);
  }

  void Add(int64_t from, int64_t to, PieceSource source) {
    if (from >= to) return;
    if (!pieces_.empty() && pieces_.back().source == source) {
      pieces_.back().to_unix_ms = to;
    } else {
      pieces_.push_back({from, to, source});
    }
  }

  PlanInput in_;
  std::vector<Piece> pieces_;
};

}  // namespace

int64_t FloorTo(int64_t unix_ms, int64_t unit_ms, int64_t utc_offset_ms) {
  const int64_t local = unix_ms + utc_offset_ms;
  int64_t rest = local % unit_ms;
  if (rest < 0) rest += unit_ms;
  return unix_ms - rest;
}

std::vector<Piece> PlanPieces(PlanInput input) { return Planner(std::move(input)).Plan(); }

std::string DescribePieces(const std::vector<Piece>& pieces) {
  const auto uses = [&](PieceSource source) {
    return std::any_of(pieces.begin(), pieces.end(),
                       [source](const Piece& p) { return p.source == source; });
  };
  std::string text;
  const auto add = [&](bool used, const char* name) {
    if (!used) return;
    if (!text.empty()) text += " + ";
    text += name;
  };
  add(uses(PieceSource::kDays), "daily rollups");
  add(uses(PieceSource::kHours), "hourly rollups");
  add(uses(PieceSource::kFacts), "facts");
  return text;
}

}  // namespace teiten
