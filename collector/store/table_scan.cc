// SPDX-License-Identifier: Apache-2.0
#include "collector/store/table_scan.h"

#include <chrono>

namespace teiten {
namespace {

constexpr int kMostRows = 10'000;
constexpr std::chrono::milliseconds kLongest(200);
constexpr int kRowsPerLook = 256;  // at the clock

}  // namespace

absl::Status ScanTable(SqliteDb& db, TableScan scan,
                       const std::function<bool(const Statement&)>& visit) {
  for (;;) {
    Statement rows = db.Prepare(scan.sql);
    scan.bind(rows);
    for (const int64_t key : scan.after) rows.Bind(key);
    const std::string after_text = scan.after_text;
    if (scan.text_key) rows.BindText(after_text);
    const auto begin = std::chrono::steady_clock::now();
    bool stopped_early = false;
    for (int count = 1; rows.Step(); ++count) {
      if (!visit(rows)) return absl::OkStatus();
      const bool look = count % kRowsPerLook == 0;
      if (count < kMostRows && !(look && std::chrono::steady_clock::now() - begin > kLongest)) {
        continue;
      }
      for (std::size_t i = 0; i < scan.after.size(); ++i) {
        scan.after[i] = rows.Int(static_cast<int>(i));
      }
      if (scan.text_key) scan.after_text = rows.Text(static_cast<int>(scan.after.size()));
      stopped_early = true;
      break;
    }
    if (!rows.status().ok()) return rows.status();
    if (!stopped_early) return absl::OkStatus();
  }
}

}  // namespace teiten
