// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/uplink.h"

#include <uv.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <future>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "common/envelope.h"
#include "common/log.h"
#include "fmt/format.h"
#include "sensor/uplink/disk.h"
#include "sensor/uplink/engine.h"
#include "sensor/uplink/grpc_link.h"
#include "sensor/uplink/spool.h"

namespace teiten {
namespace {

int64_t ClockMs(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

// CLOCK_BOOTTIME also counts while the host sleeps, as the age of a summary should.
SpoolTime Now() { return {ClockMs(CLOCK_BOOTTIME), ClockMs(CLOCK_REALTIME)}; }

uint64_t SystemRandom() {
  thread_local std::random_device device;
  return static_cast<uint64_t>(device()) << 32 | device();
}

// For a sensor without a collector: nothing ever connects.
class NoLink : public Link {
 public:
  void Open(uint64_t) override {}
  void Send(uint64_t, v1::PublishRequest) override {}
  void Close(uint64_t) override {}
};

}  // namespace

class Uplink::Impl {
 public:
  Impl(UplinkConfig config, std::unique_ptr<Disk> disk, std::unique_ptr<SpoolStore> spool)
      : config_(std::move(config)), disk_(std::move(disk)), spool_(std::move(spool)) {
    Publish();
  }
  ~Impl() { Stop(); }

  void Start();
  void Stop();
  [[nodiscard]] absl::Status Submit(std::string_view summary, int64_t from_ms, int64_t to_ms);
  [[nodiscard]] absl::Status Drain(int64_t timeout_ms);
  [[nodiscard]] SummaryKeys Keys(uint64_t fingerprint);
  [[nodiscard]] UplinkStatus status() const {
    const std::lock_guard lock(status_mutex_);
    return status_;
  }

 private:
  void Post(std::function<void()> task);
  void RunTasks();
  void AfterStep();
  void Publish();
  void SayShed(const SpoolCounters& before, const SpoolCounters& now) const;

  // Set once, before Start().
  const UplinkConfig config_;
  const std::unique_ptr<Disk> disk_;
  const std::unique_ptr<SpoolStore> spool_;

  // Uplink thread only.
  std::unique_ptr<Link> link_;
  std::unique_ptr<UplinkEngine> engine_;
  std::promise<bool>* draining_ = nullptr;
  uv_loop_t loop_{};
  uv_timer_t timer_{};

  // Any thread. The queue is bounded: each caller of Submit, Drain and Keys waits for its task,
  // and what the link posts is an answer to at most one credit's worth of envelopes.
  uv_async_t wake_{};
  std::mutex tasks_mutex_;
  std::vector<std::function<void()>> tasks_;
  mutable std::mutex status_mutex_;
  UplinkStatus status_;

