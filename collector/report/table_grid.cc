// SPDX-License-Identifier: Apache-2.0
// Columns of rankings.
#include <algorithm>

#include "collector/report/grid.h"
#include "collector/report/grid_cells.h"
#include "collector/report/table.h"
#include "collector/report/tool_tables.h"

namespace teiten::report {
namespace {

using Table = v1::ReportTable;
using Row = v1::ReportRow;

struct ColumnSpec {
  const char* head;   // "": the table's row label
  const char* plain;  // head in plain form
  bool number;
  bool (*wanted)(const Table&);
  std::string (*cell)(const Table&, const Row&, Numbers);
};

bool Always(const Table&) { return true; }
bool InRankOrder(const Table& t) { return t.ranked() && !t.in_own_order(); }
bool Ranked(const Table& t) { return t.ranked(); }
bool Compared(const Table& t) { return t.compared(); }
bool ComparedRanks(const Table& t) { return t.compared() && !t.in_own_order(); }
template <typename Has>
bool AnyRow(const Table& t, const Has& has) {
  return std::any_of(t.rows().begin(), t.rows().end(), has);
}
bool HasNames(const Table& t) {
  return AnyRow(t, [](const Row& r) { return !r.name().empty(); });
}
// For people change and change in % share a column, to keep tables narrow.
bool Never(const Table&) { return false; }
bool HasTrimmed(const Table& t) {
  return t.ranked() && AnyRow(t, [](const Row& r) { return r.has_trimmed_value(); });
}
bool HasDominant(const Table& t) {
  return !t.in_own_order() && AnyRow(t, [](const Row& r) { return !r.dominated_by().empty(); });
}
bool HasMarks(const Table& t) {
  return t.id().starts_with("ports_scan") && AnyRow(t, [](const Row& r) {
           return std::any_of(r.marks().begin(), r.marks().end(), [](const v1::MarkCount& m) {
             return m.mark() > v1::TOOL_MARK_UNMARKED && m.packets() > 0;
           });
         });
}

std::string RankCell(const Table&, const Row& r, Numbers n) {
  return r.rank() == 0 ? NothingCell(n) : std::to_string(r.rank());
}
std::string KeyCell(const Table&, const Row& r, Numbers) { return r.key(); }
std::string NameCell(const Table&, const Row& r, Numbers) { return r.name(); }
std::string MeanCell(const Table& t, const Row& r, Numbers n) {
  return t.ranked() ? ValueCell(r.value(), n) : NothingCell(n);
}
std::string MedianCell(const Table& t, const Row& r, Numbers n) {
  return t.ranked() ? ValueCell(r.median_value(), n) : NothingCell(n);
}
std::string PooledCell(const Table& t, const Row& r, Numbers n) {
  return t.ranked() ? ValueCell(r.pooled_value(), n) : NothingCell(n);
}
std::string TrimmedCell(const Table&, const Row& r, Numbers n) {
  return r.has_trimmed_value() ? ValueCell(r.trimmed_value(), n) : NothingCell(n);
}
std::string PacketsCell(const Table&, const Row& r, Numbers n) {
  return CountCell(r.counts().packets(), n);
}
std::string ShareCell(const Table&, const Row& r, Numbers n) {
  return PercentCell(100 * r.share(), n);
}
std::string SourcesCell(const Table&, const Row& r, Numbers n) {
  return CountCell(static_cast<uint64_t>(std::llround(r.counts().sources())), n);
}
std::string PreviousRankCell(const Table&, const Row& r, Numbers n) {
  if (r.has_previous_rank()) return std::to_string(r.previous_rank());
  if (n == Numbers::kPlain || r.rank() == 0) return NothingCell(n);
  if (!r.has_previous_value()) return kNothing;
  return r.previous_value() > 0 ? "over 100" : "new";
}
std::string PreviousCell(const Table&, const Row& r, Numbers n) {
  return r.has_previous_value() ? ValueCell(r.previous_value(), n) : NothingCell(n);
}
std::string ChangeCell(const Table&, const Row& r, Numbers n) {
  if (!r.has_change_value()) return NothingCell(n);
  if (n == Numbers::kPlain) return ValueCell(r.change_value(), n);
  if (!r.has_change_percent()) return Signed(r.change_value());
  // Live times differ by milliseconds: what rounds to no change in % is none.
  if (std::abs(r.change_percent()) < kLeastChangePercent) return "±0";
  if (std::abs(r.change_value()) < kLeastShown) return SignedPercent(r.change_percent());
  return fmt::format("{} ({})", Signed(r.change_value()), SignedPercent(r.change_percent()));
}
std::string ChangePercentCell(const Table&, const Row& r, Numbers n) {
  return r.has_change_percent() ? SignedPercentCell(r.change_percent(), n) : NothingCell(n);
}
std::string SensorsCell(const Table& t, const Row& r, Numbers n) {
  if (n == Numbers::kPlain) return std::to_string(r.sensors());
  return t.ranked() ? fmt::format("{} of {}", r.sensors(), r.sensors_visible())
                    : std::to_string(r.sensors());
}
std::string VisibleCell(const Table&, const Row& r, Numbers) {
  return std::to_string(r.sensors_visible());
}
std::string DominantCell(const Table&, const Row& r, Numbers) { return r.dominated_by(); }

// "mirai 62.0 %, zmap 3.1 %"
std::string MarksCell(const Table&, const Row& r, Numbers n) {
  std::string text;
  for (const v1::MarkCount& m : r.marks()) {
    if (m.mark() <= v1::TOOL_MARK_UNMARKED || m.packets() == 0) continue;
    const double percent =
        PercentOf(static_cast<double>(m.packets()), static_cast<double>(r.counts().packets()));
    if (!text.empty()) text += n == Numbers::kPlain ? ";" : ", ";
    text += n == Numbers::kPlain ? fmt::format("{}={}", ToolName(m.mark()), m.packets())
                                 : fmt::format("{} {}", ToolName(m.mark()), Percent(percent));
  }
  return text;
}

constexpr ColumnSpec kColumns[] = {
    {"Rank", "rank", true, InRankOrder, RankCell},
    {"", "key", false, Always, KeyCell},
    {"Name", "name", false, HasNames, NameCell},
    {"Mean", "mean", true, Ranked, MeanCell},
    {"Median", "median", true, InRankOrder, MedianCell},
    {"Trimmed", "trimmed_mean", true, HasTrimmed, TrimmedCell},
    {"Pooled", "pooled", true, InRankOrder, PooledCell},
    {"Previous rank", "previous_rank", true, ComparedRanks, PreviousRankCell},
    {"Previous mean", "previous_mean", true, Never, PreviousCell},
    {"Change", "change", true, Compared, ChangeCell},
    {"", "change_percent", true, Never, ChangePercentCell},
    {"Packets", "packets", true, Always, PacketsCell},
    {"Share", "share_percent", true, Always, ShareCell},
    {"Sources", "sources", true, Always, SourcesCell},
    {"Sensors", "sensors", true, Always, SensorsCell},
    {"", "sensors_visible", true, Never, VisibleCell},
    {"Tool marks", "marks", false, HasMarks, MarksCell},
    {"Mostly at", "dominated_by", false, HasDominant, DominantCell},
};

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : "; ") + item;
  return text;
}

