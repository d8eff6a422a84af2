// SPDX-License-Identifier: Apache-2.0
// The one thread that writes to the store. Tasks run in order; what is queued when the writer
// stops is still done. Ingest keeps at most one group here (and bounds what waits behind it);
// rollups and retention bring their work as tasks of their own, in pieces short enough that an
// acknowledgement does not wait long.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "collector/store/store.h"

namespace teiten {

class Writer {
 public:
  using Task = std::function<void(StoreWriter&)>;
  static constexpr std::size_t kMostTasks = 64;

  // The store must outlive the writer.
  explicit Writer(StoreWriter& store);
  ~Writer() { Stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False if the queue is full or the writer has stopped; the task is then not run. Any thread.
  [[nodiscard]] bool Post(Task task);
  // Finishes what is queued. Not from a task.
  void Stop();

 private:
  void Loop();

  StoreWriter& store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // under mutex_
  bool stopping_ = false;   // under mutex_
  std::thread thread_;
};

}  // namespace teiten
