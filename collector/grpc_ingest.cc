// SPDX-License-Identifier: Apache-2.0
#include "collector/grpc_ingest.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "collector/grpc_status.h"
#include "teiten/v1/ingest.grpc.pb.h"

namespace teiten {
namespace {

int64_t NowUnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

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
    if (!ok) replies_.clear();  // nobody takes them, and End waits for none
    if (status_) return Finish(*status_);
    if (!replies_.empty()) StartWrite(&replies_.front());
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

class GrpcIngestImpl : public GrpcIngest, public v1::IngestService::CallbackService {
 public:
  explicit GrpcIngestImpl(std::function<void(IngestInput)> post) : registry_(std::move(post)) {}

  grpc::Service& service() override { return *this; }
  grpc::ServerBidiReactor<v1::PublishRequest, v1::PublishReply>* Publish(
      grpc::CallbackServerContext*) override {
    return new PublishStream(registry_);  // the registry's, until OnDone
  }

  void Reply(uint64_t stream, v1::PublishReply reply) override {
    registry_.With(stream, [&](PublishStream& s) { s.Reply(std::move(reply)); });
  }
  void Finish(uint64_t stream, const absl::Status& status) override {
    registry_.With(stream, [&](PublishStream& s) { s.End(ToGrpc(status)); });
  }
  void ReadMore(uint64_t stream) override {
    registry_.With(stream, [](PublishStream& s) { s.ReadMore(); });
  }

 private:
  Registry registry_;
};

}  // namespace

std::unique_ptr<GrpcIngest> GrpcIngest::Make(std::function<void(IngestInput)> post) {
  return std::make_unique<GrpcIngestImpl>(std::move(post));
}

}  // namespace teiten
