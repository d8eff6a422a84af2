// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: every parser of bytes a stranger chose. A target takes any bytes, and aborts
// where a promise is broken; AddressSanitizer and UBSan watch the rest. The same functions run
// under libFuzzer (preset fuzz) and replay their corpus in every other build.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace teiten::fuzz {

using Input = std::span<const uint8_t>;

// link type, two bytes of how much longer the wire was, frame.
void Decode(Input input);
// family, two bytes of the message's length, what an ICMP error quotes.
void Quotes(Input input);
// two bytes of port, payload.
void UdpRules(Input input);
// 0: an envelope. 1: a serialised summary, sealed first, so that hash and zstd are no wall.
void Envelope(Input input);
// a serialised HyperLogLog.
void Sketch(Input input);

struct Target {
  const char* name;
  void (*run)(Input);
};
inline constexpr std::array<Target, 5> kTargets = {{{"decode", Decode},
                                                    {"quotes", Quotes},
                                                    {"udp_rules", UdpRules},
                                                    {"envelope", Envelope},
                                                    {"sketch", Sketch}}};

inline void Require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

}  // namespace teiten::fuzz