  std::thread thread_;
};

void Uplink::Impl::Start() {
  uv_loop_init(&loop_);
  uv_timer_init(&loop_, &timer_);
  timer_.data = this;
  uv_async_init(&loop_, &wake_,
                [](uv_async_t* async) { static_cast<Impl*>(async->data)->RunTasks(); });
  wake_.data = this;
  thread_ = std::thread([this] {
    if (config_.collector) {
      link_ = MakeGrpcLink(*config_.collector, [this](LinkEvent event) {
        Post([this, event = std::move(event)] { engine_->OnLink(Now(), event); });
      });
    } else {
      link_ = std::make_unique<NoLink>();
    }
    engine_ = std::make_unique<UplinkEngine>(config_.uplink, *spool_, *link_, SystemRandom);
    if (config_.collector) engine_->Start(Now());
    AfterStep();
    uv_run(&loop_, UV_RUN_DEFAULT);
    engine_->Close(Now());
    link_.reset();  // waits for gRPC; what it still posts is never run
  });
}

void Uplink::Impl::Stop() {
  if (!thread_.joinable()) return;
  Post([this] { uv_stop(&loop_); });
  thread_.join();
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

void Uplink::Impl::Post(std::function<void()> task) {
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks_.push_back(std::move(task));
  }
  uv_async_send(&wake_);
}

// uv_async_send coalesces, so everything there is is run.
void Uplink::Impl::RunTasks() {
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(tasks_mutex_);
    tasks.swap(tasks_);
  }
  for (const std::function<void()>& task : tasks) task();
  AfterStep();
}

void Uplink::Impl::AfterStep() {
  if (draining_ != nullptr && engine_->drained()) {
    Publish();  // who waits for the end reads the figures of the end
    std::exchange(draining_, nullptr)->set_value(*engine_->drained());
  }
  const int64_t wait_ms = engine_->next_wake_mono_ms() - Now().mono_ms;
  uv_timer_start(
      &timer_,
      [](uv_timer_t* timer) {
        auto* const self = static_cast<Impl*>(timer->data);
        self->engine_->OnTimer(Now());
        self->AfterStep();
      },
      static_cast<uint64_t>(std::clamp<int64_t>(wait_ms, 1, 60'000)), 0);
  Publish();
}

void Uplink::Impl::Publish() {
  const SpoolCore& core = spool_->core();
  UplinkStatus now;
  now.spool = core.counters();
  now.spool_limit_bytes = core.options().limit_bytes;
  now.next_sequence = core.next_sequence();
  now.spool_id = core.identity().spool;
  now.disk_error = spool_->last_error();
  if (engine_) {
    now.state = engine_->core().state();
    now.uplink = engine_->core().counters();
    now.in_flight_bytes = engine_->core().in_flight_bytes();
    now.clock_skew_ms = engine_->core().clock_skew_ms();
    now.collector_error = engine_->core().problem();
  }
  SayShed(status_.spool, now.spool);  // written by this thread alone
  const std::lock_guard lock(status_mutex_);
  status_ = std::move(now);
}

// What went to make room is declared to the collector; whoever runs the sensor hears it here.
void Uplink::Impl::SayShed(const SpoolCounters& before, const SpoolCounters& now) const {
  const auto say = [&](uint64_t count, std::string reason) {
    if (count == 0) return;
    Log(LogLevel::kError, "summaries_lost",
        {{"count", std::to_string(count)},
         {"reason", std::move(reason)},
         {"spool", config_.spool_folder},
         {"disk_error", spool_->last_error()}});
  };
  say(now.shed_size - before.shed_size, "no room in the spool");
  say(now.shed_age - before.shed_age, "older than spool.keep");
}

absl::Status Uplink::Impl::Submit(std::string_view summary, int64_t from_ms, int64_t to_ms) {
  // The spool gives the real sequence and id; neither is part of what is hashed.
  v1::Identity identity;
  identity.set_sensor(config_.spool.sensor);
  identity.set_spool(std::string(sizeof(Spool), '\0'));
  identity.set_sequence(1);
  absl::StatusOr<v1::Envelope> sealed = SealBytes(identity, summary);
  SpoolAppend append;
  append.from_unix_ms = from_ms;
  append.to_unix_ms = to_ms;
  if (!sealed.ok()) {
    Log(LogLevel::kError, "summary_too_large",
        {{"reason", std::string(sealed.status().message())}});
    // Larger than a spool file can be, so that it gets a sequence and is declared as lost.
    append.envelope.set_content(std::string(kMaxSpoolFileBytes, '\0'));
  } else {
    append.envelope = *std::move(sealed);
  }
  std::promise<absl::Status> done;
  Post([&] {
    const absl::StatusOr<uint64_t> sequence = engine_->Submit(Now(), std::move(append));
    done.set_value(sequence.status());
  });
  return done.get_future().get();
}

absl::Status Uplink::Impl::Drain(int64_t timeout_ms) {
  std::promise<bool> done;
  Post([&] {
    draining_ = &done;
    engine_->Drain(Now(), Now().mono_ms + timeout_ms);
  });
  if (done.get_future().get()) return absl::OkStatus();
  const UplinkStatus now = status();
  return absl::DeadlineExceededError(
      fmt::format("collector {} did not take {} summaries in time (the uplink is {}); they stay in "
                  "{} and are sent when the sensor runs with it again: is the collector running?",
                  config_.collector ? config_.collector->ToString() : "none", now.spool.waiting,
                  UplinkStateName(now.state), config_.spool_folder));
}

SummaryKeys Uplink::Impl::Keys(uint64_t fingerprint) {
  std::promise<SummaryKeys> done;
  Post([&] {
    engine_->Observed(Now(), fingerprint);
    const SpoolIdentity& identity = spool_->core().identity();
    SummaryKeys keys{identity.bitmap_key, identity.bitmap_key_id, PublishedKey(), 0};
    if (identity.deployment_key_id != 0) {
      keys.sketch = identity.deployment_key;
      keys.sketch_id = identity.deployment_key_id;
    }
    done.set_value(keys);
  });
  return done.get_future().get();
}

absl::StatusOr<std::unique_ptr<Uplink>> Uplink::Open(UplinkConfig config) {
  absl::StatusOr<std::unique_ptr<Disk>> disk = OpenPosixDisk(config.spool_folder);
  if (!disk.ok()) return disk.status();
  absl::StatusOr<std::unique_ptr<SpoolStore>> spool =
      SpoolStore::Open(**disk, config.spool, SystemRandom, Now());
  if (!spool.ok()) return spool.status();
  return std::unique_ptr<Uplink>(
      new Uplink(std::make_unique<Impl>(std::move(config), *std::move(disk), *std::move(spool))));
}

Uplink::Uplink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Uplink::~Uplink() = default;
void Uplink::Start() { impl_->Start(); }
absl::Status Uplink::Submit(std::string_view summary, int64_t from_ms, int64_t to_ms) {
  return impl_->Submit(summary, from_ms, to_ms);
}
absl::Status Uplink::Drain(int64_t timeout_ms) { return impl_->Drain(timeout_ms); }
SummaryKeys Uplink::Keys(uint64_t fingerprint) { return impl_->Keys(fingerprint); }
UplinkStatus Uplink::status() const { return impl_->status(); }

}  // namespace teiten
