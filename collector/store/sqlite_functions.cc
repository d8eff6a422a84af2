// SPDX-License-Identifier: Apache-2.0
// The aggregates that merge rollups inside the database.
#include <sqlite3.h>

#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "collector/store/accounting.h"
#include "collector/store/range_blob.h"
#include "collector/store/sqlite_db.h"
#include "common/hyperloglog.h"
#include "fmt/format.h"

namespace teiten {
namespace {

struct SketchMerge {
  std::optional<HyperLogLog> sum;

  bool Add(std::string_view blob) {
    absl::StatusOr<HyperLogLog> sketch = HyperLogLog::Parse(blob);
    if (!sketch.ok()) return false;
    if (sum.has_value()) {
      sum->Merge(*sketch);
    } else {
      sum = std::move(*sketch);
    }
    return true;
  }
  [[nodiscard]] std::string Result() const { return sum.has_value() ? sum->Serialize() : ""; }
};

struct AccountingSum {
  v1::Accounting sum;

  bool Add(std::string_view blob) {
    v1::Accounting next;
    if (!next.ParseFromArray(blob.data(), static_cast<int>(blob.size()))) return false;
    AddAccounting(next, sum);
    return true;
  }
  [[nodiscard]] std::string Result() const { return sum.SerializeAsString(); }
};

struct RangeMerge {
  RangeSet sum;

  bool Add(std::string_view blob) { return AddBlobRanges(blob, sum).ok(); }
  [[nodiscard]] std::string Result() const { return RangesToBlob(sum); }
};

// SQLite hands out zeroed memory per group; it holds a pointer, because ours must be constructed.
template <typename Merge>
void OnRow(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  auto** merge = static_cast<Merge**>(sqlite3_aggregate_context(context, sizeof(Merge*)));
  if (merge == nullptr) return sqlite3_result_error_nomem(context);
  if (*merge == nullptr) *merge = new Merge;
  const void* data = sqlite3_value_blob(values[0]);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
  if (size == 0) return;  // NULL or empty: nothing to add
  if (!(*merge)->Add({static_cast<const char*>(data), size})) {
    sqlite3_result_error(context, "damaged sketch, accounting or ranges in a row", -1);
  }
}

template <typename Merge>
void OnGroupEnd(sqlite3_context* context) {
  auto** merge = static_cast<Merge**>(sqlite3_aggregate_context(context, 0));
  if (merge == nullptr || *merge == nullptr) return sqlite3_result_zeroblob(context, 0);
  const std::string result = (*merge)->Result();
  delete *merge;
  *merge = nullptr;
  sqlite3_result_blob64(context, result.data(), result.size(), SQLITE_TRANSIENT);
}

template <typename Merge>
int Register(sqlite3* handle, const char* name) {
  return sqlite3_create_function_v2(handle, name, 1,
                                    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                    nullptr, &OnRow<Merge>, &OnGroupEnd<Merge>, nullptr);
}

}  // namespace

absl::Status RegisterFunctions(sqlite3* handle) {
  if (Register<SketchMerge>(handle, "hll_merge") != SQLITE_OK ||
      Register<AccountingSum>(handle, "accounting_sum") != SQLITE_OK ||
      Register<RangeMerge>(handle, "range_merge") != SQLITE_OK) {
    return absl::InternalError(fmt::format("SQLite functions: {}", sqlite3_errmsg(handle)));
  }
  return absl::OkStatus();
}

}  // namespace teiten
