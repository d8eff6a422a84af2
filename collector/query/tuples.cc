// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tuples.h"

#include <algorithm>

#include "collector/query/empty_reason.h"
#include "collector/query/fact_rows.h"
#include "collector/query/gather.h"
#include "collector/query/open_selection.h"
#include "collector/query/resume_token.h"
#include "common/text.h"
#include "common/time_format.h"
#include "common/tuple.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint64_t kSignOfLifeFacts = 256;  // facts without a reply

class TuplesAnswer {
 public:
  TuplesAnswer(StoreReader& store, const QueryContext& context, const v1::TuplesRequest& request,
               const std::function<bool(const v1::TuplesReply&)>& send)
      : store_(store),
        context_(context),
        request_(request),
        send_(send),
        limit_(request.limit() == 0 ? kDefaultTuples : request.limit()) {}

  absl::Status Make() {
    FactSelection selection;
    if (absl::Status s = Open(selection); !s.ok()) return s;
    absl::Status status;
    absl::Status scan = store_.ScanFacts(selection, [&](const StoredFact& fact) {
      status = AddFact(fact);
      return status.ok() && !truncated_;
    });
    if (!status.ok()) return status;
    if (!scan.ok()) return scan;
    return Finish();
  }

 private:
  absl::Status Open(FactSelection& selection) {
    if (limit_ > kMostTuples) {
      return absl::InvalidArgumentError(
          fmt::format("limit: {} rows, at most {}", GroupDigits(limit_), GroupDigits(kMostTuples)));
    }
    absl::StatusOr<RecordFilter> filter = OpenSelection(store_, request_.selection());
    if (!filter.ok()) return filter.status();
    filter_ = *std::move(filter);
    selection = {.from_unix_ms = filter_.from_unix_ms,
                 .to_unix_ms = filter_.to_unix_ms,
                 .sensors = filter_.sensors,
                 .groups = filter_.groups,
                 .after = std::nullopt};
    if (request_.resume_token().empty()) return absl::OkStatus();
    absl::StatusOr<ResumePoint> point = ParseResumeToken(request_.resume_token());
    if (!point.ok()) return point.status();
    resume_ = *point;
    selection.after = resume_->fact;
    // The fact itself is read again where rows of it are left.
    if (resume_->rows != ResumePoint::kAllRows) --selection.after->key.sequence;
    return absl::OkStatus();
  }

  absl::Status AddFact(const StoredFact& fact) {
    point_ = {{fact.window_start_unix_ms, fact.key}, 0};
    const uint64_t skip = resume_ && resume_->fact == point_.fact ? resume_->rows : 0;
    Begin(fact, /*first_of_window=*/skip == 0);
    if (absl::Status s = AddRows(fact, skip); !s.ok()) return s;
    if (truncated_ && point_.rows == 0) return absl::OkStatus();  // nothing of it was sent
    if (!truncated_) point_.rows = ResumePoint::kAllRows;
    book_.AddFact(fact);
    last_window_end_ms_ = fact.summary.window_end_unix_ms();
    const bool wanted = request_.include_empty_windows() && reply_.has_accounting();
    if (reply_.tuples_size() > 0 || wanted) return Flush();
    return SignOfLife();
  }

