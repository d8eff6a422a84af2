// SPDX-License-Identifier: Apache-2.0
#include "collector/report/headline.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "collector/report/leaders.h"
#include "collector/report/number_text.h"
#include "collector/report/period_name.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr std::size_t kMostLevel = 3;  // more services that stand level are not named

const v1::ReportTable* Find(const v1::Report& report, std::string_view id) {
  const auto at = std::find_if(report.tables().begin(), report.tables().end(),
                               [&](const v1::ReportTable& t) { return t.id() == id; });
  return at == report.tables().end() ? nullptr : &*at;
}

const v1::ReportRow* FindRow(const v1::ReportTable& table, std::string_view key) {
  const auto at = std::find_if(table.rows().begin(), table.rows().end(),
                               [&](const v1::ReportRow& r) { return r.key() == key; });
  return at == table.rows().end() ? nullptr : &*at;
}

// An estimate that cannot be wrong by one source is none.
std::string Sources(const v1::Counts& counts) {
  const bool about = counts.sources() * counts.sources_standard_error() >= 0.5;
  const auto count = static_cast<uint64_t>(std::llround(counts.sources()));
  return fmt::format("{}{}", about ? "about " : "", Plural(count, "source"));
}

void AddTotal(v1::Report& report) {
  report.add_headlines(
      fmt::format("{} unsolicited {} from {} reached {} {}.", WithCommas(report.total().packets()),
                  report.total().packets() == 1 ? "packet" : "packets", Sources(report.total()),
                  Plural(report.coverage().sensors(), "sensor"), InPeriod(report)));
}

void AddChange(const RankResult& everything, v1::Report& report) {
  if (!everything.ranked) {
    report.add_headlines(
        fmt::format("Nothing is ranked or compared: {}.", everything.why_not_ranked));
    return;
  }
  if (everything.rows.empty() || !everything.rows[0].change_percent) return;
  const double percent = *everything.rows[0].change_percent;
  const std::size_t sensors = everything.sensors.size() - everything.left_out_of_comparison.size();
  const bool few = report.total().packets() < kLeastForShare &&
                   report.previous_total().packets() < kLeastForShare;
  const std::string compared = fmt::format(
      "{}, over {} live in both", PreviousName(report.period()), Plural(sensors, "sensor"));
  if (std::abs(percent) < 0.5) {
    report.add_headlines(fmt::format("That is as many per sensor and day as {}.", compared));
    return;
  }
  if (few) {
    const RankedRow& row = everything.rows[0];
    report.add_headlines(fmt::format("That is {} per sensor and day, after {} {}.",
                                     Rounded(*row.previous_mean + *row.change),
                                     Rounded(*row.previous_mean), compared));
    return;
  }
  report.add_headlines(fmt::format("That is {} {} per sensor and day than {}.",
                                   Percent(std::abs(percent)), percent > 0 ? "more" : "fewer",
                                   compared));
}

void AddPorts(const v1::ReportTable& table, v1::Report& report) {
  const std::string family = table.id() == "ports_scan_ipv6" ? "IPv6" : "IPv4";
  const std::string text = LeadersText(table, "the scans over " + family, report.period());
  if (text.empty()) return;
  report.add_headlines(text + ".");
  const v1::ReportRow& first = table.rows(0);
  if (first.dominated_by().empty()) return;
  report.add_headlines(
      fmt::format("More than half of the packets per address to {} were seen by {} alone.",
                  first.key(), first.dominated_by()));
}

void AddMirai(const v1::ReportTable& table, v1::Report& report) {
  const uint64_t all = table.total().packets();
  uint64_t with = 0;
  for (const v1::ReportRow& row : table.rows()) {
    if (row.key().ends_with(", Mirai mark")) with += row.counts().packets();
  }
  if (all == 0) return;
  if (all == 1) {
    report.add_headlines(fmt::format("The only Telnet packet {} the Mirai mark.",
                                     with == 1 ? "carried" : "did not carry"));
  } else if (with == 0 || all < kLeastForShare) {
    report.add_headlines(fmt::format("{} of the {} Telnet packets carried the Mirai mark.",
                                     with == 0 ? "None" : WithCommas(with), WithCommas(all)));
  } else {
    report.add_headlines(
        fmt::format("{} of the Telnet packets carried the Mirai mark.", ShareText(with, all)));
  }
}

