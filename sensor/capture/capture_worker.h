// SPDX-License-Identifier: Apache-2.0
// One capture worker: owns all it touches, from the packet source's buffer to the open window's
// table. Nothing per packet crosses a thread; closed windows leave through the WindowExchange.
// The hot path (Add and what it calls) takes no lock, allocates nothing, makes no system call and
// no virtual call; bursts of 64 rows hide the table's cache misses.
// Thread: the capture thread, except where said.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "common/flow_row.h"
#include "sensor/aggregate/window_buffer.h"
#include "sensor/aggregate/window_clock.h"
#include "sensor/classify/classify.h"
#include "sensor/decode/decode.h"

namespace teiten {

// What may change while the sensor runs; taken by the worker at the turn of a window.
struct WindowInputs {
  std::shared_ptr<const AddressView> view;  // shared with closed windows until they are encoded
  uint64_t bitmap_key_id = 0;
  Key128 sketch_key{};
  uint64_t sketch_key_id = 0;
};

// Written by the loop thread, read at the turn of a window: a mutex once a minute.
class WindowInputsBox {
 public:
  explicit WindowInputsBox(WindowInputs inputs) : inputs_(std::move(inputs)) {}
  void Set(WindowInputs inputs) {
    const std::lock_guard lock(mutex_);
    inputs_ = std::move(inputs);
  }
  [[nodiscard]] WindowInputs Get() const {
    const std::lock_guard lock(mutex_);
    return inputs_;
  }

 private:
  mutable std::mutex mutex_;
  WindowInputs inputs_;
};

// Counters the kernel keeps, read at the turn of a window. Absent: unknown.
struct DropCounters {
  std::optional<uint64_t> kernel_dropped;  // since the turn before
  std::optional<uint64_t> interface_dropped;
};

struct CaptureSetup {
  LinkType link = LinkType::kEthernet;
  bool from_file = false;
  uint32_t window_ms = definitions::kWindowSeconds * 1000;
  uint32_t largest_frame_bytes = UINT32_MAX;  // above: merged by offload
  // Seed of the tables' keys; nullopt: the published constant (files).
  std::optional<Key128> table_key;
  std::function<DropCounters()> read_drops;  // may be empty
};

class CaptureWorker {
 public:
  // All pointers outlive the worker.
  CaptureWorker(CaptureSetup setup, WindowExchange* exchange, const WindowInputsBox* inputs,
                const ServiceTable* services, SolicitedTable* solicited);

  // One packet of a file whose time was judged by the feed (far ahead: believed or bad), or of a
  // live source.
  void Add(int64_t t_ns, const Frame& frame) {
    if (!clock_.IsInside(t_ns)) [[unlikely]]
      return AddUnusual(t_ns, frame);
    clock_.Believe(t_ns);
    CountPacket(static_cast<uint64_t>(t_ns - clock_.start_ns()), frame);
  }
  // Counted at the end of the open window.
  void AddBadTime(const Frame& frame);
  [[nodiscard]] const WindowClock& clock() const { return clock_; }

  // Live: watching begins, goes on, and windows close on time without packets.
  void BeginLive(int64_t wall_ns, int64_t monotonic_ns);
  void Tick(int64_t wall_ns, int64_t monotonic_ns, bool ring_empty);
  // Live, right after a tick: whether anything can arrive from now on. Time when it cannot is not
  // live.
  void SetReceiving(bool receiving) { receiving_ = receiving; }
  // The last window closes and leaves. File: at the last packet. Live: now.
  void Finish();

  [[nodiscard]] uint64_t windows_closed() const { return windows_closed_; }
  [[nodiscard]] uint64_t packets() const { return packets_; }

 private:
  static constexpr uint32_t kBurst = 64;

  void CountPacket(uint64_t offset_ns, const Frame& frame);
  void FlushBurst();
  void AddUnusual(int64_t t_ns, const Frame& frame);
  void TurnTo(int64_t t_ns);
  bool StepTo(int64_t t_ns);
  void OpenWindow(int64_t live_from_ns);
  // False where no empty table was there (live): the window stays open, extended.
  bool CloseWindow(int64_t live_to_ns, bool clock_stepped);
  [[nodiscard]] int64_t LiveEnd() const;
  // Live: did nobody watch for so long before t that it is a gap?
  [[nodiscard]] bool IsHeldUp(int64_t t_ns) const;
  void CountLiveTime(int64_t until_monotonic_ns);
  [[nodiscard]] HashMultipliers NextTableKeys();

  const CaptureSetup setup_;
  WindowExchange* exchange_;
  const WindowInputsBox* inputs_;
  SolicitedTable* solicited_;
  Classifier classifier_;
  WindowClock clock_;
  WindowBuffer* window_ = nullptr;  // the open one

  Packet packet_;  // reused: decoding sets what its transport has
  uint32_t burst_used_ = 0;
  std::array<FlowRow, kBurst> burst_;
  std::array<uint64_t, kBurst> hashes_;

  int64_t wall_ns_ = 0;  // live: as of the last tick
  int64_t monotonic_ns_ = 0;
  bool receiving_ = true;
  int64_t counted_ns_ = 0;  // monotonic: live time is counted up to here
  int64_t live_ns_ = 0;     // of the open window
  bool deaf_ = false;       // the open window has time that is not live
  int64_t last_packet_monotonic_ns_ = 0;
  uint64_t tables_keyed_ = 0;
  uint64_t starved_ = 0;
  bool finishing_ = false;
  uint64_t windows_closed_ = 0;
  uint64_t packets_ = 0;
};

}  // namespace teiten
