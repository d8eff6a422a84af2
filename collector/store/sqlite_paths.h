// SPDX-License-Identifier: Apache-2.0
// Where the files of a store are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/zone.h"

namespace teiten {

struct StorePaths {
  std::string folder;
  Zone zone{0};

  [[nodiscard]] std::string Record() const { return folder + "/record.db"; }
  [[nodiscard]] std::string Rollup() const { return folder + "/rollup.db"; }
  [[nodiscard]] std::string Facts() const { return folder + "/facts"; }
  [[nodiscard]] std::string FactsOf(int64_t day_unix_ms) const;
};

// Days that have a file in facts/, oldest first; other names are passed over.
[[nodiscard]] absl::StatusOr<std::vector<int64_t>> ListFactDays(const StorePaths& paths);
[[nodiscard]] absl::Status MakeFolder(const std::string& path);  // with mode 0700, if missing
[[nodiscard]] absl::Status SyncFolder(const std::string& path);
[[nodiscard]] absl::Status SyncFile(const std::string& path);  // if it is there
// The log first: a new file of that name must never meet the log of an old one.
[[nodiscard]] absl::Status RemoveDatabase(const std::string& path);
[[nodiscard]] bool FileExists(const std::string& path);  // and is not empty

}  // namespace teiten
