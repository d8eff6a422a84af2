// SPDX-License-Identifier: Apache-2.0
#include "collector/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "collector/port_owner.h"
#include "common/log.h"
#include "fmt/format.h"
#include "teiten/v1/ingest.grpc.pb.h"
#include "teiten/v1/query.grpc.pb.h"
#include "teiten/v1/report.grpc.pb.h"

namespace teiten {
namespace {

constexpr int kMaxMessageBytes = 9 << 20;  // the largest envelope and its identity
constexpr int kMaxMetadataBytes = 8 << 10;
constexpr int kMaxStreamsPerConnection = 4;
constexpr std::size_t kMemoryBytes = 256ULL << 20;
constexpr auto kLongestQuery = std::chrono::seconds(60);
constexpr auto kSlowestReader = std::chrono::seconds(10);  // to take one message of a stream

int64_t NowUnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// absl's codes are gRPC's codes by number.
grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.raw_code()),
          std::string(status.message().data(), status.message().size())};
}

// ---- Sensors

class PublishStream;

// Owns the streams; a stream is deleted only under the lock, so who finds one here may use it.
class Registry {
 public:
  explicit Registry(std::function<void(IngestInput)> post) : post_(std::move(post)) {}
  void Post(IngestInput input) { post_(std::move(input)); }
  uint64_t Add(PublishStream* stream) {
    const std::lock_guard lock(mutex_);
    streams_[++last_] = stream;
    return last_;
  }
  void Delete(uint64_t number);
  template <typename F>
  void With(uint64_t number, F use) {
    const std::lock_guard lock(mutex_);
    const auto it = streams_.find(number);
    if (it != streams_.end()) use(*it->second);
  }

 private:
  const std::function<void(IngestInput)> post_;
  std::mutex mutex_;
  std::map<uint64_t, PublishStream*> streams_;  // under mutex_
  uint64_t last_ = 0;                           // under mutex_
};

class PublishStream : public grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishReply> {
 public:
  explicit PublishStream(Registry& registry) : registry_(registry), number_(registry.Add(this)) {
    StartSendInitialMetadata();  // tells the sensor that the line is up
    registry_.Post(StreamOpened{number_});
  }

  void ReadMore() {
    const std::lock_guard lock(mutex_);
    if (!status_) StartRead(&request_);
  }
  void Reply(v1::PublishReply reply) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    replies_.push_back(std::move(reply));
    if (replies_.size() == 1) StartWrite(&replies_.front());
  }
  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (status_) return;
    status_ = status;
    // A write that is under way comes first; see OnWriteDone.
    if (replies_.empty()) Finish(status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Gone();
    switch (request_.request_case()) {
      case v1::PublishRequest::kHello:
        return registry_.Post(HelloReceived{number_, std::move(*request_.mutable_hello())});
      case v1::PublishRequest::kEnvelope:
        return registry_.Post(EnvelopeReceived{number_, request_.ByteSizeLong(),
                                               JudgeEnvelope(request_.envelope(), NowUnixMs())});
      case v1::PublishRequest::kGaps:
        return registry_.Post(
            GapsReceived{number_, request_.ByteSizeLong(), std::move(*request_.mutable_gaps())});
      case v1::PublishRequest::REQUEST_NOT_SET:
        End({grpc::StatusCode::INVALID_ARGUMENT, "an empty request"});
        return registry_.Post(StreamClosed{number_});
    }
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    replies_.pop_front();
    if (status_) return Finish(*status_);
    if (ok && !replies_.empty()) StartWrite(&replies_.front());
  }
  void OnCancel() override { Gone(); }
  void OnDone() override {
    registry_.Post(StreamClosed{number_});
    registry_.Delete(number_);
  }

 private:
  void Gone() {
    registry_.Post(StreamClosed{number_});
    End(grpc::Status::OK);
  }

  Registry& registry_;
  const uint64_t number_;
  v1::PublishRequest request_;
  std::mutex mutex_;
  std::deque<v1::PublishReply> replies_;  // under mutex_; the front is being written
  std::optional<grpc::Status> status_;    // under mutex_; set when the stream is to end
};

