// SPDX-License-Identifier: Apache-2.0
#include "sensor/classify/solicited_table.h"

#include <algorithm>
#include <optional>

#include "common/definitions.h"
#include "sensor/decode/ip_payload.h"

namespace teiten {
namespace {

using namespace definitions;  // NOLINT: the numbers of this file are all definitions

constexpr uint8_t kTcpSynBit = 0x02;
constexpr uint8_t kTcpRstBit = 0x04;
constexpr uint8_t kTcpAckBit = 0x10;

// Echo, timestamp and information requests.
bool IsIcmpRequest(bool ipv6, uint8_t type) {
  return ipv6 ? type == 128 || type == 139 : type == 8 || type == 13 || type == 15;
}

// The request a reply type answers.
std::optional<uint8_t> RequestOfReply(bool ipv6, uint8_t type) {
  if (ipv6) {
    if (type == 129) return uint8_t{128};
    if (type == 140) return uint8_t{139};
    return std::nullopt;
  }
  if (type == 0) return uint8_t{8};
  if (type == 14 || type == 16) return static_cast<uint8_t>(type - 1);
  return std::nullopt;
}

bool IsIcmp(Family family, uint8_t protocol) {
  return protocol == (family == Family::kIpv6 ? kProtocolIcmpv6 : kProtocolIcmp);
}

// Packets of other protocols are alike, fragments among them.
bool HasPortsOrId(Family family, uint8_t protocol) {
  return protocol == kProtocolTcp || protocol == kProtocolUdp || IsIcmp(family, protocol);
}

bool IsSynOnly(const Packet& packet) {
  return (packet.tcp_flags & (kTcpSynBit | kTcpAckBit)) == kTcpSynBit;
}

bool IsRst(const Packet& packet) {
  return packet.transport == Transport::kTcp && (packet.tcp_flags & kTcpRstBit) != 0;
}

uint32_t IdleSeconds(const Packet& packet) {
  if (packet.protocol == kProtocolTcp) {
    return packet.transport == Transport::kTcp && IsSynOnly(packet) ? kIdleTcpSynSeconds
                                                                    : kIdleTcpSeconds;
  }
  if (packet.protocol == kProtocolUdp) return kIdleUdpSeconds;
  return IsIcmp(packet.family, packet.protocol) ? kIdleIcmpSeconds : kIdleOtherSeconds;
}

constexpr uint64_t Word(uint64_t hash, uint32_t end_s) {
  return (hash & 0xffffffff00000000ULL) | end_s;
}
constexpr bool SameTag(uint64_t word, uint64_t hash) { return (word ^ hash) >> 32 == 0; }
constexpr uint32_t EndSecond(uint64_t word) { return static_cast<uint32_t>(word); }
constexpr bool IsLiveWord(uint64_t word, uint32_t now_s) { return now_s < EndSecond(word); }

}  // namespace

SolicitedTable::SolicitedTable(const Key128& key, const ServiceTable* services)
    : hash_(DeriveMultipliers(key, "solicited table")),
      services_(services),
      entries_(kWords),
      unsolicited_udp_(kWords) {}

uint64_t SolicitedTable::Hash(const Key& key) const {
  // Two sums of at most six words each: own side and remote side.
  const auto side = [&](const Address& a, uint32_t more) {
    const std::array<uint32_t, 5> words = {
        static_cast<uint32_t>(a.high >> 32), static_cast<uint32_t>(a.high),
        static_cast<uint32_t>(a.low >> 32), static_cast<uint32_t>(a.low), more};
    return MultilinearHash(hash_, words);
  };
  const uint32_t own_more =
      static_cast<uint32_t>(key.own_port) << 16 | static_cast<uint32_t>(key.protocol) << 8 |
      static_cast<uint32_t>(key.fragments) << 7 | static_cast<uint32_t>(key.family);
  return Mix64(Mix64(side(key.own, own_more)) + side(key.remote, key.remote_port));
}

// The tag is the upper half of the hash, the two buckets are in the lower half.
std::array<uint64_t*, 2> SolicitedTable::BucketsOf(Words& words, uint64_t hash) {
  constexpr uint64_t kBuckets = kWords / kWordsPerBucket;
  static_assert(kBuckets <= 1U << 16, "two numbers of a bucket fit the lower half of the hash");
  return {&words[hash % kBuckets * kWordsPerBucket],
          &words[(hash >> 16) % kBuckets * kWordsPerBucket]};
}

bool SolicitedTable::IsLive(Words& words, uint64_t hash, uint32_t now_s) {
  for (uint64_t* bucket : BucketsOf(words, hash)) {
    for (uint32_t i = 0; i < kWordsPerBucket; ++i) {
      const uint64_t word = std::atomic_ref(bucket[i]).load(std::memory_order_relaxed);
      if (SameTag(word, hash) && IsLiveWord(word, now_s)) return true;
    }
  }
  return false;
}

void SolicitedTable::Enter(Words& words, uint64_t hash, uint32_t now_s, uint32_t idle_s) {
  const uint32_t end_s = now_s + idle_s;
  struct Choice {
    uint64_t* word = nullptr;
    uint32_t end_s = 0;
    uint32_t live = 0;  // words of the bucket
  };
  std::array<Choice, 2> choices;
  const std::array<uint64_t*, 2> buckets = BucketsOf(words, hash);
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    Choice& choice = choices[b];
    for (uint32_t i = 0; i < kWordsPerBucket; ++i) {
      std::atomic_ref<uint64_t> at(buckets[b][i]);
      const uint64_t word = at.load(std::memory_order_relaxed);
      if (SameTag(word, hash)) {
        at.store(Word(hash, std::max(end_s, EndSecond(word))), std::memory_order_relaxed);
        return;
      }
      choice.live += static_cast<uint32_t>(IsLiveWord(word, now_s));
      if (choice.word == nullptr || EndSecond(word) < choice.end_s) {
        choice.word = &buckets[b][i];
        choice.end_s = EndSecond(word);
      }
    }
  }
  // The emptier bucket keeps both even (Azar et al., "Balanced allocations"); of two full ones,
  // the entry that ends sooner goes.
  const auto& [first, second] = choices;
  const bool full = first.live == kWordsPerBucket && second.live == kWordsPerBucket;
  const bool take_second = full ? second.end_s < first.end_s : second.live < first.live;
  std::atomic_ref(*(take_second ? second : first).word)
      .store(Word(hash, end_s), std::memory_order_relaxed);
  if (full && &words == &entries_) evicted_.fetch_add(1, std::memory_order_relaxed);
}

