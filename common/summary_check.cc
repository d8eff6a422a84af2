// SPDX-License-Identifier: Apache-2.0
// ValidateSummary: what must hold in any summary (envelope.h).
#include <fmt/format.h>

#include <array>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "common/columns.h"
#include "common/envelope.h"
#include "common/hyperloglog.h"

namespace teiten {
namespace {

constexpr int64_t kLastTimeMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z
constexpr int64_t kLongestWindowMs = 86'400'000;

absl::Status Invalid(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, what));
}

// A sum that cannot wrap: once over 2^64 - 1 it stays there and equals nothing honest.
class Sum {
 public:
  void Add(uint64_t value) {
    total_ = value > std::numeric_limits<uint64_t>::max() - total_
                 ? std::numeric_limits<uint64_t>::max()
                 : total_ + value;
  }
  [[nodiscard]] uint64_t total() const { return total_; }

 private:
  uint64_t total_ = 0;
};

struct Totals {
  Sum packets;
  Sum bytes;
};

absl::Status CheckTexts(const v1::WindowSummary& s) {
  const std::array<std::pair<const char*, const std::string*>, 5> texts = {{
      {"software", &s.software()},
      {"definitions_version", &s.definitions_version()},
      {"link_type", &s.link_type()},
      {"filter", &s.filter()},
      {"group", &s.group()},
  }};
  for (const auto& [name, text] : texts) {
    if (text->size() > kMaxTextBytesOfSummary) {
      return Invalid(name, fmt::format("{} bytes, limit {}", text->size(), kMaxTextBytesOfSummary));
    }
  }
  if (s.software().empty()) return Invalid("software", "missing");
  if (s.definitions_version().empty()) return Invalid("definitions_version", "missing");
  if (!ValidSensorId(s.group())) return Invalid("group", "not [a-z0-9][a-z0-9-]{0,62}");
  return absl::OkStatus();
}

absl::Status CheckTimes(const v1::WindowSummary& s) {
  if (s.window_start_unix_ms() < 0) return Invalid("window_start_unix_ms", "before 1970");
  if (s.window_end_unix_ms() <= s.window_start_unix_ms()) {
    return Invalid("window_end_unix_ms", "not after window_start_unix_ms");
  }
  if (s.window_end_unix_ms() > kLastTimeMs) return Invalid("window_end_unix_ms", "after 9999");
  if (s.window_end_unix_ms() - s.window_start_unix_ms() > kLongestWindowMs) {
    return Invalid("window_end_unix_ms", "longer than a day");
  }
  if (s.live_from_unix_ms() < s.window_start_unix_ms()) {
    return Invalid("live_from_unix_ms", "before window_start_unix_ms");
  }
  if (s.live_to_unix_ms() < s.live_from_unix_ms()) {
    return Invalid("live_to_unix_ms", "before live_from_unix_ms");
  }
  if (s.live_to_unix_ms() > kLastTimeMs) return Invalid("live_to_unix_ms", "after 9999");
  if (s.live_to_unix_ms() > s.window_end_unix_ms() && !s.flags().extended()) {
    return Invalid("live_to_unix_ms", "beyond the window, which is not flagged extended");
  }
  return absl::OkStatus();
}

absl::Status CheckFlags(const v1::WindowSummary& s) {
  const v1::WindowFlags& flags = s.flags();
  if (s.worker().count() == 0) return Invalid("worker.count", "0");
  if (s.worker().index() >= s.worker().count()) return Invalid("worker.index", "not below count");
  if (flags.replayed() && flags.imported()) return Invalid("flags", "replayed and imported");
  if (!flags.replayed() && s.replay_shift_ms() != 0) {
    return Invalid("replay_shift_ms", "not 0 but not flagged replayed");
  }
  if ((flags.replayed() || flags.imported()) && s.group() != "replay") {
    return Invalid("group", "a file belongs to group replay");
  }
  if (flags.direction_unknown()) {
    if (s.has_n4()) return Invalid("n4", "stated although the direction is unknown");
    if (s.has_p6()) return Invalid("p6", "stated although the direction is unknown");
    if (s.accounting().outbound() != 0 || s.accounting().solicited() != 0) {
      return Invalid("accounting", "outbound or solicited although the direction is unknown");
    }
    return absl::OkStatus();
  }
  if (!s.has_n4()) return Invalid("n4", "missing although the direction is known");
  if (!s.has_p6()) return Invalid("p6", "missing although the direction is known");
  return absl::OkStatus();
}

