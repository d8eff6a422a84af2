// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/encode.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>

#include "common/columns.h"

namespace teiten {
namespace {

using Summary = v1::WindowSummary;

// Numbers of the rows of one family in the order of the wire. Rows of one key keep their order
// of arrival, because first packet's fields are taken from the first of them.
//
// Rows are first dealt out by the upper 16 bits of their source, which leaves a few in each
// bucket to be sorted: four times cheaper than sorting all at once.
std::vector<uint32_t> OrderIpv4(std::span<const FlowRow> rows) {
  struct Entry {
    uint64_t key;  // source, kind, protocol, port: as RowLess compares them
    uint32_t row;
  };
  std::vector<uint32_t> begin_of((1U << 16) + 1);
  const auto bucket = [](const FlowRow& r) { return r.source.low >> 16 & 0xffff; };
  for (const FlowRow& r : rows) {
    if (r.family() == Family::kIpv4) ++begin_of[bucket(r) + 1];
  }
  std::partial_sum(begin_of.begin(), begin_of.end(), begin_of.begin());
  std::vector<Entry> entries(begin_of.back());
  std::vector<uint32_t> next(begin_of);
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const FlowRow& r = rows[i];
    if (r.family() != Family::kIpv4) continue;
    const uint64_t key = r.source.low << 32 | uint64_t{static_cast<uint8_t>(r.kind())} << 24 |
                         uint64_t{r.protocol} << 16 | r.port;
    entries[next[bucket(r)]++] = {key, i};
  }
  for (std::size_t b = 0; b + 1 < begin_of.size(); ++b) {
    std::sort(entries.data() + begin_of[b], entries.data() + begin_of[b + 1],
              [](const Entry& x, const Entry& y) {
                return x.key != y.key ? x.key < y.key : x.row < y.row;
              });
  }
  std::vector<uint32_t> order(entries.size());
  std::transform(entries.begin(), entries.end(), order.begin(),
                 [](const Entry& e) { return e.row; });
  return order;
}

std::vector<uint32_t> OrderIpv6(std::span<const FlowRow> rows) {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].family() == Family::kIpv6) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (RowLess(rows[a], rows[b])) return true;
    return !RowLess(rows[b], rows[a]) && a < b;
  });
  return order;
}

v1::AddressFamily FamilyOf(uint8_t kind_flags) {
  return (kind_flags & kRowIpv6) != 0 ? v1::ADDRESS_FAMILY_IPV6 : v1::ADDRESS_FAMILY_IPV4;
}

v1::Kind KindOf(uint8_t kind_flags) { return static_cast<v1::Kind>(kind_flags & kRowKindMask); }

void FillTimes(const SummaryContext& context, const WindowTimes& times, Summary& s) {
  s.set_window_start_unix_ms(times.start_ms);
  s.set_window_end_unix_ms(times.end_ms);
  s.set_live_from_unix_ms(times.live_from_ms);
  s.set_live_to_unix_ms(times.live_to_ms);
  s.set_live_ms(times.live_ms);
  v1::WindowFlags& flags = *s.mutable_flags();
  flags.set_partial(times.partial);
  flags.set_extended(times.extended);
  flags.set_degraded(times.degraded);
  flags.set_clock_stepped(times.clock_stepped);
  flags.set_replayed(context.replay_shift_ms.has_value());
  flags.set_imported(context.imported);
  flags.set_direction_unknown(context.direction_unknown);
  s.set_replay_shift_ms(context.replay_shift_ms.value_or(0));
}

void FillContext(const SummaryContext& context, Summary& s) {
  s.set_software(context.software);
  s.set_definitions_version(context.definitions_version);
  s.mutable_worker()->set_index(context.worker_index);
  s.mutable_worker()->set_count(context.worker_count);
  if (context.n4.has_value()) s.set_n4(*context.n4);
  if (context.p6.has_value()) s.set_p6(*context.p6);
  for (const v1::BlindPort& port : context.blind_ports) *s.add_blind_ports() = port;
  s.set_bitmap_key_id(context.bitmap_key_id);
  s.set_sketch_key_id(context.sketch_key_id);
  s.set_bitmap_exact_ipv4(context.bitmap_exact_ipv4);
  s.set_bitmap_exact_ipv6(context.bitmap_exact_ipv6);
  s.set_link_type(context.link_type);
  s.set_filter(context.filter);
  s.set_snap_length(context.snap_length);
  s.set_group(context.group);
}

