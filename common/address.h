// SPDX-License-Identifier: Apache-2.0
// Addresses and prefixes of both families as plain values that compare in numeric order.
// An IPv4 address is its 32 bits in the low word; the family stands beside it, never inside
// (no ::ffff:0:0/96 mapping), because IPv4 and IPv6 figures are never added.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teiten {

enum class Family : uint8_t { kIpv4 = 1, kIpv6 = 2 };  // as AddressFamily on the wire

struct Address {
  uint64_t high = 0;  // bits 127..64, host order; 0 for IPv4
  uint64_t low = 0;   // bits 63..0; IPv4 in bits 31..0

  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

struct Prefix {
  Family family = Family::kIpv4;
  Address base;  // host bits are zero
  uint8_t length = 0;

  [[nodiscard]] bool Contains(Family of, const Address& address) const;
  [[nodiscard]] Address Last() const;  // highest address inside
  friend constexpr auto operator<=>(const Prefix&, const Prefix&) = default;
};

// "192.0.2.7", "2001:db8::1" (RFC 5952).
[[nodiscard]] std::string FormatAddress(Family family, const Address& address);
[[nodiscard]] std::string FormatPrefix(const Prefix& prefix);

struct ParsedAddress {
  Family family;
  Address address;
};
// nullopt unless the whole text is one address.
[[nodiscard]] std::optional<ParsedAddress> ParseAddress(std::string_view text);
// "192.0.2.0/24" or a single address. nullopt where host bits are set or the length is too long.
[[nodiscard]] std::optional<Prefix> ParsePrefix(std::string_view text);

// Network-order bytes, 4 or 16, as on the wire and in databases.
[[nodiscard]] std::string AddressBytes(Family family, const Address& address);
// nullopt unless 4 or 16 bytes.
[[nodiscard]] std::optional<ParsedAddress> AddressFromBytes(std::string_view bytes);

}  // namespace teiten
