// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "absl/strings/ascii.h"
#include "collector/report/grid.h"
#include "collector/report/period_name.h"
#include "collector/report/renderers.h"
#include "fmt/format.h"

namespace teiten::report {
namespace {

bool InWord(std::string_view text, std::size_t at) {
  const auto letter = [&](std::size_t i) {
    return i < text.size() && absl::ascii_isalnum(static_cast<unsigned char>(text[i]));
  };
  return at > 0 && letter(at - 1) && letter(at + 1);
}

// Whatever Markdown or HTML inside it would take for markup; line ends would end a table. It is
// read on terminals too: an underscore inside a word is none of that (CommonMark 6.2).
std::string Text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\n':
      case '\r':
        out += ' ';
        break;
      default:
        if (std::string_view("\\`*[]|#~").find(c) != std::string_view::npos ||
            (c == '_' && !InWord(text, i))) {
          out += '\\';
        }
        out += c;
    }
  }
  return out;
}

void AddList(const google::protobuf::RepeatedPtrField<std::string>& items, std::string& out) {
  for (const std::string& item : items) out += "- " + Text(item) + "\n";
  if (!items.empty()) out += "\n";
}

void AddTable(const Grid& grid, std::string& out) {
  out += "### " + Text(grid.title) + "\n\n";
  if (!grid.empty_reason.empty()) {
    out += "None: " + Text(grid.empty_reason) + ".\n\n";
    return;
  }
  if (!grid.caption.empty()) out += Text(grid.caption) + ".\n\n";
  out += "|";
  for (const GridColumn& column : grid.columns) out += " " + Text(column.head) + " |";
  out += "\n|";
  for (const GridColumn& column : grid.columns) out += column.number ? "---:|" : "---|";
  out += "\n";
  for (const auto& row : grid.rows) {
    out += "|";
    for (const std::string& cell : row) out += " " + Text(cell) + " |";
    out += "\n";
  }
  out += "\n";
  for (const std::string& note : grid.notes) out += "- " + Text(note) + "\n";
  if (!grid.notes.empty()) out += "\n";
}

}  // namespace

std::string RenderMarkdown(const v1::Report& report) {
  std::string out = "# " + Text(report.title()) + "\n\n";
  out += Text(SpanText(report)) + "\n\n";
  AddList(report.headlines(), out);
  AddList(report.next_steps(), out);
  std::string section;
  const auto add = [&](const Grid& grid) {
    if (grid.section != section) out += "## " + Text(grid.section) + "\n\n";
    section = grid.section;
    AddTable(grid, out);
  };
  add(FigureGrid(report, Numbers::kForPeople));
  for (const v1::ReportTable& table : report.tables()) {
    add(TableGrid(table, Numbers::kForPeople));
  }
  add(SensorGrid(report, Numbers::kForPeople));
  add(LossGrid(report, Numbers::kForPeople));
  add(FateGrid(report, Numbers::kForPeople));
  add(SensitivityGrid(report, Numbers::kForPeople));
  out += "## Notes\n\n";
  AddList(report.notes(), out);
  out += fmt::format("{}; definitions version {}\n", Text(report.software()),
                     Text(report.definitions_version()));
  return out;
}

}  // namespace teiten::report
