// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/ingest_core.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint64_t kItemBytes = 256;  // what a small item costs beside its content
constexpr int kMostGapsOfMessage = 4096;
constexpr uint64_t kMostSequence = 1ULL << 62;

}  // namespace

IngestActions IngestCore::Step(int64_t now_unix_ms, IngestInput input) {
  now_unix_ms_ = now_unix_ms;
  std::visit([this](auto& in) { On(in); }, input);
  WriteIfIdle();
  ReadOn();
  return std::exchange(actions_, {});
}

IngestAction& IngestCore::Emit(IngestAction::Kind kind, uint64_t stream) {
  IngestAction& action = actions_.emplace_back();
  action.kind = kind;
  action.stream = stream;
  return action;
}

std::vector<std::string> IngestCore::Connected() const {
  std::vector<std::string> out;
  for (const auto& [sensor, stream] : stream_of_) {
    if (streams_.at(stream).greeted) out.push_back(sensor);
  }
  return out;
}

// ---- Streams come and go

void IngestCore::On(const StreamOpened& in) {
  ++counters_.streams_opened;
  Stream& stream = streams_[in.stream];
  stream.opened_unix_ms = now_unix_ms_;
  if (stopped_) return Finish(in.stream, absl::UnavailableError("the collector is stopping"));
  if (streams_.size() > limits_.streams) {
    ++counters_.streams_refused;
    return Finish(in.stream, absl::ResourceExhaustedError("too many streams"));
  }
  stream.waiting_to_read = true;
}

void IngestCore::On(const StreamClosed& in) {
  const auto it = streams_.find(in.stream);
  if (it == streams_.end()) return;
  // What it still has in the queue is written all the same; nobody is told.
  const auto owner = stream_of_.find(it->second.sensor);
  if (owner != stream_of_.end() && owner->second == in.stream) stream_of_.erase(owner);
  streams_.erase(it);
}

void IngestCore::Finish(uint64_t stream, absl::Status status) {
  Emit(IngestAction::Kind::kFinish, stream).status = std::move(status);
  On(StreamClosed{stream});
}

void IngestCore::On(const IngestTimer&) {
  std::vector<uint64_t> silent;
  for (const auto& [number, stream] : streams_) {
    if (!stream.hello && now_unix_ms_ - stream.opened_unix_ms > limits_.hello_timeout_ms) {
      silent.push_back(number);
    }
  }
  for (const uint64_t stream : silent) {
    ++counters_.streams_refused;
    Finish(stream, absl::DeadlineExceededError("no Hello"));
  }
}

void IngestCore::On(const IngestStop&) {
  stopped_ = true;
  FailAll(absl::UnavailableError("the collector is stopping"));
}

void IngestCore::FailAll(const absl::Status& status) {
  std::vector<uint64_t> all;
  for (const auto& [number, stream] : streams_) all.push_back(number);
  for (const uint64_t stream : all) Finish(stream, status);
}

void IngestCore::On(const HelloReceived& in) {
  const auto it = streams_.find(in.stream);
  if (it == streams_.end()) return;
  absl::Status valid =
      it->second.hello ? absl::FailedPreconditionError("a second Hello") : ValidateHello(in.hello);
  if (!valid.ok()) {
    ++counters_.streams_refused;
    return Finish(in.stream, std::move(valid));
  }
  if (Paused()) {
    ++counters_.streams_put_off;
    return Finish(in.stream, absl::UnavailableError(pause_reason_));
  }
  const auto older = stream_of_.find(in.hello.sensor());
  if (older != stream_of_.end()) {
    ++counters_.streams_displaced;
    const std::string& machine = streams_.at(older->second).machine_sha256;
    if (machine != in.hello.machine_sha256()) {
      Note(fmt::format("sensor {} speaks from two machines at once", in.hello.sensor()));
    }
    Finish(older->second,
           absl::AlreadyExistsError("a newer stream of this sensor id took its place"));
  }
  Stream& stream = it->second;
  stream.hello = true;
  stream.sensor = in.hello.sensor();
  std::copy(in.hello.spool().begin(), in.hello.spool().end(), stream.spool.begin());
  stream.machine_sha256 = in.hello.machine_sha256();
  stream.next_sequence = in.hello.next_sequence();
  for (const v1::SequenceRange& range : in.hello.held()) {
    stream.held.Add(range.first(), range.last());
  }
  stream_of_[stream.sensor] = in.stream;
  GreetItem greet;
  greet.contact.sensor = stream.sensor;
  greet.contact.spool = stream.spool;
  greet.contact.group = !in.hello.group().empty() ? in.hello.group()
                        : in.hello.imports()      ? "replay"
                                                  : "live";
  greet.contact.software = in.hello.software();
  greet.contact.definitions_version = in.hello.definitions_version();
  greet.contact.machine_sha256 = in.hello.machine_sha256();
  greet.contact.boot_id = in.hello.boot_id();
  greet.contact.contact_unix_ms = now_unix_ms_;
  greet.contact.clock_skew_ms = in.hello.clock_unix_ms() - now_unix_ms_;
  Enqueue(Ticket(in.stream, in.hello.ByteSizeLong()), std::move(greet));
}