  absl::Status AddRows(const StoredFact& fact, uint64_t skip) {
    absl::Status status;
    const auto add = [&](const v1::Tuple& tuple) {
      if (!status.ok() || !HasTool(tuple) || !Take(skip)) return;
      *reply_.add_tuples() = tuple;
      status = FlushIfFull(fact);
    };
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const bool exact = family == Family::kIpv4 ? fact.summary.bitmap_exact_ipv4()
                                                 : fact.summary.bitmap_exact_ipv6();
      const TupleContext tuple_context{fact.summary.window_start_unix_ms(), exact};
      absl::StatusOr<std::vector<FlowRow>> rows = SelectRows(fact, filter_, context_, family);
      if (!rows.ok()) return rows.status();
      ForEachTuple(*rows, tuple_context, add);
    }
    v1::Tuple tuple;
    for (const v1::FoldedRow& row : fact.summary.folded()) {
      if (!Covers(filter_, row)) continue;
      FillTuple(row, tuple);
      add(tuple);
    }
    return status;
  }

  // True if the row is to be sent: not sent before, and below the limit.
  bool Take(uint64_t skip) {
    if (truncated_) return false;
    if (point_.rows < skip) {
      ++point_.rows;
      return false;
    }
    if (rows_ == limit_) {
      truncated_ = true;
      return false;
    }
    ++point_.rows;
    ++rows_;
    return true;
  }

  // A row of several tools is one of each.
  [[nodiscard]] bool HasTool(const v1::Tuple& t) const {
    if (filter_.all_tools()) return true;
    const std::pair<v1::ToolMark, uint64_t> marks[] = {
        {v1::TOOL_MARK_ZMAP, t.zmap()},
        {v1::TOOL_MARK_MASSCAN, t.masscan()},
        {v1::TOOL_MARK_MIRAI, t.mirai()},
        {v1::TOOL_MARK_NMAP, t.nmap()},
        {v1::TOOL_MARK_AMPLIFICATION, t.amplification()}};
    uint64_t marked = 0;
    for (const auto& [tool, packets] : marks) {
      if (packets > 0 && filter_.Has(tool)) return true;
      marked += packets;
    }
    return marked < t.packets() && filter_.Has(v1::TOOL_MARK_UNMARKED);
  }

  void Begin(const StoredFact& fact, bool first_of_window) {
    reply_.Clear();
    reply_.mutable_identity()->set_sensor(fact.key.sensor);
    reply_.mutable_identity()->set_spool(fact.key.spool.data(), fact.key.spool.size());
    reply_.mutable_identity()->set_sequence(fact.key.sequence);
    reply_.set_window_start_unix_ms(fact.summary.window_start_unix_ms());
    reply_.set_window_end_unix_ms(fact.summary.window_end_unix_ms());
    *reply_.mutable_flags() = fact.summary.flags();
    if (first_of_window) *reply_.mutable_accounting() = fact.summary.accounting();
  }

  absl::Status FlushIfFull(const StoredFact& fact) {
    if (reply_.tuples_size() < kTuplesPerReply) return absl::OkStatus();
    if (absl::Status s = Flush(); !s.ok()) return s;
    Begin(fact, /*first_of_window=*/false);
    return absl::OkStatus();
  }

  absl::Status Flush() {
    reply_.set_resume_token(FormatResumeToken(point_));
    facts_without_reply_ = 0;
    if (!send_(reply_)) return absl::CancelledError("the caller has gone");
    return absl::OkStatus();
  }

  absl::Status SignOfLife() {
    if (++facts_without_reply_ < kSignOfLifeFacts) return absl::OkStatus();
    reply_.Clear();
    return Flush();
  }

  absl::Status Finish() {
    v1::TuplesReply last;
    v1::Coverage& coverage = *last.mutable_coverage();
    // Cut by the limit, the answer speaks of the time up to its last window.
    const int64_t to =
        truncated_ ? std::min(last_window_end_ms_, filter_.to_unix_ms) : filter_.to_unix_ms;
    const int64_t from = resume_
                             ? std::max(resume_->fact.window_start_unix_ms, filter_.from_unix_ms)
                             : filter_.from_unix_ms;
    book_.Write(ExpectedMs(from, std::max(from + 1, to), context_.now_unix_ms()), coverage);
    coverage.set_source("facts");
    if (absl::Status s = WriteGaps(store_, filter_, coverage); !s.ok()) return s;
    if (truncated_ || resume_) {
      coverage.add_notes(
          fmt::format("coverage is of what is shown, {} to {}, not of all that was asked for",
                      FormatUtcMs(from), FormatUtcMs(std::max(from, to))));
    }
    if (rows_ == 0 && !resume_) {
      absl::StatusOr<std::string> reason = EmptyReason(store_, filter_, book_);
      if (!reason.ok()) return reason.status();
      coverage.set_empty_reason(*std::move(reason));
    }
    last.set_truncated(truncated_);
    if (point_.fact.key.sequence > 0) last.set_resume_token(FormatResumeToken(point_));
    if (!send_(last)) return absl::CancelledError("the caller has gone");
    return absl::OkStatus();
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::TuplesRequest& request_;
  const std::function<bool(const v1::TuplesReply&)>& send_;
  const uint64_t limit_;
  RecordFilter filter_;
  std::optional<ResumePoint> resume_;
  CoverageBook book_;
  ResumePoint point_;  // rows of this fact that were sent
  uint64_t rows_ = 0;  // sent in all
  uint64_t facts_without_reply_ = 0;
  int64_t last_window_end_ms_ = 0;
  bool truncated_ = false;
  v1::TuplesReply reply_;
};

}  // namespace

absl::Status AnswerTuples(StoreReader& store, const QueryContext& context,
                          const v1::TuplesRequest& request,
                          const std::function<bool(const v1::TuplesReply&)>& send) {
  return TuplesAnswer(store, context, request, send).Make();
}

}  // namespace teiten
