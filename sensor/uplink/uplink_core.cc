// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/uplink_core.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint32_t kProtocol = 1;
constexpr uint64_t kHighestBelievable = 1ULL << 62;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

std::string_view UplinkStateName(UplinkState state) {
  switch (state) {
    case UplinkState::kIdle:
      return "idle";
    case UplinkState::kConnecting:
      return "connecting";
    case UplinkState::kGreeting:
      return "greeting";
    case UplinkState::kStreaming:
      return "streaming";
    case UplinkState::kDraining:
      return "draining";
    case UplinkState::kBackingOff:
      return "backing_off";
  }
  return "";
}

UplinkCore::UplinkCore(UplinkOptions options, const SpoolCore& spool,
                       std::function<uint64_t()> random)
    : options_(std::move(options)), spool_(spool), random_(std::move(random)) {}

UplinkActions UplinkCore::Step(SpoolTime now, UplinkInput input) {
  now_ = now;
  std::visit([this](const auto& in) { On(in); }, input);
  return std::exchange(actions_, {});
}

UplinkAction& UplinkCore::Emit(UplinkAction::Kind kind) {
  UplinkAction& action = actions_.emplace_back();
  action.kind = kind;
  action.attempt = attempt_;
  return action;
}

int64_t UplinkCore::next_wake_mono_ms() const {
  int64_t wake = drain_until_mono_ms_ > 0 ? drain_until_mono_ms_ : kNever;
  switch (state_) {
    case UplinkState::kIdle:
      break;
    case UplinkState::kConnecting:
    case UplinkState::kGreeting:
    case UplinkState::kBackingOff:
      wake = std::min(wake, wake_mono_ms_);
      break;
    case UplinkState::kStreaming:
    case UplinkState::kDraining:
      if (OldestWaitMonoMs() != kNever) {
        wake = std::min(wake, OldestWaitMonoMs() + options_.silence_timeout_ms);
      }
      break;
  }
  return wake;
}

// Since when the first of what was sent waits for its answer.
int64_t UplinkCore::OldestWaitMonoMs() const {
  int64_t oldest = declared_.empty() ? kNever : declared_mono_ms_;
  for (const auto& [sequence, sent] : in_flight_) oldest = std::min(oldest, sent.sent_mono_ms);
  return oldest;
}

// ---- To the line and back

void UplinkCore::On(const UplinkStart&) {
  if (state_ == UplinkState::kIdle) Connect();
}

void UplinkCore::Connect() {
  ++attempt_;
  ++counters_.connections;
  state_ = UplinkState::kConnecting;
  wake_mono_ms_ = now_.mono_ms + options_.greeting_timeout_ms;
  in_flight_.clear();
  in_flight_bytes_ = 0;
  live_.clear();
  to_declare_.clear();
  declared_ = {};
  Emit(UplinkAction::Kind::kOpen);
}

// Full jitter: a random part of a doubling delay, so that many sensors that lost one collector
// do not come back together. Never at once, so that a refusing collector is not hammered.
void UplinkCore::BackOff(bool refused, const std::string& reason) {
  constexpr uint64_t kMostDoublings = 16;
  const int64_t grown = options_.first_backoff_ms << std::min(failures_, kMostDoublings);
  const int64_t most =
      refused ? options_.most_backoff_ms : std::min(options_.most_backoff_ms, grown);
  const auto jitter = static_cast<int64_t>(random_() % static_cast<uint64_t>(most + 1));
  const int64_t delay_ms = std::max(options_.first_backoff_ms / 10, jitter);
  ++failures_;
  checked_.clear();  // who comes back may have been restored from a backup
  problem_ = reason;
  state_ = UplinkState::kBackingOff;
  wake_mono_ms_ = now_.mono_ms + delay_ms;
  in_flight_.clear();
  in_flight_bytes_ = 0;
  Note(fmt::format("{}; next attempt in {} ms", reason, delay_ms));
}

void UplinkCore::On(const LinkLost& in) {
  if (in.attempt != attempt_ || state_ == UplinkState::kIdle ||
      state_ == UplinkState::kBackingOff) {
    return;
  }
  if (in.refused) ++counters_.refused;
  BackOff(in.refused, in.reason);
}

void UplinkCore::On(const UplinkTimer&) {
  if (drain_until_mono_ms_ > 0 && now_.mono_ms >= drain_until_mono_ms_) {
    drain_until_mono_ms_ = 0;
    if (state_ == UplinkState::kDraining) state_ = UplinkState::kStreaming;
    Emit(UplinkAction::Kind::kDrained).drained = false;
  }
  if (now_.mono_ms < next_wake_mono_ms()) return;
  if (state_ == UplinkState::kBackingOff) return Connect();
  if (state_ == UplinkState::kIdle) return;
  ++counters_.silent;
  Emit(UplinkAction::Kind::kClose);
  BackOff(false, fmt::format("no answer while {}", UplinkStateName(state_)));
}

