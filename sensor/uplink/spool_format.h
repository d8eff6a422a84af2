// SPDX-License-Identifier: Apache-2.0
// The files of the spool folder, byte by byte. All numbers are little-endian; every file ends
// being valid with its checksum, so a torn, swapped or rotten file is recognised and never read
// as something else.
//
//   <20-digit sequence>.sum   a summary not yet acknowledged
//   <20-digit sequence>.ack   the same bytes, acknowledged and kept for a restored collector
//   identity                  who this spool is and which sequences may have been used
//   gaps                      sequences that will never arrive, and why
//   *.tmp                     being written; worthless after a crash
//   quarantine/  dead/        damaged files; summaries the collector rejected
//
// A summary file is a header of 128 bytes and the serialised v1::Envelope:
//   offset  bytes
//        0      8  "TEITSPL1"
//        8      4  version, 1
//       12      4  CRC-32C of bytes 16 to the end of the file
//       16      8  sequence
//       24     16  spool
//       40     64  sensor id, filled up with zeros
//      104      8  spooled_unix_ms (by the sensor's clock)
//      112      8  from_unix_ms  \ the packet time it covers, for gap declarations
//      120      8  to_unix_ms    /
//      128      …  envelope
// Known downside: the checksum covers the whole file, so the start-up scan reads all of it
// (1 GiB takes some seconds); in exchange nothing damaged is ever sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/envelope.h"
#include "common/keyed_hash.h"
#include "teiten/v1/ingest.pb.h"

namespace teiten {

inline constexpr std::size_t kSpoolHeaderBytes = 128;
// An envelope of the largest content with its identity, and the header.
inline constexpr uint64_t kMaxSpoolFileBytes = kMaxContentBytes + 64 * 1024;
inline constexpr std::string_view kIdentityName = "identity";
inline constexpr std::string_view kGapsName = "gaps";
inline constexpr std::string_view kTemporarySuffix = ".tmp";
inline constexpr std::string_view kQuarantineFolder = "quarantine";
inline constexpr std::string_view kDeadFolder = "dead";

struct SpoolHeader {
  uint64_t sequence = 0;
  Spool spool{};
  std::string sensor;
  int64_t spooled_unix_ms = 0;
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
};

struct SpoolFile {
  SpoolHeader header;
  std::string_view envelope;  // into the bytes that were parsed
};

[[nodiscard]] std::string EncodeSpoolFile(const SpoolHeader& header, std::string_view envelope);
// DataLoss says what is wrong. Any bytes are safe.
[[nodiscard]] absl::StatusOr<SpoolFile> ParseSpoolFile(std::string_view bytes);

[[nodiscard]] std::string SpoolFileName(uint64_t sequence, bool acknowledged);
struct SpoolFileKind {
  uint64_t sequence = 0;
  bool acknowledged = false;
};
[[nodiscard]] std::optional<SpoolFileKind> ParseSpoolFileName(std::string_view name);

// A spool id given up because the collector knew more of it than we do. Its sequences were
// [first, end); all spools of one folder number on in the same row, so a sequence names one file.
struct RetiredSpool {
  Spool spool{};
  uint64_t first = 1;
  uint64_t end = 1;
  // Nothing of it is open. It stays here as long as acknowledged files of it are kept, because a
  // collector restored from a backup may ask for them again.
  bool settled = false;
  friend bool operator==(const RetiredSpool&, const RetiredSpool&) = default;
};

struct SpoolIdentity {
  std::string sensor;  // whose summaries these are
  Spool spool{};
  uint64_t first = 1;     // the lowest sequence of this spool
  uint64_t used = 1;      // every sequence of this spool below was assigned
  uint64_t reserved = 1;  // no sequence from here on was ever used: written ahead of use
  Key128 bitmap_key{};    // of the destination bitmap
  uint64_t bitmap_key_id = 0;
  uint64_t observed_fingerprint = 0;  // of the observed addresses that key id stands for
  uint64_t deployment_key_id = 0;     // 0: none known yet
  Key128 deployment_key{};
  std::vector<RetiredSpool> retired;  // oldest first, at most kMaxRetired
  friend bool operator==(const SpoolIdentity&, const SpoolIdentity&) = default;
};
inline constexpr std::size_t kMaxRetired = 16;

[[nodiscard]] std::string EncodeIdentity(const SpoolIdentity& identity);
[[nodiscard]] absl::StatusOr<SpoolIdentity> ParseIdentity(std::string_view bytes);

struct GapRecord {
  uint64_t first = 0;
  uint64_t last = 0;  // inclusive
  v1::Gap::Reason reason = v1::Gap::REASON_UNSPECIFIED;
  int64_t from_unix_ms = 0;  // from = to: not known
  int64_t to_unix_ms = 0;
  friend bool operator==(const GapRecord&, const GapRecord&) = default;
};
inline constexpr std::size_t kMaxGapRecords = 4096;

[[nodiscard]] std::string EncodeGapRecords(const std::vector<GapRecord>& records);
[[nodiscard]] absl::StatusOr<std::vector<GapRecord>> ParseGapRecords(std::string_view bytes);

}  // namespace teiten
