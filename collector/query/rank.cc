// SPDX-License-Identifier: Apache-2.0
#include "collector/query/rank.h"

#include <algorithm>

#include "collector/query/empty_reason.h"
#include "collector/query/open_selection.h"
#include "collector/query/rank_period.h"
#include "collector/query/whole_windows.h"
#include "common/service_name.h"
#include "common/text.h"
#include "fmt/format.h"

namespace teiten {
namespace {

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

class RankAnswer {
 public:
  RankAnswer(StoreReader& store, const QueryContext& context, const v1::RankRequest& request)
      : store_(store), context_(context), request_(request) {}

  absl::StatusOr<v1::RankReply> Make() {
    absl::StatusOr<RecordFilter> filter = OpenSelection(store_, request_.selection());
    if (!filter.ok()) return filter.status();
    if (absl::Status s = CheckBy(request_.by(), "by"); !s.ok()) return s;
    if (request_.limit() > kMostRankRows) {
      return absl::InvalidArgumentError(fmt::format(
          "limit: {} rows, at most {}", GroupDigits(request_.limit()), GroupDigits(kMostRankRows)));
    }
    filter->DefaultToScan(request_.by());

    RankPeriod now(store_, context_, *filter, request_.by());
    if (absl::Status s = now.Read(); !s.ok()) return s;
    now.WriteTotals(reply_);
    if (absl::Status s = now.WriteCoverage(*reply_.mutable_coverage()); !s.ok()) return s;
    if (now.empty()) {
      absl::StatusOr<std::string> reason = EmptyReason(store_, *filter, now.book());
      if (!reason.ok()) return reason.status();
      reply_.mutable_coverage()->set_empty_reason(*std::move(reason));
    }
    if (!now.empty() && filter->both_families()) {
      Note(
          "IPv4 and IPv6 together are per sensor; select one family for packets per observed "
          "address (--family ipv4)");
    }
    if (!now.empty() && filter->kinds_defaulted) Note(kScanOnlyNote);
    if (now.ipv6()) Note(kBy64Note);
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

  absl::Status Rank(const RankPeriod& now, const RecordFilter& filter) {
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
    if (absl::Status s = WidenToWindows(store_, before); !s.ok()) return s;
    RankPeriod previous(store_, context_, before, request_.by());
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
  void ByPackets(const RankPeriod& now, RankInput input) {
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

  void Write(const RankPeriod& now, const RankResult& result) {
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

  void WriteRows(const RankPeriod& now, const RankResult& result, bool values) {
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
    out.set_median(row.median);
    if (row.trimmed_mean) out.set_trimmed_mean(*row.trimmed_mean);
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
