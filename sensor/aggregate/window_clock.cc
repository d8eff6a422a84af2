// SPDX-License-Identifier: Apache-2.0
#include "sensor/aggregate/window_clock.h"

#include <algorithm>
#include <cstdlib>

namespace teiten {

using definitions::kJumpPackets;
using definitions::kJumpSeconds;
using definitions::kJumpToleranceSeconds;
using definitions::kStepPackets;
using definitions::kStepSeconds;
using definitions::kStepWindows;

bool WindowClock::BelieveByNext(int64_t t_ns, std::span<const int64_t> next_ns) {
  return std::none_of(next_ns.begin(), next_ns.end(),
                      [&](int64_t next) { return t_ns - next > kJumpSeconds * kNsPerSecond; });
}

bool WindowClock::BelieveByMonotonic(int64_t t_ns, int64_t monotonic_moved_ns) {
  const int64_t difference_ns = (t_ns - last_ns_) - monotonic_moved_ns;
  ++far_ahead_in_a_row_;
  const bool believed = std::abs(difference_ns) <= kJumpToleranceSeconds * kNsPerSecond ||
                        far_ahead_in_a_row_ >= kJumpPackets;
  if (believed) far_ahead_in_a_row_ = 0;
  return believed;
}

WindowClock::Place WindowClock::Judge(int64_t t_ns, bool from_file, int64_t monotonic_ns) {
  far_ahead_in_a_row_ = 0;
  const bool far_behind = start_ns_ - t_ns > kStepWindows * window_ns_;
  if (!far_behind) {
    stepped_packets_ = 0;
    SetQuick();
    if (t_ns < start_ns_) return Place::kLate;
    return t_ns < end_ns_ ? Place::kInside : Place::kAhead;
  }
  if (stepped_packets_++ == 0) stepped_since_ns_ = monotonic_ns;
  SetQuick();
  const bool stays = from_file ? stepped_packets_ >= kStepPackets
                               : monotonic_ns - stepped_since_ns_ >= kStepSeconds * kNsPerSecond;
  return stays ? Place::kStepped : Place::kLate;
}

int64_t WindowClock::FloorToWindow(int64_t t_ns) const {
  int64_t floor = t_ns / window_ns_ * window_ns_;
  if (floor > t_ns) floor -= window_ns_;  // before 1970
  return floor;
}

void WindowClock::OpenAt(int64_t t_ns) {
  is_open_ = true;
  start_ns_ = FloorToWindow(t_ns);
  end_ns_ = start_ns_ + window_ns_;
  stepped_packets_ = 0;
  SetQuick();
}

void WindowClock::ExtendPast(int64_t t_ns) { end_ns_ = FloorToWindow(t_ns) + window_ns_; }

}  // namespace teiten
