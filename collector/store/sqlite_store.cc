// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_store.h"

#include <utility>

#include "collector/store/sqlite_reader.h"
#include "collector/store/sqlite_writer.h"

namespace teiten {
namespace {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<SqliteWriter> writer)
      : paths_(writer->paths()), writer_(std::move(writer)) {}

  [[nodiscard]] StoreWriter& writer() override { return *writer_; }

  [[nodiscard]] absl::StatusOr<std::unique_ptr<StoreReader>> OpenReader() override {
    return SqliteReader::Open(paths_);
  }

  [[nodiscard]] int32_t utc_offset_minutes() const override {
    return paths_.zone.utc_offset_minutes();
  }

  [[nodiscard]] std::string trouble() const override { return writer_->health().trouble(); }

 private:
  const StorePaths paths_;  // a copy: OpenReader runs on any thread
  std::unique_ptr<SqliteWriter> writer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenSqliteStore(const SqliteStoreOptions& options) {
  absl::StatusOr<std::unique_ptr<SqliteWriter>> writer = SqliteWriter::Open(options);
  if (!writer.ok()) return writer.status();
  return std::make_unique<SqliteStore>(*std::move(writer));
}

}  // namespace teiten
