// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <kainjow/mustache.hpp>

#include "collector/report/grid.h"
#include "collector/report/grid_cells.h"
#include "collector/report/html_template.h"
#include "collector/report/period_name.h"
#include "collector/report/renderers.h"
#include "collector/report/svg_chart.h"
#include "common/time_format.h"

namespace teiten::report {
namespace {

using kainjow::mustache::data;

constexpr std::size_t kShortTable = 14;  // rows; is not cut by the end of a printed page

// A number and its percent sign stay on one line.
std::string Unbroken(std::string text) {
  for (std::size_t at = text.find(" %"); at != std::string::npos; at = text.find(" %", at)) {
    text.replace(at, 2, "\u00A0%");
  }
  return text;
}

data Texts(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  data list{data::type::list};
  for (int i = 0; i < texts.size(); ++i) {
    data item;
    item.set("text", Unbroken(texts[i]));
    item.set("first", i == 0);
    list.push_back(item);
  }
  return list;
}

data GridData(const Grid& grid) {
  data out;
  out.set("id", grid.id);
  out.set("title", grid.title);
  out.set("caption", grid.caption.empty() ? data(false) : data(Unbroken(grid.caption)));
  out.set("short", grid.rows.size() <= kShortTable);
  out.set("empty_reason", grid.empty_reason.empty() ? data(false) : data(grid.empty_reason));
  data columns{data::type::list};
  for (const GridColumn& column : grid.columns) {
    data c;
    c.set("head", column.head);
    c.set("number", column.number);
    columns.push_back(c);
  }
  out.set("columns", columns);
  data rows{data::type::list};
  for (const auto& row : grid.rows) {
    data cells{data::type::list};
    for (std::size_t i = 0; i < row.size(); ++i) {
      data cell;
      cell.set("text", Unbroken(row[i]));
      cell.set("head", grid.columns[i].head);
      cell.set("number", grid.columns[i].number);
      cell.set("header", i == grid.header_column);
      cells.push_back(cell);
    }
    data r;
    r.set("cells", cells);
    rows.push_back(r);
  }
  out.set("rows", rows);
  data notes{data::type::list};
  for (const std::string& note : grid.notes) {
    data item;
    item.set("text", Unbroken(note));
    notes.push_back(item);
  }
  out.set("notes", notes);
  return out;
}

// "843 before (+353.8 %)"; a total that is still growing stands beside a finished one.
std::string Before(const v1::ReportFigure& f, bool growing) {
  if (!f.has_previous()) return "";
  const bool total = growing && f.unit().empty();
  const std::string text = fmt::format(
      "{}{} before", FigureCell(f, f.previous(), Numbers::kForPeople), total ? " in all" : "");
  if (!f.has_change_percent()) return text;
  return fmt::format("{} ({})", text, SignedPercent(f.change_percent()));
}

data Figures(const v1::Report& report) {
  data list{data::type::list};
  for (const v1::ReportFigure& f : report.figures()) {
    data item;
    item.set("label", f.label());
    item.set("value", Unbroken(FigureCell(f, f.value(), Numbers::kForPeople)));
    data more{data::type::list};
    for (const std::string& text : {Before(f, report.has_cut_unix_ms()), f.note()}) {
      if (text.empty()) continue;
      data line;
      line.set("text", Unbroken(text));
      more.push_back(line);
    }
    item.set("more", more);
    list.push_back(item);
  }
  return list;
}

// A chart stands above the table it draws: its id begins with that table's.
std::string TableOf(const v1::ReportChart& chart) {
  if (chart.id() == "coverage_series") return "sensors";
  return chart.id().substr(0, chart.id().rfind('_'));
}

std::string SvgOf(const v1::ReportChart& chart, const ChartFrame& frame) {
  switch (chart.kind()) {
    case v1::REPORT_CHART_KIND_LINES:
      return SvgLineChart(chart, frame);
    case v1::REPORT_CHART_KIND_BARS:
      return SvgBarChart(chart, frame);
    case v1::REPORT_CHART_KIND_STRIPS:
      return SvgStripChart(chart, frame);
    default:
      return "";
  }
}

// Each chart twice: what fits a desk and paper is too small to read on a telephone.
data Charts(const v1::Report& report, const Grid& grid) {
  data list{data::type::list};
  ChartFrame wide{.from_unix_ms = report.time().from_unix_ms(),
                  .to_unix_ms = report.time().to_unix_ms(),
                  .utc_offset_minutes = report.utc_offset_minutes()};
  if (report.has_cut_unix_ms()) {
    wide.until_unix_ms = std::max(report.cut_unix_ms(), report.time().from_unix_ms());
  }
  ChartFrame narrow = wide;
  narrow.narrow = true;
  for (const v1::ReportChart& chart : report.charts()) {
    if (TableOf(chart) != grid.id) continue;
    const std::string svg = SvgOf(chart, wide);
    if (svg.empty() && chart.note().empty()) continue;
    data item;
    item.set("caption", chart.title() == grid.title ? data(false) : data(chart.title()));
    item.set("svg", svg.empty() ? svg : svg + SvgOf(chart, narrow));
    item.set("note", chart.note().empty() ? data(false) : data(chart.note()));
    list.push_back(item);
  }
  return list;
}

// Tables of one section stand together.
class Sections {
 public:
  explicit Sections(const v1::Report& report) : report_(report) {}

