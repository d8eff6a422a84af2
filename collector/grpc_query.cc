// SPDX-License-Identifier: Apache-2.0
#include "collector/grpc_query.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "collector/grpc_status.h"
#include "teiten/v1/query.grpc.pb.h"
#include "teiten/v1/report.grpc.pb.h"

namespace teiten {
namespace {

constexpr auto kLongestQuery = std::chrono::seconds(60);
constexpr auto kSlowestReader = std::chrono::seconds(10);  // to take one message of a stream

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

}  // namespace

std::unique_ptr<grpc::Service> MakeQueryService(ReaderPool& readers) {
  return std::make_unique<QueryShell>(readers);
}

std::unique_ptr<grpc::Service> MakeReportService(ReaderPool& readers) {
  return std::make_unique<ReportShell>(readers);
}

}  // namespace teiten
