// SPDX-License-Identifier: Apache-2.0
#include "collector/query/series.h"

#include <algorithm>
#include <map>

#include "collector/query/distinct_sources.h"
#include "collector/query/empty_reason.h"
#include "collector/query/gather.h"
#include "collector/query/key_name.h"
#include "collector/query/open_selection.h"
#include "common/series_step.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::size_t kMostSeriesCells = 1'000'000;  // (key, step) held while adding up

absl::Status CheckStep(uint64_t step_ms) {
  if (IsSeriesStep(static_cast<int64_t>(std::min<uint64_t>(step_ms, 366 * kDayMs)))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "step_ms: {}; minutes that divide an hour, hours that divide a day, or whole days", step_ms));
}

class SeriesAnswer {
 public:
  SeriesAnswer(StoreReader& store, const QueryContext& context, const v1::SeriesRequest& request)
      : store_(store),
        context_(context),
        request_(request),
        step_ms_(static_cast<int64_t>(request.step_ms())),
        offset_ms_(int64_t{context.utc_offset_minutes} * 60'000) {}

  absl::StatusOr<v1::SeriesReply> Make() {
    absl::StatusOr<RecordFilter> filter = OpenSelection(store_, request_.selection());
    if (!filter.ok()) return filter.status();
    if (absl::Status s = Check(*filter); !s.ok()) return s;
    filter->DefaultToScan(request_.split_by());
    live_ms_.assign(steps_, 0);
    book_.OnLive([this](int64_t start, uint64_t live_ms) {
      live_ms_[StepOf(start)] += live_ms;
      told_ = std::max(told_, StepOf(start) + 1);
    });
    if (absl::Status s = Read(*filter); !s.ok()) return s;
    if (absl::Status s = CheckPoints(lines_.size()); !s.ok()) return s;
    CutOpenSteps();

    v1::Coverage& coverage = *reply_.mutable_coverage();
    book_.Write(ExpectedMs(filter->from_unix_ms, filter->to_unix_ms, context_.now_unix_ms()),
                coverage);
    coverage.set_source(description_);
    if (absl::Status s = WriteGaps(store_, *filter, coverage); !s.ok()) return s;
    if (lines_.empty()) {
      absl::StatusOr<std::string> reason = EmptyReason(store_, *filter, book_);
      if (!reason.ok()) return reason.status();
      coverage.set_empty_reason(*std::move(reason));
    } else if (filter->kinds_defaulted) {
      coverage.add_notes(kScanOnlyNote);
    }
    if (ipv6_) coverage.add_notes(kBy64Note);
    reply_.set_step_ms(request_.step_ms());
    WriteLines();
    return std::move(reply_);
  }

 private:
  struct Point {
    explicit Point(const HashMultipliers* multipliers) : sources(multipliers) {}
    uint64_t packets = 0, bytes = 0, tuples = 0;
    DistinctSources sources;
  };
  struct Line {
    uint64_t packets = 0;
    std::map<std::size_t, Point> points;  // by step; a step without rows is not in it
  };

  absl::Status Check(const RecordFilter& filter) {
    if (absl::Status s = CheckStep(request_.step_ms()); !s.ok()) return s;
    if (request_.split_by() != v1::RANK_BY_UNSPECIFIED) {
      if (absl::Status s = CheckBy(request_.split_by(), "split_by"); !s.ok()) return s;
    }
    first_ms_ = FloorTo(filter.from_unix_ms, step_ms_, offset_ms_);
    steps_ = static_cast<std::size_t>((filter.to_unix_ms - first_ms_ + step_ms_ - 1) / step_ms_);
    limit_ = request_.split_by() == v1::RANK_BY_UNSPECIFIED ? 1
             : request_.limit() == 0                        ? kDefaultSeriesLines
                                                            : request_.limit();
    return CheckPoints(1);
  }

  // Of the lines there are, which may be fewer than the limit.
  [[nodiscard]] absl::Status CheckPoints(std::size_t lines) const {
    lines = std::min(lines, limit_);
    if (steps_ * lines <= kMostSeriesPoints) return absl::OkStatus();
    const std::size_t most = kMostSeriesPoints / steps_;
    if (most == 0) {
      return absl::InvalidArgumentError(
          fmt::format("step_ms: {} steps, at most {}: take a longer step or a shorter time",
                      GroupDigits(steps_), GroupDigits(kMostSeriesPoints)));
    }
    return absl::InvalidArgumentError(
        fmt::format("limit: {} lines of {} steps are above {} points: take at most {}, a longer "
                    "step or a shorter time",
                    GroupDigits(lines), GroupDigits(steps_), GroupDigits(kMostSeriesPoints),
                    most == 1 ? "1 line" : GroupDigits(most) + " lines"));
  }

  absl::Status Read(const RecordFilter& filter) {
    const GatherRequest request{.filter = &filter,
                                .by = request_.split_by(),
                                .by_time = true,
                                .all_from_facts = step_ms_ < kHourMs,
                                .days = step_ms_ % kDayMs == 0};
    return Gather(
        store_, context_, request, book_, [this](const Cell& c) { return Add(c); }, description_);
  }

  // A step that is not over and of which nothing has come yet is no gap.
  void CutOpenSteps() {
    const int64_t over = (context_.now_unix_ms() - first_ms_) / step_ms_;
    const auto ended = static_cast<std::size_t>(std::max<int64_t>(over, 1));
    steps_ = std::min(steps_, std::max(told_, ended));
  }

  [[nodiscard]] std::size_t StepOf(int64_t unix_ms) const {
    const int64_t step = std::max<int64_t>(0, (unix_ms - first_ms_) / step_ms_);
    return std::min(static_cast<std::size_t>(step), steps_ - 1);
  }

  absl::Status Add(const Cell& cell) {
    if (request_.split_by() == v1::RANK_BY_SOURCE && cell.source == nullptr) {
      return absl::OkStatus();  // folded packets have no source
    }
    ipv6_ = ipv6_ || (cell.family == Family::kIpv6 && !cell.folded);
    Line& line = lines_[KeyOf(cell, request_.split_by())];
    line.packets += cell.packets;
    const auto [at, added] =
        line.points.try_emplace(StepOf(cell.start_unix_ms), &context_.sketch_multipliers);
    if (added && ++cells_ > kMostSeriesCells) {
      return absl::ResourceExhaustedError(
          fmt::format("more than {} pairs of line and step: take a longer step or a narrower "
                      "selection",
                      GroupDigits(kMostSeriesCells)));
    }
    Point& point = at->second;
    point.packets += cell.packets;
    point.bytes += cell.bytes;
    point.tuples += cell.tuples;
    if (cell.source != nullptr) point.sources.Add(cell.family, *cell.source);
    if (cell.sources != nullptr) point.sources.Merge(*cell.sources);
    point.sources.AddUpperBound(cell.foreign_sources);
    return absl::OkStatus();
  }

  void WriteLines() {
    std::vector<std::pair<const RankKey*, const Line*>> order;
    for (const auto& [key, line] : lines_) order.push_back({&key, &line});
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a.second->packets > b.second->packets;
    });
    reply_.set_keys(static_cast<uint32_t>(order.size()));
    if (order.size() > limit_) order.resize(limit_);
    for (const auto& [key, line] : order) {
      v1::SeriesLine& out = *reply_.add_lines();
      out.set_key(KeyText(*key, request_.split_by()));
      for (std::size_t step = 0; step < steps_; ++step) WritePoint(*line, step, out);
    }
    // Where nothing matched, one line of zeros and gaps still shows when anyone watched.
    if (order.empty() && book_.live_ms() > 0) {
      v1::SeriesLine& out = *reply_.add_lines();
      for (std::size_t step = 0; step < steps_; ++step) WritePoint(Line(), step, out);
    }
  }

  void WritePoint(const Line& line, std::size_t step, v1::SeriesLine& out) const {
    v1::SeriesPoint& point = *out.add_points();
    point.set_start_unix_ms(first_ms_ + static_cast<int64_t>(step) * step_ms_);
    point.set_live_ms(live_ms_[step]);
    const auto at = line.points.find(step);
    if (at == line.points.end()) return;
    point.mutable_counts()->set_packets(at->second.packets);
    point.mutable_counts()->set_bytes(at->second.bytes);
    point.mutable_counts()->set_tuples(at->second.tuples);
    at->second.sources.Write(*point.mutable_counts());
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::SeriesRequest& request_;
  const int64_t step_ms_;
  const int64_t offset_ms_;
  int64_t first_ms_ = 0;
  std::size_t steps_ = 0;
  std::size_t limit_ = 0;
  std::size_t cells_ = 0;
  bool ipv6_ = false;
  std::size_t told_ = 0;           // steps up to the last one that any window is of
  std::vector<uint64_t> live_ms_;  // by step
  CoverageBook book_;
  std::string description_;
  std::map<RankKey, Line> lines_;
  v1::SeriesReply reply_;
};

}  // namespace

absl::StatusOr<v1::SeriesReply> AnswerSeries(StoreReader& store, const QueryContext& context,
                                             const v1::SeriesRequest& request) {
  return SeriesAnswer(store, context, request).Make();
}

}  // namespace teiten
