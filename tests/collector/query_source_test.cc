// SPDX-License-Identifier: Apache-2.0
// What sources did, asked of real stores and compared with all facts added up one by one.
#include <gmock/gmock.h>

#include <map>
#include <set>
#include <tuple>

#include "collector/query/activity_book.h"
#include "collector/query/record_query.h"
#include "collector/query/tool_name.h"
#include "tests/collector/store_backends.h"

namespace teiten {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int32_t kOffsetMinutes = 345;  // days begin at 18:15Z
constexpr int64_t kFirstDay = kTestDay - int64_t{kOffsetMinutes} * 60'000;
constexpr int kDays = 3;
constexpr uint64_t kPrefixes = 0x20010db800010000;  // four /64s from here

// One (source, kind, protocol, port), as the answer should list it.
struct Wanted {
  uint64_t packets = 0, bytes = 0;
  std::set<std::pair<std::string, uint64_t>> windows;  // addresses of one /64 are one tuple
  int64_t first = INT64_MAX, last = 0;
  std::set<std::string> sensors;
  std::map<int64_t, std::pair<uint64_t, MarkPackets>> days;

  [[nodiscard]] std::string Tool() const {
    std::set<std::string> names;
    for (const auto& [day, sum] : days) {
      names.insert(std::string(NameTool(sum.first, sum.second)));
    }
    names.erase("");
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }
};
using Key = std::tuple<std::string, int, uint32_t, uint32_t>;

template <typename Backend>
class SourceQueryTest : public testing::Test {
 protected:
  SourceQueryTest() : store_(backend_.Open(kOffsetMinutes)) {
    context_.utc_offset_minutes = kOffsetMinutes;
    context_.now_unix_ms = [this] { return now_unix_ms_; };
    RandomRows random(11);
    for (uint64_t i = 0; i < 90; ++i) AddFact(i, random);
    Commit(*store_, facts_);
    RollUp(*store_);
  }

  // At any minute of the days, at any of three sensors; sources, kinds and ports repeat.
  void AddFact(uint64_t number, RandomRows& random) {
    FactSpec spec;
    spec.sensor = std::string("s") + std::to_string(random.Below(3));
    spec.sequence = number + 1;
    spec.start_unix_ms = kFirstDay + static_cast<int64_t>(random.Below(kDays * 24 * 60)) * 60'000;
    spec.rows = 0;
    v1::WindowSummary summary = MakeSummary(spec);
    summary.clear_folded();
    EncodeColumns(Rows(Family::kIpv4, random), *summary.mutable_ipv4());
    EncodeColumns(Rows(Family::kIpv6, random), *summary.mutable_ipv6());
    facts_.push_back(Seal(spec, summary));
  }

  static std::vector<FlowRow> Rows(Family family, RandomRows& random) {
    std::vector<FlowRow> rows = random.Unsorted(family, 12);
    for (FlowRow& row : rows) {
      row.source = family == Family::kIpv4 ? Address{0, 0x08000000 + random.Below(6)}
                                           : Address{kPrefixes + random.Below(4), random.Below(4)};
      row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
      if (family == Family::kIpv6) row.kind_flags |= kRowIpv6;
      if (family == Family::kIpv6 && row.source.low == 0) row.kind_flags |= kRowPrefix64;
      row.protocol = 6;
      row.port = static_cast<uint16_t>(22 + random.Below(2));
      row.packets = 1 + static_cast<uint32_t>(random.Below(100));
      row.set_bytes(uint64_t{row.packets} * 40);
      const uint32_t marked = random.Below(2) == 0 ? row.packets : 0;
      for (int counter = 0; counter < 4; ++counter) row.set_counter(counter, 0);
      row.set_counter(static_cast<int>(random.Below(4)), marked);
    }
    std::stable_sort(rows.begin(), rows.end(), RowLess);
    return rows;
  }

