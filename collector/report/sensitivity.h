// SPDX-License-Identifier: Apache-2.0
// What so few addresses would have noticed at all (definitions: sensitivity): the least rate an
// attack's or a scan's packets need for the rule sets to fire with 99 % certainty. Uniformly
// random IPv4 targets are assumed; IPv6 has no extrapolation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace teiten::report {

inline constexpr double kCertainty = 0.99;
inline constexpr double kIpv4Space = 4294967296.0;  // 2^32

// P(Poisson(mean) >= least).
[[nodiscard]] double PoissonTail(double mean, int least);
// P(Bin(n, p) >= least).
[[nodiscard]] double BinomialTail(uint64_t n, double p, int least);

// Least mean number of packets that fires rule set `fleet` (5 packets, 3 addresses): 11.605 for
// N4 >= 5, more below; nullopt for N4 < 3.
[[nodiscard]] std::optional<double> FleetPacketsNeeded(uint64_t n4);
// Rule set `moore`: 30 packets in 60 s; 44.190.
[[nodiscard]] double MoorePacketsNeeded();

// Silence that ends an event of rule set `fleet`, seconds.
[[nodiscard]] double FleetSilenceSeconds(double n4);

struct Sensitivity {
  std::optional<double> packets_per_second;
  std::string note;  // why it is not visible
};

// Answers per second that a victim sends to random addresses for `seconds`.
[[nodiscard]] Sensitivity DosFleet(double n4, double seconds);
[[nodiscard]] Sensitivity DosMoore(double n4);
// Probes per second of a scan of all addresses without repetition, watched for `seconds`.
[[nodiscard]] Sensitivity ScanFleet(double n4, double seconds);

}  // namespace teiten::report
