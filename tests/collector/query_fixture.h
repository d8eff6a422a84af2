// SPDX-License-Identifier: Apache-2.0
// Questions to a record held in memory, on two days from 2026-11-22.
#pragma once

#include <gtest/gtest.h>

#include "collector/query/record_query.h"
#include "tests/collector/fake_reader.h"

namespace teiten {

inline constexpr int64_t kDay = 1'795'305'600'000;  // 2026-11-22T00:00:00Z
inline constexpr int64_t kMinute = 60'000;
static_assert(kDay % kDayMs == 0);

class Query : public ::testing::Test {
 protected:
  Query() {
    context_.sketch_multipliers = reader_.multipliers;
    context_.now_unix_ms = [] { return kDay + 2 * kDayMs; };
  }

  // `minutes` windows from `start`, `packets` in all from one source to 23/TCP, in the first.
  void Watch(FakeFact spec, int minutes, uint32_t packets) {
    const int64_t start = spec.start_unix_ms;
    for (int i = 0; i < minutes; ++i) {
      spec.start_unix_ms = start + i * kMinute;
      spec.rows.clear();
      if (i == 0 && packets > 0) spec.rows = {{.packets = packets}};
      reader_.Add(spec);
    }
  }

  static v1::RankRequest PortRank(int64_t from, int64_t to) {
    v1::RankRequest request;
    request.mutable_selection()->mutable_time()->set_from_unix_ms(from);
    request.mutable_selection()->mutable_time()->set_to_unix_ms(to);
    request.mutable_selection()->add_families(v1::ADDRESS_FAMILY_IPV4);
    request.set_by(v1::RANK_BY_PORT);
    return request;
  }

  v1::RankReply Rank(const v1::RankRequest& request) {
    absl::StatusOr<v1::RankReply> reply = RecordQuery(&reader_, context_).Rank(request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::RankReply();
  }

  FakeReader reader_;
  QueryContext context_;
};

}  // namespace teiten
