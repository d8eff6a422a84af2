// SPDX-License-Identifier: Apache-2.0
// Packets of one interface, by libpcap's TPACKET_V3 ring, to one capture worker.
//
// poll on the ring and a wake-up, until the window's end at the latest; then non-blocking
// pcap_dispatch: libpcap alone would sleep for ever on a quiet interface. Promiscuous mode and
// immediate mode are off; a block retires after 100 ms.
//
// An interface that is down, at the start or later, is waited for: the one socket stays bound to it
// and the kernel feeds it again when it is up, so nothing is opened twice and no privilege is
// needed then. Windows go on meanwhile, without live time. One that is gone ends the capture.
#pragma once

#include <pcap/pcap.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "sensor/aggregate/window_buffer.h"
#include "sensor/capture/capture_worker.h"
#include "sensor/capture/interface.h"
#include "sensor/capture/interface_state.h"
#include "sensor/capture/netlink_watch.h"

namespace teiten {

struct LiveOptions {
  std::string interface;
  int ring_bytes = 16 << 20;
  int snap_length_bytes = 256;
  int block_timeout_ms = 100;
};

class LiveSource {
 public:
  // Needs CAP_NET_RAW, only here. Errors: PermissionDenied (says which capability and how),
  // NotFound (interface), InvalidArgument (link type), Unavailable.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<LiveSource>> Open(LiveOptions options);
  ~LiveSource();
  LiveSource(const LiveSource&) = delete;
  LiveSource& operator=(const LiveSource&) = delete;

  [[nodiscard]] LinkType link() const { return link_; }
  [[nodiscard]] std::string link_name() const;
  // As last looked at. Any thread.
  [[nodiscard]] InterfaceState state() const { return state_.load(std::memory_order_relaxed); }
  // Asks the kernel. Any thread.
  [[nodiscard]] bool IsGone() const;
  // Since the call before. Capture thread.
  [[nodiscard]] DropCounters TakeDrops();

  // Captures until Stop, then drains to the last packet of the ring. Aborted: the interface is
  // gone (what was captured is counted). `state_changed` is called at each change of state(). On
  // the capture thread.
  [[nodiscard]] absl::Status Run(CaptureWorker& worker, std::function<void()> state_changed);
  // Any thread, also from a signal's callback.
  void Stop();

  // Turns of the loop, for whoever watches that it turns. Any thread.
  [[nodiscard]] uint64_t heartbeat() const { return heartbeat_.load(std::memory_order_relaxed); }

 private:
  explicit LiveSource(LiveOptions options)
      : options_(std::move(options)), statistics_(options_.interface) {}
  [[nodiscard]] absl::Status Activate();
  [[nodiscard]] absl::StatusOr<pcap_t*> Create() const;
  [[nodiscard]] absl::Status ActivateWhileDown();
  void LookAtInterface(CaptureWorker& worker);
  [[nodiscard]] absl::Status Capture(CaptureWorker& worker);
  [[nodiscard]] absl::Status Drain(CaptureWorker& worker);
  [[nodiscard]] absl::StatusOr<bool> DispatchAll(CaptureWorker& worker);
  void WaitForPackets(const CaptureWorker& worker);

  const LiveOptions options_;
  pcap_t* pcap_ = nullptr;
  LinkType link_ = LinkType::kEthernet;
  InterfaceStatistics statistics_;
  NetlinkWatch interface_watch_;
  bool look_ = true;  // the interface may have changed
  std::atomic<InterfaceState> state_{InterfaceState::kUp};
  std::function<void()> state_changed_;
  uint64_t kernel_dropped_before_ = 0;
  WakeUp stop_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> heartbeat_{0};
};

}  // namespace teiten
