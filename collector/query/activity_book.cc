// SPDX-License-Identifier: Apache-2.0
#include "collector/query/activity_book.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr double kChanceOfMark = 65'536;  // one in so many packets fits by its IPv4 id

}  // namespace

void ActivityBook::Add(const ActivityKey& key, const std::string& sensor, ActivityPart part) {
  packets_ += part.packets;
  bytes_ += part.bytes;
  tuples_ += part.tuples;
  sources_.Add(key.source.family, key.source.base);
  ipv6_ = ipv6_ || key.source.family == Family::kIpv6;
  auto at = held_.find(key);
  if (at == held_.end()) {
    if (held_.size() >= most_held_) {
      packets_not_held_ += part.packets;
      return;
    }
    at = held_.try_emplace(key).first;
  }
  part.sensor = sensor_numbers_.try_emplace(sensor, static_cast<uint32_t>(sensor_numbers_.size()))
                    .first->second;
  at->second.Add(part);
}

void ActivityBook::Write(uint32_t limit, v1::SourceReply& out) {
  std::vector<std::pair<const ActivityKey*, const Activity*>> order;
  order.reserve(held_.size());
  for (auto& [key, activity] : held_) {
    activity.CloseDay();
    order.push_back({&key, &activity});
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second->packets() > b.second->packets();
  });
  out.set_truncated(order.size() > limit || packets_not_held_ > 0);
  if (order.size() > limit) order.resize(limit);
  for (const auto& [key, activity] : order) activity->Write(*key, *out.add_activities());
  v1::Counts& total = *out.mutable_total();
  total.set_packets(packets_);
  total.set_bytes(bytes_);
  total.set_tuples(tuples_);
  sources_.Write(total);
  WriteNotes(out);
}

void ActivityBook::WriteNotes(v1::SourceReply& out) const {
  v1::Coverage& coverage = *out.mutable_coverage();
  if (packets_not_held_ > 0) {
    coverage.add_notes(fmt::format(
        "more than {} activities (of a source on a port): {} packets of those that began later "
        "are in the total and not in the list; ask for a longer prefix or a shorter time",
        GroupDigits(most_held_), GroupDigits(packets_not_held_)));
  }
  // Beside "zmap?" and "masscan?": how many of them chance would make of the single packets that
  // were looked at.
  const bool doubtful =
      std::any_of(out.activities().begin(), out.activities().end(),
                  [](const auto& a) { return a.tool().find('?') != std::string::npos; });
  if (!doubtful) return;
  uint64_t singles = 0;
  for (const auto& [key, activity] : held_) {
    if (!HasMark(key.kind, Mark::kZmap) && !HasMark(key.kind, Mark::kMasscan)) continue;
    singles += activity.single_packet_days();
  }
  const double by_chance = static_cast<double>(singles) / kChanceOfMark;
  coverage.add_notes(fmt::format(
      "zmap? and masscan? are named by a single packet, which fits the rule by chance once in "
      "65,536: {} expected by chance among the {} single packet{} here",
      by_chance < 0.001 ? "under 0.001" : fmt::format("{:.3f}", by_chance), GroupDigits(singles),
      singles == 1 ? "" : "s"));
}

}  // namespace teiten