  std::map<Key, Wanted> AddUp(const Prefix& asked, int64_t from, int64_t to) {
    std::map<Key, Wanted> out;
    const auto add = [&](const StoredFact& fact, const FlowRow& row) {
      const bool by_address = row.family() == Family::kIpv4 || asked.length > 64;
      if (!asked.Contains(row.family(), row.source)) return;
      if (row.prefix64() && asked.length > 64) return;
      const std::string source = by_address
                                     ? FormatAddress(row.family(), row.source)
                                     : FormatPrefix({Family::kIpv6, {row.source.high, 0}, 64});
      Wanted& sum = out[{source, static_cast<int>(row.kind()), row.protocol, row.port}];
      sum.packets += row.packets;
      sum.bytes += row.bytes();
      sum.windows.insert({fact.key.sensor, fact.key.sequence});
      sum.first = std::min(sum.first, fact.window_start_unix_ms + row.first_ms());
      sum.last = std::max(sum.last, fact.window_start_unix_ms + row.last_ms());
      sum.sensors.insert(fact.key.sensor);
      auto& [packets, marks] = sum.days[Zone(kOffsetMinutes).DayOf(fact.window_start_unix_ms)];
      packets += row.packets;
      for (std::size_t i = 0; i < 4; ++i) marks[i] += row.counter(static_cast<int>(i));
    };
    EXPECT_TRUE(Reader(*store_)
                    ->ScanFacts({from, to, {}, {}, {}},
                                [&](const StoredFact& fact) {
                                  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
                                    const bool v4 = family == Family::kIpv4;
                                    const std::vector<FlowRow> rows = *DecodeColumns(
                                        v4 ? fact.summary.ipv4() : fact.summary.ipv6(), family);
                                    for (const FlowRow& row : rows) add(fact, row);
                                  }
                                  return true;
                                })
                    .ok());
    return out;
  }

  v1::SourceReply Ask(const std::string& source, int64_t from, int64_t to, uint32_t limit = 0) {
    v1::SourceRequest request;
    request.set_source(source);
    request.mutable_time()->set_from_unix_ms(from);
    request.mutable_time()->set_to_unix_ms(to);
    request.set_limit(limit);
    const auto reader = Reader(*store_);
    absl::StatusOr<v1::SourceReply> reply = RecordQuery(reader.get(), context_).Source(request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *std::move(reply) : v1::SourceReply();
  }

  void Compare(const std::string& source, int64_t from, int64_t to, uint32_t limit) {
    SCOPED_TRACE(source + " limit " + std::to_string(limit));
    const std::map<Key, Wanted> wanted = AddUp(*ParsePrefix(source), from, to);
    const v1::SourceReply reply = Ask(source, from, to, limit);
    Wanted total;
    uint64_t tuples = 0;
    std::vector<uint64_t> most;
    std::set<std::string> sources;
    for (const auto& [key, sum] : wanted) {
      total.packets += sum.packets;
      total.bytes += sum.bytes;
      tuples += sum.windows.size();
      most.push_back(sum.packets);
      sources.insert(std::get<0>(key));
    }
    std::sort(most.rbegin(), most.rend());
    EXPECT_EQ(reply.truncated(), most.size() > limit);
    if (most.size() > limit) most.resize(limit);
    EXPECT_EQ(reply.total().packets(), total.packets);
    EXPECT_EQ(reply.total().bytes(), total.bytes);
    EXPECT_EQ(reply.total().tuples(), tuples);
    EXPECT_EQ(reply.total().sources(), static_cast<double>(sources.size()));
    EXPECT_EQ(reply.total().sources_standard_error(), 0);
    ASSERT_THAT(reply.activities(), SizeIs(most.size()));
    for (std::size_t i = 0; i < most.size(); ++i) {
      ExpectIs(reply.activities(static_cast<int>(i)), most[i], wanted);
    }
  }

  static void ExpectIs(const v1::SourceActivity& a, uint64_t packets,
                       const std::map<Key, Wanted>& all) {
    const auto found = all.find({a.source(), a.kind(), a.protocol(), a.port()});
    ASSERT_NE(found, all.end()) << a.DebugString();
    const Wanted& wanted = found->second;
    EXPECT_EQ(a.counts().packets(), packets);
    EXPECT_EQ(a.counts().packets(), wanted.packets);
    EXPECT_EQ(a.counts().bytes(), wanted.bytes);
    EXPECT_EQ(a.counts().tuples(), wanted.windows.size());
    EXPECT_EQ(a.first_unix_ms(), wanted.first);
    EXPECT_EQ(a.last_unix_ms(), wanted.last);
    EXPECT_EQ(a.sensors(), wanted.sensors.size());
    EXPECT_EQ(a.days(), wanted.days.size());
    EXPECT_EQ(a.tool(), wanted.Tool());
  }

  Backend backend_;
  std::unique_ptr<Store> store_;
  QueryContext context_;
  int64_t now_unix_ms_ = kFirstDay + (kDays + 1) * kDayMs;
  std::vector<AcceptedFact> facts_;
};
using Backends = testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(SourceQueryTest, Backends);

// Days and sensors are added up before rows are put in order and cut, and the total is of all.
TYPED_TEST(SourceQueryTest, AnyLimitCutsTheSameAnswer) {
  const int64_t to = kFirstDay + kDays * kDayMs;
  for (const uint32_t limit : {1U, 2U, 3U, 7U, 1000U}) {
    this->Compare("0.0.0.0/0", kFirstDay, to, limit);
    this->Compare("::/0", kFirstDay, to, limit);
    this->Compare("8.0.0.2", kFirstDay, to, limit);
    this->Compare("2001:db8:1::/48", kFirstDay, to, limit);
  }
}

// A whole day from the record of days, the rest from facts: IPv6 is by /64 in both.
TYPED_TEST(SourceQueryTest, PartsOfDaysAreOfTheSameGrain) {
  const int64_t from = kFirstDay + 7 * kHourMs;
  const int64_t to = kFirstDay + 2 * kDayMs + 9 * kHourMs + 1'260'000;
  const v1::SourceReply reply = this->Ask("2001:db8:1::/48", from, to);
  EXPECT_EQ(reply.coverage().source(), "daily rollups + facts");
  EXPECT_THAT(reply.coverage().notes(), Contains("IPv6 sources are counted by their /64"));
  for (const uint32_t limit : {2U, 1000U}) {
    this->Compare("2001:db8:1::/48", from, to, limit);
    this->Compare("0.0.0.0/0", from, to, limit);
  }
}

TYPED_TEST(SourceQueryTest, AnIpv6AddressIsNotItsPrefix) {
  const int64_t to = kFirstDay + kDays * kDayMs;
  this->Compare("2001:db8:1:0::2", kFirstDay, to, 1000);
  const v1::SourceReply reply = this->Ask("2001:db8:1:0::2", kFirstDay, to);
  const v1::SourceReply all = this->Ask("2001:db8:1::/64", kFirstDay, to);
  EXPECT_EQ(reply.source(), "2001:db8:1::2");
  EXPECT_EQ(reply.coverage().source(), "facts");
  EXPECT_GT(all.total().packets(), reply.total().packets());
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("known without the lower half of their address")));
  EXPECT_THAT(reply.coverage().notes(), Contains(HasSubstr("the rest of 2001:db8:1::/64 sent")));

  const v1::SourceReply never = this->Ask("2001:db8:1::77", kFirstDay, to);
  EXPECT_EQ(never.source(), "2001:db8:1::77");
  EXPECT_EQ(never.total().packets(), 0U);
  EXPECT_THAT(never.activities(), IsEmpty());
  EXPECT_THAT(never.coverage().empty_reason(), HasSubstr("nothing they observed matches"));
  // Folded to their /64, packets are of nobody: not of the address whose lower half is zero.
  EXPECT_EQ(this->Ask("2001:db8:1::", kFirstDay, to).total().packets(), 0U);
}