absl::Status CheckBlindPorts(const v1::WindowSummary& s) {
  if (s.blind_ports_size() > kMaxBlindPortsOfSummary) {
    return Invalid("blind_ports", fmt::format("{} entries", s.blind_ports_size()));
  }
  for (int i = 0; i < s.blind_ports_size(); ++i) {
    const v1::BlindPort& port = s.blind_ports(i);
    const bool known = v1::BlindPort::Reason_IsValid(port.reason()) &&
                       port.reason() != v1::BlindPort::REASON_UNSPECIFIED;
    if (port.protocol() > 255 || port.port() > 65535 || !known) {
      return Invalid(fmt::format("blind_ports[{}]", i), "out of range");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAccounting(const v1::Accounting& a) {
  Sum fates;
  for (const uint64_t fate :
       {a.undecodable_link(), a.not_ip(), a.truncated(), a.malformed(), a.link_local(),
        a.outbound(), a.unobserved(), a.service(), a.solicited(), a.observed()}) {
    fates.Add(fate);
  }
  if (a.captured() != fates.total()) {
    return Invalid("accounting.captured",
                   fmt::format("{}, but the fates sum to {}", a.captured(), fates.total()));
  }
  struct Part {
    const char* name;
    uint64_t part;
    uint64_t whole;
  };
  for (const Part& p :
       {Part{"self_addressed", a.self_addressed(), a.unobserved()},
        Part{"quote_mismatch", a.quote_mismatch(), a.observed()},
        Part{"late", a.late(), a.captured()}, Part{"time_bad", a.time_bad(), a.captured()},
        Part{"offload_merged", a.offload_merged(), a.captured()},
        Part{"folded", a.folded(), a.observed()}}) {
    if (p.part > p.whole) {
      return Invalid(fmt::format("accounting.{}", p.name),
                     fmt::format("{}, more than the {} it is part of", p.part, p.whole));
    }
  }
  return absl::OkStatus();
}

bool KnownFamily(v1::AddressFamily family) {
  return family == v1::ADDRESS_FAMILY_IPV4 || family == v1::ADDRESS_FAMILY_IPV6;
}

bool KnownKind(v1::Kind kind) { return kind > 0 && kind < kKindCount; }

absl::Status CheckFoldedRow(const v1::FoldedRow& row, const std::string& field) {
  if (!KnownFamily(row.family())) return Invalid(field + ".family", "unknown");
  if (!KnownKind(row.kind())) return Invalid(field + ".kind", "unknown");
  if (row.protocol() > 255) return Invalid(field + ".protocol", "above 255");
  if (row.port() > 65535) return Invalid(field + ".port", "above 65535");
  if (row.packets() == 0) return Invalid(field + ".packets", "0");
  if (row.other() && (row.protocol() != 0 || row.port() != 0)) {
    return Invalid(field + ".other", "with a protocol or port");
  }
  return absl::OkStatus();
}

// Adds the folded rows to `totals`.
absl::Status CheckFolded(const v1::WindowSummary& s, Totals& totals) {
  if (s.folded_size() > kMaxFoldedRowsOfSummary) {
    return Invalid("folded", fmt::format("{} rows", s.folded_size()));
  }
  const auto key = [](const v1::FoldedRow& row) {
    return std::tuple(row.family(), row.kind(), row.other(), row.protocol(), row.port());
  };
  Sum folded;
  for (int i = 0; i < s.folded_size(); ++i) {
    const std::string field = fmt::format("folded[{}]", i);
    if (absl::Status status = CheckFoldedRow(s.folded(i), field); !status.ok()) return status;
    if (i > 0 && key(s.folded(i)) <= key(s.folded(i - 1))) return Invalid(field, "out of order");
    folded.Add(s.folded(i).packets());
    totals.packets.Add(s.folded(i).packets());
    totals.bytes.Add(s.folded(i).bytes());
  }
  if (folded.total() != s.accounting().folded()) {
    return Invalid("accounting.folded", fmt::format("{}, but the folded rows have {}",
                                                    s.accounting().folded(), folded.total()));
  }
  return absl::OkStatus();
}

absl::Status CheckSketches(const v1::WindowSummary& s) {
  if (s.folded_sources_size() > kMaxSketchesOfSummary) {
    return Invalid("folded_sources", fmt::format("{} sketches", s.folded_sources_size()));
  }
  for (int i = 0; i < s.folded_sources_size(); ++i) {
    const v1::KindSketch& sketch = s.folded_sources(i);
    const std::string field = fmt::format("folded_sources[{}]", i);
    if (!KnownFamily(sketch.family())) return Invalid(field + ".family", "unknown");
    if (!KnownKind(sketch.kind())) return Invalid(field + ".kind", "unknown");
    if (i > 0) {
      const v1::KindSketch& before = s.folded_sources(i - 1);
      if (std::pair(sketch.family(), sketch.kind()) <= std::pair(before.family(), before.kind())) {
        return Invalid(field, "out of order");
      }
    }
    const auto parsed = HyperLogLog::Parse(sketch.hyperloglog());
    if (!parsed.ok())
      return Invalid(field + ".hyperloglog", std::string(parsed.status().message()));
  }
  return absl::OkStatus();
}

absl::Status CheckFlood(const v1::Flood& flood, const std::string& field) {
  if (!KnownFamily(flood.family())) return Invalid(field + ".family", "unknown");
  if (!KnownKind(flood.kind())) return Invalid(field + ".kind", "unknown");
  if (flood.protocol() > 255) return Invalid(field + ".protocol", "above 255");
  if (flood.port() > 65535) return Invalid(field + ".port", "above 65535");
  if (flood.has_end_unix_ms() && flood.end_unix_ms() < flood.begin_unix_ms()) {
    return Invalid(field + ".end_unix_ms", "before begin_unix_ms");
  }
  if (flood.top_ports_size() > kMaxTopPortsOfFlood) {
    return Invalid(field + ".top_ports", fmt::format("{} entries", flood.top_ports_size()));
  }
  for (const v1::PortCount& port : flood.top_ports()) {
    if (port.protocol() > 255 || port.port() > 65535) {
      return Invalid(field + ".top_ports", "out of range");
    }
  }
  if (flood.sources_hyperloglog().empty()) return absl::OkStatus();
  const auto parsed = HyperLogLog::Parse(flood.sources_hyperloglog());
  if (parsed.ok()) return absl::OkStatus();
  return Invalid(field + ".sources_hyperloglog", std::string(parsed.status().message()));
}

absl::Status CheckFloods(const v1::WindowSummary& s) {
  if (s.floods_size() > kMaxFloodsOfSummary) {
    return Invalid("floods", fmt::format("{} entries", s.floods_size()));
  }
  for (int i = 0; i < s.floods_size(); ++i) {
    absl::Status status = CheckFlood(s.floods(i), fmt::format("floods[{}]", i));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Adds the rows to `totals`, and keeps them if they are wanted.
absl::Status CheckColumns(const v1::WindowSummary& s, Totals& totals, SummaryRows* keep) {
  if (uint64_t{s.ipv4().row_count()} + s.ipv6().row_count() > kMaxRowsOfSummary) {
    return Invalid("row_count", fmt::format("{} + {} rows, limit {}", s.ipv4().row_count(),
                                            s.ipv6().row_count(), kMaxRowsOfSummary));
  }
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    auto rows = DecodeColumns(family == Family::kIpv4 ? s.ipv4() : s.ipv6(), family);
    if (!rows.ok()) return rows.status();
    for (const FlowRow& row : *rows) {
      totals.packets.Add(row.packets);
      totals.bytes.Add(row.bytes());
    }
    if (keep != nullptr) (family == Family::kIpv4 ? keep->ipv4 : keep->ipv6) = *std::move(rows);
  }
  return absl::OkStatus();
}

absl::Status CheckTotals(const v1::Accounting& accounting, const Totals& totals) {
  if (accounting.observed() != totals.packets.total()) {
    return Invalid("accounting.observed",
                   fmt::format("{}, but the rows have {} packets", accounting.observed(),
                               totals.packets.total()));
  }
  if (accounting.observed_bytes() != totals.bytes.total()) {
    return Invalid("accounting.observed_bytes",
                   fmt::format("{}, but the rows have {} bytes", accounting.observed_bytes(),
                               totals.bytes.total()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateSummary(const v1::WindowSummary& summary, SummaryRows* rows) {
  for (const auto check :
       {CheckTexts, CheckTimes, CheckFlags, CheckBlindPorts, CheckSketches, CheckFloods}) {
    if (absl::Status status = check(summary); !status.ok()) return status;
  }
  if (absl::Status status = CheckAccounting(summary.accounting()); !status.ok()) return status;
  Totals totals;
  if (absl::Status status = CheckFolded(summary, totals); !status.ok()) return status;
  if (absl::Status status = CheckColumns(summary, totals, rows); !status.ok()) return status;
  return CheckTotals(summary.accounting(), totals);
}

}  // namespace teiten
