// SPDX-License-Identifier: Apache-2.0
// Reports over the real stores: what sensors sent is what the report adds up to, whichever store
// holds it.
#include <gtest/gtest.h>

#include "collector/report/report.h"
#include "store_backends.h"

namespace teiten {
namespace {

constexpr int kWindows = 40;

// Two sensors, windows over a few hours of the day.
std::vector<AcceptedFact> Facts(uint64_t& packets) {
  std::vector<AcceptedFact> facts;
  for (int i = 0; i < kWindows; ++i) {
    FactSpec spec;
    spec.sensor = i % 2 == 0 ? "alpha" : "beta";
    spec.spool = static_cast<uint8_t>(1 + i % 2);
    spec.sequence = static_cast<uint64_t>(1 + i / 2);
    spec.start_unix_ms = kTestDay + i * 7 * 60'000;
    spec.rows = 30;
    spec.seed = static_cast<uint64_t>(i);
    const v1::WindowSummary summary = MakeSummary(spec);
    packets += summary.accounting().observed();
    facts.push_back(Seal(spec, summary));
  }
  return facts;
}

template <typename Backend>
class ReportStoreTest : public ::testing::Test {
 protected:
  Backend backend;
};
using Backends = ::testing::Types<MemoryBackend, SqliteBackend>;
TYPED_TEST_SUITE(ReportStoreTest, Backends);

v1::Report ReportOf(Store& store) {
  v1::GetReportRequest request;
  request.mutable_time()->set_from_unix_ms(kTestDay);
  ReportContext context;
  context.now_unix_ms = kTestDay + 3 * kDayMs;
  context.software = "test";
  const auto reader = Reader(store);
  const auto reply = AnswerReport(*reader, request, context);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? reply->report() : v1::Report();
}

TYPED_TEST(ReportStoreTest, TotalsAreThoseOfTheFacts) {
  const auto store = this->backend.Open();
  uint64_t packets = 0;
  Commit(*store, Facts(packets));
  RollUp(*store);
  const v1::Report r = ReportOf(*store);
  EXPECT_EQ(r.total().packets(), packets);
  EXPECT_EQ(r.coverage().accounting().observed(), packets);
  EXPECT_EQ(r.coverage().live_ms(), uint64_t{kWindows} * 60'000);
  uint64_t by_class = 0, by_tables = 0;
  for (const v1::ReportTable& t : r.tables()) {
    uint64_t shown = t.rest().packets();
    for (const v1::ReportRow& row : t.rows()) shown += row.counts().packets();
    EXPECT_EQ(shown, t.total().packets()) << t.id();
    if (t.id() == "classes") by_class = t.total().packets();
    if (t.id().starts_with("ports_scan") || t.id() == "backscatter_ipv4" ||
        t.id() == "backscatter_ipv6" || t.id() == "kinds_other") {
      by_tables += t.total().packets();
    }
  }
  EXPECT_EQ(by_class, packets);
  EXPECT_EQ(by_tables, packets);  // every packet is in one of them
  EXPECT_EQ(r.sensor_lines_size(), 2);
}

TEST(ReportStores, AgreeToTheByte) {
  MemoryBackend memory;
  SqliteBackend sqlite;
  std::string bytes[2];
  const auto a = memory.Open();
  const auto b = sqlite.Open();
  int i = 0;
  for (Store* store : {a.get(), b.get()}) {
    uint64_t packets = 0;
    Commit(*store, Facts(packets));
    RollUp(*store);
    bytes[i++] = *RenderReport(ReportOf(*store), v1::REPORT_FORMAT_JSON);
  }
  EXPECT_EQ(bytes[0], bytes[1]);
}

TEST(ReportAnswer, RendersWhatIsAskedFor) {
  MemoryBackend backend;
  const auto store = backend.Open();
  const auto reader = Reader(*store);
  ReportContext context;
  context.now_unix_ms = kTestDay;
  v1::GetReportRequest request;
  auto reply = AnswerReport(*reader, request, context);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->media_type(), "application/x-protobuf");
  EXPECT_EQ(reply->report().empty_reason(), "No sensor has ever reported to this collector.");
  EXPECT_TRUE(reply->rendered().empty());
  request.set_format(v1::REPORT_FORMAT_HTML);
  reply = AnswerReport(*reader, request, context);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->rendered().substr(0, 15), "<!DOCTYPE html>");
  request.set_rows(1000);
  EXPECT_FALSE(AnswerReport(*reader, request, context).ok());
  request.set_rows(0);
  request.set_format(v1::REPORT_FORMAT_PDF);
  EXPECT_EQ(AnswerReport(*reader, request, context).status().code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace teiten
