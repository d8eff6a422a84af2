// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/writer.h"

#include <utility>

namespace teiten {

Writer::Writer(StoreWriter& store) : store_(store), thread_([this] { Loop(); }) {}

bool Writer::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || tasks_.size() >= kMostTasks) return false;
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void Writer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Writer::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task(store_);
    lock.lock();
  }
}

}  // namespace teiten
