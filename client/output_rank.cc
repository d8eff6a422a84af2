// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <vector>

#include "client/output.h"
#include "client/output_head.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string ByTitle(v1::RankBy by) {
  switch (by) {
    case v1::RANK_BY_PORT:
      return "port";
    case v1::RANK_BY_KIND:
      return "kind";
    case v1::RANK_BY_REGION:
      return "region";
    case v1::RANK_BY_TOOL:
      return "tool";
    case v1::RANK_BY_SENSOR:
      return "sensor";
    case v1::RANK_BY_SOURCE:
      return "source";
    default:
      return "key";
  }
}

// "before 3" for a row that was there, "new" for one that was not.
std::string PreviousRank(const v1::RankRow& row) {
  if (row.has_previous_rank()) return std::to_string(row.previous_rank());
  if (!row.has_previous()) return "-";
  return row.previous().packets() == 0 ? "new" : ">100";
}

// Without a rank there is no value to show.
bool HasValues(const v1::RankReply& reply) {
  return reply.unit() != "packets" && reply.not_ranked().empty();
}

std::vector<Column> Columns(const v1::RankRequest& request, const v1::RankReply& reply) {
  const bool ports = request.by() == v1::RANK_BY_PORT;
  std::vector<Column> columns = {{"rank", Align::kRight},
                                 {ByTitle(request.by()), ports ? Align::kRight : Align::kLeft}};
  if (ports) columns.push_back({"service"});
  if (HasValues(reply)) {
    columns.push_back({reply.unit(), Align::kRight});
    if (request.by() != v1::RANK_BY_SENSOR) columns.push_back({"pooled", Align::kRight});
  }
  for (const char* title : {"packets", "share", "sources"}) {
    columns.push_back({title, Align::kRight});
  }
  if (request.by() != v1::RANK_BY_SENSOR) columns.push_back({"sensors", Align::kRight});
  if (request.compare_previous()) {
    columns.push_back({"before", Align::kRight});
    columns.push_back({"change", Align::kRight});
  }
  return columns;
}

std::vector<std::string> Cells(const v1::RankRequest& request, const v1::RankReply& reply,
                               const v1::RankRow& row, const Style& style) {
  std::vector<std::string> cells = {row.rank() == 0 ? "-" : std::to_string(row.rank()),
                                    Printable(row.key())};
  if (request.by() == v1::RANK_BY_PORT) cells.push_back(Printable(row.name()));
  if (HasValues(reply)) {
    cells.push_back(row.has_value() ? FormatFigure(row.value()) : "-");
    if (request.by() != v1::RANK_BY_SENSOR) {
      cells.push_back(row.has_pooled_value() ? FormatFigure(row.pooled_value()) : "-");
    }
  }
  cells.push_back(GroupDigits(row.counts().packets()));
  cells.push_back(fmt::format("{:.1f} %", 100 * row.share()));
  cells.push_back(SourcesText(row.counts(), style));
  if (request.by() != v1::RANK_BY_SENSOR) {
    cells.push_back(fmt::format("{}/{}", row.sensors(), row.sensors_visible()));
  }
  if (request.compare_previous()) {
    cells.push_back(PreviousRank(row));
    cells.push_back(row.has_change_percent() ? FormatChange(row.change_percent()) : "-");
  }
  return cells;
}

std::string TotalText(const v1::Counts& total, const Style& style) {
  const bool one = total.sources() < 1.5;
  std::string text = fmt::format("Total: {}, {} {}", Plural(total.packets(), "packet"),
                                 SourcesText(total, style), one ? "source" : "sources");
  if (IsEstimate(total)) {
    text +=
        fmt::format(" ({}{:.1f} %)", style.utf8 ? "±" : "+-", 100 * total.sources_standard_error());
  }
  return text + "\n";
}