void UplinkCore::On(const UplinkDrain& in) {
  drain_until_mono_ms_ = std::max<int64_t>(1, in.deadline_mono_ms);
  if (state_ == UplinkState::kStreaming) state_ = UplinkState::kDraining;
  if (spool_.counters().waiting == 0 && to_declare_.empty() && declared_.empty()) {
    if (streaming()) return FinishIfSettled();
    if (spool_.unnumbered() != 0) return;
    drain_until_mono_ms_ = 0;
    Emit(UplinkAction::Kind::kDrained).drained = true;
  }
}

// ---- Greeting

void UplinkCore::On(const LinkUp& in) {
  if (in.attempt != attempt_ || state_ != UplinkState::kConnecting) return;
  state_ = UplinkState::kGreeting;
  wake_mono_ms_ = now_.mono_ms + options_.greeting_timeout_ms;
  stream_spool_ = NextSpool();
  v1::Hello& hello = *Emit(UplinkAction::Kind::kSend).request.mutable_hello();
  hello = options_.hello;
  hello.set_protocol(kProtocol);
  hello.set_sensor(spool_.options().sensor);
  hello.set_spool(std::string(stream_spool_.begin(), stream_spool_.end()));
  hello.set_clock_unix_ms(now_.unix_ms);
  hello.set_next_sequence(spool_.SequencesOf(stream_spool_).second);
  RangeSet held;
  for (const auto& [sequence, entry] : spool_.entries()) {
    if (entry.spool == stream_spool_ && !entry.acknowledged) held.Add(sequence);
  }
  for (const RangeSet::Range& range : held.ToVector()) {
    v1::SequenceRange& out = *hello.add_held();
    out.set_first(range.first);
    out.set_last(range.last);
  }
}

Spool UplinkCore::NextSpool() const {
  for (const RetiredSpool& old : spool_.identity().retired) {
    if (!checked_.contains(old.spool)) return old.spool;
  }
  return spool_.identity().spool;
}

void UplinkCore::On(const LinkReply& in) {
  if (in.attempt != attempt_) return;
  switch (in.reply.reply_case()) {
    case v1::PublishReply::kHello:
      if (state_ == UplinkState::kGreeting) OnHello(in.reply.hello());
      return;
    case v1::PublishReply::kAcknowledgement:
      if (streaming()) OnAcknowledgement(in.reply.acknowledgement());
      return;
    case v1::PublishReply::kRejection:
      if (streaming()) OnRejection(in.reply.rejection());
      return;
    case v1::PublishReply::REPLY_NOT_SET:
      return;
  }
}

void UplinkCore::OnHello(const v1::HelloReply& reply) {
  if (reply.protocol() != kProtocol || reply.highest_sequence() > kHighestBelievable) {
    ++counters_.refused;
    Emit(UplinkAction::Kind::kClose);
    return BackOff(true, fmt::format("the collector answers with protocol {}, highest sequence {}",
                                     reply.protocol(), reply.highest_sequence()));
  }
  clock_skew_ms_ = now_.unix_ms - reply.clock_unix_ms();
  credit_bytes_ = reply.credit_bytes();
  stored_ = {};
  for (const v1::SequenceRange& range : reply.stored()) stored_.Add(range.first(), range.last());
  lost_ = {};
  for (const v1::SequenceRange& range : reply.lost()) lost_.Add(range.first(), range.last());
  const v1::DeploymentKey& key = reply.deployment_key();
  if (key.key().size() == sizeof(Key128)) {
    UplinkAction& action = Emit(UplinkAction::Kind::kDeploymentKey);
    action.key_id = key.id();
    std::copy(key.key().begin(), key.key().end(), action.key.begin());
  }
  // A retired spool's numbers have ended; only the present one must give way.
  if (reply.new_spool_required() && stream_spool_ == spool_.identity().spool) {
    Emit(UplinkAction::Kind::kTakeNewId).sequence = reply.highest_sequence();
    Note("the collector knows more of this spool than we do: rolled back, taking a new spool id");
  }
  Emit(UplinkAction::Kind::kContinue);
}

void UplinkCore::On(const UplinkContinue&) {
  if (state_ == UplinkState::kGreeting) return BeginStreaming();
  if (streaming()) Pump();
}

// The spool has settled its id by now. What the collector lost is taken back first, then sent.
void UplinkCore::BeginStreaming() {
  state_ = drain_until_mono_ms_ > 0 ? UplinkState::kDraining : UplinkState::kStreaming;
  backlog_cursor_ = 0;
  uint64_t newest = 0;
  for (const auto& [sequence, entry] : spool_.entries()) {
    if (entry.spool != stream_spool_) continue;
    if (entry.acknowledged && (!stored_.Contains(sequence) || lost_.Contains(sequence))) {
      Emit(UplinkAction::Kind::kNotStored).sequence = sequence;
    } else if (entry.acknowledged) {
      continue;
    }
    newest = sequence;
  }
  live_.clear();
  if (newest != 0) live_.push_back(newest);
  const std::vector<v1::Gap> gaps = spool_.GapsOf(stream_spool_, stored_);
  to_declare_.assign(gaps.begin(), gaps.end());
  Emit(UplinkAction::Kind::kContinue);
}

}  // namespace teiten
