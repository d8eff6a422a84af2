// SPDX-License-Identifier: Apache-2.0
#include "collector/query/asked_names.h"

#include <algorithm>
#include <set>
#include <span>

#include "fmt/format.h"

namespace teiten {
namespace {

constexpr std::size_t kMostNamed = 10;

using Names = std::vector<std::string>;

std::string Quoted(const Names& names, const char* separator) {
  Names quoted;
  for (const std::string& name : names) quoted.push_back("\"" + name + "\"");
  return NameList(quoted, separator);
}

struct OneList {
  const char* noun;      // "sensor"
  const char* sentence;  // "No sensor is called"
  const Names& asked;
  Names unknown;
  Names known;  // all that the store knows
};

void Judge(const OneList& list, AskedNames& out) {
  if (list.unknown.empty()) return;
  if (list.unknown.size() < list.asked.size()) {
    const bool one = list.unknown.size() == 1;
    out.notes.push_back(fmt::format("{}{} {} {} not known; known: {}", list.noun, one ? "" : "s",
                                    Quoted(list.unknown, ", "), one ? "is" : "are",
                                    NameList(list.known)));
  } else if (out.nothing_matches.empty()) {
    out.nothing_matches = fmt::format("{} {}. Known: {}.", list.sentence,
                                      Quoted(list.unknown, " or "), NameList(list.known));
  }
}

Names Without(const Names& asked, const std::set<std::string>& known) {
  Names unknown;
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(unknown),
               [&](const std::string& name) { return !known.contains(name); });
  return unknown;
}

}  // namespace

std::string NameList(const Names& names, const char* separator) {
  const std::span<const std::string> named =
      std::span(names).first(std::min(names.size(), kMostNamed));
  std::string text = fmt::format("{}", fmt::join(named, separator));
  if (names.size() > named.size()) {
    text += fmt::format(", and {} more", names.size() - named.size());
  }
  return text;
}

absl::StatusOr<bool> GroupHasData(StoreReader& store, FactSelection asked,
                                  const std::string& group) {
  asked.groups = {group};
  for (const RollupTier tier : {RollupTier::kHour, RollupTier::kDay}) {
    absl::StatusOr<std::vector<CoverageRollup>> coverage = store.ReadCoverage(tier, asked);
    if (!coverage.ok()) return coverage.status();
    if (!coverage->empty()) return true;
  }
  bool any = false;  // of hours that are not rolled up
  absl::Status scan = store.ScanFacts(asked, [&](const StoredFact&) {
    any = true;
    return false;
  });
  if (!scan.ok()) return scan;
  return any;
}

absl::StatusOr<AskedNames> CheckNames(StoreReader& store, const FactSelection& asked) {
  AskedNames out;
  if (asked.sensors.empty() && asked.groups.empty()) return out;
  absl::StatusOr<std::vector<SensorRecord>> records = store.ReadSensors();
  if (!records.ok()) return records.status();
  std::set<std::string> sensors;
  std::set<std::string> groups;
  for (const SensorRecord& record : *records) {
    sensors.insert(record.contact.sensor);
    if (!record.contact.group.empty()) groups.insert(record.contact.group);
  }
  Judge({"sensor", "No sensor is called", asked.sensors, Without(asked.sensors, sensors),
         Names(sensors.begin(), sensors.end())},
        out);

  FactSelection everyone = asked;
  everyone.sensors.clear();
  for (const std::string& group : Without(asked.groups, groups)) {
    const absl::StatusOr<bool> has_data = GroupHasData(store, everyone, group);
    if (!has_data.ok()) return has_data.status();
    if (*has_data) groups.insert(group);
  }
  Judge({"group", "No sensor is in group", asked.groups, Without(asked.groups, groups),
         Names(groups.begin(), groups.end())},
        out);
  return out;
}

}  // namespace teiten
