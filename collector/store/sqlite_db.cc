// SPDX-License-Identifier: Apache-2.0
#include "collector/store/sqlite_db.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collector/store/disk_error.h"
#include "collector/store/sqlite_paths.h"
#include "fmt/format.h"

namespace teiten {
namespace {

// WITHOUT ROWID, UPSERT, row values, read-only WAL; also the oldest we have tested.
constexpr int kLeastVersion = 3'040'000;
constexpr int kBusyTimeoutMs = 5'000;

// Locks a file for this process and keeps the index of its log in memory.
constexpr const char* kVfs = "unix-excl";

absl::StatusCode CodeOf(int code, int system_error) {
  // What a failed fsync left behind is unknown, whatever the reason it gives.
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
    return absl::StatusCode::kInternal;
  }
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
      return system_error == 0 ? absl::StatusCode::kUnavailable : CodeOfErrno(system_error);
    case SQLITE_IOERR:
      // Others may be left over from an earlier call.
      return system_error == ENOSPC || system_error == EDQUOT || system_error == EROFS
                 ? CodeOfErrno(system_error)
                 : absl::StatusCode::kInternal;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// Of a URI, in which these bytes would end the path.
std::string EscapePath(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("/-_.~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out;
}

// What SQLite cannot make it tries to open for reading, which leaves another errno behind. 0: it
// can be made now.
int WhyCannotOpen(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno;
  const int fd = ::open((path + "-wal").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

absl::Status MakeFile(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::Status(CodeOfErrno(errno),
                        fmt::format("{}: cannot make the file: {}", path, std::strerror(errno)));
  }
  ::close(fd);
  return absl::OkStatus();
}

// Where nothing can be made, nothing changes under a reader that takes no lock.
bool DiskTakesNothing(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status) ||
         absl::IsInternal(status);
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

// ---- SqliteDb

absl::StatusOr<std::unique_ptr<SqliteDb>> SqliteDb::Open(const std::string& path, SqliteMode mode,
                                                         const SqliteSchema& schema) {
  struct stat info {};
  const int error = ::stat(path.c_str(), &info) == 0 ? 0 : errno;
  if (error != 0 && error != ENOENT) {
    return absl::Status(CodeOfErrno(error), fmt::format("{}: {}", path, std::strerror(error)));
  }
  if (mode != SqliteMode::kCreate && (error == ENOENT || info.st_size == 0)) {
    return absl::NotFoundError(fmt::format("{}: the {} file is missing", path, schema.name));
  }
  if (error == ENOENT) {
    if (absl::Status s = MakeFile(path); !s.ok()) return s;
  }
  absl::StatusOr<std::unique_ptr<SqliteDb>> db = OpenAs(path, "", mode, schema);
  if (db.ok() || mode != SqliteMode::kReader || !DiskTakesNothing(db.status()) ||
      FileExists(path + "-wal")) {
    return db;
  }
  return OpenAs(path, "?immutable=1", mode, schema);
}

absl::StatusOr<std::unique_ptr<SqliteDb>> SqliteDb::OpenAs(const std::string& path,
                                                           std::string_view parameters,
                                                           SqliteMode mode,
                                                           const SqliteSchema& schema) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI | SQLITE_OPEN_READWRITE;
  if (mode == SqliteMode::kCreate) flags |= SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  // An empty authority, so that a path of two slashes is not taken for one.
  const std::string_view scheme = path.starts_with('/') ? "file://" : "file:";
  const std::string uri = fmt::format("{}{}{}", scheme, EscapePath(path), parameters);
  const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, kVfs);
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
    return Execute("PRAGMA query_only=ON");
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
  if (*objects == 0 && *application == 0) {  // cut off while it was made
    return absl::NotFoundError(fmt::format("{}: the {} file is empty", path_, schema.name));
  }
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

absl::Status SqliteDb::CheckpointAll() {
  // A transaction that could not even be rolled back would be in the way.
  if (sqlite3_get_autocommit(handle_) == 0) Execute("ROLLBACK").IgnoreError();
  // The log goes, too: whole in the cache, it may have a hole on the disk, and after a power cut
  // what stands before the hole would hide what is newer in the file.
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorStatus(code);
  log_pages_ = 0;
  return SyncFile(path_ + "-wal");
}

absl::Status SqliteDb::ErrorStatus(int code) const {
  int system = handle_ == nullptr ? ENOMEM : sqlite3_system_errno(handle_);
  const int detail = handle_ == nullptr ? code : sqlite3_extended_errcode(handle_);
  if (detail != SQLITE_OK) code = detail;
  if ((code & 0xff) == SQLITE_CANTOPEN) system = WhyCannotOpen(path_);
  const char* text = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  const bool disk = (code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_IOERR;
  const std::string why = disk && system != 0 ? fmt::format(", {}", std::strerror(system)) : "";
  return absl::Status(CodeOf(code, system),
                      fmt::format("{}: {}{} (SQLite {})", path_, text, why, code));
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
