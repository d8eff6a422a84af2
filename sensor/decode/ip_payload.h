// SPDX-License-Identifier: Apache-2.0
// What stands behind an IP header, and the one question every decoder step asks of it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace teiten {

struct IpPayload {
  const uint8_t* data = nullptr;
  uint32_t captured = 0;  // bytes of it in the snapshot, padding may be among them
  uint32_t length = 0;    // bytes of it by the IP header

  // Bytes that are captured and belong to the packet.
  [[nodiscard]] uint32_t readable() const { return std::min(captured, length); }
  [[nodiscard]] IpPayload Skip(uint32_t n) const { return {data + n, captured - n, length - n}; }
};

enum class Need : uint8_t { kThere, kCut, kBeyond };

// Are the first n bytes there? kCut: the packet has them or its end, the snapshot ends before.
[[nodiscard]] constexpr Need Needs(const IpPayload& at, uint32_t n) {
  if (at.captured >= n && at.length >= n) [[likely]]
    return Need::kThere;
  return at.captured < std::min(n, at.length) ? Need::kCut : Need::kBeyond;
}

inline constexpr uint8_t kExtHopByHop = 0;
inline constexpr uint8_t kExtRouting = 43;
inline constexpr uint8_t kExtFragment = 44;
inline constexpr uint8_t kExtAuthentication = 51;
inline constexpr uint8_t kExtDestination = 60;
inline constexpr uint8_t kExtMobility = 135;
inline constexpr uint8_t kExtHip = 139;
inline constexpr uint8_t kExtShim6 = 140;

// IPv6 extension headers that can be walked (IANA "IPv6 Extension Header Types"; ESP cannot).
[[nodiscard]] constexpr bool IsIpv6Extension(uint8_t next) {
  return next == kExtHopByHop || next == kExtRouting || next == kExtFragment ||
         next == kExtAuthentication || next == kExtDestination || next == kExtMobility ||
         next == kExtHip || next == kExtShim6;
}

// Length of an extension header from its first 8 bytes (RFC 8200 §4, RFC 4302 §2.2).
[[nodiscard]] constexpr uint32_t Ipv6ExtensionLength(uint8_t type, const uint8_t* header) {
  if (type == kExtFragment) return 8;
  if (type == kExtAuthentication) return (static_cast<uint32_t>(header[1]) + 2) * 4;
  return (static_cast<uint32_t>(header[1]) + 1) * 8;
}

[[nodiscard]] constexpr bool IsIcmpError(bool ipv6, uint8_t type) {
  return ipv6 ? type >= 1 && type <= 4
              : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

}  // namespace teiten
