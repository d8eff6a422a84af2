// SPDX-License-Identifier: Apache-2.0
// A queue between exactly one producing and one consuming thread, without a lock: the only
// lock-free structure of the project. What crosses threads here is a pointer to a closed window
// or an empty table, a few a minute.
//
//      consumer's line            producer's line            slots (power of two)
//   ┌──────────────────────┐   ┌──────────────────────┐   ┌───┬───┬───┬───┬───┬───┬───┬───┐
//   │ head_       (shared) │   │ tail_       (shared) │   │   │ D │ E │ F │   │   │   │   │
//   │ cached_tail_  (own)  │   │ cached_head_  (own)  │   └───┴───┴───┴───┴───┴───┴───┴───┘
//   └──────────────────────┘   └──────────────────────┘         ▲ head          ▲ tail
//
// head_ and tail_ only grow (64 bits never wrap in practice); slot = index & mask; empty: head_ ==
// tail_; full: tail_ - head_ == capacity. Each index has one writer. The producer fills a slot,
// then stores tail_ with release; the consumer loads tail_ with acquire, so it sees the filled
// slot; and the same the other way round for emptied slots. Each side keeps the last value it read
// of the other's index and looks again only when that one says full or empty, so the two lines
// seldom move between cores (Lamport 1983; Lee et al., MCRingBuffer, 2010).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace teiten {

// Written down once: std::hardware_destructive_interference_size makes gcc 12 warn in headers.
inline constexpr std::size_t kCacheLine = 64;

template <typename T, std::size_t kCapacity>
class SpscRing {
  static_assert(kCapacity > 0 && (kCapacity & (kCapacity - 1)) == 0, "a power of two");
  static_assert(std::is_nothrow_move_assignable_v<T> && std::is_default_constructible_v<T>);

 public:
  SpscRing() = default;
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer only. False if full; `value` is then untouched. Never waits.
  [[nodiscard]] bool TryPush(T&& value) {
    const uint64_t tail = producer_.tail_.load(std::memory_order_relaxed);
    if (tail - producer_.cached_head_ == kCapacity) {
      producer_.cached_head_ = consumer_.head_.load(std::memory_order_acquire);
      if (tail - producer_.cached_head_ == kCapacity) return false;
    }
    slots_[tail & (kCapacity - 1)] = std::move(value);
    producer_.tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  [[nodiscard]] bool TryPush(const T& value) requires std::is_trivially_copyable_v<T> {
    T copy = value;
    return TryPush(std::move(copy));
  }

  // Consumer only. nullopt if empty. Never waits.
  [[nodiscard]] std::optional<T> TryPop() {
    const uint64_t head = consumer_.head_.load(std::memory_order_relaxed);
    if (head == consumer_.cached_tail_) {
      consumer_.cached_tail_ = producer_.tail_.load(std::memory_order_acquire);
      if (head == consumer_.cached_tail_) return std::nullopt;
    }
    std::optional<T> value(std::move(slots_[head & (kCapacity - 1)]));
    slots_[head & (kCapacity - 1)] = T();  // what it owned is gone before the slot is free
    consumer_.head_.store(head + 1, std::memory_order_release);
    return value;
  }

  // Either thread; out of date as soon as it returns.
  [[nodiscard]] std::size_t SizeEstimate() const {
    const uint64_t head = consumer_.head_.load(std::memory_order_acquire);
    const uint64_t tail = producer_.tail_.load(std::memory_order_acquire);
    return static_cast<std::size_t>(tail - head);
  }

  [[nodiscard]] static constexpr std::size_t capacity() { return kCapacity; }

 private:
  struct alignas(kCacheLine) ConsumerLine {
    std::atomic<uint64_t> head_{0};  // written by the consumer
    uint64_t cached_tail_ = 0;       // consumer only
  };
  struct alignas(kCacheLine) ProducerLine {
    std::atomic<uint64_t> tail_{0};  // written by the producer
    uint64_t cached_head_ = 0;       // producer only
  };
  static_assert(sizeof(ConsumerLine) == kCacheLine && sizeof(ProducerLine) == kCacheLine);
  static_assert(std::atomic<uint64_t>::is_always_lock_free);

  ConsumerLine consumer_;
  ProducerLine producer_;
  alignas(kCacheLine) std::array<T, kCapacity> slots_{};
};

}  // namespace teiten
