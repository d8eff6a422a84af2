// SPDX-License-Identifier: Apache-2.0
#include "sensor/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "common/log.h"
#include "common/text.h"
#include "common/time_format.h"
#include "sensor/capture/file_source.h"
#include "sensor/context.h"
#include "sensor/encoder.h"
#include "sensor/memory_plan.h"
#include "sensor/printer.h"
#include "sensor/sending.h"

namespace teiten {
namespace {

using Clock = std::chrono::steady_clock;

// Time for what an interrupted reading has counted to reach the collector; the rest stays spooled.
constexpr int64_t kInterruptedDrainMs = 5'000;
// How soon a signal ends the wait for the collector.
constexpr int64_t kDrainSliceMs = 200;

// An interrupted reading counts what it has read; a second signal ends the wait for the collector.
volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t last_signal = 0;
std::atomic<FileSource*> source_being_read = nullptr;
static_assert(std::atomic<FileSource*>::is_always_lock_free, "used in a signal handler");

void OnInterrupt(int signal) {
  interrupted = interrupted + 1;
  last_signal = signal;
  // Not at the end of a round: 4,096 packets may be days, a durable summary for each window.
  if (FileSource* const source = source_being_read.load()) source->Interrupt();
}

void CatchInterrupts() {
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
}

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Whole milliseconds, so that the shift carried with each summary is exact.
std::optional<int64_t> ReplayShiftMs(const SensorOptions& options, FileSource& source) {
  if (!options.replay_now && !options.replay_at_ms.has_value()) return std::nullopt;
  const int64_t first_ms = source.FirstTimeNs().value_or(0) / kNsPerMs;
  return (options.replay_now ? NowMs() : *options.replay_at_ms) - first_ms;
}

// Holds packets back until their time has come, at --speed times real time.
class Pacer {
 public:
  explicit Pacer(double speed) : speed_(speed) {}
  void Wait(int64_t t_ns) {
    if (!first_ns_.has_value()) first_ns_ = t_ns;
    const double due_s = static_cast<double>(t_ns - *first_ns_) / 1e9 / speed_;
    while (interrupted == 0) {
      const std::chrono::duration<double> left =
          started_ + std::chrono::duration<double>(due_s) - Clock::now();
      if (left.count() <= 0) return;
      std::this_thread::sleep_for(std::min(left, std::chrono::duration<double>(0.1)));
    }
  }

 private:
  const double speed_;
  const Clock::time_point started_ = Clock::now();
  std::optional<int64_t> first_ns_;
};

CaptureSetup SetupOf(const SensorOptions& options, const FileSource& source) {
  CaptureSetup setup;
  setup.link = source.link();
  setup.from_file = true;
  setup.window_ms = static_cast<uint32_t>(options.config.sensor.window_ms);
  return setup;
}

// The published keys: the same file gives the same bytes on any machine.
WindowInputs InputsOf(const SensorOptions& options) {
  const ObserveRule& observe = options.config.observe;
  WindowInputs inputs;
  inputs.view = std::make_shared<const AddressView>(
      observe.everything ? AddressView::Everything(PublishedKey())
                         : AddressView({}, observe.prefixes, PublishedKey()));
  inputs.sketch_key = PublishedKey();
  return inputs;
}

struct Reading {
  absl::Status status;
  uint64_t packets = 0;
  uint64_t windows = 0;
};

void SayStopping(const SensorOptions& options) {
  Log(LogLevel::kInfo, "stopping",
      {{"signal", strsignal(last_signal)},
       {"what", options.has_collector()
                    ? "what was read is counted, spooled, and offered to the collector for " +
                          FormatDuration(std::min(options.drain_timeout_ms, kInterruptedDrainMs))
                    : "what was read is counted"}});
}

Reading ReadThrough(const SensorOptions& options, FileSource& source, uint32_t rows,
                    std::optional<int64_t> shift_ms, WindowSink sink) {
  WindowExchange exchange(rows);
  const ServiceTable services(options.config.services);
  SolicitedTable solicited(PublishedKey(), &services);
  const WindowInputsBox inputs(InputsOf(options));
  CaptureWorker worker(SetupOf(options, source), &exchange, &inputs, &services, &solicited);
  SummaryContext context = MakeContext(options, source.link_name(), source.snap_length());
  context.replay_shift_ms = shift_ms;
  context.imported = !shift_ms.has_value() && options.has_collector();
  Encoder encoder(&exchange, std::move(context), nullptr, std::move(sink));
  encoder.Start();
  Pacer pacer(options.speed);
  if (options.speed > 0) source.set_pace([&](int64_t t_ns) { pacer.Wait(t_ns); });
  Reading reading;
  source_being_read = &source;
  reading.status =
      source.ReadAll(worker, shift_ms.value_or(0) * kNsPerMs, [] { return interrupted == 0; });
  source_being_read = nullptr;
  if (interrupted != 0) SayStopping(options);
  worker.Finish();
  encoder.Join();
  reading.packets = worker.packets();
  reading.windows = worker.windows_closed();
  return reading;
}

// Where summaries of the file go: printed, and to the spool if there is a collector.
class Output {
 public:
  Output(const SensorOptions& options, Uplink* uplink)
      : printer_(EffectivePrint(options)),
        uplink_(uplink),
        spool_folder_(options.config.spool.folder) {}

