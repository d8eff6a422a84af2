// SPDX-License-Identifier: Apache-2.0
// What this host asked for itself: replies to it are `solicited`, never observed (definitions:
// solicited table). Shared by all capture workers, because ICMP errors and fragments reach
// another worker than the connection they belong to.
//
// Two fixed arrays of 2^18 64-bit words (tag 32 | end second 32), two candidate places per key,
// each a cache line of eight words: with single words a tenth full already evicts one entry in two
// hundred, with lines half full evicts none. Relaxed atomics, no lock: a lost race costs one entry,
// never a wrong count. Two full places evict the entry that ends soonest; evictions of live entries
// are counted. Unsolicited inbound UDP has an array of its own, so that a flood evicts nothing the
// host asked for. 4 MiB, touched as used.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "common/keyed_hash.h"
#include "common/lazy_array.h"
#include "sensor/classify/service_table.h"
#include "sensor/decode/packet.h"

namespace teiten {

// The sensor's own peer: its traffic is never observed, whatever the table holds.
struct PinnedPeer {
  Family family = Family::kIpv4;
  Address address;
  uint16_t port = 0;
};

class SolicitedTable {
 public:
  // `key` is random for live capture, the published constant for files.
  SolicitedTable(const Key128& key, const ServiceTable* services);

  // A packet this host sent. Opens or refreshes entries.
  void Outbound(const Packet& packet, uint32_t now_s);
  // Is this packet to an observed address the answer to something? Refreshes the entry; UDP that
  // is not is remembered.
  [[nodiscard]] bool Inbound(const Packet& packet, uint32_t now_s);

  // To or from a pinned peer.
  [[nodiscard]] bool IsUplink(const Packet& packet) const {
    return !pinned_.empty() && (IsPinned(packet) || IsToPinned(packet));
  }

  // Live entries displaced since the last call.
  [[nodiscard]] uint64_t TakeEvicted() { return evicted_.exchange(0, std::memory_order_relaxed); }
  // Before capture starts.
  void PinPeers(std::vector<PinnedPeer> peers) { pinned_ = std::move(peers); }
  // Until this second outbound TCP with ACK opens entries: connections older than the sensor.
  void set_startup_ends_s(uint32_t second) { startup_ends_s_ = second; }

 private:
  static constexpr uint32_t kWords = 1U << 18;
  static constexpr uint32_t kWordsPerBucket = 8;
  using Words = LazyArray<uint64_t>;  // each word through std::atomic_ref

  struct Key {  // from this host's point of view
    Family family;
    Address own, remote;
    uint8_t protocol;
    uint16_t own_port, remote_port;  // ICMP: identifier, request type
    bool fragments = false;          // the entry of fragments without ports
  };

  [[nodiscard]] uint64_t Hash(const Key& key) const;
  [[nodiscard]] static std::array<uint64_t*, 2> BucketsOf(Words& words, uint64_t hash);
  [[nodiscard]] static bool IsLive(Words& words, uint64_t hash, uint32_t now_s);
  void Enter(Words& words, uint64_t hash, uint32_t now_s, uint32_t idle_s);
  void EnterWithFragments(const Key& key, uint32_t now_s, uint32_t idle_s);
  bool RefreshIfLive(const Key& key, uint32_t now_s, uint32_t idle_s);
  [[nodiscard]] bool FromService(const Packet& packet) const;
  [[nodiscard]] bool Opens(const Packet& packet, const Key& key, uint32_t now_s);
  [[nodiscard]] bool InboundError(const Packet& packet, uint32_t now_s);
  [[nodiscard]] bool IsPinned(const Packet& packet) const;
  [[nodiscard]] bool IsToPinned(const Packet& packet) const;
  void RememberUnsolicitedUdp(const Packet& packet, uint32_t now_s);

  const HashMultipliers hash_;
  const ServiceTable* services_;  // outlives the table
  Words entries_;
  Words unsolicited_udp_;
  std::atomic<bool> any_{false};  // spares dark sensors the look-up
  std::atomic<uint64_t> evicted_{0};
  uint32_t startup_ends_s_ = 0;
  std::vector<PinnedPeer> pinned_;
};

}  // namespace teiten