void AddRegions(const v1::ReportTable& table, v1::Report& report) {
  const std::string text =
      LeadersText(table, "the source regions of scans over IPv4", report.period());
  if (text.empty()) return;
  uint64_t unknown = 0;
  for (const v1::ReportRow& row : table.rows()) {
    if (row.key().starts_with("unknown")) unknown += row.counts().packets();
  }
  report.add_headlines(text + (unknown == 0
                                   ? "."
                                   : fmt::format("; of {} the region is unknown.",
                                                 ShareText(unknown, table.total().packets()))));
}

struct Attacked {
  std::string called;
  uint64_t packets = 0;
};

// The services with most backscatter over both families; several that stand level, and none where
// one of those not shown could have more.
std::vector<Attacked> MostAttacked(const v1::Report& report) {
  std::map<std::string, Attacked> by_key;
  uint64_t hidden = 0;  // the most that a service not shown can have
  for (const char* id : {"backscatter_ipv4", "backscatter_ipv6"}) {
    const v1::ReportTable* table = Find(report, id);
    if (table == nullptr) continue;
    hidden += table->rest().packets();
    for (const v1::ReportRow& row : table->rows()) {
      if (row.key().find('/') == std::string::npos) {
        hidden += row.counts().packets();
        continue;
      }
      Attacked& sum = by_key[row.key()];
      sum.called = Called(row);
      sum.packets += row.counts().packets();
    }
  }
  std::vector<Attacked> most;
  for (const auto& [key, sum] : by_key) {
    if (!most.empty() && sum.packets > most[0].packets) most.clear();
    if (most.empty() || sum.packets == most[0].packets) most.push_back(sum);
  }
  if (!most.empty() && hidden >= most[0].packets) most.clear();
  return most;
}

void AddBackscatter(v1::Report& report) {
  const v1::ReportTable* classes = Find(report, "classes");
  const v1::ReportRow* row = classes == nullptr ? nullptr : FindRow(*classes, "backscatter");
  if (row == nullptr || row->counts().packets() == 0) return;
  const uint64_t all = row->counts().packets();
  const std::vector<Attacked> most = MostAttacked(report);
  std::string led;
  if (most.size() == 1 && most[0].packets == all) {
    led = fmt::format(", all of it of {}", most[0].called);
  } else if (most.size() == 1 && 2 * most[0].packets > all) {
    led = fmt::format(", most of it of {}", most[0].called);
  } else if (!most.empty() && most.size() <= kMostLevel) {
    std::vector<std::string> names;
    for (const Attacked& a : most) names.push_back(a.called);
    led = fmt::format("; first came {} with {}{}", JoinAnd(names), ShareText(most[0].packets, all),
                      most.size() > 1 ? " each" : "");
  }
  report.add_headlines(fmt::format(
      "Backscatter, the answers of hosts under attack or of reflectors, came to {} from {}{}.",
      Plural(all, "packet"), Sources(row->counts()), led));
}

void AddTrust(v1::Report& report) {
  const v1::Coverage& c = report.coverage();
  std::string text = fmt::format(
      "The sensors watched {} of the time",
      Percent(PercentOf(static_cast<double>(c.live_ms()), static_cast<double>(c.expected_ms()))));
  if (!c.accounting().has_kernel_dropped()) {
    text += "; what their kernels dropped is not known";
  } else {
    text += fmt::format("; their kernels dropped {}{}",
                        Plural(c.accounting().kernel_dropped(), "packet"),
                        c.kernel_dropped_unknown_ms() > 0 ? " or more" : "");
  }
  if (c.shed_summaries() > 0) {
    text +=
        fmt::format("; {} lost on the way",
                    c.shed_summaries() == 1 ? "1 summary was"
                                            : WithCommas(c.shed_summaries()) + " summaries were");
  }
  report.add_headlines(text + ".");
}

}  // namespace

void AddHeadlines(const RankResult& everything, v1::Report& report) {
  AddTotal(report);
  AddChange(everything, report);
  for (const char* id : {"ports_scan_ipv4", "ports_scan_ipv6"}) {
    if (const v1::ReportTable* t = Find(report, id); t != nullptr) AddPorts(*t, report);
  }
  if (const v1::ReportTable* t = Find(report, "telnet"); t != nullptr) AddMirai(*t, report);
  if (const v1::ReportTable* t = Find(report, "regions_scan_ipv4"); t != nullptr) {
    AddRegions(*t, report);
  }
  AddBackscatter(report);
  AddTrust(report);
}

}  // namespace teiten::report
