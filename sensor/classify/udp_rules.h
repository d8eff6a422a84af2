// SPDX-License-Identifier: Apache-2.0
// What an unsolicited UDP payload is, judged by the rule of one service port. A port number proves
// nothing: scanners send from 53 to pass filters, and answers to spoofed requests (backscatter)
// come from it as well. So each listed port has a rule that reads the payload: a proven response
// makes `udp_response`, a request stays a probe, anything else is at most `udp_odd`.
//
// Every function is total: any bytes, any length, no allocation, no exception, time linear in the
// bytes given. A payload cut by the snap length is judged by the bytes there are; where a byte the
// rule needs is missing, the answer is kOther. Thread-safe, no state.
// The rules in words, each with its specification: config/definitions.toml, [udp].
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace teiten {

// Ports with a rule; 3283, 10001, 30718 and 37810 are listed without a proven response.
inline constexpr std::array<uint16_t, 25> kListedUdpPorts = {
    17,   19,   53,   69,   111,  123,  137,   161,   389,   500,   1194,  1900, 3283,
    3702, 4500, 5060, 5353, 5683, 6881, 10001, 11211, 27015, 30718, 37810, 47808};

// One bit per port, 8 KiB: one load on the packet path.
inline constexpr std::array<uint64_t, 1024> kListedUdpPortBits = [] {
  std::array<uint64_t, 1024> bits{};
  for (const uint16_t port : kListedUdpPorts) bits[port / 64] |= uint64_t{1} << (port % 64);
  return bits;
}();

[[nodiscard]] constexpr bool IsListedUdpPort(uint16_t port) {
  return (kListedUdpPortBits[port / 64] >> (port % 64) & 1) != 0;
}

enum class UdpPayload : uint8_t { kOther, kRequest, kResponse };

// kOther for a port that is not listed. 17 and 19 answer with arbitrary bytes: any payload from
// them, even an empty one, is a response (RFC 864, RFC 865).
[[nodiscard]] UdpPayload JudgeUdpPayload(uint16_t service_port, std::span<const uint8_t> payload);

// True for a payload shaped as a request worth reflecting (mark `amplification`), sent to
// destination_port.
[[nodiscard]] bool IsAmplificationRequest(uint16_t destination_port,
                                          std::span<const uint8_t> payload);

}  // namespace teiten
