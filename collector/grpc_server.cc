// SPDX-License-Identifier: Apache-2.0
#include "collector/grpc_server.h"

#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <utility>

#include "collector/grpc_ingest.h"
#include "collector/grpc_query.h"
#include "collector/port_owner.h"
#include "common/log.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int kMaxMessageBytes = 9 << 20;  // the largest envelope and its identity
constexpr int kMaxMetadataBytes = 8 << 10;
constexpr int kMaxStreamsPerConnection = 4;
constexpr std::size_t kMemoryBytes = 256ULL << 20;

class GrpcServerImpl : public GrpcServer {
 public:
  GrpcServerImpl(const Endpoint& listen, std::function<void(IngestInput)> post, ReaderPool& readers)
      : endpoint_(listen),
        ingest_(GrpcIngest::Make(std::move(post))),
        query_(MakeQueryService(readers)),
        report_(MakeReportService(readers)) {}
  ~GrpcServerImpl() override { Shutdown(0); }

  [[nodiscard]] absl::Status Listen();

  Streams& streams() override { return *ingest_; }
  const Endpoint& endpoint() const override { return endpoint_; }
  void Shutdown(int64_t grace_ms) override {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(grace_ms));
    server_->Wait();
    server_.reset();
  }

 private:
  Endpoint endpoint_;
  std::unique_ptr<GrpcIngest> ingest_;
  std::unique_ptr<grpc::Service> query_;
  std::unique_ptr<grpc::Service> report_;
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
  builder.RegisterService(&ingest_->service());
  builder.RegisterService(query_.get());
  builder.RegisterService(report_.get());
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
