// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/stubs/logging.h>

#include <cstring>

#include "common/columns.h"
#include "common/envelope.h"
#include "common/hyperloglog.h"
#include "tests/fuzz/targets.h"

namespace teiten::fuzz {
namespace {

std::string_view Text(Input input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// Rows that were accepted are written and read back as they are.
void RequireRoundTrip(const std::vector<FlowRow>& rows, Family family) {
  v1::FlowColumns columns;
  EncodeColumns(rows, columns);
  const auto again = DecodeColumns(columns, family);
  Require(again.ok(), "encoded columns decode");
  Require(again->size() == rows.size(), "as many rows");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Require(std::memcmp(&rows[i], &(*again)[i], sizeof(FlowRow)) == 0, "the same rows");
  }
}

void CheckSummary(const v1::WindowSummary& summary) {
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const auto rows =
        DecodeColumns(family == Family::kIpv4 ? summary.ipv4() : summary.ipv6(), family);
    if (rows.ok()) RequireRoundTrip(*rows, family);
  }
  SummaryRows rows;
  if (!ValidateSummary(summary, &rows).ok()) return;
  RequireRoundTrip(rows.ipv4, Family::kIpv4);
  RequireRoundTrip(rows.ipv6, Family::kIpv6);
}

}  // namespace

void Envelope(Input input) {
  // Protobuf reports each wrong string on stderr.
  static const google::protobuf::LogSilencer silence;
  if (input.empty()) return;
  if (input[0] == 0) {
    v1::Envelope envelope;
    if (!envelope.ParseFromArray(input.data() + 1, static_cast<int>(input.size() - 1))) return;
    static_cast<void>(ValidateIdentity(envelope.identity()));
    if (const auto summary = Open(envelope); summary.ok()) CheckSummary(*summary);
    return;
  }
  v1::Identity identity;
  identity.set_sensor("fuzz");
  identity.set_spool(std::string(16, '\1'));
  identity.set_sequence(1);
  const auto envelope = SealBytes(identity, Text(input.subspan(1)));
  Require(envelope.ok(), "any bytes below the limit can be sealed");
  if (const auto summary = Open(*envelope); summary.ok()) CheckSummary(*summary);
}

void Sketch(Input input) {
  auto sketch = HyperLogLog::Parse(Text(input));
  if (!sketch.ok()) return;
  const std::string bytes = sketch->Serialize();
  const auto again = HyperLogLog::Parse(bytes);
  Require(again.ok() && again->Serialize() == bytes, "a sketch survives its own bytes");
  const double estimate = sketch->Estimate();
  Require(estimate >= 0 && estimate < 1e21, "an estimate is a number");
  HyperLogLog merged = *sketch;
  merged.Merge(*sketch);
  Require(merged.Serialize() == bytes, "merging with itself changes nothing");
  for (const uint8_t precision : {HyperLogLog::kMinPrecision, HyperLogLog::kMaxPrecision}) {
    HyperLogLog other(precision);
    other.AddHash(0x0123456789abcdefULL);
    other.Merge(*sketch);
    static_cast<void>(other.Estimate());
  }
  merged.AddHash(estimate > 5 ? 1 : 2);
  Require(!merged.empty(), "a sketch with an element is not empty");
}

}  // namespace teiten::fuzz
