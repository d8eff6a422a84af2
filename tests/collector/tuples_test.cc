// SPDX-License-Identifier: Apache-2.0
#include "collector/query/tuples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/query/record_query.h"
#include "collector/query/resume_token.h"
#include "common/tuple.h"
#include "tests/collector/fake_reader.h"

namespace teiten {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr int64_t kDay = 1'795'305'600'000;

class Tuples : public ::testing::Test {
 protected:
  Tuples() {
    context_.sketch_multipliers = reader_.multipliers;
    context_.now_unix_ms = [] { return kDay + kDayMs; };
    for (int window = 0; window < 4; ++window) {
      for (const char* sensor : {"a", "b"}) {
        FakeFact spec{.sensor = sensor, .start_unix_ms = kDay + window * 60'000};
        if (window != 2) {
          spec.rows = {{.port = 23, .packets = 3, .mirai = 2},
                       {.port = 80, .packets = 1, .kind = Kind::kTcpSynack},
                       {.source = 0x20010db800000000, .port = 23, .ipv6 = true}};
          spec.folded_packets = 4;
        }
        reader_.Add(spec);
      }
    }
    request_.mutable_selection()->mutable_time()->set_from_unix_ms(kDay);
    request_.mutable_selection()->mutable_time()->set_to_unix_ms(kDay + kHourMs);
  }

  // One line a row: window, sensor, source, port, packets.
  std::vector<std::string> Ask(const v1::TuplesRequest& request) {
    std::vector<std::string> rows;
    const absl::Status status =
        RecordQuery(&reader_, context_).Tuples(request, [&](const v1::TuplesReply& reply) {
          EXPECT_LE(reply.ByteSizeLong(), 1U << 20);
          for (const v1::Tuple& tuple : reply.tuples()) {
            rows.push_back(std::to_string(reply.window_start_unix_ms() - kDay) + " " +
                           reply.identity().sensor() + " " + tuple.ShortDebugString());
          }
          if (reply.has_coverage()) last_ = reply;
          return true;
        });
    EXPECT_TRUE(status.ok()) << status;
    return rows;
  }

  FakeReader reader_;
  QueryContext context_;
  v1::TuplesRequest request_;
  v1::TuplesReply last_;
};

TEST_F(Tuples, RowsComeAsStoredInOrder) {
  const std::vector<std::string> rows = Ask(request_);
  ASSERT_EQ(rows.size(), 3 * 2 * 4);
  EXPECT_THAT(rows[0], HasSubstr("0 a "));
  EXPECT_THAT(rows[0], HasSubstr("mirai: 2"));
  EXPECT_THAT(rows[1], HasSubstr("kind: KIND_TCP_SYNACK"));
  EXPECT_THAT(rows[1], HasSubstr("slots: 0"));
  EXPECT_THAT(rows[2], HasSubstr("family: ADDRESS_FAMILY_IPV6"));
  EXPECT_THAT(rows[3], ::testing::Not(HasSubstr("source:")));  // folded, last
  EXPECT_THAT(rows[3], HasSubstr("packets: 4"));
  EXPECT_THAT(rows[4], HasSubstr("0 b "));
  EXPECT_FALSE(last_.truncated());
  EXPECT_EQ(last_.coverage().sensors(), 2);
}

TEST_F(Tuples, AnAnswerThatIsCutSaysWhatItsCoverageIsOf) {
  Ask(request_);
  EXPECT_EQ(last_.coverage().notes_size(), 0);
  request_.set_limit(5);  // one row of sensor b
  Ask(request_);
  EXPECT_THAT(last_.coverage().notes(),
              Contains("coverage is of what is shown, 2026-11-22T00:00:00.000Z to "
                       "2026-11-22T00:01:00.000Z, not of all that was asked for"));
  request_.set_resume_token(last_.resume_token());
  request_.set_limit(1000);
  Ask(request_);
  EXPECT_THAT(last_.coverage().notes(), Contains(HasSubstr("not of all that was asked for")));
}

TEST_F(Tuples, DestinationsBeyond64AddressesAreEstimates) {
  EXPECT_THAT(Ask(request_)[0], HasSubstr("destinations_estimated: true"));
  v1::Tuple tuple;
  ForEachTuple({{MakeRow({})}}, {.window_start_unix_ms = kDay, .bitmap_exact = true},
               [&](const v1::Tuple& t) { tuple = t; });
  EXPECT_FALSE(tuple.destinations_estimated());
}

// However the stream is cut, the pieces are the whole.
TEST_F(Tuples, ResumesAtAnyRow) {
  const std::vector<std::string> whole = Ask(request_);
  for (uint64_t limit = 1; limit <= whole.size() + 1; ++limit) {
    v1::TuplesRequest request = request_;
    request.set_limit(limit);
    std::vector<std::string> pieces;
    int requests = 0;
    do {
      const std::vector<std::string> piece = Ask(request);
      EXPECT_LE(piece.size(), limit);
      pieces.insert(pieces.end(), piece.begin(), piece.end());
      request.set_resume_token(last_.resume_token());
      ASSERT_LT(++requests, 100);
    } while (last_.truncated());
    EXPECT_EQ(pieces, whole) << "limit " << limit;
  }
}

TEST_F(Tuples, FiltersRows) {
  request_.mutable_selection()->add_tools(v1::TOOL_MARK_MIRAI);
  EXPECT_EQ(Ask(request_).size(), 3 * 2);
  request_.mutable_selection()->clear_tools();
  request_.mutable_selection()->add_classes(v1::KIND_CLASS_BACKSCATTER);
  request_.mutable_selection()->add_sensors("b");
  EXPECT_EQ(Ask(request_).size(), 3);
  request_.mutable_selection()->clear_classes();
  request_.mutable_selection()->add_source_prefixes("2001:db8::/32");
  EXPECT_EQ(Ask(request_).size(), 3);
}

TEST_F(Tuples, EmptyWindowsAreSentWhenAsked) {
  request_.set_include_empty_windows(true);
  int windows = 0;
  uint64_t captured = 0;
  const absl::Status status =
      RecordQuery(&reader_, context_).Tuples(request_, [&](const v1::TuplesReply& reply) {
        windows += reply.has_accounting() ? 1 : 0;
        captured += reply.accounting().captured();
        return true;
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(windows, 8);
  EXPECT_EQ(captured, 6U * 9);
}

TEST_F(Tuples, ManyRowsAreSplitIntoReplies) {
  FakeFact spec{.sensor = "big", .start_unix_ms = kDay};
  for (uint64_t source = 1; source <= 10'000; ++source) {
    spec.rows.push_back({.source = source, .kind = Kind::kTcpSynack});
  }
  reader_.Add(spec);
  request_.mutable_selection()->add_sensors("big");
  int replies = 0;
  int with_accounting = 0;
  uint64_t rows = 0;
  const absl::Status status =
      RecordQuery(&reader_, context_).Tuples(request_, [&](const v1::TuplesReply& reply) {
        EXPECT_LE(reply.ByteSizeLong(), 1U << 20);
        ++replies;
        with_accounting += reply.has_accounting() ? 1 : 0;
        rows += static_cast<uint64_t>(reply.tuples_size());
        return true;
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(rows, 10'000);
  EXPECT_EQ(replies, 4);  // 4,096 + 4,096 + 1,808, and the last
  EXPECT_EQ(with_accounting, 1);
}

TEST_F(Tuples, StopsWhenTheCallerHasGone) {
  int replies = 0;
  const absl::Status status =
      RecordQuery(&reader_, context_).Tuples(request_, [&](const v1::TuplesReply&) {
        return ++replies < 2;
      });
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(replies, 2);
}

TEST_F(Tuples, SaysWhyThereIsNothing) {
  request_.mutable_selection()->add_kinds(v1::KIND_FRAGMENT);
  EXPECT_TRUE(Ask(request_).empty());
  EXPECT_THAT(last_.coverage().empty_reason(), HasSubstr("nothing they observed matches"));
}

TEST(ResumeToken, RoundTrips) {
  ResumePoint point{{kDay, {"sensor-1", {1, 2, 0xff}, 18'446'744'073'709'551'615U}}, 7};
  EXPECT_EQ(*ParseResumeToken(FormatResumeToken(point)), point);
  point.rows = ResumePoint::kAllRows;
  EXPECT_EQ(*ParseResumeToken(FormatResumeToken(point)), point);
}

TEST(ResumeToken, RefusesWhatIsNotOne) {
  const std::string good = FormatResumeToken({{kDay, {"a", {}, 1}}, 0});
  ASSERT_TRUE(ParseResumeToken(good).ok());
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(ParseResumeToken(good.substr(0, cut)).ok()) << cut;
  }
  EXPECT_FALSE(ParseResumeToken(good + "x").ok());
  EXPECT_FALSE(ParseResumeToken("2" + good.substr(1)).ok());
  EXPECT_FALSE(ParseResumeToken(good + ".1").ok());
}

}  // namespace
}  // namespace teiten
