// SPDX-License-Identifier: Apache-2.0
#include "collector/store/coverage_sum.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "collector/store/accounting.h"

namespace teiten {
namespace {

// The clock of the covered interval and the monotonic one of live time may be this far apart, in
// percent; beyond it the machine slept.
constexpr uint64_t kClocksAgreePercent = 99;

// What a summary covers, for the length it was live. Where in the interval a machine slept is not
// known: its beginning is taken as live.
std::optional<RangeSet::Range> LiveRange(const v1::WindowSummary& s) {
  if (s.live_to_unix_ms() <= s.live_from_unix_ms() || s.live_ms() == 0) return std::nullopt;
  const auto from = static_cast<uint64_t>(s.live_from_unix_ms());
  const uint64_t covered = static_cast<uint64_t>(s.live_to_unix_ms()) - from;
  const bool slept = s.live_ms() < covered / 100 * kClocksAgreePercent;
  return RangeSet::Range{from, from + (slept ? s.live_ms() : covered) - 1};
}

// How much of the range was not in the set, which has it afterwards.
uint64_t AddNew(const RangeSet::Range& range, RangeSet& set) {
  const uint64_t known = set.CountWithin(range.first, range.last);
  set.Add(range.first, range.last);
  return range.last - range.first + 1 - known;
}

// Before the ranges are live: of time that is, somebody else has told the addresses or not.
void AddUnknown(const std::vector<RangeSet::Range>& ranges, CoverageRollup& sum) {
  for (const RangeSet::Range& range : ranges) {
    RangeSet fresh;
    fresh.Add(range.first, range.last);
    if (sum.live.CountWithin(range.first, range.last) > 0) fresh.RemoveAll(sum.live);
    sum.addresses_unknown.AddAll(fresh);
  }
}

void AddBlind(const CoverageRollup::Blind& term, std::vector<CoverageRollup::Blind>& sum) {
  const auto at =
      std::lower_bound(sum.begin(), sum.end(), term,
                       [](const CoverageRollup::Blind& a, const CoverageRollup::Blind& b) {
                         return std::pair(a.protocol, a.port) < std::pair(b.protocol, b.port);
                       });
  if (at != sum.end() && at->protocol == term.protocol && at->port == term.port) {
    at->live_ms += term.live_ms;
  } else {
    sum.insert(at, term);
  }
}

}  // namespace

uint64_t CoverageSum::Add(const StoredFact& fact) {
  const v1::WindowSummary& s = fact.summary;
  sum_.sensor = fact.key.sensor;
  sum_.group = fact.group;
  ++sum_.summaries;
  AddAccounting(s.accounting(), sum_.accounting);
  const std::optional<RangeSet::Range> range = LiveRange(s);
  if (!range.has_value()) return 0;
  const auto added_to = [&](RangeSet& set) { return std::min(AddNew(*range, set), s.live_ms()); };
  if (s.flags().direction_unknown()) AddUnknown({{*range}}, sum_);
  const uint64_t live_ms = added_to(sum_.live);
  sum_.live_ms += live_ms;
  sum_.n4_live_ms += static_cast<double>(s.n4()) * static_cast<double>(live_ms);
  sum_.p6_live_ms += static_cast<double>(s.p6()) * static_cast<double>(live_ms);
  if (s.flags().direction_unknown()) sum_.direction_unknown_ms += live_ms;
  if (!s.accounting().has_kernel_dropped()) sum_.drops_unknown_ms += added_to(drops_unknown_);
  for (const v1::BlindPort& b : s.blind_ports()) {
    const auto protocol = static_cast<uint8_t>(b.protocol());
    const auto port = static_cast<uint16_t>(b.port());
    AddBlind({protocol, port, added_to(blind_[{protocol, port}])}, sum_.blind);
  }
  return live_ms;
}

uint64_t CoverageSum::Add(const CoverageRollup& rollup) {
  sum_.sensor = rollup.sensor;
  sum_.group = rollup.group;
  sum_.summaries += rollup.summaries;
  AddAccounting(rollup.accounting, sum_.accounting);
  AddUnknown(rollup.addresses_unknown.ToVector(), sum_);
  uint64_t fresh_ms = 0;
  uint64_t whole_ms = 0;
  for (const RangeSet::Range& range : rollup.live.ToVector()) {
    fresh_ms += AddNew(range, sum_.live);
    whole_ms += range.last - range.first + 1;
  }
  if (fresh_ms == 0 || rollup.live_ms == 0) return 0;
  // All of it but where another group's or a late fact's time overlaps.
  const uint64_t most_ms = std::min(rollup.live_ms, whole_ms);
  const double share = static_cast<double>(most_ms) / static_cast<double>(rollup.live_ms) *
                       static_cast<double>(fresh_ms) / static_cast<double>(whole_ms);
  const auto part = [share](uint64_t ms) {
    return share == 1.0 ? ms : static_cast<uint64_t>(std::llround(share * static_cast<double>(ms)));
  };
  const uint64_t live_ms = std::min(part(rollup.live_ms), fresh_ms);
  sum_.live_ms += live_ms;
  sum_.n4_live_ms += share * rollup.n4_live_ms;
  sum_.p6_live_ms += share * rollup.p6_live_ms;
  sum_.direction_unknown_ms += part(rollup.direction_unknown_ms);
  sum_.drops_unknown_ms += part(rollup.drops_unknown_ms);
  for (const CoverageRollup::Blind& b : rollup.blind) {
    AddBlind({b.protocol, b.port, part(b.live_ms)}, sum_.blind);
  }
  return live_ms;
}

MeanAddresses MeanAddressesOf(const std::vector<const CoverageRollup*>& sensors) {
  MeanAddresses out;
  RangeSet watched;
  double n4_live_ms = 0;
  double p6_live_ms = 0;
  for (const CoverageRollup* c : sensors) {
    RangeSet known = c->live;
    known.RemoveAll(c->addresses_unknown);
    watched.AddAll(known);
    n4_live_ms += c->n4_live_ms;
    p6_live_ms += c->p6_live_ms;
  }
  out.live_ms = watched.count();
  if (out.live_ms == 0) return out;
  out.n4 = n4_live_ms / static_cast<double>(out.live_ms);
  out.p6 = p6_live_ms / static_cast<double>(out.live_ms);
  return out;
}

}  // namespace teiten
