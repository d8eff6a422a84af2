// SPDX-License-Identifier: Apache-2.0
// Facts for store tests: summaries as a sensor could have sent them, from random rows, sealed.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "common/columns.h"
#include "common/envelope.h"
#include "common/flow_row.h"
#include "gtest/gtest.h"
#include "tests/common/random_rows.h"

namespace teiten {

// A folder that goes with the test.
class TestFolder {
 public:
  // `under` may name a file system in memory, for tests of thousands of small stores.
  explicit TestFolder(const std::string& under = testing::TempDir()) {
    std::string pattern = under + "teiten_store_XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline v1::DeploymentKey TestKey() {
  v1::DeploymentKey key;
  key.set_id(77);
  key.set_key("0123456789abcdef");
  return key;
}

inline Spool TestSpool(uint8_t number) {
  Spool spool{};
  spool[0] = number;
  return spool;
}

// 2026-11-22T00:00:00Z
inline constexpr int64_t kTestDay = 1'795'305'600'000;

struct FactSpec {
  std::string sensor = "alpha";
  uint8_t spool = 1;
  uint64_t sequence = 1;
  int64_t start_unix_ms = kTestDay;
  std::string group = "live";
  uint32_t worker = 0;
  uint64_t live_ms = 60'000;  // of the window, from its beginning…
  int64_t live_from_ms = 0;   // …or from so much later
  std::size_t rows = 5;
  uint64_t seed = 1;
  int64_t received_unix_ms = 0;
};

inline v1::WindowSummary MakeSummary(const FactSpec& spec) {
  RandomRows random(spec.seed);
  v1::WindowSummary summary;
  summary.set_software("test");
  summary.set_definitions_version("1");
  summary.mutable_worker()->set_index(spec.worker);
  summary.mutable_worker()->set_count(spec.worker + 1);
  summary.set_window_start_unix_ms(spec.start_unix_ms);
  summary.set_window_end_unix_ms(spec.start_unix_ms + 60'000);
  summary.set_live_from_unix_ms(spec.start_unix_ms + spec.live_from_ms);
  summary.set_live_to_unix_ms(summary.live_from_unix_ms() + static_cast<int64_t>(spec.live_ms));
  summary.set_live_ms(spec.live_ms);
  summary.set_n4(4);
  summary.set_p6(1);
  summary.set_group(spec.group);
  const std::vector<FlowRow> ipv4 = random.Sorted(Family::kIpv4, spec.rows);
  const std::vector<FlowRow> ipv6 = random.Sorted(Family::kIpv6, spec.rows / 2);
  EncodeColumns(ipv4, *summary.mutable_ipv4());
  EncodeColumns(ipv6, *summary.mutable_ipv6());
  uint64_t observed = 0;
  for (const auto& rows : {ipv4, ipv6}) {
    for (const FlowRow& row : rows) observed += row.packets;
  }
  for (uint64_t i = 0; i < random.Below(3); ++i) {
    v1::FoldedRow& row = *summary.add_folded();
    row.set_family(v1::ADDRESS_FAMILY_IPV4);
    row.set_kind(static_cast<v1::Kind>(1 + random.Below(kKindCount - 1)));
    row.set_protocol(6);
    row.set_port(static_cast<uint32_t>(random.Below(3)));
    row.set_packets(1 + random.Below(1000));
    row.set_bytes(random.Below(100'000));
    observed += row.packets();
  }
  summary.mutable_accounting()->set_captured(observed + 3);
  summary.mutable_accounting()->set_not_ip(3);
  summary.mutable_accounting()->set_observed(observed);
  if (spec.seed % 2 == 0) summary.mutable_accounting()->set_kernel_dropped(spec.seed);
  v1::BlindPort& blind = *summary.add_blind_ports();
  blind.set_protocol(6);
  blind.set_port(22);
  blind.set_reason(v1::BlindPort::REASON_SERVICE);
  summary.mutable_health()->set_spool_bytes(spec.seed);
  return summary;
}

inline AcceptedFact Seal(const FactSpec& spec, const v1::WindowSummary& summary) {
  v1::Identity identity;
  const Spool spool = TestSpool(spec.spool);
  identity.set_sensor(spec.sensor);
  identity.set_spool(std::string(spool.begin(), spool.end()));
  identity.set_sequence(spec.sequence);
  const absl::StatusOr<v1::Envelope> envelope = teiten::Seal(identity, summary);
  EXPECT_TRUE(envelope.ok()) << envelope.status();
  AcceptedFact fact;
  fact.key = {spec.sensor, spool, spec.sequence};
  fact.content_sha256 = envelope->content_sha256();
  fact.envelope = envelope->SerializeAsString();
  fact.window_start_unix_ms = summary.window_start_unix_ms();
  fact.window_end_unix_ms = summary.window_end_unix_ms();
  fact.received_unix_ms = spec.received_unix_ms;
  fact.group = spec.group;
  return fact;
}

inline AcceptedFact MakeFact(const FactSpec& spec) { return Seal(spec, MakeSummary(spec)); }

}  // namespace teiten
