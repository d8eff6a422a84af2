// SPDX-License-Identifier: Apache-2.0
// The hot path is CountPacket and FlushBurst, and what they call inline. Keep it on one screen; a
// change here is measured in pairs (tests/bench).
#include "sensor/capture/capture_worker.h"

#include <algorithm>
#include <utility>

namespace teiten {
namespace {

// Live windows stay open this long past their end, so that packets of a retired block still count.
constexpr int64_t kCloseGraceNs = 250 * kNsPerMs;
// A live loop that did not turn for longer was stopped: nobody watched.
constexpr int64_t kMostUnwatchedWindows = 2;

int64_t FloorMs(int64_t ns) { return ns >= 0 ? ns / kNsPerMs : -((-ns + kNsPerMs - 1) / kNsPerMs); }
int64_t CeilMs(int64_t ns) { return -FloorMs(-ns); }

uint32_t SecondOf(int64_t ns) {
  return static_cast<uint32_t>(std::clamp<int64_t>(ns / kNsPerSecond, 0, UINT32_MAX));
}

}  // namespace

void CaptureWorker::CountPacket(uint64_t offset_ns, const Frame& frame) {
  const auto offset_ms = static_cast<uint32_t>(std::min<uint64_t>(offset_ns / kNsPerMs, kMax24));
  WindowCounts& counts = window_->counts;
  if (frame.wire > setup_.largest_frame_bytes) [[unlikely]]
    ++counts.offload_merged;
  Fate fate = Decode(setup_.link, frame, packet_);
  if (fate == Fate::kNone) [[likely]] {
    const int64_t t_ns = clock_.start_ns() + static_cast<int64_t>(offset_ns);
    fate = classifier_.Judge(packet_, SecondOf(t_ns), counts);
  }
  ++counts.fates[static_cast<std::size_t>(fate)];
  if (fate != Fate::kObserved) return;
  FlowRow& row = burst_[burst_used_];
  classifier_.FillRow(packet_, offset_ms, row, counts);
  counts.observed_bytes += packet_.ip_length;
  hashes_[burst_used_] = window_->table.Hash(row);
  window_->table.PrefetchIndex(hashes_[burst_used_]);
  if (++burst_used_ == kBurst) FlushBurst();
}

void CaptureWorker::FlushBurst() {
  FlowTable& table = window_->table;
  for (uint32_t i = 0; i < burst_used_; ++i) table.PrefetchRow(hashes_[i]);
  for (uint32_t i = 0; i < burst_used_; ++i) table.Count(burst_[i], hashes_[i]);
  burst_used_ = 0;
}

CaptureWorker::CaptureWorker(CaptureSetup setup, WindowExchange* exchange,
                             const WindowInputsBox* inputs, const ServiceTable* services,
                             SolicitedTable* solicited)
    : setup_(std::move(setup)),
      exchange_(exchange),
      inputs_(inputs),
      solicited_(solicited),
      classifier_(services, solicited, setup_.window_ms),
      clock_(int64_t{setup_.window_ms} * kNsPerMs) {}

HashMultipliers CaptureWorker::NextTableKeys() {
  if (!setup_.table_key.has_value()) return DeriveMultipliers(PublishedKey(), "flow table");
  return DeriveMultipliers(*setup_.table_key, "flow table " + std::to_string(tables_keyed_++));
}

// The clock is open at the window that begins.
void CaptureWorker::OpenWindow(int64_t live_from_ns) {
  if (window_ == nullptr) window_ = exchange_->WaitEmpty();
  WindowInputs inputs = inputs_->Get();
  window_->table.SetKeys(NextTableKeys(), inputs.sketch_key);
  window_->times = WindowTimes{};
  window_->times.start_ms = clock_.start_ns() / kNsPerMs;
  window_->times.end_ms = clock_.end_ns() / kNsPerMs;
  window_->times.live_from_ms = FloorMs(live_from_ns);
  window_->counts = WindowCounts{};
  window_->bitmap_key_id = inputs.bitmap_key_id;
  window_->sketch_key_id = inputs.sketch_key_id;
  window_->view = std::move(inputs.view);
  live_ns_ = 0;
  deaf_ = false;
  classifier_.set_view(window_->view.get());
}

bool CaptureWorker::CloseWindow(int64_t live_to_ns, bool clock_stepped) {
  FlushBurst();
  WindowBuffer* next = nullptr;  // the last window needs none
  if (!finishing_) {
    next = setup_.from_file ? exchange_->WaitEmpty() : exchange_->TryTakeEmpty();
    if (next == nullptr) {
      ++starved_;
      return false;
    }
  }
  WindowTimes& times = window_->times;
  times.live_to_ms = std::max(CeilMs(live_to_ns), times.live_from_ms);
  times.live_ms = setup_.from_file ? static_cast<uint64_t>(times.live_to_ms - times.live_from_ms)
                                   : static_cast<uint64_t>(live_ns_ / kNsPerMs);
  times.extended = times.live_to_ms > times.end_ms;
  times.partial = times.live_from_ms > times.start_ms || times.live_to_ms < times.end_ms || deaf_;
  times.clock_stepped = clock_stepped;
  window_->counts.folded = window_->table.folded().packets();
  window_->counts.solicited_evicted = solicited_->TakeEvicted();
  times.degraded = window_->counts.solicited_evicted != 0;
  if (setup_.read_drops) {
    const DropCounters drops = setup_.read_drops();
    window_->counts.kernel_dropped = drops.kernel_dropped;
    window_->counts.interface_dropped = drops.interface_dropped;
  }
  window_->table_starved = starved_;
  packets_ += window_->counts.captured();
  ++windows_closed_;
  exchange_->HandOver(window_);
  window_ = next;
  return true;
}

// How far the open window was really watched when nothing ends it sooner.
int64_t CaptureWorker::LiveEnd() const {
  return setup_.from_file ? clock_.last_ns() + 1 : std::max(wall_ns_, clock_.last_ns());
}

bool CaptureWorker::IsHeldUp(int64_t t_ns) const {
  return t_ns - LiveEnd() > kMostUnwatchedWindows * (clock_.end_ns() - clock_.start_ns());
}

void CaptureWorker::AddUnusual(int64_t t_ns, const Frame& frame) {
  if (!clock_.is_open()) {
    clock_.OpenAt(t_ns);
    OpenWindow(t_ns);
    solicited_->set_startup_ends_s(SecondOf(t_ns) + definitions::kStartupAckSeconds);
  } else if (!setup_.from_file && clock_.IsFarAhead(t_ns) &&
             !clock_.BelieveByMonotonic(t_ns, monotonic_ns_ - last_packet_monotonic_ns_)) {
    return AddBadTime(frame);
  }
  switch (clock_.Judge(t_ns, setup_.from_file, monotonic_ns_)) {
    case WindowClock::Place::kInside:
      break;
    case WindowClock::Place::kAhead:
      TurnTo(t_ns);
      break;
    case WindowClock::Place::kLate:
      ++window_->counts.late;
      return CountPacket(0, frame);
    case WindowClock::Place::kStepped:
      if (StepTo(t_ns)) break;
      ++window_->counts.late;
      return CountPacket(0, frame);
  }
  clock_.Believe(t_ns);
  last_packet_monotonic_ns_ = monotonic_ns_;
  CountPacket(static_cast<uint64_t>(t_ns - clock_.start_ns()), frame);
}

void CaptureWorker::AddBadTime(const Frame& frame) {
  ++window_->counts.time_bad;
  CountPacket(static_cast<uint64_t>(clock_.end_ns() - clock_.start_ns() - 1), frame);
}

// Closes windows until the one that holds t is open.
void CaptureWorker::TurnTo(int64_t t_ns) {
  const bool gap = setup_.from_file
                       ? t_ns - clock_.last_ns() > definitions::kFileHoleSeconds * kNsPerSecond
                       : IsHeldUp(t_ns);
  while (t_ns >= clock_.open_end_ns()) {
    const int64_t end_ns = clock_.open_end_ns();
    if (!CloseWindow(gap ? LiveEnd() : end_ns, false)) return clock_.ExtendPast(t_ns);
    clock_.OpenAt(gap ? t_ns : end_ns);
    OpenWindow(gap ? t_ns : end_ns);
    if (gap) counted_ns_ = monotonic_ns_ + t_ns - wall_ns_;  // its watch begins only now
  }
}

void CaptureWorker::BeginLive(int64_t wall_ns, int64_t monotonic_ns) {
  wall_ns_ = wall_ns;
  monotonic_ns_ = counted_ns_ = last_packet_monotonic_ns_ = monotonic_ns;
  clock_.OpenAt(wall_ns);
  clock_.Believe(wall_ns);
  OpenWindow(wall_ns);
  solicited_->set_startup_ends_s(SecondOf(wall_ns) + definitions::kStartupAckSeconds);
}

// Live time goes on to this moment, if anything could arrive until then.
void CaptureWorker::CountLiveTime(int64_t until_monotonic_ns) {
  const int64_t since_ns = std::max<int64_t>(until_monotonic_ns - counted_ns_, 0);
  counted_ns_ += since_ns;
  if (receiving_) {
    live_ns_ += since_ns;
  } else if (since_ns > 0) {
    deaf_ = true;
  }
}

void CaptureWorker::Tick(int64_t wall_ns, int64_t monotonic_ns, bool ring_empty) {
  FlushBurst();
  const bool held_up = IsHeldUp(wall_ns);
  if (held_up && !ring_empty) {
    // Watched was as long as the packets say that the ring kept meanwhile.
    monotonic_ns_ = std::min(monotonic_ns, monotonic_ns_ + LiveEnd() - wall_ns_);
    CountLiveTime(monotonic_ns_);
    wall_ns_ = LiveEnd();
    return;
  }
  // A window that ends in a gap was watched until the tick before.
  if (!held_up) {
    monotonic_ns_ = monotonic_ns;
    CountLiveTime(monotonic_ns);
  }
  if (ring_empty) {
    const int64_t t_ns = held_up ? wall_ns : wall_ns - kCloseGraceNs;
    switch (clock_.Judge(t_ns, false, monotonic_ns)) {
      case WindowClock::Place::kAhead:
        TurnTo(t_ns);
        break;
      case WindowClock::Place::kStepped:
        StepTo(wall_ns);
        break;
      case WindowClock::Place::kInside:
      case WindowClock::Place::kLate:
        break;
    }
  }
  // A window that could not turn, for want of a table, has the gap inside.
  if (held_up && counted_ns_ < monotonic_ns) deaf_ = true;
  monotonic_ns_ = monotonic_ns;
  counted_ns_ = held_up ? monotonic_ns : std::min(counted_ns_, monotonic_ns);
  wall_ns_ = wall_ns;
}

// Time was set back: the window ends where it was, a new one begins at the new time.
bool CaptureWorker::StepTo(int64_t t_ns) {
  if (!CloseWindow(LiveEnd(), true)) return false;
  clock_.OpenAt(t_ns);
  OpenWindow(t_ns);
  return true;
}

void CaptureWorker::Finish() {
  finishing_ = true;
  if (clock_.is_open()) {
    [[maybe_unused]] const bool closed =
        CloseWindow(std::min(LiveEnd(), clock_.open_end_ns()), false);
  }
  exchange_->Finish();
}

}  // namespace teiten
