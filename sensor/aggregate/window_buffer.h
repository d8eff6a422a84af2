// SPDX-License-Identifier: Apache-2.0
// One window's worth of memory: its times, its counts, its flow table. Two per capture worker go
// round: the worker fills one, the encoder reads and clears the other. Only the pointer crosses
// threads, through a ring each way.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/spsc_ring.h"
#include "sensor/aggregate/flow_table.h"
#include "sensor/aggregate/window.h"
#include "sensor/classify/address_view.h"

namespace teiten {

struct WindowBuffer {
  explicit WindowBuffer(uint32_t rows) : table(rows) {}

  WindowTimes times;
  WindowCounts counts;
  FlowTable table;
  // What was observed in this window; the encoder drops its reference.
  // Shared: a view lives as long as the last window that was counted under it.
  std::shared_ptr<const AddressView> view;
  uint64_t bitmap_key_id = 0;
  uint64_t sketch_key_id = 0;
  uint64_t table_starved = 0;  // window ends so far that found no empty table
};

// Wakes another thread; many wakes before it looks are one.
class WakeUp {
 public:
  WakeUp();  // throws std::system_error where descriptors are refused: cannot start
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  void Wake();
  void Wait();   // until woken
  void Clear();  // takes pending wakes
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

// The two rings of one worker and its encoder.
class WindowExchange {
 public:
  static constexpr std::size_t kBuffers = 2;

  explicit WindowExchange(uint32_t rows_per_table);

  // Worker. Null where the encoder still has the other one.
  [[nodiscard]] WindowBuffer* TryTakeEmpty();
  // Worker, from a file: waits for the encoder instead.
  [[nodiscard]] WindowBuffer* WaitEmpty();
  void HandOver(WindowBuffer* closed);
  void Finish();  // no more windows will come

  // Encoder. Null when finished and nothing is left.
  [[nodiscard]] WindowBuffer* WaitClosed();
  void GiveBack(WindowBuffer* cleared);
  [[nodiscard]] bool has_closed() const { return closed_.SizeEstimate() > 0; }

 private:
  std::vector<std::unique_ptr<WindowBuffer>> buffers_;
  SpscRing<WindowBuffer*, kBuffers> empty_;
  SpscRing<WindowBuffer*, kBuffers> closed_;
  WakeUp empty_ready_;
  WakeUp closed_ready_;
  std::atomic<bool> finished_{false};
};

}  // namespace teiten
