// SPDX-License-Identifier: Apache-2.0
#include "collector/query/rank_period.h"

#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

void AddSources(const Cell& cell, DistinctSources& sources) {
  if (cell.source != nullptr) sources.Add(cell.family, *cell.source);
  if (cell.sources != nullptr) sources.Merge(*cell.sources);
  sources.AddUpperBound(cell.foreign_sources);
}

}  // namespace

RankUnit UnitOf(const RecordFilter& filter) {
  if (filter.both_families()) return RankUnit::kPerSensor;
  return filter.ipv4 ? RankUnit::kPerN4 : RankUnit::kPerP6;
}

void RankPeriod::Sum::Add(const Cell& cell) {
  packets += cell.packets;
  bytes += cell.bytes;
  tuples += cell.tuples;
}

void RankPeriod::Sum::Write(v1::Counts& out) const {
  out.set_packets(packets);
  out.set_bytes(bytes);
  out.set_tuples(tuples);
}

RankPeriod::RankPeriod(StoreReader& store, const QueryContext& context, const RecordFilter& filter,
                       v1::RankBy by)
    : store_(store),
      context_(context),
      filter_(filter),
      by_(by),
      total_sources_(&context.sketch_multipliers) {}

absl::Status RankPeriod::Read() {
  const GatherRequest request{.filter = &filter_,
                              .by = by_,
                              .by_time = false,
                              .all_from_facts = false,
                              .days = true,
                              .on_source = [this](const Cell& c) { AddExact(c); }};
  return Gather(
      store_, context_, request, book_, [this](const Cell& c) { return Add(c); }, description_);
}

absl::Status RankPeriod::Add(const Cell& cell) {
  total_.Add(cell);
  ipv6_ = ipv6_ || (cell.family == Family::kIpv6 && !cell.folded);
  if (cell.folded) folded_.Add(cell);
  AddSources(cell, total_sources_);
  if (cell.source != nullptr) AddExact(cell);
  // Folded packets have no source: they are in the total, and in no row.
  if (by_ == v1::RANK_BY_SOURCE && cell.source == nullptr) return absl::OkStatus();
  RankKey key = KeyOf(cell, by_);
  if (entries_.size() >= kMostRankKeys && !entries_.contains(key)) {
    return absl::ResourceExhaustedError(
        fmt::format("more than {} rows to rank: ask for a shorter time or a narrower selection",
                    GroupDigits(kMostRankKeys)));
  }
  Entry& entry = entries_[std::move(key)];
  entry.sum.Add(cell);
  if (by_ != v1::RANK_BY_SOURCE) {
    if (!entry.sources) entry.sources.emplace(&context_.sketch_multipliers);
    AddSources(cell, *entry.sources);
  }
  // The book has the sensor already, and keeps its name: coverage is read before the cells.
  const std::string* sensor = &book_.sensors().find(*cell.sensor)->first;
  for (auto& [at, packets] : entry.packets_at) {
    if (at == sensor) {
      packets += cell.packets;
      return absl::OkStatus();
    }
  }
  entry.packets_at.push_back({sensor, cell.packets});
  return absl::OkStatus();
}

void RankPeriod::AddExact(const Cell& cell) {
  exact_total_.Add({}, cell);
  if (by_ != v1::RANK_BY_SOURCE) exact_.Add(KeyOf(cell, by_), cell);
}

double RankPeriod::SourcesOf(const RankKey& key) const {
  v1::Counts counts;
  WriteCounts(key, counts);
  return counts.sources();
}

RankInput RankPeriod::Input() const {
  RankInput input{.unit = UnitOf(filter_), .sensors = {}, .entries = {}};
  for (const auto& [name, c] : book_.sensors()) input.sensors.push_back(PeriodOf(name, c.sum()));
  input.entries.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) {
    RankEntry out{.key = key, .sources = SourcesOf(key), .cells = {}};
    for (const auto& [sensor, packets] : entry.packets_at) out.cells.push_back({*sensor, packets});
    input.entries.push_back(std::move(out));
  }
  return input;
}

SensorPeriod RankPeriod::PeriodOf(const std::string& name, const CoverageRollup& c) const {
  SensorPeriod out{.sensor = name,
                   .live_ms = c.live_ms,
                   .period_ms = expected_ms(),
                   .address_live_ms = filter_.ipv4 ? c.n4_live_ms : c.p6_live_ms,
                   .unknown_ms = c.direction_unknown_ms,
                   .blind = {}};
  if (by_ == v1::RANK_BY_PORT) {
    for (const CoverageRollup::Blind& b : c.blind) {
      out.blind.push_back({b.protocol, b.port, b.live_ms});
    }
    return out;
  }
  // Of selected ports: time in which the sensor saw none of them is not live time.
  const uint64_t blind_ms = book_.BlindMs(name, filter_.ports);
  if (blind_ms == 0) return out;
  out.address_live_ms *= 1.0 - static_cast<double>(blind_ms) / static_cast<double>(c.live_ms);
  out.live_ms -= blind_ms;
  return out;
}

void RankPeriod::WriteCounts(const RankKey& key, v1::Counts& out) const {
  const Entry& entry = entries_.at(key);
  entry.sum.Write(out);
  if (entry.sources) {
    entry.sources->Write(out);
    WriteExact(exact_, key, out);
  } else {
    out.set_sources(1);
  }
}

void RankPeriod::WriteTotals(v1::RankReply& out) const {
  total_.Write(*out.mutable_total());
  total_sources_.Write(*out.mutable_total());
  WriteExact(exact_total_, {}, *out.mutable_total());
  folded_.Write(*out.mutable_folded());
  out.set_keys(static_cast<uint32_t>(entries_.size()));
}

absl::Status RankPeriod::WriteCoverage(v1::Coverage& out) const {
  book_.Write(expected_ms(), out);
  book_.WriteLeftOut(expected_ms(), out);
  out.set_source(description_);
  return WriteGaps(store_, filter_, out);
}

bool RankPeriod::addresses_unknown() const {
  bool any = false;
  for (const auto& [name, entry] : book_.sensors()) {
    const CoverageRollup& c = entry.sum();
    if (c.live_ms > 0 && c.direction_unknown_ms == 0) return false;
    any = any || c.live_ms > 0;
  }
  return any;
}

uint64_t RankPeriod::expected_ms() const {
  return ExpectedMs(filter_.from_unix_ms, filter_.to_unix_ms, context_.now_unix_ms());
}

}  // namespace teiten
