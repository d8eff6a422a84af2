// SPDX-License-Identifier: Apache-2.0
#include "common/tuple.h"

#include <algorithm>

#include "common/columns.h"

namespace teiten {
namespace {

uint32_t MarkOf(const FlowRow& row, Mark mark) {
  const int counter = CounterOf(row.kind(), mark);
  return counter < 0 ? 0 : row.counter(counter);
}

// Everything the rows of one key have in common or the first of them says.
void StartTuple(const FlowRow& row, v1::Tuple& tuple) {
  tuple.Clear();
  tuple.set_family(static_cast<v1::AddressFamily>(row.family()));
  tuple.set_source(AddressBytes(row.family(), row.source));
  tuple.set_kind(static_cast<v1::Kind>(row.kind()));
  tuple.set_protocol(row.protocol);
  tuple.set_port(row.port);
  tuple.set_prefix64(row.prefix64());
  tuple.set_ttl(row.ttl);
  tuple.set_ip_length(row.ip_length);
  tuple.set_tcp_window(row.tcp_window);
  tuple.set_tcp_options_length(row.tcp_options_length);
  tuple.set_source_port(row.source_port);
  if (!HasSlots(row.kind())) return;
  for (int slot = 0; slot < kSlots; ++slot) tuple.add_slots(0);
}

void AddCounts(const FlowRow& row, v1::Tuple& tuple) {
  tuple.set_packets(tuple.packets() + row.packets);
  tuple.set_bytes(tuple.bytes() + row.bytes());
  tuple.set_lower_bound(tuple.lower_bound() || row.lower_bound());
  tuple.set_zmap(tuple.zmap() + MarkOf(row, Mark::kZmap));
  tuple.set_masscan(tuple.masscan() + MarkOf(row, Mark::kMasscan));
  tuple.set_mirai(tuple.mirai() + MarkOf(row, Mark::kMirai));
  tuple.set_nmap(tuple.nmap() + MarkOf(row, Mark::kNmap));
  tuple.set_amplification(tuple.amplification() + MarkOf(row, Mark::kAmplification));
  for (int slot = 0; slot < tuple.slots_size(); ++slot) {
    tuple.set_slots(slot, tuple.slots(slot) + row.slot(slot));
  }
}

}  // namespace

void ForEachTuple(std::span<const FlowRow> rows, const TupleContext& context,
                  absl::FunctionRef<void(const v1::Tuple&)> visit) {
  v1::Tuple tuple;
  for (std::size_t i = 0; i < rows.size();) {
    const FlowRow& head = rows[i];
    uint64_t bitmap = 0;
    uint32_t first_ms = head.first_ms();
    uint32_t last_ms = head.last_ms();
    StartTuple(head, tuple);
    for (; i < rows.size() && SameKey(rows[i], head); ++i) {
      AddCounts(rows[i], tuple);
      bitmap |= rows[i].bitmap;
      first_ms = std::min(first_ms, rows[i].first_ms());
      last_ms = std::max(last_ms, rows[i].last_ms());
    }
    tuple.set_first_unix_ms(context.window_start_unix_ms + first_ms);
    tuple.set_last_unix_ms(context.window_start_unix_ms + last_ms);
    tuple.set_destinations(DestinationCount(bitmap, context.bitmap_exact));
    tuple.set_destinations_estimated(!context.bitmap_exact);
    visit(tuple);
  }
}

void FillTuple(const v1::FoldedRow& row, v1::Tuple& tuple) {
  tuple.Clear();
  tuple.set_family(row.family());
  tuple.set_kind(row.kind());
  tuple.set_protocol(row.protocol());
  tuple.set_port(row.port());
  tuple.set_packets(row.packets());
  tuple.set_bytes(row.bytes());
  tuple.set_other(row.other());
}

absl::Status ForEachTupleOf(const v1::WindowSummary& summary,
                            absl::FunctionRef<void(const v1::Tuple&)> visit) {
  const auto ipv4 = DecodeColumns(summary.ipv4(), Family::kIpv4);
  if (!ipv4.ok()) return ipv4.status();
  const auto ipv6 = DecodeColumns(summary.ipv6(), Family::kIpv6);
  if (!ipv6.ok()) return ipv6.status();
  const int64_t start = summary.window_start_unix_ms();
  ForEachTuple(*ipv4, {start, summary.bitmap_exact_ipv4()}, visit);
  ForEachTuple(*ipv6, {start, summary.bitmap_exact_ipv6()}, visit);
  v1::Tuple tuple;
  for (const v1::FoldedRow& row : summary.folded()) {
    FillTuple(row, tuple);
    visit(tuple);
  }
  return absl::OkStatus();
}

}  // namespace teiten
