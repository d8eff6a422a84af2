// SPDX-License-Identifier: Apache-2.0
// The second half of IngestCore: from the result of a commit to answers.
#include <algorithm>
#include <utility>

#include "collector/ingest/ingest_core.h"
#include "fmt/format.h"

namespace teiten {

void IngestCore::On(GroupWritten& in) {
  std::vector<Ticket> written = std::exchange(writing_, {});
  for (const Ticket& done : written) {
    counters_.queued_bytes -= done.bytes;
    const auto it = streams_.find(done.stream);
    if (it != streams_.end()) it->second.queued_bytes -= done.bytes;
  }
  if (!in.result.status.ok()) {
    ++counters_.store_failures;
    for (const Queued& left : queue_) counters_.queued_bytes -= left.ticket.bytes;
    queue_.clear();
    PauseFor({in.result.status.message().data(), in.result.status.message().size()});
    return FailAll(absl::UnavailableError(pause_reason_));
  }
  // A Hello is small enough to find room where summaries do not.
  const bool took_more = std::any_of(
      in.result.results.begin(), in.result.results.end(),
      [](const WriteResult& result) { return !std::holds_alternative<Greeting>(result); });
  if (took_more) pause_ms_ = 0;
  fresh_.clear();
  for (std::size_t i = 0; i < written.size(); ++i) {
    Settle(written[i], in.result.results[i]);
  }
  for (const auto& [stream, ranges] : fresh_) Acknowledge(stream, ranges);
}

void IngestCore::PauseFor(const std::string& why) {
  pause_ms_ = std::clamp(2 * pause_ms_, limits_.first_pause_ms, limits_.most_pause_ms);
  paused_unix_ms_ = now_unix_ms_;
  pause_reason_ = fmt::format("the collector's store: {}", why);
}

// A clock that was set meanwhile ends it.
bool IngestCore::Paused() const {
  const int64_t passed_ms = now_unix_ms_ - paused_unix_ms_;
  return pause_ms_ > 0 && passed_ms >= 0 && passed_ms < pause_ms_;
}

void IngestCore::Settle(const Ticket& ticket, const WriteResult& result) {
  if (const auto* verdict = std::get_if<FactVerdict>(&result)) {
    ++(*verdict == FactVerdict::kStored      ? counters_.stored
       : *verdict == FactVerdict::kDuplicate ? counters_.duplicates
                                             : counters_.conflicts);
  }
  counters_.gaps += ticket.declared.size();
  const auto it = streams_.find(ticket.stream);
  if (it == streams_.end()) return;
  Stream& stream = it->second;
  if (const auto* greeting = std::get_if<Greeting>(&result)) {
    return Answer(ticket.stream, *greeting);
  }
  stream.pending.Remove(ticket.sequence, ticket.sequence);
  if (const auto* verdict = std::get_if<FactVerdict>(&result)) {
    stream.settled.Add(ticket.sequence);
    if (*verdict == FactVerdict::kConflict) {
      return Reject(ticket.stream, ticket.sequence, v1::Rejection::REASON_IDENTITY_CONFLICT,
                    "another content is stored under this identity");
    }
    fresh_[ticket.stream].Add(ticket.sequence);
    return;
  }
  if (const auto* refused = std::get_if<Refused>(&result)) {
    ++counters_.rejected;
    stream.settled.Add(ticket.sequence);
    return Reject(ticket.stream, ticket.sequence, v1::Rejection::REASON_IMPLAUSIBLE,
                  refused->detail);
  }
  if (ticket.reason != v1::Rejection::REASON_UNSPECIFIED) {
    stream.settled.Add(ticket.sequence);
    return Reject(ticket.stream, ticket.sequence, ticket.reason, ticket.detail);
  }
  for (const RangeSet::Range& range : ticket.declared) {
    stream.settled.Add(range.first, range.last);
    fresh_[ticket.stream].Add(range.first, range.last);
  }
}

void IngestCore::Answer(uint64_t number, const Greeting& greeting) {
  Stream& stream = streams_.at(number);
  stream.greeted = true;
  for (const v1::SequenceRange& range : greeting.ledger.settled) {
    stream.settled.Add(range.first(), range.last());
  }
  for (const v1::SequenceRange& range : greeting.ledger.stored) {
    stream.acknowledged.Add(range.first(), range.last());
  }
  RangeSet lost = stream.settled;
  lost.RemoveAll(stream.acknowledged);
  stream.acknowledged.RemoveAll(stream.held);
  stream.acknowledged.Remove(stream.next_sequence, UINT64_MAX);
  const uint64_t highest = std::max(greeting.ledger.highest_sequence, stream.settled.highest());
  v1::HelloReply& reply = *Emit(IngestAction::Kind::kReply, number).reply.mutable_hello();
  reply.set_protocol(1);
  reply.set_software(software_);
  reply.set_clock_unix_ms(now_unix_ms_);
  for (const v1::SequenceRange& range : greeting.ledger.settled) *reply.add_stored() = range;
  for (const RangeSet::Range& range : lost.ToVector()) {
    v1::SequenceRange& out = *reply.add_lost();
    out.set_first(range.first);
    out.set_last(range.last);
  }
  reply.set_highest_sequence(highest);
  reply.set_new_spool_required(highest >= stream.next_sequence);
  *reply.mutable_deployment_key() = greeting.key;
  reply.set_credit_bytes(limits_.stream_bytes);
  if (!reply.new_spool_required()) return;
  ++counters_.new_spools;
  Note(fmt::format("sensor {} was rolled back: it assigned sequences to {}, {} is stored",
                   stream.sensor, stream.next_sequence - 1, highest));
}

void IngestCore::Reject(uint64_t stream, uint64_t sequence, v1::Rejection::Reason reason,
                        const std::string& detail) {
  IngestAction& action = Emit(IngestAction::Kind::kReply, stream);
  action.sensor = streams_.at(stream).sensor;
  action.spool = streams_.at(stream).spool;
  v1::Rejection& rejection = *action.reply.mutable_rejection();
  rejection.set_sequence(sequence);
  rejection.set_reason(reason);
  rejection.set_detail(detail);
}

void IngestCore::Acknowledge(uint64_t number, const RangeSet& fresh) {
  const auto it = streams_.find(number);
  if (it == streams_.end()) return;
  RangeSet& known = it->second.acknowledged;
  known.AddAll(fresh);
  const uint64_t through = known.RunFrom(1);
  v1::Acknowledgement& out =
      *Emit(IngestAction::Kind::kReply, number).reply.mutable_acknowledgement();
  out.set_through(through);
  for (const RangeSet::Range& range : fresh.ToVector()) {
    if (range.last <= through) continue;
    v1::SequenceRange& above = *out.add_ranges();
    above.set_first(std::max(range.first, through + 1));
    above.set_last(range.last);
  }
}

}  // namespace teiten
