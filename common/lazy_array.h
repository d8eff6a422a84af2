// SPDX-License-Identifier: Apache-2.0
// A fixed array of zero bytes in reserved address space: full size from the start, memory only for
// the pages that are used. GiveBack returns the pages and zeroes the array.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace teiten {

template <typename T>
class LazyArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                "its first value is all zero bytes");

 public:
  // Throws std::bad_alloc where address space is refused: a process that cannot start.
  explicit LazyArray(std::size_t size) : size_(size) {
    void* at = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<T*>(at);
  }
  ~LazyArray() {
    if (data_ != nullptr) munmap(data_, bytes());
  }
  LazyArray(LazyArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;
  LazyArray& operator=(LazyArray&&) = delete;

  [[nodiscard]] T& operator[](std::size_t i) { return data_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data_[i]; }
  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return size_ * sizeof(T); }

  void GiveBack() { madvise(data_, bytes(), MADV_DONTNEED); }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace teiten