void AddNotes(const Table& table, Grid& grid) {
  // That there is nothing to compare with is said once, in the report's notes.
  if (table.ranked() && !table.compared() && table.not_compared() != kNoPrevious) {
    grid.notes.push_back("No previous ranks: " + table.not_compared() + ".");
  }
  const uint32_t more = table.keys() - static_cast<uint32_t>(table.rows_size());
  if (table.rest().packets() > 0) {
    grid.notes.push_back(fmt::format(
        "{} {} {} of {} packets.", Plural(more, "more row"), more == 1 ? "holds" : "hold",
        WithCommas(table.rest().packets()), WithCommas(table.total().packets())));
  }
  if (table.ranked() && !table.left_out().empty()) {
    grid.notes.push_back("Without " + Join(table.left_out()) + ".");
  }
  if (!table.left_out_of_comparison().empty()) {
    grid.notes.push_back("Compared without " + Join(table.left_out_of_comparison()) + ".");
  }
  if (table.total().sources_standard_error() > 0) {
    grid.notes.push_back(fmt::format("Sources are estimated, ± {}.",
                                     Percent(100 * table.total().sources_standard_error())));
  }
  grid.notes.insert(grid.notes.end(), table.notes().begin(), table.notes().end());
}

}  // namespace

Grid TableGrid(const v1::ReportTable& table, Numbers numbers) {
  Grid grid;
  grid.id = table.id();
  grid.section = table.section();
  grid.title = table.title();
  grid.empty_reason = table.empty_reason();
  grid.caption = table.ranked() ? "Values in " + table.unit()
                                : "Not ranked, in order of packets: " + table.not_ranked();
  std::vector<const ColumnSpec*> chosen;
  for (const ColumnSpec& column : kColumns) {
    const bool plain = numbers == Numbers::kPlain;
    if (!plain && !column.wanted(table)) continue;
    chosen.push_back(&column);
    const std::string head = column.head[0] == '\0' ? table.row_label() : std::string(column.head);
    if (column.cell == KeyCell) grid.header_column = grid.columns.size();
    grid.columns.push_back({plain ? column.plain : head, column.number});
  }
  for (const Row& row : table.rows()) {
    std::vector<std::string>& cells = grid.rows.emplace_back();
    for (const ColumnSpec* column : chosen) cells.push_back(column->cell(table, row, numbers));
  }
  AddNotes(table, grid);
  return grid;
}

}  // namespace teiten::report
