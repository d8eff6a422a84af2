// SPDX-License-Identifier: Apache-2.0
#include "common/port_name.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/kind.h"

namespace teiten {
namespace {

struct Name {
  uint8_t protocol;
  std::string_view name;
};
constexpr Name kNames[] = {{kProtocolIcmp, "ICMP"},
                           {kProtocolIgmp, "IGMP"},
                           {kProtocolTcp, "TCP"},
                           {kProtocolUdp, "UDP"},
                           {47, "GRE"},
                           {50, "ESP"},
                           {kProtocolIcmpv6, "ICMPv6"},
                           {132, "SCTP"}};

// Digits alone, all of them.
std::optional<uint32_t> ParseNumber(std::string_view text, uint32_t most) {
  uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value > most) return std::nullopt;
  return value;
}

bool SameInAnyCase(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return absl::ascii_tolower(static_cast<unsigned char>(x)) ==
           absl::ascii_tolower(static_cast<unsigned char>(y));
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

}  // namespace

std::string FormatProtocol(uint32_t protocol) {
  for (const Name& known : kNames) {
    if (known.protocol == protocol) return std::string(known.name);
  }
  return absl::StrCat(protocol);
}

std::string FormatPort(uint32_t protocol, uint32_t port) {
  return absl::StrCat(port, "/", FormatProtocol(protocol));
}

std::optional<uint8_t> ParseProtocol(std::string_view text) {
  for (const Name& known : kNames) {
    if (SameInAnyCase(known.name, text)) return known.protocol;
  }
  const std::optional<uint32_t> number = ParseNumber(text, 255);
  if (!number) return std::nullopt;
  return static_cast<uint8_t>(*number);
}

std::optional<ProtocolAndPort> ParsePort(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::optional<uint32_t> port = ParseNumber(text.substr(0, slash), 65535);
  const std::optional<uint8_t> protocol = ParseProtocol(text.substr(slash + 1));
  if (!port || !protocol) return std::nullopt;
  return ProtocolAndPort{.protocol = *protocol, .port = static_cast<uint16_t>(*port)};
}

}  // namespace teiten
