// SPDX-License-Identifier: Apache-2.0
#include "collector/report/leaders.h"

#include <algorithm>
#include <cmath>

#include "collector/report/number_text.h"
#include "collector/report/period_name.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

constexpr std::size_t kMostNamed = 3;
constexpr double kSameValue = 1e-9;  // relative; more is no rounding of sums

using Rows = std::vector<const v1::ReportRow*>;

// Remainders (other ports, unknown regions) lead nothing, nor does what no voter saw.
bool CanLead(const v1::ReportTable& table, const v1::ReportRow& row) {
  if (row.counts().packets() == 0 || row.key() == "other ports") return false;
  return !row.key().starts_with("unknown") && (!table.ranked() || row.rank() > 0);
}

Rows RowsOf(const v1::ReportTable& table) {
  Rows rows;
  for (const v1::ReportRow& row : table.rows()) {
    if (CanLead(table, row)) rows.push_back(&row);
  }
  return rows;
}

// Ties are put in some order; it means nothing.
bool Tied(const v1::ReportTable& table, const v1::ReportRow& a, const v1::ReportRow& b) {
  if (!table.ranked()) return a.counts().packets() == b.counts().packets();
  return std::abs(a.value() - b.value()) <= kSameValue * std::max(a.value(), b.value());
}

// How many rows share the first place.
std::size_t TiedWithFirst(const v1::ReportTable& table, const Rows& rows) {
  std::size_t tied = 1;
  while (tied < rows.size() && Tied(table, *rows[0], *rows[tied])) ++tied;
  return tied;
}

std::string RankMove(const v1::ReportTable& table, const v1::ReportRow& row,
                     v1::ReportPeriod period) {
  if (!table.compared() || row.rank() == 0) return "";
  if (row.has_previous_rank() && row.previous_rank() == row.rank()) return ", as before";
  if (row.has_previous_rank()) return fmt::format(", up from rank {}", row.previous_rank());
  if (row.has_previous_value() && row.previous_value() > 0) return ", up from below rank 100";
  const bool all = table.left_out().empty() && table.left_out_of_comparison().empty();
  return fmt::format(", not seen {}{}{}", period == v1::REPORT_PERIOD_RANGE ? "in " : "",
                     PreviousName(period), all ? "" : " by the sensors live in both");
}

// "with 29.4 % of their packets", "with 8 of their 28 packets"
std::string WithShare(const v1::ReportRow& row, uint64_t whole) {
  const uint64_t packets = row.counts().packets();
  if (whole >= kLeastForShare) {
    return fmt::format("with {} of their packets", ShareText(packets, whole));
  }
  if (whole == 1) return "with their only packet";
  return packets == whole ? fmt::format("with all of their {} packets", whole)
                          : fmt::format("with {} of their {} packets", packets, whole);
}

std::string TieText(const v1::ReportTable& table, const Rows& rows, std::string_view subject) {
  const std::size_t tied = TiedWithFirst(table, rows);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(tied, kMostNamed); ++i) names.push_back(Called(*rows[i]));
  if (tied > kMostNamed) {
    const bool more = tied == rows.size() && table.rest().packets() > 0;
    names.push_back(
        fmt::format("{}{}", more ? "at least " : "", Plural(tied - kMostNamed, "other")));
  }
  const bool same = std::all_of(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(tied),
      [&](const auto* row) { return row->counts().packets() == rows[0]->counts().packets(); });
  return fmt::format("{} stood level at the head of {}{}", JoinAnd(names), subject,
                     same ? ", " + WithShare(*rows[0], table.total().packets()) + " each" : "");
}

// The next two, but none of several that stand level.
Rows Followers(const v1::ReportTable& table, const Rows& rows) {
  std::size_t end = std::min(kMostNamed, rows.size());
  while (end > 1 && end < rows.size() && Tied(table, *rows[end - 1], *rows[end])) --end;
  return {rows.begin() + 1, rows.begin() + static_cast<std::ptrdiff_t>(end)};
}

}  // namespace

std::string ShareText(uint64_t packets, uint64_t whole) {
  if (whole < kLeastForShare) return Plural(packets, "packet");
  return Percent(PercentOf(static_cast<double>(packets), static_cast<double>(whole)));
}

std::string Called(const v1::ReportRow& row, std::string_view more) {
  const bool service = row.key().find('/') != std::string::npos;
  const std::string& head = service || row.name().empty() ? row.key() : row.name();
  std::string inside = service ? row.name() : "";
  if (!inside.empty() && !more.empty()) inside += ", ";
  inside += more;
  return inside.empty() ? head : fmt::format("{} ({})", head, inside);
}

std::string JoinAnd(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

std::string LeadersText(const v1::ReportTable& table, std::string_view subject,
                        v1::ReportPeriod period) {
  const Rows rows = RowsOf(table);
  if (rows.empty()) return "";
  if (TiedWithFirst(table, rows) > 1) return TieText(table, rows, subject);
  const uint64_t whole = table.total().packets();
  const v1::ReportRow& first = *rows[0];
  std::vector<std::string> next;
  bool in_order_of_packets = true;
  uint64_t least = first.counts().packets();
  for (const v1::ReportRow* row : Followers(table, rows)) {
    const uint64_t packets = row->counts().packets();
    in_order_of_packets = in_order_of_packets && packets <= least;
    least = std::min(least, packets);
    next.push_back(Called(*row, ShareText(packets, whole)));
  }
  return fmt::format("{}{} led {} {}{}{}", in_order_of_packets ? "" : "By " + table.unit() + ", ",
                     Called(first), subject, WithShare(first, whole),
                     RankMove(table, first, period),
                     next.empty() ? "" : "; then came " + JoinAnd(next));
}

}  // namespace teiten::report
