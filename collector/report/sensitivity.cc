// SPDX-License-Identifier: Apache-2.0
#include "collector/report/sensitivity.h"

#include <algorithm>
#include <cmath>

namespace teiten::report {
namespace {

constexpr int kFleetPackets = 5;
constexpr int kFleetAddresses = 3;
constexpr int kMoorePackets = 30;
constexpr double kMooreSeconds = 60;
constexpr double kLeastSilenceSeconds = 300;
constexpr double kMostSilenceSeconds = 3 * 3600;
constexpr double kSilenceRate = 100'000;  // packets per second whose silence ends an event

// The least x in [0, high] for which `enough` holds; it grows with x and holds at high.
template <typename Enough>
double Least(double high, const Enough& enough) {
  double low = 0;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

// Part of an address is no address: the mean is rounded down where addresses are counted.
uint64_t Whole(double n4) { return n4 < 0 ? 0 : static_cast<uint64_t>(n4 + 1e-9); }

double FleetRate(double n4, double packets, double seconds) {
  return packets * kIpv4Space / (n4 * seconds);
}

}  // namespace

double PoissonTail(double mean, int least) {
  double term = std::exp(-mean), sum = 0;
  for (int i = 0; i < least; ++i) {
    sum += term;
    term *= mean / (i + 1);
  }
  return 1 - sum;
}

double BinomialTail(uint64_t n, double p, int least) {
  if (n < static_cast<uint64_t>(least)) return 0;
  if (p >= 1) return 1;
  const auto trials = static_cast<double>(n);
  double term = std::exp(trials * std::log1p(-p)), sum = 0;
  for (int i = 0; i < least; ++i) {
    sum += term;
    term *= (trials - i) / (i + 1) * p / (1 - p);
  }
  return 1 - sum;
}

std::optional<double> FleetPacketsNeeded(uint64_t n4) {
  if (n4 < kFleetAddresses) return std::nullopt;
  return Least(1000, [n4](double mean) {
    const double hit = -std::expm1(-mean / static_cast<double>(n4));
    return PoissonTail(mean, kFleetPackets) >= kCertainty &&
           BinomialTail(n4, hit, kFleetAddresses) >= kCertainty;
  });
}

double MoorePacketsNeeded() {
  return Least(1000, [](double mean) { return PoissonTail(mean, kMoorePackets) >= kCertainty; });
}

double FleetSilenceSeconds(double n4) {
  return std::clamp(std::log(1000.0) * kIpv4Space / (kSilenceRate * n4), kLeastSilenceSeconds,
                    kMostSilenceSeconds);
}

Sensitivity DosFleet(double n4, double seconds) {
  const std::optional<double> packets = FleetPacketsNeeded(Whole(n4));
  if (!packets) return {std::nullopt, "not detected with fewer than 3 observed IPv4 addresses"};
  const double silence = FleetSilenceSeconds(n4);
  if (seconds <= silence) return {FleetRate(n4, *packets, seconds), ""};
  // Longer attacks must also never fall silent for so long that the event ends.
  return {std::max(FleetRate(n4, *packets, silence), kSilenceRate), ""};
}

Sensitivity DosMoore(double n4) {
  if (n4 <= 0) return {std::nullopt, "no observed IPv4 addresses"};
  return {FleetRate(n4, MoorePacketsNeeded(), kMooreSeconds), ""};
}

Sensitivity ScanFleet(double n4, double seconds) {
  const uint64_t addresses = Whole(n4);
  if (BinomialTail(addresses, 1, kFleetAddresses) < kCertainty) {
    return {std::nullopt, "not visible with fewer than 3 observed IPv4 addresses"};
  }
  const double share = Least(1, [addresses](double covered) {
    return BinomialTail(addresses, covered, kFleetAddresses) >= kCertainty;
  });
  return {share * kIpv4Space / seconds, ""};
}

}  // namespace teiten::report
