// SPDX-License-Identifier: Apache-2.0
// The store in one folder, in SQLite:
//
//   record.db             ledger, contacts, gaps, rejections, conflicts, dirty hours, meta
//   facts/2026-11-22.db   facts by day of window start in the store's zone
//   rollup.db             hourly and daily rollups, coverage, sources
//
// No commit spans two files. A fact is committed first and its range after it, with its hour
// marked dirty; opening adds to the ranges what the day files hold beyond them. Rollups are
// committed before their hour is marked clean. So a crash at any point loses nothing that was
// acknowledged and counts nothing twice.
//
// A write that fails changes nothing that was committed, and what failed is tried again only when
// somebody asks. After a full disk that is all. After any other error, and at the start, what a
// failed fsync left behind is unknown: the logs may hold what only the system's cache has. Then all
// logs are first written into their files and emptied, and the ledger is compared with the day files
// again, before anything is answered or acknowledged (SqliteWriter::Ready).
//
// The caller holds the FolderLock (common/folder_lock.h) of the folder for the store's whole life.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "collector/store/store.h"

namespace teiten {

struct SqliteStoreOptions {
  std::string folder;
  // A store keeps the offset it was made with: another one is an error.
  int32_t utc_offset_minutes = 0;
  Retention retention;
  // For reproducible tests; used only when the store is made.
  std::optional<v1::DeploymentKey> deployment_key;
  // Milliseconds that never go back, for what is said of trouble; empty: the system's.
  std::function<int64_t()> mono_ms = {};
};

// Makes the store if the folder holds nothing of one. Errors: FailedPrecondition (SQLite too old,
// another offset or schema), DataLoss (a file is damaged or missing: it is named, nothing is
// started afresh), ResourceExhausted, PermissionDenied, Internal (the disk), InvalidArgument
// (offset); with what an operator can do.
[[nodiscard]] absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(
    const SqliteStoreOptions& options);

}  // namespace teiten
