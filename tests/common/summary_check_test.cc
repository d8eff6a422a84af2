// SPDX-License-Identifier: Apache-2.0
// What must hold in any summary, each broken once.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "common/envelope.h"
#include "tests/common/some_summary.h"

namespace teiten {
namespace {

TEST(ValidateSummary, TakesWhatHoldsAndHandsOutTheRows) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const v1::WindowSummary summary = SomeSummary(seed, seed);
    SummaryRows rows;
    const absl::Status status = ValidateSummary(summary, &rows);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(rows.ipv4.size(), seed);
    EXPECT_EQ(rows.ipv6.size(), seed / 3);
  }
}

TEST(ValidateSummary, TakesAQuietWindow) {
  v1::WindowSummary s = SomeSummary(1, 1);
  s.clear_ipv4();
  s.clear_ipv6();
  s.clear_folded();
  s.clear_folded_sources();
  s.clear_floods();
  s.clear_accounting();
  EXPECT_TRUE(ValidateSummary(s).ok()) << ValidateSummary(s);
}

struct Broken {
  const char* name;
  std::function<void(v1::WindowSummary&)> break_it;
  const char* field;  // named at the front of the message
};

class BrokenSummary : public testing::TestWithParam<Broken> {};

TEST_P(BrokenSummary, IsRefusedByField) {
  v1::WindowSummary summary = SomeSummary(4, 30);
  ASSERT_TRUE(ValidateSummary(summary).ok());
  GetParam().break_it(summary);
  const absl::Status status = ValidateSummary(summary);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()).rfind(std::string(GetParam().field) + ":", 0), 0U)
      << status;
}

constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();

#define BREAK [](v1::WindowSummary & s)
#define ACCOUNTING s.mutable_accounting()
INSTANTIATE_TEST_SUITE_P(
    Who, BrokenSummary,
    testing::Values(
        Broken{"software", BREAK { s.clear_software();
}  // namespace
, "software"
}  // namespace teiten
, Broken{"software_long", BREAK{s.set_software(std::string(4097, 'x'));
}
, "software"
}
, Broken{"definitions", BREAK{s.clear_definitions_version();
}
, "definitions_version"
}
, Broken{"filter_long", BREAK{s.set_filter(std::string(4097, 'x'));
}
, "filter"
}
, Broken{"link_type_long", BREAK{s.set_link_type(std::string(4097, 'x'));
}
, "link_type"
}
, Broken{"group_empty", BREAK{s.clear_group();
}
, "group"
}
, Broken{"group_text", BREAK{s.set_group("Live!");
}
, "group"
}
, Broken{"worker_count", BREAK{s.clear_worker();
}
, "worker.count"
}
, Broken{"worker_index", BREAK{s.mutable_worker()->set_index(2);
}
, "worker.index"
}),
    [](const auto& broken) {
  return std::string(broken.param.name); });

