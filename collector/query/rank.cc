// SPDX-License-Identifier: Apache-2.0
#include "collector/query/rank.h"

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "collector/query/distinct_sources.h"
#include "collector/query/empty_reason.h"
#include "collector/query/gather.h"
#include "collector/query/key_name.h"
#include "collector/query/rank_math.h"
#include "common/service_name.h"
#include "fmt/format.h"

namespace teiten {
namespace {

struct Sum {
  uint64_t packets = 0, bytes = 0, tuples = 0;

  void Add(const Cell& cell) {
    packets += cell.packets;
    bytes += cell.bytes;
    tuples += cell.tuples;
  }
  void Write(v1::Counts& out) const {
    out.set_packets(packets);
    out.set_bytes(bytes);
    out.set_tuples(tuples);
  }
};

void AddSources(const Cell& cell, DistinctSources& sources) {
  if (cell.source != nullptr) sources.Add(cell.family, *cell.source);
  if (cell.sources != nullptr) sources.Merge(*cell.sources);
  sources.AddUpperBound(cell.foreign_sources);
}

RankUnit UnitOf(const RecordFilter& filter) {
  if (filter.both_families()) return RankUnit::kPerSensor;
  return filter.ipv4 ? RankUnit::kPerN4 : RankUnit::kPerP6;
}

const char* UnitText(RankUnit unit) {
  switch (unit) {
    case RankUnit::kPerN4:
      return "packets per N4 and day";
    case RankUnit::kPerP6:
      return "packets per P6 and day";
    case RankUnit::kPerSensor:
      return "packets per sensor and day";
  }
  return "";
}

// All cells of one period, by key.
class Period {
 public:
  Period(StoreReader& store, const QueryContext& context, const RecordFilter& filter, v1::RankBy by)
      : store_(store),
        context_(context),
        filter_(filter),
        by_(by),
        total_sources_(&context.sketch_multipliers) {}

  absl::Status Read() {
    const GatherRequest request{
        .filter = &filter_, .by = by_, .by_time = false, .all_from_facts = false, .days = true};
    return Gather(
        store_, context_, request, book_, [this](const Cell& c) { return Add(c); }, description_);
  }

  RankInput Input() const {
    RankInput input{.unit = UnitOf(filter_), .sensors = {}, .entries = {}};
    for (const auto& [name, c] : book_.sensors()) input.sensors.push_back(PeriodOf(name, c));
    input.entries.reserve(entries_.size());
    for (const auto& [key, entry] : entries_) {
      RankEntry out{.key = key, .sources = SourcesOf(entry), .cells = {}};
      for (const auto& [sensor, packets] : entry.packets_at) {
        out.cells.push_back({*sensor, packets});
      }
      input.entries.push_back(std::move(out));
    }
    return input;
  }

  void WriteCounts(const RankKey& key, v1::Counts& out) const {
    const Entry& entry = entries_.at(key);
    entry.sum.Write(out);
    if (entry.sources) {
      entry.sources->Write(out);
    } else {
      out.set_sources(1);
    }
  }

  void WriteTotals(v1::RankReply& out) const {
    total_.Write(*out.mutable_total());
    total_sources_.Write(*out.mutable_total());
    folded_.Write(*out.mutable_folded());
    out.set_keys(static_cast<uint32_t>(entries_.size()));
  }

  absl::Status WriteCoverage(v1::Coverage& out) const {
    book_.Write(expected_ms(), out);
    out.set_source(description_);
    return WriteGaps(store_, filter_, out);
  }