void Registry::Delete(uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto it = streams_.find(number);
  if (it == streams_.end()) return;
  delete it->second;
  streams_.erase(it);
}

class IngestShell : public v1::IngestService::CallbackService {
 public:
  explicit IngestShell(Registry& registry) : registry_(registry) {}
  grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishReply>* Publish(
      grpc::CallbackServerContext*) override {
    return new PublishStream(registry_);  // the registry's, until OnDone
  }

 private:
  Registry& registry_;
};

// ---- Analysts

// Not begun any more when the caller has gone or waited too long.
class Patience {
 public:
  explicit Patience(grpc::CallbackServerContext* context)
      : context_(context),
        until_(std::min(context->deadline(), std::chrono::system_clock::now() + kLongestQuery)) {}
  [[nodiscard]] bool over() const {
    return context_->IsCancelled() || std::chrono::system_clock::now() > until_;
  }

 private:
  grpc::CallbackServerContext* context_;
  std::chrono::system_clock::time_point until_;
};

const grpc::Status kTooLate(grpc::StatusCode::DEADLINE_EXCEEDED, "waited too long for a reader");
const grpc::Status kBusy(grpc::StatusCode::RESOURCE_EXHAUSTED,
                         "too many queries are waiting; try again");

template <typename Request, typename Reply>
grpc::ServerUnaryReactor* Ask(ReaderPool& readers, grpc::CallbackServerContext* context,
                              const Request* request, Reply* reply,
                              absl::StatusOr<Reply> (QueryHandler::*method)(const Request&)) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const Patience patience(context);
  const bool posted = readers.Post([=](QueryHandler& handler) {
    if (patience.over()) return reactor->Finish(kTooLate);
    absl::StatusOr<Reply> answer = (handler.*method)(*request);
    if (answer.ok()) *reply = *std::move(answer);
    reactor->Finish(ToGrpc(answer.status()));
  });
  if (!posted) reactor->Finish(kBusy);
  return reactor;
}

// A reader thread writes, one message at a time; a caller that does not take them is cut off, so
// that it cannot hold the thread. It goes on from its resume token.
class TuplesStream : public grpc::ServerWriteReactor<v1::TuplesReply> {
 public:
  explicit TuplesStream(grpc::CallbackServerContext* context) : context_(context) {}

  // Reader thread.
  [[nodiscard]] bool Send(const v1::TuplesReply& reply) {
    std::unique_lock lock(mutex_);
    if (broken_) return false;
    reply_ = reply;
    writing_ = true;
    lock.unlock();
    StartWrite(&reply_);
    lock.lock();
    if (!changed_.wait_for(lock, kSlowestReader, [this] { return !writing_; })) {
      broken_ = true;
      lock.unlock();
      context_->TryCancel();
      lock.lock();
      changed_.wait(lock, [this] { return !writing_; });
    }
    return !broken_;
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    broken_ |= !ok;
    changed_.notify_all();
  }
  void OnDone() override { delete this; }

 private:
  grpc::CallbackServerContext* context_;
  v1::TuplesReply reply_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false;  // under mutex_
  bool broken_ = false;   // under mutex_
};

class QueryShell : public v1::QueryService::CallbackService {
 public:
  explicit QueryShell(ReaderPool& readers) : readers_(readers) {}
  grpc::ServerUnaryReactor* Rank(grpc::CallbackServerContext* context,
                                 const v1::RankRequest* request, v1::RankReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Rank);
  }
  grpc::ServerUnaryReactor* Series(grpc::CallbackServerContext* context,
                                   const v1::SeriesRequest* request,
                                   v1::SeriesReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Series);
  }
  grpc::ServerUnaryReactor* Source(grpc::CallbackServerContext* context,
                                   const v1::SourceRequest* request,
                                   v1::SourceReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Source);
  }
  grpc::ServerUnaryReactor* Sensors(grpc::CallbackServerContext* context,
                                    const v1::SensorsRequest* request,
                                    v1::SensorsReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Sensors);
  }
  grpc::ServerUnaryReactor* Zone(grpc::CallbackServerContext* context,
                                 const v1::ZoneRequest* request, v1::ZoneReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Zone);
  }
  grpc::ServerWriteReactor<v1::TuplesReply>* Tuples(grpc::CallbackServerContext* context,
                                                    const v1::TuplesRequest* request) override {
    auto* const stream = new TuplesStream(context);  // its own, until OnDone
    const Patience patience(context);
    const bool posted = readers_.Post([=](QueryHandler& handler) {
      if (patience.over()) return stream->Finish(kTooLate);
      const absl::Status status = handler.Tuples(
          *request, [stream](const v1::TuplesReply& reply) { return stream->Send(reply); });
      stream->Finish(ToGrpc(status));
    });
    if (!posted) stream->Finish(kBusy);
    return stream;
  }

 private:
  ReaderPool& readers_;
};

