// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <vector>

#include "collector/report/grid.h"
#include "collector/report/grid_cells.h"
#include "collector/report/renderers.h"
#include "common/time_format.h"

namespace teiten::report {
namespace {

// Text from outside (region and service names, notes) must not become a formula; our numbers may
// begin with a minus.
std::string Cell(std::string_view text, bool number) {
  std::string cell;
  if (!number && !text.empty() &&
      std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    cell += '\'';
  }
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// Every record has `width` fields: readers of tables refuse a file whose records differ (RFC 4180).
void AddRecord(const std::string& table, const std::vector<std::string>& cells,
               const std::vector<GridColumn>& columns, std::size_t width, std::string& out) {
  out += table;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += ',' + Cell(cells[i], i < columns.size() && columns[i].number);
  }
  out.append(width - cells.size(), ',');
  out += "\r\n";
}

void AddGrid(const Grid& grid, std::size_t width, std::string& out) {
  std::vector<std::string> heads;
  for (const GridColumn& column : grid.columns) heads.push_back(column.head);
  AddRecord(grid.id, heads, {}, width, out);
  for (const auto& row : grid.rows) AddRecord(grid.id, row, grid.columns, width, out);
}

Grid HeadGrid(const v1::Report& r) {
  const auto time = [&](int64_t unix_ms) { return FormatOffset(unix_ms, r.utc_offset_minutes()); };
  Grid grid;
  grid.id = "report";
  grid.columns = {{"name", false}, {"value", false}};
  grid.rows = {{"title", r.title()},
               {"from", time(r.time().from_unix_ms())},
               {"to", time(r.time().to_unix_ms())},
               {"asked_from", r.has_asked() ? time(r.asked().from_unix_ms()) : ""},
               {"asked_to", r.has_asked() ? time(r.asked().to_unix_ms()) : ""},
               {"software", r.software()},
               {"definitions", r.definitions_version()},
               {"packets", std::to_string(r.total().packets())},
               {"bytes", std::to_string(r.total().bytes())},
               {"sources", ValueCell(r.total().sources(), Numbers::kPlain)},
               {"region_data", r.region_data()},
               {"empty_reason", r.empty_reason()}};
  for (const std::string& headline : r.headlines()) grid.rows.push_back({"headline", headline});
  for (const std::string& step : r.next_steps()) grid.rows.push_back({"next_step", step});
  for (const std::string& note : r.notes()) grid.rows.push_back({"note", note});
  return grid;
}

Grid SeriesGrid(const v1::ReportChart& chart, int32_t offset_minutes) {
  Grid grid;
  grid.id = chart.id();
  grid.columns = {
      {"line", false}, {"start", false}, {"value", true}, {"packets", true}, {"live_ms", true}};
  for (const v1::SeriesLine& line : chart.lines()) {
    for (const v1::SeriesPoint& p : line.points()) {
      grid.rows.push_back({line.key(), FormatOffset(p.start_unix_ms(), offset_minutes),
                           p.has_value() ? ValueCell(p.value(), Numbers::kPlain) : "",
                           p.has_counts() ? std::to_string(p.counts().packets()) : "",
                           std::to_string(p.live_ms())});
    }
  }
  return grid;
}

}  // namespace

std::string RenderCsv(const v1::Report& report) {
  std::vector<Grid> grids = {HeadGrid(report), FigureGrid(report, Numbers::kPlain)};
  for (const v1::ReportTable& table : report.tables()) {
    grids.push_back(TableGrid(table, Numbers::kPlain));
  }
  grids.push_back(SensorGrid(report, Numbers::kPlain));
  grids.push_back(LossGrid(report, Numbers::kPlain));
  grids.push_back(FateGrid(report, Numbers::kPlain));
  grids.push_back(SensitivityGrid(report, Numbers::kPlain));
  for (const v1::ReportChart& chart : report.charts()) {
    if (chart.lines_size() > 0) grids.push_back(SeriesGrid(chart, report.utc_offset_minutes()));
  }
  std::size_t width = 0;
  for (const Grid& grid : grids) width = std::max(width, grid.columns.size());
  std::string out;
  for (const Grid& grid : grids) AddGrid(grid, width, out);
  return out;
}

}  // namespace teiten::report