// Later fragments have no ports: they find (remote, own, protocol).
void SolicitedTable::EnterWithFragments(const Key& key, uint32_t now_s, uint32_t idle_s) {
  Enter(entries_, Hash(key), now_s, idle_s);
  if (key.fragments || !HasPortsOrId(key.family, key.protocol)) return;
  Key fragments = key;
  fragments.own_port = fragments.remote_port = 0;
  fragments.fragments = true;
  Enter(entries_, Hash(fragments), now_s, idle_s);
}

bool SolicitedTable::RefreshIfLive(const Key& key, uint32_t now_s, uint32_t idle_s) {
  if (!IsLive(entries_, Hash(key), now_s)) return false;
  EnterWithFragments(key, now_s, idle_s);
  return true;
}

// A port declared only for some sources is declared only towards them.
bool SolicitedTable::FromService(const Packet& packet) const {
  return services_->Serves(packet.protocol, packet.source_port, packet.family, packet.destination);
}

bool SolicitedTable::Opens(const Packet& packet, const Key& key, uint32_t now_s) {
  switch (packet.transport) {
    case Transport::kTcp:
      if (FromService(packet)) return false;
      if (IsSynOnly(packet)) return !IsRst(packet);
      return now_s < startup_ends_s_ && (packet.tcp_flags & kTcpAckBit) != 0 &&
             (packet.tcp_flags & (kTcpSynBit | kTcpRstBit)) == 0;
    case Transport::kUdp:
      return !FromService(packet) && !IsLive(unsolicited_udp_, Hash(key), now_s);
    case Transport::kIcmp:
      return IsIcmpRequest(packet.family == Family::kIpv6, packet.icmp_type);
    case Transport::kFragment:
    case Transport::kOther:
      return !key.fragments;
  }
  return false;
}