// ---- Messages into the queue

IngestCore::Stream* IngestCore::Greeted(uint64_t stream) {
  const auto it = streams_.find(stream);
  if (it == streams_.end()) return nullptr;
  if (it->second.greeted) return &it->second;
  ++counters_.streams_refused;
  Finish(stream, absl::FailedPreconditionError("a message before the Hello was answered"));
  return nullptr;
}

void IngestCore::On(EnvelopeReceived& in) {
  Stream* const stream = Greeted(in.stream);
  if (stream == nullptr) return;
  Judgement& judged = in.judgement;
  if (judged.fact && judged.fact->key.sensor != stream->sensor) {
    judged.reason = v1::Rejection::REASON_WRONG_SENSOR;
    judged.detail = "identity.sensor: not the sensor of this stream";
    judged.fact.reset();
  } else if (judged.fact && judged.fact->key.spool != stream->spool) {
    judged.reason = v1::Rejection::REASON_MALFORMED;
    judged.detail = "identity.spool: not the spool of this stream";
    judged.fact.reset();
  }
  Ticket ticket(in.stream, in.size_bytes);
  ticket.sequence = judged.sequence;
  if (judged.fact) {
    stream->pending.Add(judged.sequence);
    return Enqueue(std::move(ticket), *std::move(judged.fact));
  }
  ++counters_.rejected;
  ticket.reason = judged.reason;
  ticket.detail = judged.detail;
  if (judged.sequence == 0 || judged.sequence >= kMostSequence) {
    stream->waiting_to_read = true;
    return Reject(in.stream, judged.sequence, judged.reason, judged.detail);
  }
  // On record before the sensor puts it aside, under the identity that this stream speaks for.
  Enqueue(std::move(ticket),
          RejectionItem{
              {stream->sensor, stream->spool, judged.sequence}, judged.reason, judged.detail});
}

void IngestCore::On(const GapsReceived& in) {
  Stream* const stream = Greeted(in.stream);
  if (stream == nullptr) return;
  if (in.gaps.gaps_size() > kMostGapsOfMessage) {
    ++counters_.streams_refused;
    return Finish(in.stream, absl::InvalidArgumentError("gaps: too many in one message"));
  }
  Ticket ticket(in.stream, in.size_bytes);
  GapsItem item{stream->sensor, stream->spool, {}};
  for (const v1::Gap& gap : in.gaps.gaps()) {
    const v1::SequenceRange& range = gap.sequences();
    if (range.first() == 0 || range.first() > range.last() || range.last() >= kMostSequence) {
      ++counters_.streams_refused;
      return Finish(in.stream, absl::InvalidArgumentError("gaps: not a range of sequences"));
    }
    // What is stored, or about to be, is no gap, whatever the sensor thinks.
    RangeSet open;
    open.Add(range.first(), range.last());
    open.RemoveAll(stream->settled);
    open.RemoveAll(stream->pending);
    for (const RangeSet::Range& piece : open.ToVector()) {
      v1::Gap& part = item.gaps.emplace_back(gap);
      part.mutable_sequences()->set_first(piece.first);
      part.mutable_sequences()->set_last(piece.last);
    }
    ticket.declared.push_back({range.first(), range.last()});
  }
  // Even without an open piece it keeps its place behind what is pending, so that its
  // acknowledgement cannot come before theirs is durable.
  Enqueue(std::move(ticket), std::move(item));
}

void IngestCore::Enqueue(Ticket ticket, WriteItem item) {
  ticket.bytes += kItemBytes;
  Stream& stream = streams_.at(ticket.stream);
  stream.queued_bytes += ticket.bytes;
  stream.waiting_to_read = true;
  counters_.queued_bytes += ticket.bytes;
  queue_.push_back({std::move(ticket), std::move(item)});
}

// One message is asked for at a time, so a stream exceeds its bound by less than one message.
void IngestCore::ReadOn() {
  if (streams_.empty()) return;
  auto it = streams_.upper_bound(read_turn_);
  for (std::size_t i = 0; i < streams_.size(); ++i, ++it) {
    if (it == streams_.end()) it = streams_.begin();
    Stream& stream = it->second;
    if (!stream.waiting_to_read || stream.queued_bytes >= limits_.stream_bytes) continue;
    if (counters_.queued_bytes >= limits_.total_bytes) return;
    stream.waiting_to_read = false;
    read_turn_ = it->first;
    Emit(IngestAction::Kind::kReadMore, it->first);
  }
}

void IngestCore::WriteIfIdle() {
  if (!writing_.empty() || queue_.empty()) return;
  WriteGroup group;
  uint64_t bytes = 0;
  while (!queue_.empty() && group.size() < limits_.group_items &&
         (group.empty() || bytes + queue_.front().ticket.bytes <= limits_.group_bytes)) {
    Queued next = std::move(queue_.front());
    queue_.pop_front();
    bytes += next.ticket.bytes;
    group.push_back(std::move(next.item));
    writing_.push_back(std::move(next.ticket));
  }
  ++counters_.groups;
  Emit(IngestAction::Kind::kWrite, 0).group = std::move(group);
}

}  // namespace teiten