  void Add(const Grid& grid) {
    if (names_.empty() || names_.back() != grid.section) {
      names_.push_back(grid.section);
      tables_.emplace_back(data::type::list);
    }
    data table = GridData(grid);
    table.set("charts", Charts(report_, grid));
    tables_.back().push_back(table);
  }

  data Build() const {
    data list{data::type::list};
    for (std::size_t i = 0; i < names_.size(); ++i) {
      data section;
      section.set("name", names_[i]);
      section.set("tables", tables_[i]);
      list.push_back(section);
    }
    return list;
  }

 private:
  const v1::Report& report_;
  std::vector<std::string> names_;
  std::vector<data> tables_;
};

data SectionData(const v1::Report& report) {
  Sections sections(report);
  for (const v1::ReportTable& table : report.tables()) {
    sections.Add(TableGrid(table, Numbers::kForPeople));
  }
  sections.Add(SensorGrid(report, Numbers::kForPeople));
  sections.Add(LossGrid(report, Numbers::kForPeople));
  sections.Add(FateGrid(report, Numbers::kForPeople));
  sections.Add(SensitivityGrid(report, Numbers::kForPeople));
  return sections.Build();
}

std::string Edition(v1::ReportEdition edition) {
  return edition == v1::REPORT_EDITION_PUBLIC ? "Public edition" : "Internal edition";
}

}  // namespace

absl::StatusOr<std::string> RenderHtml(const v1::Report& report) {
  data page;
  page.set("language", report.language());
  page.set("title", report.title());
  page.set("style", std::string(kHtmlStyle));
  page.set("kicker", "Internet observation report · " + Edition(report.edition()));
  std::string heading = PeriodName(report);
  if (!heading.empty()) heading[0] = static_cast<char>(std::toupper(heading[0]));
  page.set("heading", heading);
  page.set("span", SpanText(report));
  page.set("empty_reason",
           report.empty_reason().empty() ? data(false) : data(report.empty_reason()));
  page.set("next_steps", Texts(report.next_steps()));
  page.set("headlines", Texts(report.headlines()));
  page.set("figures", Figures(report));
  page.set("sections", SectionData(report));
  page.set("notes", Texts(report.notes()));
  page.set("footer", fmt::format("{}. Definitions version {}.", report.software(),
                                 report.definitions_version()));
  kainjow::mustache::mustache page_template{std::string(kHtmlTemplate)};
  if (!page_template.is_valid()) {
    return absl::InternalError("page template: " + page_template.error_message());
  }
  return page_template.render(page);
}

}  // namespace teiten::report
