// SPDX-License-Identifier: Apache-2.0
// A thin RAII layer over SQLite: one connection, its cached statements, transactions. It holds the
// rules under which the SQLite of Debian 12 (3.40.1, WAL-reset bug of 3.7.0-3.51.2) never loses a
// commit: per file one writing connection, which alone checkpoints; readers only ask and leave
// the log alone even when they are the last to close; and no other process can open a file that
// is open here (SQLite's VFS unix-excl), so that nobody's shell checkpoints it meanwhile.
//
// The index of a log is in memory too, so that a full disk keeps no reader out. Where the disk
// takes nothing at all, a file that has no log is read as it is, without locks.
//
// Each connection belongs to one thread. Errors name the file: DataLoss (damaged or not ours),
// ResourceExhausted (disk full), PermissionDenied (read-only), Unavailable (busy), Internal (I/O
// and the rest).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace teiten {

// FailedPrecondition if the library found at run time is too old for us.
[[nodiscard]] absl::Status CheckSqliteVersion();
// "3.40.1"
[[nodiscard]] std::string SqliteVersion();

class SqliteDb;

// A prepared statement in use: bind from 1 on, then Step until false. Errors stick until
// status() is asked; a Statement going out of scope resets it and ends its read transaction.
class Statement {
 public:
  Statement(SqliteDb& db, sqlite3_stmt* statement) : db_(&db), statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  // The text and blobs bound must live until the statement is reset.
  Statement& Bind(int64_t value);
  Statement& Bind(uint64_t value) { return Bind(static_cast<int64_t>(value)); }
  Statement& Bind(int value) { return Bind(int64_t{value}); }
  Statement& Bind(double value);
  Statement& BindText(std::string_view text);
  Statement& BindBlob(std::string_view blob);
  Statement& BindNull();

  // True: a row is there. False: done, or an error (see status()).
  [[nodiscard]] bool Step();
  // Steps a statement without rows to its end and makes it ready to be bound again.
  [[nodiscard]] absl::Status Run();
  [[nodiscard]] const absl::Status& status() const { return status_; }

  [[nodiscard]] int64_t Int(int column) const;
  [[nodiscard]] uint64_t Uint(int column) const { return static_cast<uint64_t>(Int(column)); }
  [[nodiscard]] double Real(int column) const;
  [[nodiscard]] bool IsNull(int column) const;
  // Valid until the next Step.
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] std::string_view Blob(int column) const;

 private:
  void Reset();

  SqliteDb* db_;
  sqlite3_stmt* statement_;  // owned by the connection's cache; nullptr after a failed prepare
  int next_bind_ = 1;
  absl::Status status_;
};

// kCreate is a writer that makes the file where it is missing or empty.
enum class SqliteMode { kCreate, kWriter, kReader };

// What marks a file as ours: PRAGMA application_id and user_version.
struct SqliteSchema {
  std::string_view name;  // for messages: "facts", "record", "rollup"
  int32_t application_id = 0;
  int version = 1;
  std::string_view sql;  // run once on an empty file, in one transaction
  int page_bytes = 4096;
  bool secure_delete = false;  // deleted content is overwritten with zeros
};

class SqliteDb {
 public:
  // Errors: NotFound without kCreate if nothing or nothing yet is there; DataLoss for a file that
  // holds anything else than this schema or whose header is damaged; it is left alone.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SqliteDb>> Open(const std::string& path,
                                                                      SqliteMode mode,
                                                                      const SqliteSchema& schema);
  ~SqliteDb();
  SqliteDb(const SqliteDb&) = delete;
  SqliteDb& operator=(const SqliteDb&) = delete;

  [[nodiscard]] absl::Status Execute(std::string_view sql);
  // Cached by text; one use of a text at a time.
  [[nodiscard]] Statement Prepare(std::string_view sql);
  [[nodiscard]] int64_t last_insert_id() const;
  [[nodiscard]] int64_t changes() const;
  // Reads every page. DataLoss naming the file and what is wrong.
  [[nodiscard]] absl::Status QuickCheck();

  // Writer: brings the log into the file once it is longer than `least_pages`; readers in the
  // way make it wait for another time. Never more than this connection does it.
  [[nodiscard]] absl::Status Checkpoint(int least_pages);
  // Writer: all of the log, waiting for readers. What the log holds may only be in the system's
  // cache, where an earlier fsync failed; once this has written it into the file and synced that,
  // all that can be read is on the disk.
  [[nodiscard]] absl::Status CheckpointAll();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Of the last failed call on this connection, with the file's name.
  [[nodiscard]] absl::Status ErrorStatus(int code) const;

 private:
  SqliteDb(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SqliteDb>> OpenAs(const std::string& path,
                                                                        std::string_view parameters,
                                                                        SqliteMode mode,
                                                                        const SqliteSchema& schema);
  [[nodiscard]] absl::Status Configure(SqliteMode mode, const SqliteSchema& schema);
  [[nodiscard]] absl::Status CheckSchema(SqliteMode mode, const SqliteSchema& schema);
  [[nodiscard]] absl::StatusOr<int64_t> Scalar(std::string_view sql);

  std::string path_;
  sqlite3* handle_;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
  int log_pages_ = 0;  // of the write-ahead log, as of the last commit
};

// Rolls back unless committed.
class Transaction {
 public:
  // For writers: takes the write lock at once.
  [[nodiscard]] static absl::StatusOr<Transaction> Begin(SqliteDb& db);
  ~Transaction();
  Transaction(Transaction&& other) noexcept : db_(other.db_) { other.db_ = nullptr; }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;

  [[nodiscard]] absl::Status Commit();

 private:
  explicit Transaction(SqliteDb& db) : db_(&db) {}
  SqliteDb* db_;
};

// The merge functions that every connection has: hll_merge(blob) of serialised HyperLogLogs,
// accounting_sum(blob) of serialised v1::Accounting (sqlite_functions.cc).
[[nodiscard]] absl::Status RegisterFunctions(sqlite3* handle);

}  // namespace teiten