TYPED_TEST(SourceQueryTest, WhereFactsAreGoneThePrefixIsAnsweredAndNamed) {
  const int64_t to = kFirstDay + kDays * kDayMs;
  const v1::SourceReply before = this->Ask("2001:db8:1::/64", kFirstDay, to);
  this->now_unix_ms_ = to + 40 * kDayMs;
  for (;;) {
    const absl::StatusOr<bool> more = this->store_->writer().ApplyRetention(this->now_unix_ms_);
    ASSERT_TRUE(more.ok()) << more.status();
    if (!*more) break;
  }
  const v1::SourceReply reply = this->Ask("2001:db8:1::2", kFirstDay, to);
  EXPECT_EQ(reply.source(), "2001:db8:1::/64");
  EXPECT_THAT(reply.coverage().notes(),
              Contains(HasSubstr("this is all of 2001:db8:1::/64, not 2001:db8:1::2 alone")));
  EXPECT_EQ(reply.total().packets(), before.total().packets());
  EXPECT_EQ(reply.total().sources(), 1);
  for (const v1::SourceActivity& a : reply.activities()) {
    EXPECT_EQ(a.source(), "2001:db8:1::/64");
  }
}

TEST(ActivityBook, WhatItCannotHoldIsInTheTotalAndSaid) {
  const HashMultipliers multipliers = DeriveMultipliers(PublishedKey(), "source sketch");
  ActivityBook book(&multipliers, 3);
  for (uint64_t day = 0; day < 2; ++day) {
    for (uint64_t source = 1; source <= 5; ++source) {
      book.Add({{Family::kIpv4, {0, source}, 32}, Kind::kTcpSyn, 6, 23}, "a",
               {.day_unix_ms = static_cast<int64_t>(day) * kDayMs, .packets = source});
    }
  }
  v1::SourceReply reply;
  book.Write(10, reply);
  EXPECT_EQ(reply.total().packets(), 30U);
  EXPECT_GT(reply.total().sources_standard_error(), 0);  // no longer one by one
  EXPECT_TRUE(reply.truncated());
  ASSERT_THAT(reply.activities(), SizeIs(3));
  EXPECT_EQ(reply.activities(0).counts().packets(), 6U);
  EXPECT_EQ(reply.activities(0).days(), 2U);
  EXPECT_THAT(reply.coverage().notes(),
              ElementsAre(HasSubstr("more than 3 activities (of a source on a port): 18 packets")));
}

}  // namespace
}  // namespace teiten
