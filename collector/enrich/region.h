// SPDX-License-Identifier: Apache-2.0
// Where an address is registered or routed, as an ISO 3166-1 alpha-2 code, from a MaxMind DB file
// (MMDB 2.0). Two layouts are read: {"country_code": "JP"} (ip-location-db, which
// deploy/fetch-region-data brings) and {"country": {"iso_code": "JP"}} (GeoLite2 and its kin).
// A lookup costs some 0.3 µs.
//
// The file is copied into memory when it is loaded: replacing, cutting or deleting it afterwards
// changes nothing until the next Load, and the hash that is logged is of exactly what is used.
//
// Threads: all functions from any thread; a lookup sees the old file or the new one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "common/address.h"

namespace teiten {

inline constexpr const char* kUnknownRegion = "unknown";

// What every answer made with the file can name.
struct RegionFileInfo {
  std::string path;
  std::string sha256;  // 64 hexadecimal digits
  int64_t built_unix_ms = 0;
  std::string type;  // as the file says: "country ipvAll"
};

class RegionLookup {
 public:
  static constexpr uint64_t kMostBytes = 1ULL << 30;

  RegionLookup();  // without a file: everything is "unknown"
  ~RegionLookup();

  // Replaces the file in use; on an error the one before stays. An empty path means no file.
  // Either way the log says what is used. Errors: NotFound, DataLoss (not an MMDB file, or
  // damaged), ResourceExhausted (above kMostBytes), Internal.
  [[nodiscard]] absl::Status Load(const std::string& path);

  // "JP", or "unknown" without a file, an entry or a code of two capital letters.
  [[nodiscard]] std::string RegionOf(Family family, const Address& address) const;
  // Empty path: no file.
  [[nodiscard]] RegionFileInfo info() const;

 private:
  class File;

  mutable std::mutex mutex_;
  std::unique_ptr<const File> file_;  // protected by mutex_
};

}  // namespace teiten
