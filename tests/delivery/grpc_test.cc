// SPDX-License-Identifier: Apache-2.0
// The shells with real threads, sockets and files: Uplink on one side, server, ingest and writer
// on the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <thread>

#include "collector/grpc_server.h"
#include "collector/ingest/ingest.h"
#include "collector/port_owner.h"
#include "sensor/uplink/grpc_link.h"
#include "sensor/uplink/uplink.h"
#include "tests/delivery/sim_store.h"

namespace teiten {
namespace {

// A collector without queries, on a loop thread of its own.
class TestCollector {
 public:
  explicit TestCollector(SimStore& store) : writer_(store), readers_({}) { uv_loop_init(&loop_); }
  ~TestCollector() { Stop(); }

  absl::Status Start(const Endpoint& listen) {
    ingest_ = std::make_unique<Ingest>(&loop_, writer_, IngestLimits{});
    auto server = GrpcServer::Start(
        listen, [this](IngestInput input) { ingest_->Post(std::move(input)); }, readers_);
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    ingest_->set_streams(&server_->streams());
    uv_async_init(&loop_, &stop_, [](uv_async_t* async) {
      auto* const self = static_cast<TestCollector*>(async->data);
      self->ingest_->Stop([self] {
        self->server_->Shutdown(500);
        uv_stop(&self->loop_);
      });
    });
    stop_.data = this;
    thread_ = std::thread([this] { uv_run(&loop_, UV_RUN_DEFAULT); });
    return absl::OkStatus();
  }
  const Endpoint& endpoint() const { return server_->endpoint(); }
  void Stop() {
    if (!ingest_) return;
    if (thread_.joinable()) {
      uv_async_send(&stop_);
      thread_.join();
      uv_close(reinterpret_cast<uv_handle_t*>(&stop_), nullptr);
    }
    writer_.Stop();
    server_.reset();
    ingest_.reset();
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

 private:
  uv_loop_t loop_{};
  uv_async_t stop_{};
  Writer writer_;
  ReaderPool readers_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<GrpcServer> server_;
  std::thread thread_;
};

// What a link says, for tests that speak the protocol by hand.
class Recorder {
 public:
  std::function<void(LinkEvent)> post() {
    return [this](LinkEvent event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
      changed_.notify_all();
    };
  }
  // The next event of that kind; the test fails if it does not come.
  template <typename Event>
  Event Await() {
    std::unique_lock lock(mutex_);
    const auto find = [this] {
      return std::find_if(events_.begin(), events_.end(), [](const LinkEvent& event) {
        return std::holds_alternative<Event>(event);
      });
    };
    if (!changed_.wait_for(lock, std::chrono::seconds(20),
                           [&] { return find() != events_.end(); })) {
      ADD_FAILURE() << "the event did not come";
      return {};
    }
    const auto it = find();
    Event event = std::get<Event>(std::move(*it));
    events_.erase(it);
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<LinkEvent> events_;
};

v1::WindowSummary MakeSummary(int64_t minute) {
  v1::WindowSummary summary;
  summary.set_software("test");
  summary.set_definitions_version("1");
  summary.set_group("live");
  summary.mutable_worker()->set_count(1);
  summary.set_window_start_unix_ms(1'700'000'040'000 + minute * 60'000);
  summary.set_window_end_unix_ms(summary.window_start_unix_ms() + 60'000);
  summary.set_live_from_unix_ms(summary.window_start_unix_ms());
  summary.set_live_to_unix_ms(summary.window_end_unix_ms());
  summary.set_live_ms(60'000);
  summary.set_n4(1);
  summary.set_p6(0);
  return summary;
}

absl::Status Submit(Uplink& uplink, const v1::WindowSummary& summary) {
  return uplink.Submit(summary.SerializeAsString(), summary.live_from_unix_ms(),
                       summary.live_to_unix_ms());
}

v1::PublishRequest MakeHello(const std::string& sensor = "by-hand") {
  v1::PublishRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_protocol(1);
  hello.set_sensor(sensor);
  hello.set_spool("0123456789abcdef");
  hello.set_next_sequence(1);
  return request;
}

class GrpcTest : public ::testing::Test {
 protected:
  GrpcTest() : folder_(::testing::TempDir() + "teiten-grpc-XXXXXX") {
    if (::mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << "mkdtemp";
  }
  ~GrpcTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] static Endpoint AnyPort() { return *ParseLocalEndpoint("127.0.0.1:0"); }

  std::unique_ptr<Uplink> OpenUplink(const Endpoint& collector, const std::string& sensor = "s1") {
    UplinkConfig config;
    config.spool_folder = folder_ + "/" + sensor;
    config.spool.sensor = sensor;
    config.collector = collector;
    config.uplink.first_backoff_ms = 20;
    config.uplink.most_backoff_ms = 200;
    auto uplink = Uplink::Open(std::move(config));
    EXPECT_TRUE(uplink.ok()) << uplink.status();
    (*uplink)->Start();
    return *std::move(uplink);
  }

  std::string folder_;
  SimStore store_{1};
};

TEST_F(GrpcTest, CarriesSummariesToTheStoreAndDrains) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  auto uplink = OpenUplink(collector.endpoint());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Submit(*uplink, MakeSummary(i)).ok());
  ASSERT_TRUE(uplink->Drain(20'000).ok());
  const UplinkStatus status = uplink->status();
  EXPECT_EQ(status.spool.waiting, 0);
  EXPECT_EQ(status.uplink.acknowledged, 100);
  collector.Stop();
  EXPECT_EQ(store_.record().contents.size(), 100);
  EXPECT_EQ(store_.record().facts.size(), 100);
}

TEST_F(GrpcTest, WorksOverAUnixSocket) {
  TestCollector collector(store_);
  const Endpoint endpoint = *ParseLocalEndpoint("unix:" + folder_ + "/socket");
  ASSERT_TRUE(collector.Start(endpoint).ok());
  auto uplink = OpenUplink(endpoint);
  ASSERT_TRUE(Submit(*uplink, MakeSummary(1)).ok());
  EXPECT_TRUE(uplink->Drain(20'000).ok());
}

TEST_F(GrpcTest, SpoolsWithoutACollectorAndCatchesUpWhenItComes) {
  auto collector = std::make_unique<TestCollector>(store_);
  ASSERT_TRUE(collector->Start(AnyPort()).ok());
  const Endpoint endpoint = collector->endpoint();
  auto uplink = OpenUplink(endpoint);
  ASSERT_TRUE(Submit(*uplink, MakeSummary(0)).ok());
  ASSERT_TRUE(uplink->Drain(20'000).ok());
  collector.reset();
  for (int i = 1; i <= 10; ++i) ASSERT_TRUE(Submit(*uplink, MakeSummary(i)).ok());
  const absl::Status undrained = uplink->Drain(200);
  EXPECT_TRUE(absl::IsDeadlineExceeded(undrained));
  EXPECT_THAT(std::string(undrained.message()), ::testing::HasSubstr("10 summaries"));
  uplink.reset();  // the sensor stops, too
  collector = std::make_unique<TestCollector>(store_);
  ASSERT_TRUE(collector->Start(endpoint).ok());
  uplink = OpenUplink(endpoint);
  ASSERT_TRUE(uplink->Drain(20'000).ok());
  collector.reset();
  EXPECT_EQ(store_.record().contents.size(), 11);
}

TEST_F(GrpcTest, AFullStoreHoldsSummariesBackUntilItIsWellAgain) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  auto uplink = OpenUplink(collector.endpoint());
  store_.set_full(true);
  ASSERT_TRUE(Submit(*uplink, MakeSummary(0)).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(uplink->Drain(300)));
  EXPECT_EQ(uplink->status().spool.waiting, 1);
  store_.set_full(false);
  EXPECT_TRUE(uplink->Drain(20'000).ok());
}

TEST_F(GrpcTest, TheDeploymentKeyReachesTheSummaries) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  auto uplink = OpenUplink(collector.endpoint());
  EXPECT_EQ(uplink->Keys(1).sketch_id, 0);
  ASSERT_TRUE(Submit(*uplink, MakeSummary(0)).ok());
  ASSERT_TRUE(uplink->Drain(20'000).ok());
  EXPECT_EQ(uplink->Keys(1).sketch_id, 7);
  const uint64_t first = uplink->Keys(1).bitmap_id;
  EXPECT_NE(first, 0);
  EXPECT_NE(uplink->Keys(2).bitmap_id, first);
}

TEST_F(GrpcTest, ASummaryBeyondTheLimitsIsCountedAndDeclared) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  auto uplink = OpenUplink(collector.endpoint());
  ASSERT_TRUE(Submit(*uplink, MakeSummary(0)).ok());
  v1::WindowSummary huge = MakeSummary(1);
  huge.set_filter(std::string(kMaxRawBytes + 1, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(Submit(*uplink, huge)));
  ASSERT_TRUE(Submit(*uplink, MakeSummary(2)).ok());
  ASSERT_TRUE(uplink->Drain(20'000).ok());
  uplink.reset();
  collector.Stop();
  const auto& ledger = store_.record().ledgers.begin()->second;
  EXPECT_EQ(ledger.stored.count(), 2);
  ASSERT_TRUE(ledger.gaps.Contains(2));
  EXPECT_EQ(ledger.reasons.at(2), v1::Gap::REASON_UNWRITABLE);
}

TEST_F(GrpcTest, TheNewestStreamOfASensorWins) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  Recorder first_says;
  Recorder second_says;
  const auto first = MakeGrpcLink(collector.endpoint(), first_says.post());
  const auto second = MakeGrpcLink(collector.endpoint(), second_says.post());
  first->Open(1);
  first_says.Await<LinkUp>();
  first->Send(1, MakeHello());
  EXPECT_TRUE(first_says.Await<LinkReply>().reply.has_hello());
  second->Open(1);
  second_says.Await<LinkUp>();
  second->Send(1, MakeHello());
  EXPECT_TRUE(second_says.Await<LinkReply>().reply.has_hello());
  const LinkLost lost = first_says.Await<LinkLost>();
  EXPECT_TRUE(lost.refused);
  EXPECT_THAT(lost.reason, ::testing::HasSubstr("newer stream"));
}

TEST_F(GrpcTest, RefusesWhatItDoesNotSpeak) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  Recorder says;
  const auto link = MakeGrpcLink(collector.endpoint(), says.post());
  link->Open(1);
  says.Await<LinkUp>();
  v1::PublishRequest hello = MakeHello();
  hello.mutable_hello()->set_protocol(9);
  link->Send(1, hello);
  const LinkLost lost = says.Await<LinkLost>();
  EXPECT_TRUE(lost.refused);
  EXPECT_THAT(lost.reason, ::testing::HasSubstr("hello.protocol: 9"));
}

TEST_F(GrpcTest, AMessageBeyondTheLimitEndsItsStreamAlone) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  Recorder says;
  const auto link = MakeGrpcLink(collector.endpoint(), says.post());
  link->Open(1);
  says.Await<LinkUp>();
  link->Send(1, MakeHello());
  says.Await<LinkReply>();
  v1::PublishRequest large;
  large.mutable_envelope()->set_content(std::string((9 << 20) - 1000, 'x'));
  link->Send(1, large);  // within the message limit, beyond the content limit: rejected
  EXPECT_EQ(says.Await<LinkReply>().reply.rejection().reason(), v1::Rejection::REASON_MALFORMED);
  link->Open(2);
  says.Await<LinkUp>();
  auto uplink = OpenUplink(collector.endpoint());
  large.mutable_envelope()->set_content(std::string((9 << 20) + 1000, 'x'));
  link->Send(2, large);
  says.Await<LinkLost>();
  ASSERT_TRUE(Submit(*uplink, MakeSummary(0)).ok());
  EXPECT_TRUE(uplink->Drain(20'000).ok());
}

TEST_F(GrpcTest, ABusyPortNamesItsOwner) {
  TestCollector collector(store_);
  ASSERT_TRUE(collector.Start(AnyPort()).ok());
  SimStore other_store(2);
  TestCollector other(other_store);
  const absl::Status status = other.Start(collector.endpoint());
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("in use by process " + std::to_string(::getpid())));
}

TEST_F(GrpcTest, ABusySocketNamesItsOwnerAndADeadOneIsTaken) {
  const Endpoint endpoint = *ParseLocalEndpoint("unix:" + folder_ + "/socket");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  endpoint.path.copy(address.sun_path, endpoint.path.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  const absl::Status busy = CheckFree(endpoint);
  EXPECT_THAT(std::string(busy.message()),
              ::testing::HasSubstr("process " + std::to_string(::getpid())));
  ::close(fd);  // the file stays behind
  TestCollector collector(store_);
  EXPECT_TRUE(collector.Start(endpoint).ok());
}

}  // namespace
}  // namespace teiten
