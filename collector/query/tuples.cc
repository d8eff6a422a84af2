// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tuples.h"

#include <algorithm>

#include "collector/query/empty_reason.h"
#include "collector/query/fact_rows.h"
#include "collector/query/gather.h"
#include "collector/query/resume_token.h"
#include "collector/store/tool_split.h"
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
          fmt::format("limit: {} rows, at most {}", limit_, kMostTuples));
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
    book_.AddFact(fact);
    last_window_end_ms_ = fact.summary.window_end_unix_ms();
    point_ = {{fact.window_start_unix_ms, fact.key}, 0};
    const uint64_t skip = resume_ && resume_->fact == point_.fact ? resume_->rows : 0;
    Begin(fact, /*first_of_window=*/skip == 0);
    absl::Status s = ForEachRow(fact, filter_, context_, [&](const FlowRow& row) {
      if (!HasTool(row) || !Take(skip)) return absl::OkStatus();
      WriteRow(fact, row, *reply_.add_tuples());
      return FlushIfFull(fact);
    });
    if (!s.ok()) return s;
    for (const v1::FoldedRow& row : fact.summary.folded()) {
      if (!Covers(filter_, row) || !Take(skip)) continue;
      WriteFolded(row, *reply_.add_tuples());
      if (s = FlushIfFull(fact); !s.ok()) return s;
    }
    if (!truncated_) point_.rows = ResumePoint::kAllRows;
    const bool wanted = request_.include_empty_windows() && reply_.has_accounting();
    if (reply_.tuples_size() > 0 || wanted) return Flush();
    return SignOfLife();
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

  [[nodiscard]] bool HasTool(const FlowRow& row) const {
    if (filter_.all_tools()) return true;
    const ToolSplit shares = SplitByTool(row);
    return std::any_of(shares.begin(), shares.end(),
                       [this](const ToolShare& share) { return filter_.Has(share.tool); });
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

  static void WriteRow(const StoredFact& fact, const FlowRow& row, v1::Tuple& out) {
    const v1::WindowSummary& s = fact.summary;
    out.set_source(AddressBytes(row.family(), row.source));
    out.set_kind(static_cast<v1::Kind>(row.kind()));
    out.set_protocol(row.protocol);
    out.set_port(row.port);
    out.set_packets(row.packets);
    out.set_bytes(row.bytes());
    out.set_first_unix_ms(s.window_start_unix_ms() + row.first_ms());
    out.set_last_unix_ms(s.window_start_unix_ms() + row.last_ms());
    const bool exact =
        row.family() == Family::kIpv4 ? s.bitmap_exact_ipv4() : s.bitmap_exact_ipv6();
    out.set_destinations(DestinationCount(row.bitmap, exact));
    const auto count = [&](Mark mark) {
      const int counter = CounterOf(row.kind(), mark);
      return counter < 0 ? 0 : row.counter(counter);
    };
    out.set_zmap(count(Mark::kZmap));
    out.set_masscan(count(Mark::kMasscan));
    out.set_mirai(count(Mark::kMirai));
    out.set_nmap(count(Mark::kNmap));
    out.set_amplification(count(Mark::kAmplification));
    out.set_ttl(row.ttl);
    out.set_ip_length(row.ip_length);
    out.set_tcp_window(row.tcp_window);
    out.set_tcp_options_length(row.tcp_options_length);
    out.set_source_port(row.source_port);
    if (HasSlots(row.kind())) {
      for (int i = 0; i < kSlots; ++i) out.add_slots(row.slot(i));
    }
    out.set_lower_bound(row.lower_bound());
    out.set_prefix64(row.prefix64());
    out.set_family(static_cast<v1::AddressFamily>(row.family()));
  }

  static void WriteFolded(const v1::FoldedRow& row, v1::Tuple& out) {
    out.set_kind(row.kind());
    out.set_protocol(row.protocol());
    out.set_port(row.port());
    out.set_packets(row.packets());
    out.set_bytes(row.bytes());
    out.set_other(row.other());
    out.set_family(row.family());
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
