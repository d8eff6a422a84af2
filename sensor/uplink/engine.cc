// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/engine.h"

#include <algorithm>
#include <utility>

#include "common/log.h"

namespace teiten {
namespace {

constexpr int64_t kTickMs = 60'000;

}  // namespace

UplinkEngine::UplinkEngine(UplinkOptions options, SpoolStore& spool, Link& link,
                           std::function<uint64_t()> random)
    : spool_(spool), link_(link), core_(std::move(options), spool.core(), std::move(random)) {}

absl::StatusOr<uint64_t> UplinkEngine::Submit(SpoolTime now, SpoolAppend append) {
  absl::StatusOr<uint64_t> sequence = spool_.Append(now, std::move(append));
  // What was shed to make room is declared before the new one is sent.
  std::vector<v1::Gap> gaps = spool_.TakeNewGaps();
  if (!gaps.empty()) Run(now, UplinkGaps{std::move(gaps)});
  if (sequence.ok()) Run(now, UplinkSpooled{*sequence});
  return sequence;
}

void UplinkEngine::OnLink(SpoolTime now, LinkEvent event) {
  std::visit([&](auto& in) { Run(now, std::move(in)); }, event);
}

void UplinkEngine::OnTimer(SpoolTime now) {
  if (now.mono_ms >= tick_mono_ms_) {
    tick_mono_ms_ = now.mono_ms + kTickMs;
    TickSpool(now);
  }
  Run(now, UplinkTimer{});
}

void UplinkEngine::TickSpool(SpoolTime now) {
  spool_.Apply(now, SpoolTick{});
  Run(now, UplinkGaps{spool_.TakeNewGaps()});
}

void UplinkEngine::Drain(SpoolTime now, int64_t deadline_mono_ms) {
  drained_.reset();
  TickSpool(now);  // what the disk refused until now gets one more chance
  Run(now, UplinkDrain{deadline_mono_ms});
}

void UplinkEngine::Observed(SpoolTime now, uint64_t fingerprint) {
  spool_.Apply(now, SpoolObserved{fingerprint});
}

void UplinkEngine::Close(SpoolTime now) { spool_.Apply(now, SpoolClose{}); }

int64_t UplinkEngine::next_wake_mono_ms() const {
  return std::min(tick_mono_ms_, core_.next_wake_mono_ms());
}

void UplinkEngine::Run(SpoolTime now, UplinkInput input) {
  UplinkActions todo = core_.Step(now, std::move(input));
  while (!todo.empty()) {
    UplinkAction action = std::move(todo.front());
    todo.pop_front();
    UplinkActions more;
    Do(now, action, more);
    std::vector<v1::Gap> gaps = spool_.TakeNewGaps();
    if (!gaps.empty()) {
      for (UplinkAction& next : core_.Step(now, UplinkGaps{std::move(gaps)})) {
        more.push_back(std::move(next));
      }
    }
    std::move(more.begin(), more.end(), std::back_inserter(todo));
  }
}

void UplinkEngine::Do(SpoolTime now, UplinkAction& action, UplinkActions& more) {
  using Act = UplinkAction::Kind;
  switch (action.kind) {
    case Act::kOpen:
      return link_.Open(action.attempt);
    case Act::kClose:
      return link_.Close(action.attempt);
    case Act::kSend:
      return link_.Send(action.attempt, std::move(action.request));
    case Act::kSendEnvelope:
      return SendEnvelope(now, action, more);
    case Act::kAcknowledged:
      return spool_.Apply(now, SpoolAcknowledged{action.sequence});
    case Act::kRejected:
      // Without the sequence, so that repeats fold; dead/ has the files by sequence.
      Log(LogLevel::kError, "summary_rejected", {{"reason", action.text}, {"kept_in", "dead/"}});
      return spool_.Apply(now, SpoolRejected{action.sequence});
    case Act::kNotStored:
      return spool_.Apply(now, SpoolNotStored{action.sequence});
    case Act::kTakeNewId:
      return spool_.Apply(now, SpoolTakeNewId{action.sequence});
    case Act::kSettled:
      return spool_.Apply(now, SpoolSettled{action.spool});
    case Act::kDeploymentKey:
      return spool_.Apply(now, SpoolDeploymentKey{action.key_id, action.key});
    case Act::kContinue:
      more = core_.Step(now, UplinkContinue{});
      return;
    case Act::kDrained:
      drained_ = action.drained;
      return;
    case Act::kNote:
      Log(LogLevel::kWarn, "uplink", {{"note", action.text}});
      return;
  }
}

void UplinkEngine::SendEnvelope(SpoolTime now, const UplinkAction& action, UplinkActions& more) {
  absl::StatusOr<v1::Envelope> envelope = spool_.Read(now, action.sequence);
  if (!envelope.ok()) {
    Log(LogLevel::kError, "spool_file_unreadable",
        {{"sequence", std::to_string(action.sequence)},
         {"reason", std::string(envelope.status().message())}});
    // Its gap first, or the core would take everything for settled once it is out of flight.
    std::vector<v1::Gap> gaps = spool_.TakeNewGaps();
    if (!gaps.empty()) more = core_.Step(now, UplinkGaps{std::move(gaps)});
    const UplinkUnreadable unreadable{action.sequence, absl::IsUnavailable(envelope.status())};
    for (UplinkAction& next : core_.Step(now, unreadable)) more.push_back(std::move(next));
    return;
  }
  v1::PublishRequest request;
  *request.mutable_envelope() = *std::move(envelope);
  link_.Send(action.attempt, std::move(request));
}

}  // namespace teiten