// A mean that is mostly one sensor's: whose, and the median, which it cannot move.
std::string DominatedText(const v1::RankReply& reply, const Style& style) {
  constexpr std::size_t kMost = 10;
  std::map<std::string, std::vector<std::string>> rows_of;  // by sensor
  for (const v1::RankRow& row : reply.rows()) {
    if (row.dominated_by().empty()) continue;
    rows_of[Printable(row.dominated_by())].push_back(
        row.has_median()
            ? fmt::format("{} (median {})", Printable(row.key()), FormatFigure(row.median()))
            : Printable(row.key()));
  }
  std::string out;
  for (auto& [sensor, rows] : rows_of) {
    const std::size_t left = rows.size() - std::min(rows.size(), kMost);
    rows.resize(rows.size() - left);
    out += Dim(fmt::format("Note: {} alone gives more than half of the summed rates of {}{}",
                           sensor, fmt::join(rows, ", "),
                           left > 0 ? fmt::format(" and of {} more", Plural(left, "row")) : ""),
               style) +
           "\n";
  }
  return out;
}

}  // namespace

std::string RankTable(const v1::RankRequest& request, const v1::RankReply& reply,
                      const Style& style) {
  std::string out = SelectionHead(request.selection(), style);
  if (reply.rows_size() > 0) {
    TextTable table(Columns(request, reply));
    for (const v1::RankRow& row : reply.rows()) {
      table.AddRow(Cells(request, reply, row, style));
    }
    out += table.Format(style);
    if (reply.keys() > static_cast<uint32_t>(reply.rows_size())) {
      out += Dim(fmt::format("{} of {} rows; --limit shows more",
                             GroupDigits(static_cast<uint64_t>(reply.rows_size())),
                             GroupDigits(reply.keys())),
                 style) +
             "\n";
    }
    out += TotalText(reply.total(), style) + DominatedText(reply, style);
  }
  if (!reply.not_ranked().empty() && reply.rows_size() > 0) {
    const uint64_t sensors = std::max<uint64_t>(reply.coverage().sensors(), 1);
    out += fmt::format(
        "Not ranked: {}. In order of packets; ask for a time in which the sensors were live "
        "({} each here).\n",
        Printable(reply.not_ranked()),
        FormatDuration(static_cast<int64_t>(reply.coverage().live_ms() / sensors)));
  }
  return out + CoverageText(reply.coverage(), style);
}

std::string RankCsv(const v1::RankReply& reply) {
  std::string out =
      "rank,key,name,value,unit,pooled_value,median,trimmed_mean,packets,bytes,tuples,sources,"
      "sources_standard_error,share,sensors,sensors_visible,previous_rank,previous_packets,"
      "previous_value,change_percent,dominated_by\n";
  const auto figure = [](bool has, double value) {
    return has ? fmt::format("{:.6g}", value) : std::string();
  };
  for (const v1::RankRow& r : reply.rows()) {
    const std::string cells[] = {r.rank() == 0 ? "" : std::to_string(r.rank()),
                                 Printable(r.key()),
                                 Printable(r.name()),
                                 figure(r.has_value(), r.value()),
                                 Printable(reply.unit()),
                                 figure(r.has_pooled_value(), r.pooled_value()),
                                 figure(r.has_median(), r.median()),
                                 figure(r.has_trimmed_mean(), r.trimmed_mean()),
                                 std::to_string(r.counts().packets()),
                                 std::to_string(r.counts().bytes()),
                                 std::to_string(r.counts().tuples()),
                                 fmt::format("{:.0f}", r.counts().sources()),
                                 fmt::format("{:.4f}", r.counts().sources_standard_error()),
                                 fmt::format("{:.6f}", r.share()),
                                 std::to_string(r.sensors()),
                                 std::to_string(r.sensors_visible()),
                                 r.has_previous_rank() ? std::to_string(r.previous_rank()) : "",
                                 r.has_previous() ? std::to_string(r.previous().packets()) : "",
                                 figure(r.has_previous_value(), r.previous_value()),
                                 figure(r.has_change_percent(), r.change_percent()),
                                 Printable(r.dominated_by())};
    out += CsvLine(cells);
  }
  return out;
}

}  // namespace teiten
