// SPDX-License-Identifier: Apache-2.0
// A summary in which everything holds, with rows of both families, folded rows, sketches and a
// flood, from a seed: the ground on which tests break one thing at a time.
#pragma once

#include <string>
#include <vector>

#include "common/columns.h"
#include "common/hyperloglog.h"
#include "teiten/v1/summary.pb.h"
#include "tests/common/random_rows.h"

namespace teiten {

inline v1::Identity SomeIdentity() {
  v1::Identity identity;
  identity.set_sensor("tokyo-1");
  identity.set_spool("0123456789abcdef");
  identity.set_sequence(7);
  return identity;
}

inline void AddFolded(v1::Kind kind, uint32_t port, uint64_t packets, v1::WindowSummary& summary) {
  v1::FoldedRow& row = *summary.add_folded();
  row.set_family(v1::ADDRESS_FAMILY_IPV4);
  row.set_kind(kind);
  row.set_protocol(port == 0 ? 0 : 6);
  row.set_port(port);
  row.set_packets(packets);
  row.set_bytes(40 * packets);
  row.set_other(port == 0);
  v1::Accounting& a = *summary.mutable_accounting();
  a.set_folded(a.folded() + packets);
  a.set_observed(a.observed() + packets);
  a.set_observed_bytes(a.observed_bytes() + 40 * packets);
}

inline void AddRows(const std::vector<FlowRow>& rows, v1::FlowColumns& columns, v1::Accounting& a) {
  EncodeColumns(rows, columns);
  for (const FlowRow& row : rows) {
    a.set_observed(a.observed() + row.packets);
    a.set_observed_bytes(a.observed_bytes() + row.bytes());
  }
}

inline v1::WindowSummary SomeSummary(uint64_t seed, std::size_t rows) {
  RandomRows random(seed);
  v1::WindowSummary s;
  s.set_software("teiten-sensor 0.1.0");
  s.set_definitions_version("1");
  s.mutable_worker()->set_index(1);
  s.mutable_worker()->set_count(2);
  s.set_window_start_unix_ms(1'795'341'600'000);  // 2026-11-22T10:00:00Z
  s.set_window_end_unix_ms(1'795'341'660'000);
  s.set_live_from_unix_ms(1'795'341'600'000);
  s.set_live_to_unix_ms(1'795'341'660'000);
  s.set_live_ms(60'000);
  s.mutable_flags()->set_partial(true);
  s.set_n4(256);
  s.set_p6(1);
  s.set_link_type("EN10MB");
  s.set_snap_length(256);
  s.set_group("live");
  v1::BlindPort& blind = *s.add_blind_ports();
  blind.set_protocol(6);
  blind.set_port(22);
  blind.set_reason(v1::BlindPort::REASON_SERVICE);

  v1::Accounting& a = *s.mutable_accounting();
  AddRows(random.Sorted(Family::kIpv4, rows), *s.mutable_ipv4(), a);
  AddRows(random.Sorted(Family::kIpv6, rows / 3), *s.mutable_ipv6(), a);
  AddFolded(v1::KIND_TCP_SYN, 23, 5, s);
  AddFolded(v1::KIND_TCP_SYN, 0, 2, s);  // other
  AddFolded(v1::KIND_TCP_RST, 80, 1, s);
  HyperLogLog sources;
  sources.AddHash(Mix64(seed));
  for (const v1::Kind kind : {v1::KIND_TCP_SYN, v1::KIND_TCP_RST}) {
    v1::KindSketch& sketch = *s.add_folded_sources();
    sketch.set_family(v1::ADDRESS_FAMILY_IPV4);
    sketch.set_kind(kind);
    sketch.set_hyperloglog(sources.Serialize());
  }
  v1::Flood& flood = *s.add_floods();
  flood.set_id(1);
  flood.set_family(v1::ADDRESS_FAMILY_IPV4);
  flood.set_kind(v1::KIND_TCP_SYN);
  flood.set_protocol(6);
  flood.set_port(80);
  flood.set_begin_unix_ms(s.window_start_unix_ms());
  flood.set_sources_hyperloglog(sources.Serialize());
  v1::PortCount& port = *flood.add_top_ports();
  port.set_protocol(6);
  port.set_port(80);
  port.set_packets(9);

  a.set_not_ip(11);
  a.set_unobserved(4);
  a.set_self_addressed(3);
  a.set_quote_mismatch(1);
  a.set_late(2);
  a.set_time_bad(1);
  a.set_offload_merged(1);
  a.set_kernel_dropped(0);
  a.set_captured(a.not_ip() + a.unobserved() + a.observed());
  return s;
}

}  // namespace teiten
