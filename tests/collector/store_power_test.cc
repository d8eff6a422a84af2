// SPDX-License-Identifier: Apache-2.0
// The store after a disk that said a write had failed, and then lost its power: what a new start
// found in the system's cache and acknowledged must be on the disk.
#include <filesystem>
#include <fstream>

#include "collector/store/sqlite_store.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDay = "/facts/2026-11-22.db";

SqliteStoreOptions In(const std::string& folder) { return {folder, 0, Retention{}, TestKey()}; }

void Copy(const std::string& from, const std::string& to) {
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
}

// The bytes from `kept` on never came to the disk, and nobody has written them since.
void LoseTail(const std::string& file, uintmax_t kept) {
  const uintmax_t size = fs::file_size(file);
  if (size <= kept) return;
  fs::resize_file(file, kept);
  fs::resize_file(file, size);  // zeros
}

TEST(StorePower, WhatAStartFoundInALogThatWasNeverSyncedIsOnTheDisk) {
  const TestFolder folder;
  const std::string durable = folder.path() + "/durable";
  const std::string cache = folder.path() + "/cache";
  const std::string disk = folder.path() + "/disk";
  uintmax_t synced = 0;
  {
    auto store = OpenSqliteStore(In(folder.path() + "/data"));
    ASSERT_TRUE(store.ok()) << store.status();
    Commit(**store, {MakeFact({.sequence = 1})});
    synced = fs::file_size(folder.path() + "/data" + kDay + "-wal");
    Copy(folder.path() + "/data", durable);
    // Its fsync fails: the commit is in the cache alone, record.db knows nothing of it, and the
    // collector is killed.
    Commit(**store, {MakeFact({.sequence = 2, .rows = 200})});
    Copy(durable, cache);
    Copy(folder.path() + "/data/facts", cache + "/facts");
  }
  {
    auto store = OpenSqliteStore(In(cache));
    ASSERT_TRUE(store.ok()) << store.status();
    const auto again = Commit(**store, {MakeFact({.sequence = 2, .rows = 200})});
    ASSERT_EQ(again, std::vector{FactVerdict::kDuplicate}) << "acknowledged: now it must be there";
    Copy(cache, disk);
  }
  LoseTail(disk + kDay + "-wal", synced);
  auto store = OpenSqliteStore(In(disk));
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(ScanKeys(**store, All()).size(), 2U);
}

}  // namespace
}  // namespace teiten
