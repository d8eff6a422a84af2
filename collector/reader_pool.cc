// SPDX-License-Identifier: Apache-2.0
#include "collector/reader_pool.h"

#include <utility>

namespace teiten {

ReaderPool::ReaderPool(std::vector<std::unique_ptr<QueryHandler>> handlers)
    : handlers_(std::move(handlers)) {
  for (const auto& handler : handlers_) {
    threads_.emplace_back([this, &handler = *handler] { Loop(handler); });
  }
}

bool ReaderPool::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= kMostTasks) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void ReaderPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ReaderPool::Loop(QueryHandler& handler) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(handler);
    lock.lock();
  }
}

}  // namespace teiten