  void Take(const SummaryContext& context, const WindowContents& window) {
    printer_.Print(context, window);
    if (uplink_ == nullptr) return;
    spooled_.Update(uplink_->Submit(EncodeSummaryBytes(context, window), window.times.live_from_ms,
                                    window.times.live_to_ms));
  }
  // What went wrong first; waits for the collector.
  [[nodiscard]] absl::Status Finish(int64_t drain_timeout_ms) {
    absl::Status status = printer_.Finish();
    if (uplink_ == nullptr) return status;
    const absl::Status drained = Drain(drain_timeout_ms);
    status.Update(Lost(uplink_->status()));
    status.Update(spooled_);
    status.Update(drained);
    return status;
  }

 private:
  // In slices, so that a signal ends it: what is not taken by then stays in the spool.
  [[nodiscard]] absl::Status Drain(int64_t timeout_ms) {
    const int signals = interrupted;
    const Clock::time_point until =
        Clock::now() + std::chrono::milliseconds(
                           signals == 0 ? timeout_ms : std::min(timeout_ms, kInterruptedDrainMs));
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      const absl::Status drained = uplink_->Drain(std::clamp<int64_t>(left, 0, kDrainSliceMs));
      if (drained.ok() || left <= kDrainSliceMs || interrupted != signals) return drained;
    }
  }
  // Of a file nothing is lost without a word: it can be read again.
  [[nodiscard]] absl::Status Lost(const UplinkStatus& now) const {
    const uint64_t no_room = now.spool.shed_size + now.spool.shed_age + now.spool.unwritable;
    if (no_room > 0) {
      return absl::ResourceExhaustedError(
          fmt::format("{} summaries did not fit into the spool {} ({}) and are declared lost; make "
                      "room, and read the file again",
                      no_room, spool_folder_,
                      now.disk_error.empty() ? "spool.limit is reached" : now.disk_error));
    }
    // What the collector refuses is settled, and yet not in its record.
    if (now.uplink.rejected == 0) return absl::OkStatus();
    return absl::CancelledError(fmt::format(
        "{} summaries were rejected by the collector (the log has the reasons); they are "
        "not in its record, and kept in {}/dead",
        now.uplink.rejected, spool_folder_));
  }

  Printer printer_;
  Uplink* uplink_;
  const std::string spool_folder_;
  absl::Status spooled_;
};

void Say(const absl::Status& status) {
  fmt::print(stderr, "{}", ErrorLines("teiten-sensor", std::string(status.message())));
}

ExitCode Complain(const absl::Status& status, ExitCode code) {
  Say(status);
  return code;
}

// A file that is not ours to read, or not a capture file.
ExitCode OpenError(const absl::Status& status) {
  const bool damaged = status.code() == absl::StatusCode::kInvalidArgument ||
                       status.code() == absl::StatusCode::kDataLoss;
  return Complain(status, damaged ? ExitCode::kDamagedInput : ExitCodeOf(status));
}

}  // namespace

ExitCode RunFile(const SensorOptions& options) {
  IgnoreBrokenPipes();
  CatchInterrupts();
  const Clock::time_point started = Clock::now();
  const absl::StatusOr<MemoryPlan> memory =
      PlanMemory(options.config.process.memory_limit_bytes, options.config.capture.ring_bytes, 1);
  if (!memory.ok()) return Complain(memory.status(), ExitCode::kConfiguration);
  const absl::StatusOr<std::unique_ptr<FileSource>> source = FileSource::Open(options.read_file);
  if (!source.ok()) return OpenError(source.status());
  const std::optional<int64_t> shift_ms = ReplayShiftMs(options, **source);
  std::unique_ptr<Uplink> uplink;
  if (options.has_collector()) {
    absl::StatusOr<std::unique_ptr<Uplink>> opened = OpenUplink(options, !shift_ms.has_value());
    if (!opened.ok()) return Complain(opened.status(), ExitCodeOf(opened.status()));
    uplink = *std::move(opened);
    uplink->Start();
  }
  Output output(options, uplink.get());
  const Reading reading =
      ReadThrough(options, **source, memory->rows_per_table, shift_ms,
                  [&](const SummaryContext& context, const WindowContents& window) {
                    output.Take(context, window);
                  });
  Say(reading.status);
  const absl::Status delivered = output.Finish(options.drain_timeout_ms);
  Say(delivered);
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  Log(LogLevel::kInfo, "read_done",
      {{"file", options.read_file},
       {"packets", fmt::format("{}", reading.packets)},
       {"windows", fmt::format("{}", reading.windows)},
       {"elapsed", FormatDuration(elapsed.count())},
       {"interrupted", interrupted != 0 ? "true" : "false"}});
  return ExitCodeOf(reading.status.ok() ? delivered : reading.status);
}

}  // namespace teiten
