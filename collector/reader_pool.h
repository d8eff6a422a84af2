// SPDX-License-Identifier: Apache-2.0
// The threads that answer analysts, each with a QueryHandler (and so a store reader) of its own,
// and one bounded queue before them. What waited too long is not begun.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "collector/query/query_handler.h"

namespace teiten {

class ReaderPool {
 public:
  using Task = std::function<void(QueryHandler&)>;
  static constexpr std::size_t kMostTasks = 64;

  explicit ReaderPool(std::vector<std::unique_ptr<QueryHandler>> handlers);
  ~ReaderPool() { Stop(); }
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // False if the queue is full or the pool has stopped; the task is then not run. Any thread.
  [[nodiscard]] bool Post(Task task);
  // Finishes what is queued.
  void Stop();

 private:
  void Loop(QueryHandler& handler);

  std::vector<std::unique_ptr<QueryHandler>> handlers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // under mutex_
  bool stopping_ = false;   // under mutex_
  std::vector<std::thread> threads_;
};

}  // namespace teiten
