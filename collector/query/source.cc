// SPDX-License-Identifier: Apache-2.0
#include "collector/query/source.h"

#include <algorithm>
#include <map>
#include <set>

#include "collector/query/empty_reason.h"
#include "collector/query/fact_rows.h"
#include "collector/query/gather.h"
#include "collector/query/open_selection.h"
#include "collector/query/source_activity.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint32_t kMostDirtyHours = 100'000;
constexpr std::size_t kMostHeld = 500'000;  // activities held while adding up
constexpr double kChanceOfMark = 65'536;    // one in so many packets fits by its IPv4 id

class SourceAnswer {
 public:
  SourceAnswer(StoreReader& store, const QueryContext& context, const v1::SourceRequest& request)
      : store_(store),
        context_(context),
        request_(request),
        limit_(request.limit() == 0 ? kDefaultActivities : request.limit()) {}

  absl::StatusOr<v1::SourceReply> Make() {
    if (absl::Status s = Open(); !s.ok()) return s;
    absl::StatusOr<std::vector<Piece>> pieces = Plan();
    if (!pieces.ok()) return pieces.status();
    for (const Piece& piece : *pieces) {
      absl::Status s = piece.source == PieceSource::kFacts ? ReadFacts(piece) : ReadDays(piece);
      if (!s.ok()) return s;
    }
    WriteHead();
    WriteActivities();
    v1::Coverage& coverage = *reply_.mutable_coverage();
    book_.Write(ExpectedMs(filter_.from_unix_ms, filter_.to_unix_ms, context_.now_unix_ms()),
                coverage);
    coverage.set_source(DescribePieces(*pieces));
    if (absl::Status s = WriteGaps(store_, filter_, coverage); !s.ok()) return s;
    if (!activities_.empty()) return std::move(reply_);
    absl::StatusOr<std::string> reason = EmptyReason(store_, filter_, book_);
    if (!reason.ok()) return reason.status();
    coverage.set_empty_reason(*std::move(reason));
    return std::move(reply_);
  }

