// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/judge.h"

#include <algorithm>
#include <utility>

#include "common/definitions.h"
#include "common/envelope.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kDayAheadMs = 86'400'000;
constexpr int64_t kClockIsSetMs = 1'735'689'600'000;  // 2025-01-01

Judgement Refuse(uint64_t sequence, v1::Rejection::Reason reason, std::string_view detail) {
  Judgement judgement;
  judgement.sequence = sequence;
  judgement.reason = reason;
  judgement.detail = std::string(detail);
  return judgement;
}

v1::Rejection::Reason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return v1::Rejection::REASON_TOO_LARGE;
    case absl::StatusCode::kDataLoss:
      return v1::Rejection::REASON_HASH_MISMATCH;
    default:
      return v1::Rejection::REASON_MALFORMED;
  }
}

std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

Judgement JudgeEnvelope(const v1::Envelope& envelope, int64_t now_unix_ms) {
  const v1::Identity& identity = envelope.identity();
  if (absl::Status shape = ValidateIdentity(identity); !shape.ok()) {
    return Refuse(0, v1::Rejection::REASON_MALFORMED, Message(shape));
  }
  const uint64_t sequence = identity.sequence();
  absl::StatusOr<v1::WindowSummary> summary = Open(envelope);
  if (!summary.ok()) {
    return Refuse(sequence, ReasonOf(summary.status()), Message(summary.status()));
  }
  if (summary->definitions_version() != kDefinitionsVersion) {
    return Refuse(
        sequence, v1::Rejection::REASON_DEFINITIONS,
        fmt::format("definitions_version: this collector knows \"{}\"", kDefinitionsVersion));
  }
  if (absl::Status valid = ValidateSummary(*summary); !valid.ok()) {
    return Refuse(sequence, v1::Rejection::REASON_IMPLAUSIBLE, Message(valid));
  }
  if (now_unix_ms > kClockIsSetMs && summary->window_start_unix_ms() > now_unix_ms + kDayAheadMs) {
    return Refuse(sequence, v1::Rejection::REASON_IMPLAUSIBLE,
                  "window_start_unix_ms: more than a day after the collector's clock");
  }
  Judgement judgement;
  judgement.sequence = sequence;
  AcceptedFact& fact = judgement.fact.emplace();
  fact.key.sensor = identity.sensor();
  std::copy(identity.spool().begin(), identity.spool().end(), fact.key.spool.begin());
  fact.key.sequence = sequence;
  fact.content_sha256 = envelope.content_sha256();
  fact.envelope = envelope.SerializeAsString();
  fact.window_start_unix_ms = summary->window_start_unix_ms();
  fact.window_end_unix_ms = summary->window_end_unix_ms();
  fact.received_unix_ms = now_unix_ms;
  fact.group = summary->group();
  return judgement;
}

}  // namespace teiten
