// SPDX-License-Identifier: Apache-2.0
// The second half of UplinkCore: what is sent on a greeted stream, and what its answers mean.
#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "sensor/uplink/uplink_core.h"

namespace teiten {
namespace {

constexpr int kGapsPerMessage = 512;

}  // namespace

void UplinkCore::On(const UplinkSpooled& in) {
  if (!streaming()) return;
  live_.push_back(in.sequence);
  Pump();
}

void UplinkCore::On(const UplinkGaps& in) {
  if (!streaming()) return;  // the next greeting finds them
  const auto [first, end] = spool_.SequencesOf(stream_spool_);
  for (const v1::Gap& gap : in.gaps) {
    if (gap.sequences().first() >= first && gap.sequences().last() < end) {
      to_declare_.push_back(gap);
    }
  }
  Pump();
}

void UplinkCore::On(const UplinkUnreadable& in) {
  Settle(in.sequence);
  if (!streaming()) return;
  if (!in.passing) return Pump();
  Emit(UplinkAction::Kind::kClose);
  BackOff(false, fmt::format("summary {} cannot be read now", in.sequence));
}

void UplinkCore::Pump() {
  SendGaps();
  while (const uint64_t sequence = NextToSend()) {
    const uint64_t bytes = spool_.entries().at(sequence).size_bytes;
    if (!in_flight_.empty() && in_flight_bytes_ + bytes > credit_bytes_) {
      PutBack(sequence);
      break;
    }
    in_flight_[sequence] = {bytes, now_.mono_ms};
    in_flight_bytes_ += bytes;
    ++counters_.sent;
    Emit(UplinkAction::Kind::kSendEnvelope).sequence = sequence;
  }
  FinishIfSettled();
}

void UplinkCore::SendGaps() {
  if (declared_.empty()) declared_mono_ms_ = now_.mono_ms;
  while (!to_declare_.empty()) {
    auto& gaps = *Emit(UplinkAction::Kind::kSend).request.mutable_gaps();
    while (!to_declare_.empty() && gaps.gaps_size() < kGapsPerMessage) {
      const v1::SequenceRange& range = to_declare_.front().sequences();
      declared_.Add(range.first(), range.last());
      *gaps.add_gaps() = std::move(to_declare_.front());
      to_declare_.pop_front();
      ++counters_.gaps_declared;
    }
  }
}

bool UplinkCore::Sendable(uint64_t sequence) const {
  const auto it = spool_.entries().find(sequence);
  return it != spool_.entries().end() && it->second.spool == stream_spool_ &&
         !it->second.acknowledged && !in_flight_.contains(sequence);
}

// To where it came from: a window that closes meanwhile goes before the backlog.
void UplinkCore::PutBack(uint64_t sequence) {
  if (taken_live_) {
    live_.push_front(sequence);
  } else {
    backlog_cursor_ = sequence - 1;
  }
}

// 0 if there is nothing to send.
uint64_t UplinkCore::NextToSend() {
  taken_live_ = true;
  while (!live_.empty()) {
    const uint64_t sequence = live_.front();
    live_.pop_front();
    if (Sendable(sequence)) return sequence;
  }
  taken_live_ = false;
  auto it = spool_.entries().upper_bound(backlog_cursor_);
  for (; it != spool_.entries().end(); ++it) {
    backlog_cursor_ = it->first;
    if (Sendable(it->first)) return it->first;
  }
  return 0;
}

void UplinkCore::OnAcknowledgement(const v1::Acknowledgement& in) {
  RangeSet settled;
  settled.Add(1, in.through());
  for (const v1::SequenceRange& range : in.ranges()) settled.Add(range.first(), range.last());
  std::vector<uint64_t> done;
  for (const auto& [sequence, sent] : in_flight_) {
    if (settled.Contains(sequence)) done.push_back(sequence);
  }
  for (const uint64_t sequence : done) {
    Settle(sequence);
    ++counters_.acknowledged;
    Emit(UplinkAction::Kind::kAcknowledged).sequence = sequence;
  }
  declared_.RemoveAll(settled);
  failures_ = 0;
  problem_.clear();
  Emit(UplinkAction::Kind::kContinue);
}

void UplinkCore::OnRejection(const v1::Rejection& in) {
  if (!in_flight_.contains(in.sequence())) return;
  Settle(in.sequence());
  ++counters_.rejected;
  UplinkAction& action = Emit(UplinkAction::Kind::kRejected);
  action.sequence = in.sequence();
  action.text = fmt::format("{}: {}", v1::Rejection::Reason_Name(in.reason()), in.detail());
  Emit(UplinkAction::Kind::kContinue);
}

void UplinkCore::Settle(uint64_t sequence) {
  const auto it = in_flight_.find(sequence);
  if (it == in_flight_.end()) return;
  in_flight_bytes_ -= it->second.bytes;
  in_flight_.erase(it);
}

void UplinkCore::FinishIfSettled() {
  if (!in_flight_.empty() || !declared_.empty() || !to_declare_.empty() || NextToSend() != 0) {
    return;
  }
  if (stream_spool_ != spool_.identity().spool) {
    checked_.insert(stream_spool_);
    Emit(UplinkAction::Kind::kSettled).spool = stream_spool_;
    Emit(UplinkAction::Kind::kClose);
    return Connect();
  }
  // A loss that is still to get its sequence is still to be declared; the spool's tick tries.
  if (drain_until_mono_ms_ == 0 || spool_.unnumbered() != 0) return;
  drain_until_mono_ms_ = 0;
  Emit(UplinkAction::Kind::kDrained).drained = true;
  Emit(UplinkAction::Kind::kClose);
  state_ = UplinkState::kIdle;
}

}  // namespace teiten
