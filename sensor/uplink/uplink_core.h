// SPDX-License-Identifier: Apache-2.0
// The conversation with the collector, without I/O: connect, greet, send what is not acknowledged,
// declare what is lost, and begin again whenever the line breaks.
//
//   kIdle ─Start→ kConnecting ─up→ kGreeting ─answer→ kStreaming ⇄ kDraining ─all settled→ kIdle
//                      ↑               │                  │
//                      └── kBackingOff ←── lost, refused or silent
//
// One stream is about one spool. If the spool took a new id, the retired one goes first, until
// nothing of it is open. The newest window is sent first and every new one as it comes; between
// them the backlog in order of sequence. Bytes in flight stay within the collector's credit.
//
// An acknowledgement counts only for what was sent on this very stream, because another content
// may be stored under the same identity (a rolled-back machine), and only the answer to our own
// bytes tells. What was acknowledged once but is missing from the collector's list is sent again.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "common/range_set.h"
#include "sensor/uplink/spool_core.h"
#include "teiten/v1/ingest.pb.h"

namespace teiten {

enum class UplinkState { kIdle, kConnecting, kGreeting, kStreaming, kDraining, kBackingOff };
[[nodiscard]] std::string_view UplinkStateName(UplinkState state);

struct UplinkOptions {
  v1::Hello hello;  // all that does not change; spool, sequences and clock are filled in
  int64_t greeting_timeout_ms = 20'000;  // for the connection, and again for the answer
  int64_t silence_timeout_ms = 300'000;  // something was sent so long ago and is not answered
  int64_t first_backoff_ms = 1'000;      // doubles; full jitter (a random part of it)
  int64_t most_backoff_ms = 60'000;
};

// ---- Inputs

struct UplinkStart {};
struct LinkUp {
  uint64_t attempt = 0;
};
struct LinkReply {
  uint64_t attempt = 0;
  v1::PublishReply reply;
};
struct LinkLost {
  uint64_t attempt = 0;
  bool refused = false;  // the collector said no and will say so again
  std::string reason;
};
struct UplinkContinue {};  // what kContinue waited for is done
struct UplinkSpooled {
  uint64_t sequence = 0;
};
struct UplinkGaps {
  std::vector<v1::Gap> gaps;
};  // that were not there before
struct UplinkUnreadable {
  uint64_t sequence = 0;
  bool passing = false;  // may be readable later; else it is gone from the spool
};                       // kSendEnvelope could not be done
struct UplinkTimer {};
struct UplinkDrain {
  int64_t deadline_mono_ms = 0;
};

using UplinkInput =
    std::variant<UplinkStart, LinkUp, LinkReply, LinkLost, UplinkContinue, UplinkSpooled,
                 UplinkGaps, UplinkUnreadable, UplinkTimer, UplinkDrain>;

// ---- Actions, in order

struct UplinkAction {
  enum class Kind {
    kOpen,           // attempt; answered by LinkUp or LinkLost of that attempt
    kClose,          // attempt
    kSend,           // attempt, request: Hello or gaps
    kSendEnvelope,   // attempt, sequence
    kAcknowledged,   // sequence
    kRejected,       // sequence, text
    kNotStored,      // sequence
    kTakeNewId,      // sequence: the collector's highest
    kSettled,        // spool
    kDeploymentKey,  // key_id, key
    kContinue,       // answer with UplinkContinue when all before is done
    kDrained,        // drained: everything is settled; else the deadline passed
    kNote,           // text, for the log
  };
  Kind kind = Kind::kNote;
  uint64_t attempt = 0;
  uint64_t sequence = 0;
  uint64_t key_id = 0;
  Key128 key{};
  Spool spool{};
  bool drained = false;
  std::string text;
  v1::PublishRequest request;
};
using UplinkActions = std::deque<UplinkAction>;

struct UplinkCounters {
  uint64_t connections = 0;
  uint64_t sent = 0;  // envelopes
  uint64_t acknowledged = 0;
  uint64_t rejected = 0;
  uint64_t gaps_declared = 0;  // ranges
  uint64_t refused = 0;        // streams the collector ended with a lasting error
  uint64_t silent = 0;         // streams given up for want of an answer
};

class UplinkCore {
 public:
  // The spool must outlive the uplink; it is only looked at. `random` draws the jitter.
  UplinkCore(UplinkOptions options, const SpoolCore& spool, std::function<uint64_t()> random);