INSTANTIATE_TEST_SUITE_P(
    When, BrokenSummary,
    testing::Values(
        Broken{"start_negative", BREAK { s.set_window_start_unix_ms(-1);
}
, "window_start_unix_ms"
}
, Broken{"end_before_start", BREAK{s.set_window_end_unix_ms(s.window_start_unix_ms());
}
, "window_end_unix_ms"
}
, Broken{"end_of_time", BREAK{s.set_window_end_unix_ms(std::numeric_limits<int64_t>::max());
}
, "window_end_unix_ms"
}
, Broken{"longer_than_a_day", BREAK{s.set_window_end_unix_ms(s.window_start_unix_ms() + 86'400'001);
}
, "window_end_unix_ms"
}
, Broken{"live_before_window", BREAK{s.set_live_from_unix_ms(s.window_start_unix_ms() - 1);
}
, "live_from_unix_ms"
}
, Broken{"live_backwards", BREAK{s.set_live_to_unix_ms(s.live_from_unix_ms() - 1);
}
, "live_to_unix_ms"
}
, Broken{"live_beyond", BREAK{s.set_live_to_unix_ms(s.window_end_unix_ms() + 1);
}
, "live_to_unix_ms"
}
, Broken{"shift_without_flag", BREAK{s.set_replay_shift_ms(5);
}
, "replay_shift_ms"
}
, Broken{"replayed_and_imported", BREAK{s.mutable_flags()->set_replayed(true);
s.mutable_flags()->set_imported(true);
}
, "flags"
}
, Broken{"replayed_as_live", BREAK{s.mutable_flags()->set_replayed(true);
}
, "group"
}),
    [](const auto& broken) {
  return std::string(broken.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Where, BrokenSummary,
    testing::Values(
        Broken{"n4_missing", BREAK { s.clear_n4();
}
, "n4"
}
, Broken{"p6_missing", BREAK{s.clear_p6();
}
, "p6"
}
, Broken{"n4_of_unknown_direction", BREAK{s.mutable_flags()->set_direction_unknown(true);
}
, "n4"
}
, Broken{"outbound_of_unknown_direction", BREAK{s.mutable_flags()->set_direction_unknown(true);
s.clear_n4();
s.clear_p6();
ACCOUNTING->set_outbound(1);
}
, "accounting"
}
, Broken{"blind_port", BREAK{s.mutable_blind_ports(0)->set_port(65536);
}
, "blind_ports[0]"
}
, Broken{"blind_protocol", BREAK{s.mutable_blind_ports(0)->set_protocol(256);
}
, "blind_ports[0]"
}
, Broken{"blind_reason", BREAK{s.mutable_blind_ports(0)->clear_reason();
}
, "blind_ports[0]"
}),
    [](const auto& broken) {
  return std::string(broken.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Sums, BrokenSummary,
    testing::Values(
        Broken{"captured", BREAK { ACCOUNTING->set_captured(s.accounting().captured() + 1);
}
, "accounting.captured"
}
, Broken{"fate", BREAK{ACCOUNTING->set_service(1);
}
, "accounting.captured"
}
,
    // 2^64 more than there are: the sum must not come round to the right number.
    Broken{"fates_wrap", BREAK{ACCOUNTING->set_service(kMax);
ACCOUNTING->set_solicited(1);
}
, "accounting.captured"
}
, Broken{"self_addressed", BREAK{ACCOUNTING->set_self_addressed(5);
}
, "accounting.self_addressed"
}
, Broken{"quote_mismatch", BREAK{ACCOUNTING->set_quote_mismatch(kMax);
}
, "accounting.quote_mismatch"
}
, Broken{"late", BREAK{ACCOUNTING->set_late(kMax);
}
, "accounting.late"
}
, Broken{"time_bad", BREAK{ACCOUNTING->set_time_bad(kMax);
}
, "accounting.time_bad"
}
, Broken{"offload", BREAK{ACCOUNTING->set_offload_merged(kMax);
}
, "accounting.offload_merged"
}
, Broken{"folded", BREAK{ACCOUNTING->set_folded(7);
}
, "accounting.folded"
}
, Broken{"observed_above_rows", BREAK{ACCOUNTING->set_observed(s.accounting().observed() + 1);
ACCOUNTING->set_captured(s.accounting().captured() + 1);
}
, "accounting.observed"
}
, Broken{"observed_below_rows", BREAK{ACCOUNTING->set_observed(s.accounting().observed() - 1);
ACCOUNTING->set_captured(s.accounting().captured() - 1);
}
, "accounting.observed"
}
, Broken{"observed_bytes",
         BREAK{ACCOUNTING->set_observed_bytes(s.accounting().observed_bytes() + 1);
}
, "accounting.observed_bytes"
}
, Broken{"rows_missing", BREAK{s.clear_ipv6();
}
, "accounting.observed"
}
, Broken{"too_many_rows", BREAK{s.mutable_ipv4()->set_row_count(1U << 19);
s.mutable_ipv6()->set_row_count(1);
}
, "row_count"
}
, Broken{"columns", BREAK{s.mutable_ipv4()->clear_kind();
}
, "ipv4.slots"
}),
    [](const auto& broken) {
  return std::string(broken.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Lists, BrokenSummary,
    testing::Values(
        Broken{"folded_family", BREAK { s.mutable_folded(0)->clear_family();
}
, "folded[0].family"
}
, Broken{"folded_kind", BREAK{s.mutable_folded(0)->set_kind(static_cast<v1::Kind>(21));
}
, "folded[0].kind"
}
, Broken{"folded_kind_negative", BREAK{s.mutable_folded(0)->set_kind(static_cast<v1::Kind>(-1));
}
, "folded[0].kind"
}
, Broken{"folded_protocol", BREAK{s.mutable_folded(0)->set_protocol(256);
}
, "folded[0].protocol"
}
, Broken{"folded_port", BREAK{s.mutable_folded(0)->set_port(65536);
}
, "folded[0].port"
}
, Broken{"folded_packets", BREAK{s.mutable_folded(0)->set_packets(0);
}
, "folded[0].packets"
}
, Broken{"folded_other", BREAK{s.mutable_folded(1)->set_port(1);
}
, "folded[1].other"
}
, Broken{"folded_order", BREAK{s.mutable_folded()->SwapElements(0, 1);
}
, "folded[1]"
}
, Broken{"folded_twice", BREAK{*s.mutable_folded(1) = s.folded(0);
}
, "folded[1]"
}
, Broken{"folded_wraps", BREAK{s.mutable_folded(0)->set_packets(kMax - s.folded(1).packets());
}
, "accounting.folded"
}
, Broken{"sketch_family", BREAK{s.mutable_folded_sources(0)->clear_family();
}
, "folded_sources[0].family"
}
, Broken{"sketch_kind", BREAK{s.mutable_folded_sources(0)->clear_kind();
}
, "folded_sources[0].kind"
}
, Broken{"sketch_order", BREAK{s.mutable_folded_sources()->SwapElements(0, 1);
}
, "folded_sources[1]"
}
, Broken{"sketch_bytes", BREAK{s.mutable_folded_sources(0)->set_hyperloglog("x");
}
, "folded_sources[0].hyperloglog"
}
, Broken{"flood_family", BREAK{s.mutable_floods(0)->clear_family();
}
, "floods[0].family"
}
, Broken{"flood_kind", BREAK{s.mutable_floods(0)->clear_kind();
}
, "floods[0].kind"
}
, Broken{"flood_protocol", BREAK{s.mutable_floods(0)->set_protocol(256);
}
, "floods[0].protocol"
}
, Broken{"flood_port", BREAK{s.mutable_floods(0)->set_port(65536);
}
, "floods[0].port"
}
, Broken{"flood_end", BREAK{s.mutable_floods(0)->set_end_unix_ms(1);
}
, "floods[0].end_unix_ms"
}
, Broken{"flood_ports", BREAK{s.mutable_floods(0)->mutable_top_ports(0)->set_port(65536);
}
, "floods[0].top_ports"
}
, Broken{"flood_many_ports",
         BREAK{for (int i = 0; i < kMaxTopPortsOfFlood; ++i) s.mutable_floods(0)->add_top_ports();
}
, "floods[0].top_ports"
}
, Broken{"flood_sketch", BREAK{s.mutable_floods(0)->set_sources_hyperloglog("x");
}
, "floods[0].sources_hyperloglog"
}),
    [](const auto& broken) {
  return std::string(broken.param.name); });
#undef BREAK
#undef ACCOUNTING

// An extended window covers more than itself, and says so.
TEST(ValidateSummary, ExtendedWindowsMayGoOn) {
  v1::WindowSummary s = SomeSummary(4, 30);
  s.set_live_to_unix_ms(s.window_end_unix_ms() + 60'000);
  s.mutable_flags()->set_extended(true);
  EXPECT_TRUE(ValidateSummary(s).ok()) << ValidateSummary(s);
}

}  // namespace
}  // namespace teiten
