// SPDX-License-Identifier: Apache-2.0
// Which window a packet belongs to, by packet time alone (definitions: time). Windows are aligned,
// half-open; late packets are counted into the open window, clamped to its start; a packet far
// ahead is believed only with company; time that stays behind closes the window as clock_stepped.
//
// A core without I/O. The capture loop asks IsInside for every packet and Judge for the few that
// are not inside. `far ahead` is decided by the caller's evidence: the next packets of a file, the
// monotonic clock of a live host.
// Thread: the capture worker.
#pragma once

#include <cstdint>
#include <span>

#include "common/definitions.h"

namespace teiten {

class WindowClock {
 public:
  explicit WindowClock(int64_t window_ns) : window_ns_(window_ns) {}

  // The common case: inside the open window, no run of stepped packets pending.
  [[nodiscard]] bool IsInside(int64_t t_ns) const {
    return t_ns >= quick_from_ns_ && t_ns < end_ns_;
  }
  void Believe(int64_t t_ns) { last_ns_ = t_ns; }

  [[nodiscard]] bool is_open() const { return is_open_; }
  [[nodiscard]] int64_t start_ns() const { return start_ns_; }
  [[nodiscard]] int64_t end_ns() const { return start_ns_ + window_ns_; }  // nominal
  [[nodiscard]] int64_t open_end_ns() const { return end_ns_; }            // later if extended
  [[nodiscard]] int64_t last_ns() const { return last_ns_; }

  // Is this packet more than an hour after the last believed one?
  [[nodiscard]] bool IsFarAhead(int64_t t_ns) const {
    return is_open_ && t_ns - last_ns_ > definitions::kJumpSeconds * kNsPerSecond;
  }
  // Evidence from a file: times of the next packets, at most 16.
  [[nodiscard]] static bool BelieveByNext(int64_t t_ns, std::span<const int64_t> next_ns);
  // Evidence from a live host: how far the monotonic clock moved since the last believed packet.
  // Counts packets in a row: the 16th is believed.
  [[nodiscard]] bool BelieveByMonotonic(int64_t t_ns, int64_t monotonic_moved_ns);

  enum class Place : uint8_t {
    kInside,
    kLate,     // counted into the open window at its start
    kAhead,    // at or behind the window's end: windows close until it is inside
    kStepped,  // time has stepped back: the window closes, a new one opens at this packet
  };
  // `monotonic_ns` measures how long time stays behind; from a file it is not looked at.
  [[nodiscard]] Place Judge(int64_t t_ns, bool from_file, int64_t monotonic_ns);

  // Opens the window that holds t.
  void OpenAt(int64_t t_ns);
  // Live, when no empty table is there at the end: the open window stays, until the end of the
  // aligned window that holds t.
  void ExtendPast(int64_t t_ns);

 private:
  [[nodiscard]] int64_t FloorToWindow(int64_t t_ns) const;
  void SetQuick() { quick_from_ns_ = stepped_packets_ == 0 ? start_ns_ : INT64_MAX; }

  const int64_t window_ns_;
  bool is_open_ = false;
  int64_t start_ns_ = 0;
  int64_t end_ns_ = INT64_MIN;  // of what may be counted: beyond start + window if extended
  int64_t quick_from_ns_ = INT64_MAX;
  int64_t last_ns_ = 0;  // last believed packet
  int64_t stepped_packets_ = 0;
  int64_t stepped_since_ns_ = 0;  // monotonic
  int far_ahead_in_a_row_ = 0;
};

}  // namespace teiten