  [[nodiscard]] UplinkActions Step(SpoolTime now, UplinkInput input);

  // When UplinkTimer is due at the latest; INT64_MAX: nothing is waited for.
  [[nodiscard]] int64_t next_wake_mono_ms() const;
  [[nodiscard]] UplinkState state() const { return state_; }
  [[nodiscard]] const UplinkCounters& counters() const { return counters_; }
  [[nodiscard]] uint64_t in_flight_bytes() const { return in_flight_bytes_; }
  // Why the last stream ended; empty once the collector has acknowledged something again.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] int64_t clock_skew_ms() const { return clock_skew_ms_; }  // ours minus theirs

 private:
  void On(const UplinkStart& in);
  void On(const LinkUp& in);
  void On(const LinkReply& in);
  void On(const LinkLost& in);
  void On(const UplinkContinue& in);
  void On(const UplinkSpooled& in);
  void On(const UplinkGaps& in);
  void On(const UplinkUnreadable& in);
  void On(const UplinkTimer& in);
  void On(const UplinkDrain& in);

  void Connect();
  void BackOff(bool refused, const std::string& reason);
  void OnHello(const v1::HelloReply& reply);
  void OnAcknowledgement(const v1::Acknowledgement& in);
  void OnRejection(const v1::Rejection& in);
  void BeginStreaming();
  void Pump();
  void SendGaps();
  [[nodiscard]] uint64_t NextToSend();
  void PutBack(uint64_t sequence);
  [[nodiscard]] bool Sendable(uint64_t sequence) const;
  void Settle(uint64_t sequence);
  [[nodiscard]] int64_t OldestWaitMonoMs() const;
  [[nodiscard]] Spool NextSpool() const;
  void FinishIfSettled();
  [[nodiscard]] bool streaming() const {
    return state_ == UplinkState::kStreaming || state_ == UplinkState::kDraining;
  }
  UplinkAction& Emit(UplinkAction::Kind kind);
  void Note(std::string text) { Emit(UplinkAction::Kind::kNote).text = std::move(text); }

  const UplinkOptions options_;
  const SpoolCore& spool_;
  const std::function<uint64_t()> random_;
  SpoolTime now_;
  UplinkActions actions_;  // of this Step
  UplinkCounters counters_;

  UplinkState state_ = UplinkState::kIdle;
  uint64_t attempt_ = 0;
  uint64_t failures_ = 0;  // in a row
  std::string problem_;
  int64_t wake_mono_ms_ = 0;         // end of connecting, greeting or backing off
  int64_t declared_mono_ms_ = 0;     // since when gaps wait for their acknowledgement
  int64_t drain_until_mono_ms_ = 0;  // 0: not draining
  int64_t clock_skew_ms_ = 0;

  std::set<Spool> checked_;  // retired spools found settled since the line was lost

  // Of the present stream.
  Spool stream_spool_{};
  RangeSet stored_;  // as the collector greeted us: stored, rejected or a gap
  RangeSet lost_;    // of these, the latter two
  uint64_t credit_bytes_ = 0;
  struct InFlight {
    uint64_t bytes = 0;
    int64_t sent_mono_ms = 0;
  };
  std::map<uint64_t, InFlight> in_flight_;  // by sequence
  uint64_t in_flight_bytes_ = 0;
  std::deque<uint64_t> live_;  // sent before the backlog
  bool taken_live_ = false;    // the last NextToSend was a live window
  uint64_t backlog_cursor_ = 0;
  std::deque<v1::Gap> to_declare_;
  RangeSet declared_;  // and not yet acknowledged
};

}  // namespace teiten
