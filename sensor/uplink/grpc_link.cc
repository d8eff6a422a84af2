// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/grpc_link.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "common/log.h"
#include "fmt/format.h"
#include "teiten/v1/ingest.grpc.pb.h"

namespace teiten {
namespace {

constexpr int kMaxMessageBytes = 9 << 20;

// Counts streams that gRPC has not finished with, so that the link can outlive them all.
class Living {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void Remove() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  void AwaitNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int count_ = 0;
};

bool IsLasting(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return false;
  }
}

// One attempt. Shared: the link holds it until Close, and it holds itself until OnDone, because
// gRPC may call it until then.
class Stream : public grpc::ClientBidiReactor<v1::PublishRequest, v1::PublishReply>,
               public std::enable_shared_from_this<Stream> {
 public:
  Stream(uint64_t attempt, const std::function<void(LinkEvent)>& post, Living& living)
      : attempt_(attempt), post_(post), living_(living) {}

  void Start(const std::shared_ptr<grpc::Channel>& channel) {
    living_.Add();
    self_ = shared_from_this();
    stub_ = v1::IngestService::NewStub(channel);
    stub_->async()->Publish(&context_, this);
    AddHold();  // Send comes from another thread, at any time until Release
    StartRead(&reply_);
    StartCall();
  }

  void Send(v1::PublishRequest request) {
    const std::lock_guard lock(mutex_);
    if (released_) return;
    queue_.push_back(std::move(request));
    if (queue_.size() == 1) StartWrite(&queue_.front());
  }

  void Close() {
    context_.TryCancel();
    Release();
  }

  void OnReadInitialMetadataDone(bool ok) override {
    if (ok) post_(LinkUp{attempt_});
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Release();
    post_(LinkReply{attempt_, std::move(reply_)});
    reply_ = {};
    StartRead(&reply_);
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    queue_.pop_front();
    if (ok && !released_ && !queue_.empty()) StartWrite(&queue_.front());
  }
  void OnDone(const grpc::Status& status) override {
    Release();
    post_(LinkLost{attempt_, IsLasting(status.error_code()),
                   fmt::format("{} (code {})",
                               status.error_message().empty() ? "the collector ended the stream"
                                                              : status.error_message(),
                               static_cast<int>(status.error_code()))});
    Living& living = living_;
    self_.reset();  // may be the last reference
    living.Remove();
  }

 private:
  void Release() {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(released_, true)) return;
    }
    RemoveHold();
  }

  const uint64_t attempt_;
  const std::function<void(LinkEvent)>& post_;  // of the link, which awaits us
  Living& living_;
  std::shared_ptr<Stream> self_;
  std::unique_ptr<v1::IngestService::Stub> stub_;
  grpc::ClientContext context_;
  v1::PublishReply reply_;
  std::mutex mutex_;
  bool released_ = false;                 // under mutex_
  std::deque<v1::PublishRequest> queue_;  // under mutex_; the front is being written
};

class GrpcLink : public Link {
 public:
  GrpcLink(const Endpoint& collector, std::function<void(LinkEvent)> post)
      : target_(collector.Target()), post_(std::move(post)) {
    // gRPC's own lines, in our log's form.
    gpr_set_log_function([](gpr_log_func_args* line) {
      Log(LogLevel::kWarn, "grpc", {{"message", line->message}});
    });
  }
  ~GrpcLink() override {
    if (stream_) stream_->Close();
    stream_.reset();
    living_.AwaitNone();
    channels_.clear();  // joins gRPC's callback threads: after this nothing of it runs
  }

  void Open(uint64_t attempt) override {
    if (stream_) stream_->Close();
    // A channel of its own for each attempt: gRPC's own reconnection delay would add to ours.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
    arguments.SetMaxSendMessageSize(kMaxMessageBytes);
    attempt_ = attempt;
    stream_ = std::make_shared<Stream>(attempt, post_, living_);
    channels_.push_back(
        grpc::CreateCustomChannel(target_, grpc::InsecureChannelCredentials(), arguments));
    stream_->Start(channels_.back());
    std::erase_if(channels_, [](const auto& channel) { return channel.use_count() == 1; });
  }
  void Send(uint64_t attempt, v1::PublishRequest request) override {
    if (stream_ && attempt == attempt_) stream_->Send(std::move(request));
  }
  void Close(uint64_t attempt) override {
    if (!stream_ || attempt != attempt_) return;
    stream_->Close();
    stream_.reset();
  }

 private:
  const std::string target_;
  const std::function<void(LinkEvent)> post_;
  Living living_;
  uint64_t attempt_ = 0;
  std::shared_ptr<Stream> stream_;
  // Shared with their streams, and let go of here alone, after them: the last channel joins the
  // threads that run callbacks (gRPC 1.51), which a callback, OnDone included, must not do itself.
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace

std::unique_ptr<Link> MakeGrpcLink(const Endpoint& collector, std::function<void(LinkEvent)> post) {
  return std::make_unique<GrpcLink>(collector, std::move(post));
}

}  // namespace teiten
