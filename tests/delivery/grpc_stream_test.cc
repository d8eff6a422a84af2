// SPDX-License-Identifier: Apache-2.0
// Streams of callers that do not take what they are told and then go: the server is done with them.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "collector/grpc_server.h"
#include "teiten/v1/ingest.grpc.pb.h"

namespace teiten {
namespace {

constexpr int kStreams = 40;

// Streams by number, and how often each was said to be closed.
class Says {
 public:
  void Take(const IngestInput& input) {
    const std::lock_guard lock(mutex_);
    if (const auto* opened = std::get_if<StreamOpened>(&input)) closed_[opened->stream] = 0;
    if (const auto* closed = std::get_if<StreamClosed>(&input)) ++closed_[closed->stream];
    changed_.notify_all();
  }
  bool AwaitOpen(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return closed_.size() == count; });
  }
  // When the caller is gone, and when gRPC is done with the stream.
  bool AwaitDone() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] {
      return std::all_of(closed_.begin(), closed_.end(),
                         [](const auto& stream) { return stream.second >= 2; });
    });
  }

 private:
  static constexpr std::chrono::seconds kPatience{20};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, int> closed_;
};

// More than a line holds that nobody reads from.
v1::PublishReply LongReply() {
  v1::PublishReply reply;
  reply.mutable_rejection()->set_detail(std::string(3 << 20, 'x'));
  return reply;
}

struct Caller {
  grpc::ClientContext context;
  std::unique_ptr<v1::IngestService::Stub> stub;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PublishRequest, v1::PublishReply>> stream;
};

TEST(GrpcStreams, ACallerThatTakesNothingAndGoesLeavesNothingBehind) {
  Says says;
  ReaderPool readers({});
  auto server = GrpcServer::Start(
      *ParseLocalEndpoint("127.0.0.1:0"), [&](const IngestInput& input) { says.Take(input); },
      readers);
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < kStreams; ++i) {
    auto caller = std::make_unique<Caller>();
    grpc::ChannelArguments own_connection;
    own_connection.SetInt("teiten.caller", i);
    caller->stub = v1::IngestService::NewStub(grpc::CreateCustomChannel(
        (*server)->endpoint().ToString(), grpc::InsecureChannelCredentials(), own_connection));
    caller->stream = caller->stub->Publish(&caller->context);
    callers.push_back(std::move(caller));
  }
  ASSERT_TRUE(says.AwaitOpen(kStreams));
  for (uint64_t number = 1; number <= kStreams; ++number) {
    for (int i = 0; i < 3; ++i) (*server)->streams().Reply(number, LongReply());
  }
  for (const auto& caller : callers) caller->context.TryCancel();
  EXPECT_TRUE(says.AwaitDone());
  (*server)->Shutdown(0);  // waits for every stream
  for (const auto& caller : callers) static_cast<void>(caller->stream->Finish());
}

}  // namespace
}  // namespace teiten