  [[nodiscard]] uint64_t total_packets() const { return total_.packets; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const CoverageBook& book() const { return book_; }

  // No sensor that watched knows its observed addresses.
  [[nodiscard]] bool addresses_unknown() const {
    bool any = false;
    for (const auto& [name, c] : book_.sensors()) {
      if (c.live_ms > 0 && c.direction_unknown_ms == 0) return false;
      any = any || c.live_ms > 0;
    }
    return any;
  }

 private:
  struct Entry {
    Sum sum;
    std::optional<DistinctSources> sources;  // absent: the key is the source
    absl::InlinedVector<std::pair<const std::string*, uint64_t>, 2> packets_at;
  };

  uint64_t expected_ms() const {
    return ExpectedMs(filter_.from_unix_ms, filter_.to_unix_ms, context_.now_unix_ms());
  }

  static double SourcesOf(const Entry& entry) {
    return entry.sources ? entry.sources->Count() : 1.0;
  }

  absl::Status Add(const Cell& cell) {
    total_.Add(cell);
    if (cell.folded) folded_.Add(cell);
    AddSources(cell, total_sources_);
    // Folded packets have no source: they are in the total, and in no row.
    if (by_ == v1::RANK_BY_SOURCE && cell.source == nullptr) return absl::OkStatus();
    if (entries_.size() >= kMostRankKeys && !entries_.contains(KeyOf(cell, by_))) {
      return absl::ResourceExhaustedError(
          fmt::format("more than {} rows to rank: ask for a shorter time or a narrower selection",
                      kMostRankKeys));
    }
    Entry& entry = entries_[KeyOf(cell, by_)];
    entry.sum.Add(cell);
    if (by_ != v1::RANK_BY_SOURCE) {
      if (!entry.sources) entry.sources.emplace(&context_.sketch_multipliers);
      AddSources(cell, *entry.sources);
    }
    // The book keeps the sensor's name: coverage is read before the cells.
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

  SensorPeriod PeriodOf(const std::string& name, const CoverageRollup& c) const {
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

  StoreReader& store_;
  const QueryContext& context_;
  const RecordFilter& filter_;
  const v1::RankBy by_;
  CoverageBook book_;
  std::string description_;
  absl::flat_hash_map<RankKey, Entry, RankKeyHash> entries_;
  Sum total_;
  Sum folded_;
  DistinctSources total_sources_;
};

class RankAnswer {
 public:
  RankAnswer(StoreReader& store, const QueryContext& context, const v1::RankRequest& request)
      : store_(store), context_(context), request_(request) {}

  absl::StatusOr<v1::RankReply> Make() {
    absl::StatusOr<RecordFilter> filter = OpenSelection(store_, request_.selection());
    if (!filter.ok()) return filter.status();
    if (absl::Status s = CheckBy(request_.by(), "by"); !s.ok()) return s;
    if (request_.limit() > kMostRankRows) {
      return absl::InvalidArgumentError(
          fmt::format("limit: {} rows, at most {}", request_.limit(), kMostRankRows));
    }
    const bool default_class = filter->all_kinds() && request_.by() != v1::RANK_BY_KIND &&
                               request_.by() != v1::RANK_BY_SENSOR;
    if (default_class) filter->DefaultToClass(KindClass::kScan);

    Period now(store_, context_, *filter, request_.by());
    if (absl::Status s = now.Read(); !s.ok()) return s;
    now.WriteTotals(reply_);
    if (absl::Status s = now.WriteCoverage(*reply_.mutable_coverage()); !s.ok()) return s;
    if (now.empty()) {
      absl::StatusOr<std::string> reason = EmptyReason(store_, *filter, now.book());
      if (!reason.ok()) return reason.status();
      reply_.mutable_coverage()->set_empty_reason(*std::move(reason));
    }
    if (default_class) {
      Note("class scan only; select a class or kinds for the rest (--class backscatter)");
    }
    if (request_.by() == v1::RANK_BY_REGION && !context_.region) {
      Note("no region file: every region is unknown");
    }
    if (reply_.folded().packets() > 0 && reply_.total().packets() > 0) {
      Note(fmt::format("{:.2f} % of packets are folded: counted, without source",
                       100.0 * static_cast<double>(reply_.folded().packets()) /
                           static_cast<double>(reply_.total().packets())));
    }
    if (absl::Status s = Rank(now, *filter); !s.ok()) return s;
    return std::move(reply_);
  }

 private:
  void Note(std::string text) { reply_.mutable_coverage()->add_notes(std::move(text)); }

  absl::Status Rank(const Period& now, const RecordFilter& filter) {
    const RankInput input = now.Input();
    if (input.unit != RankUnit::kPerSensor && now.addresses_unknown()) {
      ByPackets(now, input);
      return absl::OkStatus();
    }
    reply_.set_unit(UnitText(input.unit));
    if (now.book().sensors().empty()) return absl::OkStatus();
    if (!request_.compare_previous()) {
      Write(now, ComputeRank(input));
      return absl::OkStatus();
    }
    RecordFilter before = filter;
    before.to_unix_ms = filter.from_unix_ms;
    before.from_unix_ms =
        std::max<int64_t>(0, filter.from_unix_ms - (filter.to_unix_ms - filter.from_unix_ms));
    Period previous(store_, context_, before, request_.by());
    if (absl::Status s = previous.Read(); !s.ok()) return s;
    if (absl::Status s = previous.WriteCoverage(*reply_.mutable_previous_coverage()); !s.ok()) {
      return s;
    }
    const RankResult result = ComputeRankWithPrevious(input, previous.Input());
    Write(now, result);
    if (!result.compared && result.ranked) Note("not compared: " + result.why_not_compared);
    for (const LeftOutSensor& s : result.left_out_of_comparison) {
      Note(fmt::format("not in the comparison: {} ({} before)", s.sensor, s.reason));
    }
    return absl::OkStatus();
  }

  // Without N4 there is no rate; packets are all that can be ordered.
  void ByPackets(const Period& now, RankInput input) {
    reply_.set_unit("packets");
    Note(
        "N4 and P6 are not known (direction_unknown: the sensor observed everything): ranked by "
        "packets, and what its own hosts asked for is among them");
    input.unit = RankUnit::kPerSensor;
    RankResult result = ComputeRank(input);
    std::stable_sort(result.rows.begin(), result.rows.end(),
                     [](const RankedRow& a, const RankedRow& b) { return a.packets > b.packets; });
    uint32_t rank = 0;
    for (RankedRow& row : result.rows) row.rank = ++rank;
    WriteRows(now, result, /*values=*/false);
  }

  void Write(const Period& now, const RankResult& result) {
    if (!result.ranked) reply_.set_not_ranked(result.why_not_ranked);
    // Shorter live time is in left_out already; what is left to say is an unknown N4.
    for (const LeftOutSensor& s : result.left_out) {
      if (s.reason.find("not known") != std::string::npos) {
        reply_.mutable_coverage()->add_left_out(fmt::format("{}: {}", s.sensor, s.reason));
      }
    }
    comparable_ = result.sensors.size() - result.left_out_of_comparison.size();
    WriteRows(now, result, result.ranked);
  }

  void WriteRows(const Period& now, const RankResult& result, bool values) {
    const uint32_t limit = request_.limit() == 0 ? kDefaultRankRows : request_.limit();
    for (const RankedRow& row : result.rows) {
      if (static_cast<uint32_t>(reply_.rows_size()) == limit) break;
      v1::RankRow& out = *reply_.add_rows();
      out.set_rank(row.rank);
      out.set_key(KeyText(row.key, request_.by()));
      if (request_.by() == v1::RANK_BY_PORT) {
        out.set_name(std::string(ServiceName(row.key.protocol, row.key.port)));
      }
      now.WriteCounts(row.key, *out.mutable_counts());
      if (now.total_packets() > 0) {
        out.set_share(static_cast<double>(row.packets) / static_cast<double>(now.total_packets()));
      }
      out.set_sensors(row.sensors_seen);
      out.set_sensors_visible(row.sensors_visible);
      if (!values || row.sensors_visible == 0) continue;
      if (request_.by() == v1::RANK_BY_SENSOR) {
        WriteOwnRate(row, out);
      } else {
        WriteValues(row, out);
      }
    }
  }

  static void WriteValues(const RankedRow& row, v1::RankRow& out) {
    out.set_value(row.mean);
    out.set_pooled_value(row.pooled);
    out.set_dominated_by(row.dominated_by);
    if (row.previous_rank) out.set_previous_rank(*row.previous_rank);
    if (row.previous_packets) out.mutable_previous()->set_packets(*row.previous_packets);
    if (row.previous_mean) out.set_previous_value(*row.previous_mean);
    if (row.change_percent) out.set_change_percent(*row.change_percent);
  }

  // Only one sensor has the key "sensor-1": its rate is the mean times the number of voters.
  void WriteOwnRate(const RankedRow& row, v1::RankRow& out) const {
    if (row.rank == 0) return;
    out.set_value(row.mean * row.sensors_visible);
    if (row.previous_rank) out.set_previous_rank(*row.previous_rank);
    if (!row.previous_mean || !row.previous_rank) return;
    out.mutable_previous()->set_packets(*row.previous_packets);
    out.set_previous_value(*row.previous_mean * static_cast<double>(comparable_));
    if (row.change_percent) out.set_change_percent(*row.change_percent);
  }

  StoreReader& store_;
  const QueryContext& context_;
  const v1::RankRequest& request_;
  v1::RankReply reply_;
  std::size_t comparable_ = 0;  // sensors that take part in both periods
};

}  // namespace

absl::StatusOr<v1::RankReply> AnswerRank(StoreReader& store, const QueryContext& context,
                                         const v1::RankRequest& request) {
  return RankAnswer(store, context, request).Make();
}

}  // namespace teiten