 private:
  absl::Status Open() {
    const std::optional<Prefix> source = ParsePrefix(request_.source());
    if (!source) {
      return absl::InvalidArgumentError(
          fmt::format("source: \"{}\" is neither an address nor a prefix (192.0.2.7, "
                      "192.0.2.0/24, 2001:db8::/32; host bits zero)",
                      request_.source()));
    }
    if (limit_ > kMostActivities) {
      return absl::InvalidArgumentError(fmt::format(
          "limit: {} activities, at most {}", GroupDigits(limit_), GroupDigits(kMostActivities)));
    }
    source_ = *source;
    v1::Selection selection;
    *selection.mutable_time() = request_.time();
    selection.add_source_prefixes(request_.source());
    *selection.mutable_sensors() = request_.sensors();
    *selection.mutable_groups() = request_.groups();
    absl::StatusOr<RecordFilter> filter = OpenSelection(store_, selection);
    if (!filter.ok()) return filter.status();
    filter_ = *std::move(filter);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Piece>> Plan() {
    absl::StatusOr<std::vector<int64_t>> dirty = store_.DirtyHours(kMostDirtyHours);
    if (!dirty.ok()) return dirty.status();
    return PlanPieces({.from_unix_ms = filter_.from_unix_ms,
                       .to_unix_ms = filter_.to_unix_ms,
                       .now_unix_ms = context_.now_unix_ms(),
                       .utc_offset_ms = OffsetMs(),
                       .facts_kept_ms = context_.facts_kept_ms,
                       .days = true,
                       .only_days = true,
                       .dirty_hours = *std::move(dirty)});
  }

  [[nodiscard]] int64_t OffsetMs() const { return int64_t{context_.utc_offset_minutes} * 60'000; }

  absl::StatusOr<Activity*> At(const ActivityKey& key) {
    if (activities_.size() >= kMostHeld && !activities_.contains(key)) {
      return absl::ResourceExhaustedError(
          fmt::format("more than {} activities: ask for a longer prefix or a shorter time",
                      GroupDigits(kMostHeld)));
    }
    return &activities_[key];
  }

  absl::Status ReadDays(const Piece& piece) {
    absl::StatusOr<std::vector<CoverageRollup>> coverage =
        store_.ReadCoverage(RollupTier::kDay, {.from_unix_ms = piece.from_unix_ms,
                                               .to_unix_ms = piece.to_unix_ms,
                                               .sensors = filter_.sensors,
                                               .groups = filter_.groups,
                                               .after = std::nullopt});
    if (!coverage.ok()) return coverage.status();
    for (const CoverageRollup& c : *coverage) book_.AddRollup(piece.from_unix_ms, c);
    absl::StatusOr<std::vector<SourceDay>> days =
        store_.ReadSources({.from_unix_ms = piece.from_unix_ms,
                            .to_unix_ms = piece.to_unix_ms,
                            .source = source_,
                            .sensors = filter_.sensors,
                            .groups = filter_.groups,
                            .limit = limit_});
    if (!days.ok()) return days.status();
    std::map<int64_t, uint32_t> rows_of_day;
    for (const SourceDay& day : *days) {
      if (++rows_of_day[day.day_unix_ms] == limit_) reply_.set_truncated(true);
      if (absl::Status s = AddDay(day); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status AddDay(const SourceDay& day) {
    const uint8_t length = day.prefix64 ? 64 : day.family == Family::kIpv4 ? 32 : 128;
    absl::StatusOr<Activity*> found =
        At({{day.family, day.source, length}, day.kind, day.protocol, day.port});
    if (!found.ok()) return found.status();
    Activity& activity = **found;
    activity.packets += day.packets;
    activity.bytes += day.bytes;
    activity.tuples += day.windows;
    activity.Seen(day.first_unix_ms, day.last_unix_ms);
    activity.sensors.insert(day.sensor);
    DayMarks& marks = activity.days[day.day_unix_ms];
    marks.packets += day.packets;
    for (std::size_t i = 0; i < kMarkCount; ++i) marks.marks[i] += day.marks[i];
    return absl::OkStatus();
  }

  absl::Status ReadFacts(const Piece& piece) {
    absl::Status status;
    absl::Status scan = store_.ScanFacts(
        {.from_unix_ms = piece.from_unix_ms,
         .to_unix_ms = piece.to_unix_ms,
         .sensors = filter_.sensors,
         .groups = filter_.groups,
         .after = std::nullopt},
        [&](const StoredFact& fact) {
          if (++facts_ > kMostFacts) {
            status = absl::ResourceExhaustedError(
                fmt::format("this has to read more than {} facts (windows of one sensor): ask for "
                            "whole days, a shorter time or fewer sensors",
                            GroupDigits(kMostFacts)));
            return false;
          }
          book_.AddFact(fact);
          status = ForEachRow(fact, filter_, context_,
                              [&](const FlowRow& row) { return AddRow(fact, row); });
          return status.ok();
        });
    return status.ok() ? scan : status;
  }

  absl::Status AddRow(const StoredFact& fact, const FlowRow& row) {
    const uint8_t length = row.prefix64() ? 64 : row.family() == Family::kIpv4 ? 32 : 128;
    absl::StatusOr<Activity*> found =
        At({{row.family(), row.source, length}, row.kind(), row.protocol, row.port});
    if (!found.ok()) return found.status();
    Activity& activity = **found;
    activity.packets += row.packets;
    activity.bytes += row.bytes();
    activity.tuples += 1;
    activity.Seen(fact.window_start_unix_ms + row.first_ms(),
                  fact.window_start_unix_ms + row.last_ms());
    activity.sensors.insert(fact.key.sensor);
    DayMarks& marks = activity.days[FloorTo(fact.window_start_unix_ms, kDayMs, OffsetMs())];
    marks.packets += row.packets;
    for (std::size_t i = 0; i < kMarkCount; ++i) {
      const int counter = CounterOf(row.kind(), static_cast<Mark>(i));
      if (counter >= 0) marks.marks[i] += row.counter(counter);
    }
    return absl::OkStatus();
  }

  void WriteHead() {
    const bool whole = source_.length == (source_.family == Family::kIpv4 ? 32 : 128);
    reply_.set_source(whole ? FormatAddress(source_.family, source_.base) : FormatPrefix(source_));
    if (whole && context_.region) reply_.set_region(context_.region(source_.family, source_.base));
  }

  void WriteActivities() {
    std::vector<std::pair<const ActivityKey*, const Activity*>> order;
    std::set<std::pair<Family, Address>> sources;
    v1::Counts& total = *reply_.mutable_total();
    for (const auto& [key, activity] : activities_) {
      order.push_back({&key, &activity});
      sources.insert({key.source.family, key.source.base});
      total.set_packets(total.packets() + activity.packets);
      total.set_bytes(total.bytes() + activity.bytes);
      total.set_tuples(total.tuples() + activity.tuples);
    }
    total.set_sources(static_cast<double>(sources.size()));
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a.second->packets > b.second->packets;
    });
    if (order.size() > limit_) {
      order.resize(limit_);
      reply_.set_truncated(true);
    }
    for (const auto& [key, activity] : order)
      WriteActivity(*key, *activity, *reply_.add_activities());
    NoteChance();
  }

  // Beside "zmap?" and "masscan?": how many of them chance would make of the single packets that
  // were looked at.
  void NoteChance() {
    const bool doubtful =
        std::any_of(reply_.activities().begin(), reply_.activities().end(),
                    [](const auto& a) { return a.tool().find('?') != std::string::npos; });
    if (!doubtful) return;
    uint64_t singles = 0;
    for (const auto& [key, activity] : activities_) {
      if (!HasMark(key.kind, Mark::kZmap) && !HasMark(key.kind, Mark::kMasscan)) continue;
      for (const auto& [day, marks] : activity.days) singles += marks.packets == 1 ? 1 : 0;
    }
    const double by_chance = static_cast<double>(singles) / kChanceOfMark;
    reply_.mutable_coverage()->add_notes(fmt::format(
        "zmap? and masscan? are named by a single packet, which fits the rule by chance once in "
        "65,536: {} expected by chance among the {} single packet{} here",
        by_chance < 0.001 ? "under 0.001" : fmt::format("{:.3f}", by_chance), GroupDigits(singles),
        singles == 1 ? "" : "s"));
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::SourceRequest& request_;
  const uint32_t limit_;
  Prefix source_;
  RecordFilter filter_;
  CoverageBook book_;
  uint64_t facts_ = 0;
  std::map<ActivityKey, Activity> activities_;
  v1::SourceReply reply_;
};

}  // namespace

absl::StatusOr<v1::SourceReply> AnswerSource(StoreReader& store, const QueryContext& context,
                                             const v1::SourceRequest& request) {
  return SourceAnswer(store, context, request).Make();
}

}  // namespace teiten
