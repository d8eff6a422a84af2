// SPDX-License-Identifier: Apache-2.0
#include "sensor/aggregate/window_buffer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace teiten {

WakeUp::WakeUp() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

WakeUp::~WakeUp() { close(fd_); }

void WakeUp::Wake() {
  // Can only fail where 2^64 wakes are pending: it is awake then.
  [[maybe_unused]] const int ignored = eventfd_write(fd_, 1);
}

void WakeUp::Clear() {
  eventfd_t pending;
  [[maybe_unused]] const int ignored = eventfd_read(fd_, &pending);
}

void WakeUp::Wait() {
  pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
  while (poll(&wait, 1, -1) < 0 && errno == EINTR) {
  }
  Clear();
}

WindowExchange::WindowExchange(uint32_t rows_per_table) {
  for (std::size_t i = 0; i < kBuffers; ++i) {
    buffers_.push_back(std::make_unique<WindowBuffer>(rows_per_table));
    GiveBack(buffers_.back().get());
  }
}

WindowBuffer* WindowExchange::TryTakeEmpty() { return empty_.TryPop().value_or(nullptr); }

WindowBuffer* WindowExchange::WaitEmpty() {
  for (;;) {
    if (WindowBuffer* buffer = TryTakeEmpty()) return buffer;
    empty_ready_.Wait();
  }
}

// The rings hold as many pointers as there are buffers: a push cannot fail.
void WindowExchange::HandOver(WindowBuffer* closed) {
  [[maybe_unused]] const bool pushed = closed_.TryPush(closed);
  closed_ready_.Wake();
}

void WindowExchange::Finish() {
  finished_.store(true, std::memory_order_release);
  closed_ready_.Wake();
}

WindowBuffer* WindowExchange::WaitClosed() {
  for (;;) {
    // Looked at first: what was handed over before Finish is seen after it.
    const bool finished = finished_.load(std::memory_order_acquire);
    if (WindowBuffer* buffer = closed_.TryPop().value_or(nullptr)) return buffer;
    if (finished) return nullptr;
    closed_ready_.Wait();
  }
}

void WindowExchange::GiveBack(WindowBuffer* cleared) {
  [[maybe_unused]] const bool pushed = empty_.TryPush(cleared);
  empty_ready_.Wake();
}

}  // namespace teiten