void FillAccounting(const WindowCounts& counts, v1::Accounting& a) {
  a.set_captured(counts.captured());
  a.set_undecodable_link(counts.of(Fate::kUndecodableLink));
  a.set_not_ip(counts.of(Fate::kNotIp));
  a.set_truncated(counts.of(Fate::kTruncated));
  a.set_malformed(counts.of(Fate::kMalformed));
  a.set_link_local(counts.of(Fate::kLinkLocal));
  a.set_outbound(counts.of(Fate::kOutbound));
  a.set_unobserved(counts.of(Fate::kUnobserved));
  a.set_service(counts.of(Fate::kService));
  a.set_solicited(counts.of(Fate::kSolicited));
  a.set_observed(counts.of(Fate::kObserved));
  a.set_self_addressed(counts.self_addressed);
  a.set_quote_mismatch(counts.quote_mismatch);
  a.set_late(counts.late);
  a.set_time_bad(counts.time_bad);
  a.set_folded(counts.folded);
  a.set_offload_merged(counts.offload_merged);
  a.set_solicited_evicted(counts.solicited_evicted);
  a.set_observed_bytes(counts.observed_bytes);
  if (counts.kernel_dropped.has_value()) a.set_kernel_dropped(*counts.kernel_dropped);
  if (counts.interface_dropped.has_value()) a.set_interface_dropped(*counts.interface_dropped);
}

void FillFolded(std::span<const FoldedRow> rows, Summary& s) {
  std::vector<FoldedRow> sorted;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(sorted),
               [](const FoldedRow& row) { return row.packets != 0; });
  const auto key = [](const FoldedRow& r) {
    return std::tuple(r.family(), r.kind(), r.other, r.protocol, r.port);
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const FoldedRow& a, const FoldedRow& b) { return key(a) < key(b); });
  for (const FoldedRow& row : sorted) {
    v1::FoldedRow& out = *s.add_folded();
    out.set_family(FamilyOf(row.kind_flags));
    out.set_kind(KindOf(row.kind_flags));
    out.set_protocol(row.protocol);
    out.set_port(row.port);
    out.set_packets(row.packets);
    out.set_bytes(row.bytes);
    out.set_other(row.other);
  }
}

void FillFoldedSources(std::span<const FoldedSketch> sketches, Summary& s) {
  std::vector<FoldedSketch> sorted;
  std::copy_if(sketches.begin(), sketches.end(), std::back_inserter(sorted),
               [](const FoldedSketch& sketch) { return !sketch.sources->empty(); });
  const auto key = [](const FoldedSketch& sketch) {
    return std::tuple(FamilyOf(sketch.kind_flags), KindOf(sketch.kind_flags));
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const FoldedSketch& a, const FoldedSketch& b) { return key(a) < key(b); });
  for (const FoldedSketch& sketch : sorted) {
    v1::KindSketch& out = *s.add_folded_sources();
    out.set_family(FamilyOf(sketch.kind_flags));
    out.set_kind(KindOf(sketch.kind_flags));
    out.set_hyperloglog(sketch.sources->Serialize());
  }
}

// A field of type message whose bytes are already there.
void AppendMessageField(int number, const std::string& bytes, std::string& out) {
  if (bytes.empty()) return;
  const auto append_varint = [&out](uint64_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  };
  append_varint(static_cast<uint64_t>(number) << 3 | 2);  // 2: length-delimited
  append_varint(bytes.size());
  out += bytes;
}

}  // namespace

// Fields of a message may be written one after the other: what comes before the columns, the
// columns, what comes after them, in order of numbers as protobuf itself would.
std::string EncodeSummaryBytes(const SummaryContext& context, const WindowContents& window) {
  static_assert(Summary::kIpv4FieldNumber == Summary::kAccountingFieldNumber + 1 &&
                Summary::kIpv6FieldNumber == Summary::kIpv4FieldNumber + 1 &&
                Summary::kFoldedFieldNumber == Summary::kIpv6FieldNumber + 1);
  Summary before;
  FillContext(context, before);
  FillTimes(context, window.times, before);
  FillAccounting(window.counts, *before.mutable_accounting());
  std::string bytes = before.SerializeAsString();
  AppendMessageField(Summary::kIpv4FieldNumber,
                     SerializeColumns(window.rows, OrderIpv4(window.rows)), bytes);
  AppendMessageField(Summary::kIpv6FieldNumber,
                     SerializeColumns(window.rows, OrderIpv6(window.rows)), bytes);
  Summary after;
  FillFolded(window.folded, after);
  FillFoldedSources(window.folded_sources, after);
  for (const v1::Flood& flood : window.floods) *after.add_floods() = flood;
  if (window.health != nullptr) *after.mutable_health() = *window.health;
  after.AppendToString(&bytes);
  return bytes;
}

v1::WindowSummary EncodeSummary(const SummaryContext& context, const WindowContents& window) {
  v1::WindowSummary summary;
  // Bytes of our own writer always parse.
  if (!summary.ParseFromString(EncodeSummaryBytes(context, window))) summary.Clear();
  return summary;
}

v1::WindowSummary AccountingOf(const SummaryContext& context, const WindowContents& window) {
  WindowContents without_rows = window;
  without_rows.rows = {};
  v1::WindowSummary summary = EncodeSummary(context, without_rows);
  const auto ipv6 = static_cast<uint32_t>(
      std::count_if(window.rows.begin(), window.rows.end(),
                    [](const FlowRow& row) { return row.family() == Family::kIpv6; }));
  summary.mutable_ipv4()->set_row_count(static_cast<uint32_t>(window.rows.size()) - ipv6);
  summary.mutable_ipv6()->set_row_count(ipv6);
  return summary;
}

}  // namespace teiten
