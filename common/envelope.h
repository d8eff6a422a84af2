// SPDX-License-Identifier: Apache-2.0
// A summary sealed once and never encoded again: the spool's record, the message on the wire and
// the stored fact are the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/flow_row.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

inline constexpr uint64_t kMaxContentBytes = 8ULL << 20;  // compressed
inline constexpr uint64_t kMaxRawBytes = 64ULL << 20;

using Spool = std::array<uint8_t, 16>;

// "0123…": 32 hexadecimal digits.
[[nodiscard]] std::string FormatSpool(std::string_view spool_bytes);

// Deterministic: protobuf's deterministic serialisation, zstd level 3, one thread.
// Errors: ResourceExhausted above a limit, with both sizes; InvalidArgument for a bad identity.
[[nodiscard]] absl::StatusOr<v1::Envelope> Seal(const v1::Identity& identity,
                                                const v1::WindowSummary& summary);
// The same of a summary that is serialised already (sensor/uplink/encode.h).
[[nodiscard]] absl::StatusOr<v1::Envelope> SealBytes(const v1::Identity& identity,
                                                     std::string_view serialized_summary);

// Limits are checked before and while decompressing, then the hash, then the message. The sums
// and columns are not looked at: ValidateSummary.
// Errors: ResourceExhausted (limits), DataLoss (hash, damaged zstd), InvalidArgument (message).
[[nodiscard]] absl::StatusOr<v1::WindowSummary> Open(const v1::Envelope& envelope);

// Shape of an identity: sensor [a-z0-9][a-z0-9-]{0,62}, spool 16 bytes, sequence ≥ 1.
[[nodiscard]] absl::Status ValidateIdentity(const v1::Identity& identity);
[[nodiscard]] bool ValidSensorId(std::string_view id);

// The flow tuples of a summary, decoded.
struct SummaryRows {
  std::vector<FlowRow> ipv4;
  std::vector<FlowRow> ipv6;
};

// What must hold in any summary, whatever was observed: captured = Σ fates, observed = Σ rows +
// folded in packets and in bytes, parts not above the whole, times in order, known kinds, flags
// and families, sketches that parse, lists within their limits. Returns InvalidArgument naming
// the field. Decodes the columns; pass `rows` to keep them.
[[nodiscard]] absl::Status ValidateSummary(const v1::WindowSummary& summary,
                                           SummaryRows* rows = nullptr);

// Limits of the lists of a summary.
inline constexpr int kMaxFoldedRowsOfSummary = 4096 + 2 * kKindCount;  // and one `other` a kind
inline constexpr int kMaxSketchesOfSummary = 2 * kKindCount;
inline constexpr int kMaxFloodsOfSummary = 1024;
inline constexpr int kMaxTopPortsOfFlood = 64;
inline constexpr int kMaxBlindPortsOfSummary = 4096;
inline constexpr std::size_t kMaxTextBytesOfSummary = 4096;  // of each string

}  // namespace teiten
