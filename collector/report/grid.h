// SPDX-License-Identifier: Apache-2.0
// A report's tables as cells of text, the same for every format: one list of columns says what
// each quantity is called and how it is printed. For people columns that say nothing are left out
// and numbers are rounded; plainly all columns are there and numbers are as they are.
#pragma once

#include <string>
#include <vector>

#include "teiten/v1/report.pb.h"

namespace teiten::report {

enum class Numbers { kForPeople, kPlain };

struct GridColumn {
  std::string head;
  bool number = false;
};

struct Grid {
  std::string id, section, title;
  std::string caption;  // unit and what else is true of all rows
  std::vector<GridColumn> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;
  std::string empty_reason;
  std::size_t header_column = 0;  // names the row
};

[[nodiscard]] Grid TableGrid(const v1::ReportTable& table, Numbers numbers);
// One row a sensor.
[[nodiscard]] Grid SensorGrid(const v1::Report& report, Numbers numbers);
[[nodiscard]] Grid LossGrid(const v1::Report& report, Numbers numbers);
// What became of every captured packet.
[[nodiscard]] Grid FateGrid(const v1::Report& report, Numbers numbers);
[[nodiscard]] Grid SensitivityGrid(const v1::Report& report, Numbers numbers);
[[nodiscard]] Grid FigureGrid(const v1::Report& report, Numbers numbers);

}  // namespace teiten::report
