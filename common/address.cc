// SPDX-License-Identifier: Apache-2.0
#include "common/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace teiten {
namespace {

int BitsOf(Family family) { return family == Family::kIpv4 ? 32 : 128; }

// The `length` upper bits of a word of `width` set.
uint64_t UpperBits(int length, int width) {
  if (length <= 0) return 0;
  const uint64_t all = width == 64 ? ~0ULL : (1ULL << width) - 1;
  return length >= width ? all : all & ~((1ULL << (width - length)) - 1);
}

Address NetworkMask(Family family, int length) {
  if (family == Family::kIpv4) return {0, UpperBits(length, 32)};
  return {UpperBits(length, 64), UpperBits(length - 64, 64)};
}

std::array<uint16_t, 8> Groups(const Address& address) {
  std::array<uint16_t, 8> groups;
  for (std::size_t i = 0; i < 4; ++i) {
    groups[i] = static_cast<uint16_t>(address.high >> (48 - 16 * i));
    groups[i + 4] = static_cast<uint16_t>(address.low >> (48 - 16 * i));
  }
  return groups;
}

// First and length of the longest run of two or more zero groups, the first of equals.
std::pair<std::size_t, std::size_t> LongestZeroRun(const std::array<uint16_t, 8>& groups) {
  std::pair<std::size_t, std::size_t> best{8, 1};
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best.second) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

// RFC 5952 §4. Always hexadecimal: the mixed notation of its §5 is only a recommendation and
// would make one address look two ways to tools that compare text.
std::string FormatIpv6(const Address& address) {
  const auto groups = Groups(address);
  const auto [run, run_length] = LongestZeroRun(groups);
  std::string text;
  for (std::size_t i = 0; i < 8;) {
    if (i == run) {
      text += "::";
      i += run_length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    fmt::format_to(std::back_inserter(text), "{:x}", groups[i]);
    ++i;
  }
  return text;
}

uint64_t LoadBigEndian(const char* at, std::size_t size) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(at[i]);
  return value;
}

void StoreBigEndian(uint64_t value, std::size_t size, std::string& out) {
  for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

bool Prefix::Contains(Family of, const Address& address) const {
  if (of != family) return false;
  const Address mask = NetworkMask(family, length);
  return (address.high & mask.high) == base.high && (address.low & mask.low) == base.low;
}

Address Prefix::Last() const {
  const Address mask = NetworkMask(family, length);
  const Address all = NetworkMask(family, BitsOf(family));
  return {base.high | (all.high & ~mask.high), base.low | (all.low & ~mask.low)};
}

std::string FormatAddress(Family family, const Address& address) {
  if (family == Family::kIpv6) return FormatIpv6(address);
  const uint64_t a = address.low;
  return fmt::format("{}.{}.{}.{}", a >> 24 & 0xff, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

std::string FormatPrefix(const Prefix& prefix) {
  return fmt::format("{}/{}", FormatAddress(prefix.family, prefix.base), prefix.length);
}

std::optional<ParsedAddress> ParseAddress(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::memcpy(terminated, text.data(), text.size());
  const bool colon = text.find(':') != std::string_view::npos;
  char bytes[16];
  if (inet_pton(colon ? AF_INET6 : AF_INET, terminated, bytes) != 1) return std::nullopt;
  return AddressFromBytes(std::string_view(bytes, colon ? 16 : 4));
}

std::optional<Prefix> ParsePrefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto parsed = ParseAddress(text.substr(0, slash));
  if (!parsed) return std::nullopt;
  int length = BitsOf(parsed->family);
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < 0 ||
        value > length || digits[0] == '-' || (digits.size() > 1 && digits[0] == '0')) {
      return std::nullopt;
    }
    length = value;
  }
  const Prefix prefix{parsed->family, parsed->address, static_cast<uint8_t>(length)};
  if (!prefix.Contains(parsed->family, parsed->address)) return std::nullopt;  // host bits
  return prefix;
}

std::string AddressBytes(Family family, const Address& address) {
  std::string bytes;
  if (family == Family::kIpv6) StoreBigEndian(address.high, 8, bytes);
  StoreBigEndian(address.low, family == Family::kIpv6 ? 8 : 4, bytes);
  return bytes;
}

std::optional<ParsedAddress> AddressFromBytes(std::string_view bytes) {
  if (bytes.size() == 4) return ParsedAddress{Family::kIpv4, {0, LoadBigEndian(bytes.data(), 4)}};
  if (bytes.size() != 16) return std::nullopt;
  return ParsedAddress{Family::kIpv6,
                       {LoadBigEndian(bytes.data(), 8), LoadBigEndian(bytes.data() + 8, 8)}};
}

}  // namespace teiten
