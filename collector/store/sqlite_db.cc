// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_db.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <utility>

#include "fmt/format.h"

namespace teiten {
namespace {

// WITHOUT ROWID, UPSERT, row values, read-only WAL; also the oldest we have tested.
constexpr int kLeastVersion = 3'040'000;
constexpr int kBusyTimeoutMs = 5'000;

absl::StatusCode CodeOf(int code) {
  // The index of a write-ahead log could not grow: what a full disk looks like from there.
  if (code == SQLITE_IOERR_SHMSIZE) return absl::StatusCode::kResourceExhausted;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
      return absl::StatusCode::kNotFound;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// Called at each commit with the length of the write-ahead log.
int OnCommit(void* log_pages, sqlite3* /*handle*/, const char* /*database*/, int pages) {
  *static_cast<int*>(log_pages) = pages;
  return SQLITE_OK;
}

}  // namespace

std::string SqliteVersion() { return sqlite3_libversion(); }

absl::Status CheckSqliteVersion() {
  if (sqlite3_libversion_number() < kLeastVersion) {
    return absl::FailedPreconditionError(
        fmt::format("SQLite {} is too old: at least 3.40.0 is needed", sqlite3_libversion()));
  }
  if (sqlite3_threadsafe() == 0) {
    return absl::FailedPreconditionError(
        fmt::format("SQLite {} was built without threads", sqlite3_libversion()));
  }
  return absl::OkStatus();
}

// ---- Statement

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

// ---- SqliteDb

absl::StatusOr<std::unique_ptr<SqliteDb>> SqliteDb::Open(const std::string& path, SqliteMode mode,
                                                         const SqliteSchema& schema) {
  struct stat info {};
  const bool missing = ::stat(path.c_str(), &info) != 0 || info.st_size == 0;
  if (missing && mode != SqliteMode::kCreate) {
    return absl::NotFoundError(fmt::format("{}: the {} file is missing", path, schema.name));
  }
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= mode == SqliteMode::kReader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == SqliteMode::kCreate) flags |= SQLITE_OPEN_CREATE;

  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<SqliteDb> db(new SqliteDb(path, handle));
  if (code != SQLITE_OK) return db->ErrorStatus(code);
  if (absl::Status s = db->Configure(mode, schema); !s.ok()) return s;
  if (absl::Status s = db->CheckSchema(mode, schema); !s.ok()) return s;
  return db;
}

SqliteDb::~SqliteDb() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

absl::Status SqliteDb::Configure(SqliteMode mode, const SqliteSchema& schema) {
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  if (absl::Status s = RegisterFunctions(handle_); !s.ok()) return s;
  // Nothing observed ever reaches a temporary file.
  absl::Status s = Execute(
      "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON; PRAGMA wal_autocheckpoint=0");
  if (!s.ok()) return s;
  if (mode == SqliteMode::kReader) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return absl::OkStatus();
  }
  sqlite3_wal_hook(handle_, &OnCommit, &log_pages_);
  // The page size counts only while the file is empty.
  return Execute(
      fmt::format("PRAGMA page_size={}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                  "PRAGMA cache_size=-16384; PRAGMA secure_delete={}",
                  schema.page_bytes, schema.secure_delete ? "ON" : "OFF"));
}

absl::Status SqliteDb::CheckSchema(SqliteMode mode, const SqliteSchema& schema) {
  const absl::StatusOr<int64_t> objects = Scalar("SELECT count(*) FROM sqlite_schema");
  if (!objects.ok()) return objects.status();
  if (*objects == 0 && mode == SqliteMode::kCreate) {
    return Execute(
        fmt::format("BEGIN IMMEDIATE; PRAGMA application_id={}; PRAGMA user_version={}; {}; COMMIT",
                    schema.application_id, schema.version, schema.sql));
  }
  const absl::StatusOr<int64_t> application = Scalar("PRAGMA application_id");
  if (!application.ok()) return application.status();
  const absl::StatusOr<int64_t> version = Scalar("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*application != schema.application_id) {
    return absl::DataLossError(
        fmt::format("{}: is not a {} file of this store", path_, schema.name));
  }
  if (*version != schema.version) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: has schema version {}, this program knows {}", path_, *version, schema.version));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteDb::Scalar(std::string_view sql) {
  Statement statement = Prepare(sql);
  if (statement.Step()) return statement.Int(0);
  if (!statement.status().ok()) return statement.status();
  return 0;
}

absl::Status SqliteDb::Execute(std::string_view sql) {
  const int code = sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorStatus(code);
}

Statement SqliteDb::Prepare(std::string_view sql) {
  auto [it, inserted] = statements_.try_emplace(std::string(sql), nullptr);
  if (inserted) {
    sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                       &it->second, nullptr);
  }
  sqlite3_stmt* statement = it->second;
  if (statement == nullptr) statements_.erase(it);  // Step reports the connection's error
  return Statement(*this, statement);
}

int64_t SqliteDb::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
int64_t SqliteDb::changes() const { return sqlite3_changes64(handle_); }

absl::Status SqliteDb::QuickCheck() {
  Statement statement = Prepare("PRAGMA quick_check(1)");
  if (!statement.Step()) return statement.status();
  if (statement.Text(0) == "ok") return absl::OkStatus();
  return absl::DataLossError(fmt::format("{}: is damaged: {}", path_, statement.Text(0)));
}

absl::Status SqliteDb::Checkpoint(int least_pages) {
  if (log_pages_ < least_pages) return absl::OkStatus();
  int log = 0;
  int done = 0;
  // TRUNCATE would wait for readers; PASSIVE takes what it can, and the log starts again from its
  // beginning as soon as nobody reads from it.
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &log, &done);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return ErrorStatus(code);
  log_pages_ = log - done;
  return absl::OkStatus();
}

absl::Status SqliteDb::ErrorStatus(int code) const {
  const int detail = handle_ == nullptr ? code : sqlite3_extended_errcode(handle_);
  if (detail != SQLITE_OK) code = detail;
  const char* text = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  const absl::StatusCode status = CodeOf(code);
  const bool full = status == absl::StatusCode::kResourceExhausted;
  return absl::Status(status, fmt::format("{}: {} (SQLite {}){}", path_, text, code,
                                          full ? "; make room on its disk" : ""));
}

// ---- Transaction

absl::StatusOr<Transaction> Transaction::Begin(SqliteDb& db) {
  if (absl::Status s = db.Execute("BEGIN IMMEDIATE"); !s.ok()) return s;
  return Transaction(db);
}

Transaction::~Transaction() {
  // Fails only where SQLite has rolled back by itself.
  if (db_ != nullptr) db_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  if (absl::Status s = db_->Execute("COMMIT"); !s.ok()) return s;
  db_ = nullptr;
  return absl::OkStatus();
}

}  // namespace teiten
