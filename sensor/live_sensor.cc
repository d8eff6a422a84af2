// SPDX-License-Identifier: Apache-2.0
#include "sensor/live_sensor.h"

#include <fmt/format.h>
#include <linux/rtnetlink.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

#include "common/log.h"
#include "common/time_format.h"
#include "sensor/capture/offload.h"
#include "sensor/context.h"
#include "sensor/memory_plan.h"
#include "sensor/sending.h"

namespace teiten {
namespace {

// Time for the last windows to reach the collector; what does not stays in the spool.
constexpr int64_t kStopDrainMs = 5'000;

Key128 RandomKey() {
  std::random_device device;
  Key128 key;
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(device());
  return key;
}

std::vector<Prefix> ObservedOf(const ObserveRule& rule, const HostAddresses& host) {
  return rule.prefixes.empty() ? host.interface : rule.prefixes;
}

// Stands for the set of observed addresses, so that a change is told from a repetition.
uint64_t Fingerprint(const std::vector<Prefix>& observed) {
  uint64_t sum = observed.size();
  for (const Prefix& prefix : observed) {
    sum = Mix64(sum ^ Mix64(prefix.base.high) ^ Mix64(prefix.base.low + prefix.length));
  }
  return sum;
}

uint64_t ResidentBytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose);
  unsigned long size = 0, resident = 0;
  if (file == nullptr || std::fscanf(file.get(), "%lu %lu", &size, &resident) != 2) return 0;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t CpuMs() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) { return t.tv_sec * 1000 + t.tv_usec / 1000; };
  return static_cast<uint64_t>(ms(usage.ru_utime) + ms(usage.ru_stime));
}

void AddAccounting(const v1::Accounting& more, v1::Accounting& sum) {
  const auto* reflection = v1::Accounting::GetReflection();
  const auto* descriptor = v1::Accounting::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->has_presence() && !reflection->HasField(more, field)) continue;
    reflection->SetUInt64(&sum, field,
                          reflection->GetUInt64(sum, field) + reflection->GetUInt64(more, field));
  }
}

}  // namespace

PrintFormat LiveSensor::EffectivePrintOf(const SensorOptions& options) {
  return EffectivePrint(options);
}

absl::StatusOr<std::unique_ptr<LiveSensor>> LiveSensor::Open(const SensorOptions& options) {
  const SensorConfig& config = options.config;
  const absl::StatusOr<MemoryPlan> memory =
      PlanMemory(config.process.memory_limit_bytes, config.capture.ring_bytes, 1);
  if (!memory.ok()) return memory.status();
  std::unique_ptr<LiveSensor> sensor(new LiveSensor(options));
  sensor->rows_per_table_ = memory->rows_per_table;
  LiveOptions live;
  live.interface = config.capture.interface;
  live.ring_bytes = static_cast<int>(config.capture.ring_bytes);
  live.snap_length_bytes = static_cast<int>(config.capture.snap_length_bytes);
  live.block_timeout_ms = static_cast<int>(config.capture.block_timeout_ms);
  absl::StatusOr<std::unique_ptr<LiveSource>> source = LiveSource::Open(std::move(live));
  if (!source.ok()) return source.status();
  sensor->source_ = *std::move(source);
  const absl::Status watching =
      sensor->watch_.Open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK);
  if (!watching.ok()) return watching;
  return sensor;
}

LiveSensor::~LiveSensor() {
  if (capture_.joinable()) {
    Stop();
    capture_.join();
  }
}

absl::StatusOr<WindowInputs> LiveSensor::MakeInputs() {
  const absl::StatusOr<HostAddresses> host = ReadAddresses(options_.config.capture.interface);
  if (!host.ok()) return host.status();
  const std::vector<Prefix> observed = ObservedOf(options_.config.observe, *host);
  SummaryKeys keys;
  keys.bitmap = keys.sketch = PublishedKey();
  fingerprint_ = Fingerprint(observed);
  if (uplink_ != nullptr) keys = uplink_->Keys(fingerprint_);
  WindowInputs inputs;
  inputs.view = std::make_shared<const AddressView>(
      options_.config.observe.everything ? AddressView::Everything(keys.bitmap)
                                         : AddressView(host->host, observed, keys.bitmap));
  inputs.bitmap_key_id = keys.bitmap_id;
  inputs.sketch_key = keys.sketch;
  inputs.sketch_key_id = keys.sketch_id;
  return inputs;
}

void LiveSensor::RefreshInputs() {
  if (source_->IsGone()) return;  // capture ends, and says so
  const uint64_t fingerprint = fingerprint_;
  absl::StatusOr<WindowInputs> inputs = MakeInputs();
  if (!inputs.ok()) {
    Log(LogLevel::kWarn, "addresses_unreadable",
        {{"reason", std::string(inputs.status().message())}});
    return;
  }
  if (fingerprint_ != fingerprint) {
    // How many, never which: observed addresses stay out of the log.
    Log(LogLevel::kInfo, "addresses_changed",
        {{"n4", fmt::format("{}", inputs->view->n4().value_or(0))},
         {"p6", fmt::format("{}", inputs->view->p6().value_or(0))}});
  }
  inputs_->Set(*std::move(inputs));
}

