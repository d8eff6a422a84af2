// SPDX-License-Identifier: Apache-2.0
#include "collector/query/source.h"

#include <limits>
#include <optional>
#include <set>

#include "collector/query/activity_book.h"
#include "collector/query/empty_reason.h"
#include "collector/query/fact_rows.h"
#include "collector/query/gather.h"
#include "collector/query/open_selection.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint32_t kMostDirtyHours = 100'000;

class SourceAnswer {
 public:
  SourceAnswer(StoreReader& store, const QueryContext& context, const v1::SourceRequest& request)
      : store_(store),
        context_(context),
        request_(request),
        limit_(request.limit() == 0 ? kDefaultActivities : request.limit()),
        activities_(&context.sketch_multipliers) {}

  absl::StatusOr<v1::SourceReply> Make() {
    if (absl::Status s = Open(); !s.ok()) return s;
    absl::StatusOr<std::vector<Piece>> pieces = Plan();
    if (!pieces.ok()) return pieces.status();
    if (absl::Status s = ChooseLength(*pieces); !s.ok()) return s;
    for (const Piece& piece : *pieces) {
      absl::Status s = piece.source == PieceSource::kFacts ? ReadFacts(piece) : ReadDays(piece);
      if (!s.ok()) return s;
    }
    WriteHead();
    activities_.Write(limit_, reply_);
    WriteLengthNotes();
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

  // The record of days holds IPv6 sources as their /64 alone. What is inside a /64 is answered from
  // facts, if they are there for the whole time; else the whole /64 is, and the answer says so.
  absl::Status ChooseLength(std::vector<Piece>& pieces) {
    if (source_.family != Family::kIpv6 || source_.length <= 64) return absl::OkStatus();
    const Prefix asked = source_;
    source_ = {Family::kIpv6, {asked.base.high, 0}, 64};
    filter_.sources = {source_};
    absl::StatusOr<std::string> why_not = WhyNotFromFacts(pieces);
    if (!why_not.ok()) return why_not.status();
    if (why_not->empty()) {
      inside_ = asked;
      pieces = {{filter_.from_unix_ms, filter_.to_unix_ms, PieceSource::kFacts}};
    } else {
      reply_.mutable_coverage()->add_notes(fmt::format("this is all of {}, not {} alone: {}",
                                                       FormatPrefix(source_), request_.source(),
                                                       *why_not));
    }
    return absl::OkStatus();
  }

  // Empty: the facts of all windows are there, and few enough.
  absl::StatusOr<std::string> WhyNotFromFacts(const std::vector<Piece>& pieces) {
    uint64_t all = 0;
    for (const Piece& piece : pieces) {
      const bool days = piece.source == PieceSource::kDays;
      absl::StatusOr<uint64_t> facts = CountFacts(piece);
      if (!facts.ok()) return facts.status();
      all += *facts;
      if (all > kMostFacts) {
        return fmt::format(
            "only facts tell them apart, and these would be more than {} (windows "
            "of one sensor); ask for a shorter time or fewer sensors",
            GroupDigits(kMostFacts));
      }
      if (!days) continue;
      absl::StatusOr<std::vector<CoverageRollup>> coverage = ReadCoverage(piece);
      if (!coverage.ok()) return coverage.status();
      uint64_t summaries = 0;
      for (const CoverageRollup& c : *coverage) summaries += c.summaries;
      if (*facts < summaries) {
        return std::string("only facts tell them apart, and not all of this time are kept");
      }
    }
    return std::string();
  }

  absl::StatusOr<uint64_t> CountFacts(const Piece& piece) {
    uint64_t facts = 0;
    absl::Status s = store_.ScanWindows(Select(piece),
                                        [&](const StoredWindow&) { return ++facts <= kMostFacts; });
    if (!s.ok()) return s;
    return facts;
  }

  [[nodiscard]] FactSelection Select(const Piece& piece) const {
    return {.from_unix_ms = piece.from_unix_ms,
            .to_unix_ms = piece.to_unix_ms,
            .sensors = filter_.sensors,
            .groups = filter_.groups,
            .after = std::nullopt};
  }

  absl::StatusOr<std::vector<CoverageRollup>> ReadCoverage(const Piece& piece) {
    return store_.ReadCoverage(RollupTier::kDay, Select(piece));
  }

  // Hour by hour, which bounds what is held beside the sums.
  absl::Status ReadDays(const Piece& piece) {
    absl::StatusOr<std::vector<CoverageRollup>> coverage = ReadCoverage(piece);
    if (!coverage.ok()) return coverage.status();
    for (const CoverageRollup& c : *coverage) book_.AddRollup(piece.from_unix_ms, c);
    for (int64_t hour = piece.from_unix_ms; hour < piece.to_unix_ms; hour += kHourMs) {
      absl::StatusOr<std::vector<SourceDay>> rows =
          store_.ReadSources({.from_unix_ms = hour,
                              .to_unix_ms = hour + kHourMs,
                              .source = source_,
                              .sensors = filter_.sensors,
                              .groups = filter_.groups,
                              .limit = std::numeric_limits<uint32_t>::max(),
                              .by_hour = true});
      if (!rows.ok()) return rows.status();
      for (const SourceDay& row : *rows) AddDay(row);
    }
    return absl::OkStatus();
  }

  void AddDay(const SourceDay& day) {
    ActivityPart part{.day_unix_ms = day.day_unix_ms,
                      .packets = day.packets,
                      .bytes = day.bytes,
                      .tuples = day.windows,
                      .first_unix_ms = day.first_unix_ms,
                      .last_unix_ms = day.last_unix_ms};
    for (std::size_t i = 0; i < kMarkCount; ++i) part.marks[i] = day.marks[i];
    activities_.Add({SourceOf(day.family, day.source), day.kind, day.protocol, day.port},
                    day.sensor, part);
  }

  // As it is listed: an IPv6 source is its /64, unless the question is about what is inside one.
  [[nodiscard]] Prefix SourceOf(Family family, const Address& address) const {
    if (family == Family::kIpv4) return {family, address, 32};
    if (inside_) return {family, address, 128};
    return {family, {address.high, 0}, 64};
  }

  absl::Status ReadFacts(const Piece& piece) {
    absl::Status status;
    absl::Status scan = store_.ScanFacts(Select(piece), [&](const StoredFact& fact) {
      if (++facts_ > kMostFacts) {
        status = absl::ResourceExhaustedError(
            fmt::format("this has to read more than {} facts (windows of one sensor): ask for "
                        "whole days, a shorter time or fewer sensors",
                        GroupDigits(kMostFacts)));
        return false;
      }
      book_.AddFact(fact);
      in_fact_.clear();
      status = ForEachRow(fact, filter_, context_, [&](const FlowRow& row) {
        AddRow(fact, row);
        return absl::OkStatus();
      });
      return status.ok();
    });
    return status.ok() ? scan : status;
  }

  void AddRow(const StoredFact& fact, const FlowRow& row) {
    if (inside_ && row.prefix64()) {
      unplaced_packets_ += row.packets;
      return;
    }
    if (inside_ && !inside_->Contains(row.family(), row.source)) {
      packets_beside_ += row.packets;
      return;
    }
    const ActivityKey key{SourceOf(row.family(), row.source), row.kind(), row.protocol, row.port};
    ActivityPart part{.day_unix_ms = FloorTo(fact.window_start_unix_ms, kDayMs, OffsetMs()),
                      .packets = row.packets,
                      .bytes = row.bytes(),
                      .tuples = in_fact_.insert(key).second ? 1U : 0U,
                      .first_unix_ms = fact.window_start_unix_ms + row.first_ms(),
                      .last_unix_ms = fact.window_start_unix_ms + row.last_ms()};
    for (std::size_t i = 0; i < kMarkCount; ++i) {
      const int counter = CounterOf(row.kind(), static_cast<Mark>(i));
      if (counter >= 0) part.marks[i] = row.counter(counter);
    }
    activities_.Add(key, fact.key.sensor, part);
  }

  void WriteHead() {
    const Prefix& shown = inside_ ? *inside_ : source_;
    const bool whole = shown.length == (shown.family == Family::kIpv4 ? 32 : 128);
    reply_.set_source(whole ? FormatAddress(shown.family, shown.base) : FormatPrefix(shown));
    if (whole && context_.region) reply_.set_region(context_.region(shown.family, shown.base));
  }

  void WriteLengthNotes() {
    v1::Coverage& coverage = *reply_.mutable_coverage();
    if (unplaced_packets_ > 0) {
      coverage.add_notes(fmt::format(
          "{} packets of {} are known without the lower half of their address (folded for want "
          "of room): not counted here, whoever sent them",
          GroupDigits(unplaced_packets_), FormatPrefix(source_)));
    }
    if (packets_beside_ > 0) {
      coverage.add_notes(fmt::format("the rest of {} sent {} packets (teiten source {})",
                                     FormatPrefix(source_), GroupDigits(packets_beside_),
                                     FormatPrefix(source_)));
    }
    if (activities_.ipv6()) coverage.add_notes(kBy64Note);
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::SourceRequest& request_;
  const uint32_t limit_;
  Prefix source_;                 // what is read
  std::optional<Prefix> inside_;  // what of it is answered, if that is longer than a /64
  RecordFilter filter_;
  CoverageBook book_;
  uint64_t facts_ = 0;
  std::set<ActivityKey> in_fact_;  // a source's addresses in one window are one tuple of its /64
  uint64_t unplaced_packets_ = 0;  // of the /64, by nobody knows which address
  uint64_t packets_beside_ = 0;    // of other addresses of the /64
  ActivityBook activities_;
  v1::SourceReply reply_;
};

}  // namespace

absl::StatusOr<v1::SourceReply> AnswerSource(StoreReader& store, const QueryContext& context,
                                             const v1::SourceRequest& request) {
  return SourceAnswer(store, context, request).Make();
}

}  // namespace teiten