void SolicitedTable::Outbound(const Packet& packet, uint32_t now_s) {
  Key key{packet.family, packet.source, packet.destination, packet.protocol, 0, 0};
  if (packet.transport == Transport::kTcp || packet.transport == Transport::kUdp) {
    key.own_port = packet.source_port;
    key.remote_port = packet.destination_port;
  } else if (packet.transport == Transport::kIcmp) {
    if (!IsIcmpRequest(packet.family == Family::kIpv6, packet.icmp_type)) return;
    key.own_port = packet.icmp_id;
    key.remote_port = packet.icmp_type;
  } else if (packet.transport == Transport::kFragment) {
    key.fragments = HasPortsOrId(packet.family, packet.protocol);
  }
  const uint32_t idle_s = IdleSeconds(packet);
  if (Opens(packet, key, now_s)) {
    EnterWithFragments(key, now_s, idle_s);
    any_.store(true, std::memory_order_relaxed);
  } else if (!IsRst(packet) && any_.load(std::memory_order_relaxed)) {
    RefreshIfLive(key, now_s, idle_s);
  }
}

bool SolicitedTable::InboundError(const Packet& packet, uint32_t now_s) {
  const Quote& quote = packet.quote;
  if (!IsIcmpError(packet.family == Family::kIpv6, packet.icmp_type) || !quote.readable) {
    return false;  // a packet that quotes nothing may hold the quote of an earlier one
  }
  Key key{packet.family, quote.source, quote.destination, quote.protocol, 0, 0};
  if (quote.later_fragment) {
    key.fragments = HasPortsOrId(packet.family, quote.protocol);
  } else if (IsIcmp(packet.family, quote.protocol)) {
    if (!quote.has_icmp_id) return false;
    key.own_port = quote.icmp_id;
    key.remote_port = quote.icmp_type;
  } else if (HasPortsOrId(packet.family, quote.protocol)) {
    key.own_port = quote.source_port;
    key.remote_port = quote.destination_port;
  }
  return IsLive(entries_, Hash(key), now_s);
}

bool SolicitedTable::IsPinned(const Packet& packet) const {
  if (packet.transport != Transport::kTcp) return false;
  return std::any_of(pinned_.begin(), pinned_.end(), [&](const PinnedPeer& peer) {
    return peer.port == packet.source_port && peer.family == packet.family &&
           peer.address == packet.source;
  });
}

bool SolicitedTable::IsToPinned(const Packet& packet) const {
  if (packet.transport != Transport::kTcp) return false;
  return std::any_of(pinned_.begin(), pinned_.end(), [&](const PinnedPeer& peer) {
    return peer.port == packet.destination_port && peer.family == packet.family &&
           peer.address == packet.destination;
  });
}

void SolicitedTable::RememberUnsolicitedUdp(const Packet& packet, uint32_t now_s) {
  const Key key{packet.family,   packet.destination,      packet.source,
                packet.protocol, packet.destination_port, packet.source_port};
  Enter(unsolicited_udp_, Hash(key), now_s, kUnsolicitedUdpSeconds);
}

bool SolicitedTable::Inbound(const Packet& packet, uint32_t now_s) {
  if (!pinned_.empty() && IsPinned(packet)) return true;
  const bool any = any_.load(std::memory_order_relaxed);
  Key key{packet.family, packet.destination, packet.source, packet.protocol, 0, 0};
  switch (packet.transport) {
    case Transport::kTcp:
    case Transport::kUdp:
      key.own_port = packet.destination_port;
      key.remote_port = packet.source_port;
      break;
    case Transport::kIcmp: {
      const bool ipv6 = packet.family == Family::kIpv6;
      const std::optional<uint8_t> request = RequestOfReply(ipv6, packet.icmp_type);
      if (!request.has_value()) return any && InboundError(packet, now_s);
      key.own_port = packet.icmp_id;
      key.remote_port = *request;
      break;
    }
    case Transport::kFragment:
      key.fragments = HasPortsOrId(packet.family, packet.protocol);
      break;
    case Transport::kOther:
      break;
  }
  const bool live = any && (IsRst(packet) ? IsLive(entries_, Hash(key), now_s)
                                          : RefreshIfLive(key, now_s, IdleSeconds(packet)));
  if (!live && packet.transport == Transport::kUdp) RememberUnsolicitedUdp(packet, now_s);
  return live;
}

}  // namespace teiten
