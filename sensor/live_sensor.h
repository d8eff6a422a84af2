// SPDX-License-Identifier: Apache-2.0
// The live sensor, put together in the order that privileges demand: Open with privilege, then
// DropPrivileges by the caller, then Start as the final user. Threads: capture, encoder, uplink
// (inside Uplink); the caller's loop only asks and tells.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/statusor.h"
#include "sensor/capture/live_source.h"
#include "sensor/capture/netlink_watch.h"
#include "sensor/encoder.h"
#include "sensor/options.h"
#include "sensor/printer.h"
#include "sensor/uplink/uplink.h"

namespace teiten {

// What the sensor has counted since its start, for status file and log.
struct LiveFigures {
  uint64_t windows = 0;
  uint64_t not_spooled = 0;     // summaries the spool could not take
  int64_t window_start_ms = 0;  // of the newest closed window
  v1::Accounting last;          // of that window
  v1::Accounting total;
};

class LiveSensor {
 public:
  // Needs privilege: ring, netlink, statistics.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LiveSensor>> Open(
      const SensorOptions& options);
  ~LiveSensor();
  LiveSensor(const LiveSensor&) = delete;
  LiveSensor& operator=(const LiveSensor&) = delete;

  // As the final user: spool, then threads. `ended` is called on the capture thread when capture
  // ends by itself or by Stop; `changed` on the encoder thread at each closed window, and on the
  // capture thread when the interface comes or goes.
  [[nodiscard]] absl::Status Start(std::function<void()> ended, std::function<void()> changed);
  void Stop() { source_->Stop(); }
  // After `ended`: waits for the last window, sends what it can. The capture's own end.
  [[nodiscard]] absl::Status Finish();

  [[nodiscard]] NetlinkWatch& address_watch() { return watch_; }
  // Own addresses may have changed, or the deployment key come: used from the next window on.
  void RefreshInputs();

  [[nodiscard]] LiveFigures figures() const;
  [[nodiscard]] std::optional<UplinkStatus> uplink_status() const;
  [[nodiscard]] InterfaceState interface_state() const { return source_->state(); }
  [[nodiscard]] const std::string& interface() const { return options_.config.capture.interface; }
  [[nodiscard]] const std::string& sensor_id() const { return options_.config.sensor.id; }

 private:
  explicit LiveSensor(const SensorOptions& options)
      : options_(options), printer_(EffectivePrintOf(options)) {}
  static PrintFormat EffectivePrintOf(const SensorOptions& options);
  [[nodiscard]] absl::StatusOr<WindowInputs> MakeInputs();
  [[nodiscard]] v1::Health MakeHealth();
  void MakeWorker();
  void OnWindow(const SummaryContext& context, const WindowContents& window);
  [[nodiscard]] bool Spool(const SummaryContext& context, const WindowContents& window);

  const SensorOptions options_;
  uint32_t rows_per_table_ = 0;
  std::unique_ptr<LiveSource> source_;
  NetlinkWatch watch_;
  std::unique_ptr<Uplink> uplink_;  // null without a collector
  std::unique_ptr<ServiceTable> services_;
  std::unique_ptr<SolicitedTable> solicited_;
  std::unique_ptr<WindowExchange> exchange_;
  std::unique_ptr<WindowInputsBox> inputs_;
  std::unique_ptr<CaptureWorker> worker_;
  std::unique_ptr<Encoder> encoder_;
  std::thread capture_;
  absl::Status capture_status_;  // written by the capture thread, read after it is joined
  Printer printer_;              // encoder thread
  uint64_t told_cpu_ms_ = 0;     // encoder thread
  std::function<void()> changed_;
  uint64_t fingerprint_ = 0;  // of the observed addresses; loop thread

  mutable std::mutex figures_mutex_;
  LiveFigures figures_;
};

}  // namespace teiten