class ReportShell : public v1::ReportService::CallbackService {
 public:
  explicit ReportShell(ReaderPool& readers) : readers_(readers) {}
  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context,
                                      const v1::GetReportRequest* request,
                                      v1::GetReportReply* reply) override {
    return Ask(readers_, context, request, reply, &QueryHandler::Report);
  }

 private:
  ReaderPool& readers_;
};

// ---- The server

class GrpcServerImpl : public GrpcServer {
 public:
  GrpcServerImpl(const Endpoint& listen, std::function<void(IngestInput)> post, ReaderPool& readers)
      : endpoint_(listen),
        registry_(std::move(post)),
        ingest_(registry_),
        query_(readers),
        report_(readers) {}
  ~GrpcServerImpl() override { Shutdown(0); }

  [[nodiscard]] absl::Status Listen();

  void Reply(uint64_t stream, v1::PublishReply reply) override {
    registry_.With(stream, [&](PublishStream& s) { s.Reply(std::move(reply)); });
  }
  void Finish(uint64_t stream, const absl::Status& status) override {
    registry_.With(stream, [&](PublishStream& s) { s.End(ToGrpc(status)); });
  }
  void ReadMore(uint64_t stream) override {
    registry_.With(stream, [](PublishStream& s) { s.ReadMore(); });
  }
  const Endpoint& endpoint() const override { return endpoint_; }
  void Shutdown(int64_t grace_ms) override {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    server_->Wait();
    server_.reset();
  }

 private:
  Endpoint endpoint_;
  Registry registry_;
  IngestShell ingest_;
  QueryShell query_;
  ReportShell report_;
  std::unique_ptr<grpc::Server> server_;
};

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // gRPC lets two servers share a port by default, and both think they have it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 3'600'000);  // gRPC adds jitter
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 30'000);
  builder.SetResourceQuota(grpc::ResourceQuota("collector").Resize(kMemoryBytes));
}

// gRPC's own lines, in our log's form.
void ForwardLog(gpr_log_func_args* line) {
  Log(LogLevel::kWarn, "grpc", {{"message", line->message}});
}

absl::Status GrpcServerImpl::Listen() {
  if (absl::Status free = CheckFree(endpoint_); !free.ok()) return free;
  gpr_set_log_function(ForwardLog);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  int port = 0;
  // Unlike a client's target, a server's address has no scheme but unix:.
  builder.AddListeningPort(endpoint_.ToString(), grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&ingest_);
  builder.RegisterService(&query_);
  builder.RegisterService(&report_);
  server_ = builder.BuildAndStart();
  if (!server_ || port == 0) {
    server_.reset();
    if (absl::Status free = CheckFree(endpoint_); !free.ok()) return free;
    return absl::FailedPreconditionError(fmt::format("cannot listen on {}", endpoint_.ToString()));
  }
  if (!endpoint_.unix_socket) endpoint_.port = static_cast<uint16_t>(port);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(const Endpoint& listen,
                                                              std::function<void(IngestInput)> post,
                                                              ReaderPool& readers) {
  auto server = std::make_unique<GrpcServerImpl>(listen, std::move(post), readers);
  if (absl::Status listening = server->Listen(); !listening.ok()) return listening;
  return std::unique_ptr<GrpcServer>(std::move(server));
}

}  // namespace teiten
