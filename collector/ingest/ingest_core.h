// SPDX-License-Identifier: Apache-2.0
// Who is speaking, what goes to the store, what may be acknowledged: without I/O. Streams are
// numbers; `Step` takes what happened and returns what to do.
//
// Everything of all streams goes through one ordered queue to the writer, one group at a time, so
// a greeting is answered from a ledger that holds all that was accepted before it, and groups grow
// by themselves when the store is slow. An acknowledgement goes out only from the result of a
// commit. If a commit fails, every stream is ended with UNAVAILABLE and the reason: sensors keep
// what they have and try again after their backoff. Until a pause is over, which doubles with each
// failure, no Hello is taken; after it sensors' own attempts find out whether the store is well.
//
// A sensor has one stream, the newest. Bytes queued are bounded per stream and in all: a stream
// at its bound is simply not read on.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "collector/ingest/judge.h"
#include "collector/ingest/write_group.h"
#include "common/range_set.h"
#include "teiten/v1/ingest.pb.h"

namespace teiten {

struct IngestLimits {
  uint64_t stream_bytes = 16ULL << 20;  // also the credit a sensor is given
  uint64_t total_bytes = 96ULL << 20;
  std::size_t group_items = 256;
  uint64_t group_bytes = 16ULL << 20;
  std::size_t streams = 4096;
  int64_t hello_timeout_ms = 10'000;
  int64_t first_pause_ms = 1'000;  // after the store failed; doubles
  int64_t most_pause_ms = 30'000;
};

// ---- Inputs

struct StreamOpened {
  uint64_t stream = 0;
};
struct HelloReceived {
  uint64_t stream = 0;
  v1::Hello hello;
};
struct EnvelopeReceived {
  uint64_t stream = 0;
  uint64_t size_bytes = 0;
  Judgement judgement;
};
struct GapsReceived {
  uint64_t stream = 0;
  uint64_t size_bytes = 0;
  v1::GapDeclaration gaps;
};
struct StreamClosed {
  uint64_t stream = 0;
};  // gone, whoever ended it
struct GroupWritten {
  GroupResult result;
};                      // of the last kWrite
struct IngestTimer {};  // every second or so
struct IngestStop {};   // ends all streams, takes no new ones

using IngestInput = std::variant<StreamOpened, HelloReceived, EnvelopeReceived, GapsReceived,
                                 StreamClosed, GroupWritten, IngestTimer, IngestStop>;

// ---- Actions

struct IngestAction {
  enum class Kind {
    kReply,     // stream, reply
    kFinish,    // stream, status: end it; StreamClosed may follow and is ignored
    kReadMore,  // stream: take its next message
    kWrite,     // group; one at a time, answered by GroupWritten
    kNote,      // text, for the log
  };
  Kind kind = Kind::kNote;
  uint64_t stream = 0;
  v1::PublishReply reply;
  std::string sensor;  // of a reply that rejects, with its spool
  Spool spool{};
  absl::Status status;
  WriteGroup group;
  std::string text;
};
using IngestActions = std::vector<IngestAction>;

struct IngestCounters {
  uint64_t streams_opened = 0;
  uint64_t streams_refused = 0;    // a Hello or a message that cannot be
  uint64_t streams_displaced = 0;  // by a newer one of the same sensor
  uint64_t stored = 0;
  uint64_t duplicates = 0;
  uint64_t conflicts = 0;
  uint64_t rejected = 0;
  uint64_t gaps = 0;        // ranges booked
  uint64_t new_spools = 0;  // rolled-back sensors told to take a new spool
  uint64_t store_failures = 0;
  uint64_t streams_put_off = 0;  // told to wait for the store
  uint64_t queued_bytes = 0;     // now
  uint64_t groups = 0;
};

class IngestCore {
 public:
  explicit IngestCore(IngestLimits limits, std::string software)
      : limits_(limits), software_(std::move(software)) {}

  [[nodiscard]] IngestActions Step(int64_t now_unix_ms, IngestInput input);

  [[nodiscard]] const IngestCounters& counters() const { return counters_; }
  // Sensors with a stream that was greeted.
  [[nodiscard]] std::vector<std::string> Connected() const;
  [[nodiscard]] bool idle() const { return queue_.empty() && writing_.empty(); }

 private:
  struct Stream {
    int64_t opened_unix_ms = 0;
    bool hello = false;
    bool greeted = false;
    bool waiting_to_read = false;  // a message was taken and no other asked for
    std::string sensor;
    Spool spool{};
    std::string machine_sha256;
    uint64_t next_sequence = 0;  // of its Hello
    RangeSet held;               // of its Hello
    RangeSet settled;            // in the ledger, and what was settled since
    RangeSet pending;            // facts in the queue
    RangeSet acknowledged;       // see proto, Acknowledgement
    uint64_t queued_bytes = 0;
  };
  // What an item of the queue is about, kept while the writer has it.
  struct Ticket {
    Ticket(uint64_t of_stream, uint64_t size_bytes) : stream(of_stream), bytes(size_bytes) {}
    uint64_t stream;
    uint64_t bytes;
    uint64_t sequence = 0;
    std::vector<RangeSet::Range> declared;  // of gaps
    v1::Rejection::Reason reason = v1::Rejection::REASON_UNSPECIFIED;
    std::string detail;
  };
  struct Queued {
    Ticket ticket;
    WriteItem item;
  };

  void On(const StreamOpened& in);
  void On(const HelloReceived& in);
  void On(EnvelopeReceived& in);
  void On(const GapsReceived& in);
  void On(const StreamClosed& in);
  void On(GroupWritten& in);
  void On(const IngestTimer& in);
  void On(const IngestStop& in);

  [[nodiscard]] Stream* Greeted(uint64_t stream);
  void Enqueue(Ticket ticket, WriteItem item);
  void WriteIfIdle();
  void ReadOn();
  void Finish(uint64_t stream, absl::Status status);
  void FailAll(const absl::Status& status);
  void PauseFor(const std::string& why);
  [[nodiscard]] bool Paused() const;
  void Reject(uint64_t stream, uint64_t sequence, v1::Rejection::Reason reason,
              const std::string& detail);
  void Answer(uint64_t number, const Greeting& greeting);
  void Settle(const Ticket& ticket, const WriteResult& result);
  void Acknowledge(uint64_t number, const RangeSet& fresh);
  IngestAction& Emit(IngestAction::Kind kind, uint64_t stream);
  void Note(std::string text) { Emit(IngestAction::Kind::kNote, 0).text = std::move(text); }

  const IngestLimits limits_;
  const std::string software_;
  int64_t now_unix_ms_ = 0;
  bool stopped_ = false;
  IngestActions actions_;
  IngestCounters counters_;
  std::map<uint64_t, Stream> streams_;
  std::map<std::string, uint64_t> stream_of_;  // sensor → its stream
  std::deque<Queued> queue_;
  std::vector<Ticket> writing_;         // of the group the writer has
  std::map<uint64_t, RangeSet> fresh_;  // acknowledged by the group being settled
  uint64_t read_turn_ = 0;              // stream that reads next, so that all get a turn
  int64_t pause_ms_ = 0;                // 0: the store is well
  int64_t paused_unix_ms_ = 0;          // when the pause began
  std::string pause_reason_;
};

// A Hello that can be answered; errors name the field.
[[nodiscard]] absl::Status ValidateHello(const v1::Hello& hello);

}  // namespace teiten