void LiveSensor::MakeWorker() {
  const SensorConfig& config = options_.config;
  services_ = std::make_unique<ServiceTable>(config.services);
  solicited_ = std::make_unique<SolicitedTable>(RandomKey(), services_.get());
  exchange_ = std::make_unique<WindowExchange>(rows_per_table_);
  CaptureSetup setup;
  setup.link = source_->link();
  setup.window_ms = static_cast<uint32_t>(config.sensor.window_ms);
  setup.largest_frame_bytes = LargestFrame(config.capture.interface);
  setup.table_key = RandomKey();
  setup.read_drops = [this] { return source_->TakeDrops(); };
  worker_ = std::make_unique<CaptureWorker>(std::move(setup), exchange_.get(), inputs_.get(),
                                            services_.get(), solicited_.get());
  encoder_ = std::make_unique<Encoder>(
      exchange_.get(),
      MakeContext(options_, source_->link_name(),
                  static_cast<uint32_t>(config.capture.snap_length_bytes)),
      [this] { return MakeHealth(); },
      [this](const SummaryContext& context, const WindowContents& window) {
        OnWindow(context, window);
      });
}

absl::Status LiveSensor::Start(std::function<void()> ended, std::function<void()> changed) {
  changed_ = std::move(changed);
  if (options_.has_collector()) {
    absl::StatusOr<std::unique_ptr<Uplink>> uplink = OpenUplink(options_, false);
    if (!uplink.ok()) return uplink.status();
    uplink_ = *std::move(uplink);
    uplink_->Start();
  }
  absl::StatusOr<WindowInputs> inputs = MakeInputs();
  if (!inputs.ok()) return inputs.status();
  inputs_ = std::make_unique<WindowInputsBox>(*std::move(inputs));
  MakeWorker();
  absl::StatusOr<std::vector<PinnedPeer>> peers = CollectorPeers(options_);
  if (!peers.ok()) return peers.status();
  solicited_->PinPeers(*std::move(peers));
  encoder_->Start();
  capture_ = std::thread([this, ended = std::move(ended)] {
    capture_status_ = source_->Run(*worker_, changed_);
    ended();
  });
  return absl::OkStatus();
}

v1::Health LiveSensor::MakeHealth() {
  v1::Health health;
  health.set_resident_bytes(ResidentBytes());
  health.set_memory_limit_bytes(static_cast<uint64_t>(options_.config.process.memory_limit_bytes));
  const uint64_t cpu_ms = CpuMs();
  health.set_cpu_ms(cpu_ms - std::exchange(told_cpu_ms_, cpu_ms));
  health.set_interface_up(source_->state() == InterfaceState::kUp);
  health.set_offload_on(MergesFrames(options_.config.capture.interface));
  if (uplink_ != nullptr) FillHealth(uplink_->status(), health);
  return health;
}

bool LiveSensor::Spool(const SummaryContext& context, const WindowContents& window) {
  const absl::Status status = uplink_->Submit(EncodeSummaryBytes(context, window),
                                              window.times.live_from_ms, window.times.live_to_ms);
  if (status.ok()) return true;
  Log(LogLevel::kError, "summary_lost",
      {{"window", FormatUtcMs(window.times.start_ms)}, {"reason", std::string(status.message())}});
  return false;
}

void LiveSensor::OnWindow(const SummaryContext& context, const WindowContents& window) {
  printer_.Print(context, window);
  if (printer_.broken() && uplink_ == nullptr) Stop();  // nobody would ever see what comes
  const bool spooled = uplink_ == nullptr || Spool(context, window);
  const v1::WindowSummary summary = AccountingOf(context, window);
  {
    const std::lock_guard lock(figures_mutex_);
    ++figures_.windows;
    if (!spooled) ++figures_.not_spooled;
    figures_.window_start_ms = window.times.start_ms;
    figures_.last = summary.accounting();
    AddAccounting(summary.accounting(), figures_.total);
  }
  changed_();
}

absl::Status LiveSensor::Finish() {
  if (capture_.joinable()) capture_.join();
  encoder_->Join();
  absl::Status status = capture_status_;
  status.Update(printer_.Finish());
  if (uplink_ != nullptr) {
    const absl::Status drained = uplink_->Drain(kStopDrainMs);
    // A daemon that stops while its collector is away has lost nothing.
    if (!drained.ok()) {
      Log(LogLevel::kWarn, "stopped_before_all_sent", {{"reason", std::string(drained.message())}});
    }
  }
  return status;
}

LiveFigures LiveSensor::figures() const {
  const std::lock_guard lock(figures_mutex_);
  return figures_;
}

std::optional<UplinkStatus> LiveSensor::uplink_status() const {
  if (uplink_ == nullptr) return std::nullopt;
  return uplink_->status();
}

}  // namespace teiten
