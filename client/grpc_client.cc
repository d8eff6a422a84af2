// SPDX-License-Identifier: Apache-2.0
#include "client/grpc_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "teiten/v1/query.grpc.pb.h"
#include "teiten/v1/report.grpc.pb.h"

namespace teiten {
namespace {

constexpr auto kConnectTimeout = std::chrono::seconds(3);
constexpr int kMaxReplyBytes = 64 << 20;

absl::Status ToStatus(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  // The collector is on this machine; a proxy would carry the question elsewhere.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

class GrpcClient final : public CollectorLink {
 public:
  GrpcClient(const std::string& address, int64_t timeout_ms)
      : channel_(MakeChannel(address)),
        query_(v1::QueryService::NewStub(channel_)),
        report_(v1::ReportService::NewStub(channel_)),
        timeout_(timeout_ms) {}

  absl::StatusOr<v1::RankReply> Rank(const v1::RankRequest& request) override {
    return Ask<v1::RankReply>(
        [&](auto* context, auto* reply) { return query_->Rank(context, request, reply); });
  }
  absl::StatusOr<v1::SeriesReply> Series(const v1::SeriesRequest& request) override {
    return Ask<v1::SeriesReply>(
        [&](auto* context, auto* reply) { return query_->Series(context, request, reply); });
  }
  absl::StatusOr<v1::SourceReply> Source(const v1::SourceRequest& request) override {
    return Ask<v1::SourceReply>(
        [&](auto* context, auto* reply) { return query_->Source(context, request, reply); });
  }
  absl::StatusOr<v1::SensorsReply> Sensors(const v1::SensorsRequest& request) override {
    return Ask<v1::SensorsReply>(
        [&](auto* context, auto* reply) { return query_->Sensors(context, request, reply); });
  }
  absl::StatusOr<v1::ZoneReply> Zone(const v1::ZoneRequest& request) override {
    return Ask<v1::ZoneReply>(
        [&](auto* context, auto* reply) { return query_->Zone(context, request, reply); });
  }
  absl::StatusOr<v1::GetReportReply> Report(const v1::GetReportRequest& request) override {
    return Ask<v1::GetReportReply>(
        [&](auto* context, auto* reply) { return report_->GetReport(context, request, reply); });
  }

  absl::Status Tuples(const v1::TuplesRequest& request,
                      const std::function<bool(const v1::TuplesReply&)>& take) override {
    if (!Connect()) return NobodyAnswers();
    grpc::ClientContext context;
    Prepare(context);
    const auto reader = query_->Tuples(&context, request);
    v1::TuplesReply reply;
    while (reader->Read(&reply)) {
      if (!take(reply)) {
        context.TryCancel();
        (void)reader->Finish();  // ours: cancelled
        return absl::OkStatus();
      }
    }
    return ToStatus(reader->Finish());
  }

 private:
  template <typename Reply, typename Call>
  absl::StatusOr<Reply> Ask(Call call) {
    if (!Connect()) return NobodyAnswers();
    grpc::ClientContext context;
    Prepare(context);
    Reply reply;
    const grpc::Status status = call(&context, &reply);
    if (!status.ok()) return ToStatus(status);
    return reply;
  }

  bool Connect() {
    return channel_->WaitForConnected(std::chrono::system_clock::now() + kConnectTimeout);
  }
  static absl::Status NobodyAnswers() { return absl::UnavailableError("nobody answers"); }

  void Prepare(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
  }

  std::shared_ptr<grpc::Channel> channel_;  // gRPC's own form; shared by both stubs
  std::unique_ptr<v1::QueryService::Stub> query_;
  std::unique_ptr<v1::ReportService::Stub> report_;
  const std::chrono::milliseconds timeout_;
};

}  // namespace

std::unique_ptr<CollectorLink> MakeGrpcClient(const std::string& address, int64_t timeout_ms) {
  return std::make_unique<GrpcClient>(address, timeout_ms);
}

}  // namespace teiten
