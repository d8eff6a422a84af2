// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <utility>

#include "collector/store/sqlite_db.h"

namespace teiten {

Statement::~Statement() { Reset(); }

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_),
      statement_(std::exchange(other.statement_, nullptr)),
      next_bind_(other.next_bind_),
      status_(std::move(other.status_)) {}

void Statement::Reset() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
  next_bind_ = 1;
}

Statement& Statement::Bind(int64_t value) {
  if (statement_ != nullptr) sqlite3_bind_int64(statement_, next_bind_++, value);
  return *this;
}

Statement& Statement::Bind(double value) {
  if (statement_ != nullptr) sqlite3_bind_double(statement_, next_bind_++, value);
  return *this;
}

Statement& Statement::BindText(std::string_view text) {
  if (statement_ != nullptr) {
    sqlite3_bind_text64(statement_, next_bind_++, text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  }
  return *this;
}

Statement& Statement::BindBlob(std::string_view blob) {
  if (statement_ == nullptr) return *this;
  // A null pointer would bind NULL, not an empty blob.
  const char* data = blob.empty() ? "" : blob.data();
  sqlite3_bind_blob64(statement_, next_bind_++, data, blob.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::BindNull() {
  if (statement_ != nullptr) sqlite3_bind_null(statement_, next_bind_++);
  return *this;
}

bool Statement::Step() {
  if (statement_ == nullptr) {
    if (status_.ok()) status_ = db_->ErrorStatus(SQLITE_ERROR);
    return false;
  }
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) status_ = db_->ErrorStatus(code);
  return false;
}

absl::Status Statement::Run() {
  while (Step()) {
  }
  Reset();
  return status_;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::Real(int column) const { return sqlite3_column_double(statement_, column); }
bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Statement::Text(int column) const { return Blob(column); }

std::string_view Statement::Blob(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace teiten
