// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/ingest.h"

#include <chrono>
#include <memory>
#include <utility>

#include "common/log.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr uint64_t kTimerMs = 1'000;

int64_t NowUnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <typename Handle>
void CloseHandle(Handle* handle) {
  handle->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<Handle*>(closed); });
}

}  // namespace

Ingest::Ingest(uv_loop_t* loop, Writer& writer, IngestLimits limits)
    : writer_(writer),
      core_(limits, "teiten-collector " TEITEN_VERSION),
      wake_(new uv_async_t),
      timer_(new uv_timer_t) {
  uv_async_init(loop, wake_, [](uv_async_t* async) {
    if (async->data != nullptr) static_cast<Ingest*>(async->data)->RunPosted();
  });
  wake_->data = this;
  uv_timer_init(loop, timer_);
  timer_->data = this;
  uv_timer_start(
      timer_, [](uv_timer_t* timer) { static_cast<Ingest*>(timer->data)->Step(IngestTimer{}); },
      kTimerMs, kTimerMs);
}

Ingest::~Ingest() {
  CloseHandle(wake_);
  CloseHandle(timer_);
}

void Ingest::Post(IngestInput input) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(input));
  }
  uv_async_send(wake_);
}

void Ingest::Stop(std::function<void()> done) {
  on_idle_ = std::move(done);
  Step(IngestStop{});
}

bool Ingest::Connected(const std::string& sensor) const {
  const std::lock_guard lock(connected_mutex_);
  return connected_.contains(sensor);
}

void Ingest::RunPosted() {
  std::vector<IngestInput> inputs;
  {
    const std::lock_guard lock(posted_mutex_);
    inputs.swap(posted_);
  }
  for (IngestInput& input : inputs) Step(std::move(input));
}

void Ingest::Step(IngestInput input) {
  const int64_t now_unix_ms = NowUnixMs();
  for (IngestAction& action : core_.Step(now_unix_ms, std::move(input))) Do(action);
  LogRejections(rejections_.Take(now_unix_ms));
  {
    const std::vector<std::string> sensors = core_.Connected();
    const std::lock_guard lock(connected_mutex_);
    connected_ = {sensors.begin(), sensors.end()};
  }
  if (!on_idle_ || !core_.idle()) return;
  LogRejections(rejections_.TakeAll(now_unix_ms));
  std::exchange(on_idle_, nullptr)();
}

void Ingest::Do(IngestAction& action) {
  switch (action.kind) {
    case IngestAction::Kind::kReply:
      return Reply(action);
    case IngestAction::Kind::kFinish:
      return streams_->Finish(action.stream, action.status);
    case IngestAction::Kind::kReadMore:
      return streams_->ReadMore(action.stream);
    case IngestAction::Kind::kWrite:
      return Write(std::move(action.group));
    case IngestAction::Kind::kNote:
      return Log(LogLevel::kWarn, "ingest", {{"note", action.text}});
  }
}

void Ingest::Reply(IngestAction& action) {
  if (action.reply.has_rejection()) {
    std::string spool;
    for (const uint8_t byte : action.spool) spool += fmt::format("{:02x}", byte);
    rejections_.Add(action.sensor, spool, action.reply.rejection());
  }
  streams_->Reply(action.stream, std::move(action.reply));
}

void Ingest::LogRejections(const std::vector<RejectionLog::Line>& lines) {
  for (const RejectionLog::Line& line : lines) {
    const bool conflict = line.reason == v1::Rejection::REASON_IDENTITY_CONFLICT;
    Log(LogLevel::kWarn, conflict ? "identity_conflict" : "summary_rejected",
        {{"sensor", line.sensor},
         {"spool", line.spool},
         {"sequence", std::to_string(line.sequence)},
         {"reason", RejectionReasonName(line.reason)},
         {"detail", line.detail},
         {"count", std::to_string(line.count)}});
  }
}

void Ingest::Write(WriteGroup group) {
  // Shared, because std::function must be copyable; it is used once.
  const auto shared = std::make_shared<const WriteGroup>(std::move(group));
  const bool posted = writer_.Post(
      [this, shared](StoreWriter& store) { Post(GroupWritten{ExecuteGroup(store, *shared)}); });
  if (!posted) Post(GroupWritten{{absl::UnavailableError("the writer is busy"), {}}});
}

}  // namespace teiten
