// SPDX-License-Identifier: Apache-2.0
// The loop thread of the live sensor: signals, netlink, status file. libuv is a thin shell here;
// all that counts is in LiveSensor and below.
#include "sensor/run_live.h"

#include <fmt/format.h>
#include <uv.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "common/log.h"
#include "common/text.h"
#include "common/time_format.h"
#include "sensor/context.h"
#include "sensor/live_sensor.h"
#include "sensor/privileges.h"
#include "sensor/status_file.h"

namespace teiten {
namespace {

// The deployment key may come at any time after the first contact.
constexpr uint64_t kRefreshMs = 30'000;

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Loop {
 public:
  Loop(LiveSensor* sensor, const SensorConfig& config) : sensor_(sensor), config_(config) {}

  [[nodiscard]] absl::Status Run();

 private:
  void Watch(uv_signal_t& handle, int signal);
  void OnSignal(int signal);
  void LogStarted() const;
  void LogFigures() const;
  void WriteStatus();
  void OnEnded();
  void CloseAll();

  LiveSensor* sensor_;
  const SensorConfig& config_;
  bool status_failed_ = false;
  absl::Status status_;
  uv_loop_t loop_{};
  uv_signal_t term_{}, interrupt_{}, hangup_{}, user1_{};
  uv_async_t ended_{}, changed_{};
  uv_poll_t netlink_{};
  uv_timer_t refresh_{};
};

void Loop::Watch(uv_signal_t& handle, int signal) {
  uv_signal_init(&loop_, &handle);
  handle.data = this;
  uv_signal_start(
      &handle, [](uv_signal_t* at, int got) { static_cast<Loop*>(at->data)->OnSignal(got); },
      signal);
}

void Loop::OnSignal(int signal) {
  if (signal == SIGUSR1) return LogFigures();
  if (signal == SIGHUP) {
    Log(LogLevel::kInfo, "reloading", {{"what", "own addresses; other keys need a restart"}});
    return sensor_->RefreshInputs();
  }
  Log(LogLevel::kInfo, "stopping", {{"signal", strsignal(signal)}});
  sensor_->Stop();
}

// Not before signals are handled and packets counted: whoever waits for this line may rely on both.
void Loop::LogStarted() const {
  Log(LogLevel::kInfo, "started",
      {{"sensor", config_.sensor.id},
       {"interface", config_.capture.interface},
       {"collector", config_.collector.address.empty() ? "none" : config_.collector.address},
       {"ring", FormatBytes(static_cast<uint64_t>(config_.capture.ring_bytes))},
       {"memory_limit", FormatBytes(static_cast<uint64_t>(config_.process.memory_limit_bytes))}});
}

void Loop::LogFigures() const {
  Log(LogLevel::kInfo, "figures", {{"status", FormatStatus(*sensor_, NowMs())}});
}

void Loop::WriteStatus() {
  const std::string& path = config_.process.status_file;
  if (path.empty()) return;
  const absl::Status status = WriteStatusFile(path, FormatStatus(*sensor_, NowMs()));
  if (!status.ok() && !status_failed_) {
    Log(LogLevel::kWarn, "status_file_failed", {{"reason", std::string(status.message())}});
  }
  status_failed_ = !status.ok();
}

// The encoder may still tell of its last windows: handles close after it is done.
void Loop::OnEnded() {
  status_ = sensor_->Finish();
  WriteStatus();
  CloseAll();
}

void Loop::CloseAll() {
  uv_walk(
      &loop_,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
      },
      nullptr);
}

absl::Status Loop::Run() {
  uv_loop_init(&loop_);
  Watch(term_, SIGTERM);
  Watch(interrupt_, SIGINT);
  Watch(hangup_, SIGHUP);
  Watch(user1_, SIGUSR1);
  ended_.data = changed_.data = netlink_.data = refresh_.data = this;
  uv_async_init(&loop_, &ended_, [](uv_async_t* at) { static_cast<Loop*>(at->data)->OnEnded(); });
  uv_async_init(&loop_, &changed_,
                [](uv_async_t* at) { static_cast<Loop*>(at->data)->WriteStatus(); });
  uv_poll_init(&loop_, &netlink_, sensor_->address_watch().fd());
  uv_poll_start(&netlink_, UV_READABLE, [](uv_poll_t* at, int, int) {
    auto* loop = static_cast<Loop*>(at->data);
    if (loop->sensor_->address_watch().TakePending()) loop->sensor_->RefreshInputs();
  });
  uv_timer_init(&loop_, &refresh_);
  uv_timer_start(
      &refresh_, [](uv_timer_t* at) { static_cast<Loop*>(at->data)->sensor_->RefreshInputs(); },
      1'000, kRefreshMs);

  status_ =
      sensor_->Start([this] { uv_async_send(&ended_); }, [this] { uv_async_send(&changed_); });
  if (status_.ok()) {
    LogStarted();
    WriteStatus();  // that it cannot be written is said now, not when the first window closes
  } else {
    CloseAll();
  }
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
  return status_;
}

ExitCode Complain(const absl::Status& status, ExitCode code) {
  fmt::print(stderr, "{}", ErrorLines("teiten-sensor", std::string(status.message())));
  return code;
}

ExitCode OpenError(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return Complain(status, ExitCode::kPrivilege);
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kInvalidArgument:
      return Complain(status, ExitCode::kConfiguration);
    default:
      return Complain(status, ExitCode::kTryAgain);
  }
}

// What root starts with a user named finds its folders, as under a service manager.
void MakeFolders(const SensorOptions& options) {
  const SensorConfig& config = options.config;
  const std::filesystem::path status = config.process.status_file;
  if (!status.empty()) MakeFolderOf(config.process.user, status.parent_path(), 0755);
  if (options.has_collector()) MakeFolderOf(config.process.user, config.spool.folder, 0700);
}

}  // namespace

ExitCode RunLive(const SensorOptions& options) {
  IgnoreBrokenPipes();
  absl::StatusOr<std::unique_ptr<LiveSensor>> sensor = LiveSensor::Open(options);
  if (!sensor.ok()) return OpenError(sensor.status());
  MakeFolders(options);
  const absl::Status dropped = DropPrivileges(options.config.process.user);
  if (!dropped.ok()) return OpenError(dropped);
  Loop loop(sensor->get(), options.config);
  const absl::Status status = loop.Run();
  const LiveFigures figures = (*sensor)->figures();
  Log(LogLevel::kInfo, "stopped",
      {{"windows", fmt::format("{}", figures.windows)},
       {"captured", fmt::format("{}", figures.total.captured())},
       {"observed", fmt::format("{}", figures.total.observed())},
       {"kernel_dropped", fmt::format("{}", figures.total.kernel_dropped())}});
  // A capture that ended by itself is Aborted: the service manager starts us again.
  return status.ok() ? ExitCode::kDone : Complain(status, ExitCodeOf(status));
}

}  // namespace teiten
