// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/live_source.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"

namespace teiten {
namespace {

constexpr int kPacketsPerDispatch = 4096;
constexpr int64_t kMostWaitMs = 1000;
constexpr int64_t kCloseGraceMs = 250;

int64_t ClockNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

void OnPacket(u_char* worker, const pcap_pkthdr* header, const u_char* bytes) {
  // Nanoseconds: the handle was made with that precision.
  const int64_t t_ns = static_cast<int64_t>(header->ts.tv_sec) * kNsPerSecond + header->ts.tv_usec;
  reinterpret_cast<CaptureWorker*>(worker)->Add(t_ns, {bytes, header->caplen, header->len});
}

}  // namespace

absl::StatusOr<std::unique_ptr<LiveSource>> LiveSource::Open(LiveOptions options) {
  // Names what is there if the interface is not.
  const absl::StatusOr<HostAddresses> addresses = ReadAddresses(options.interface);
  if (!addresses.ok()) return addresses.status();
  std::unique_ptr<LiveSource> source(new LiveSource(std::move(options)));
  const absl::Status status = source->Activate();
  if (!status.ok()) return status;
  return source;
}

absl::StatusOr<pcap_t*> LiveSource::Create() const {
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* const pcap = pcap_create(options_.interface.c_str(), error);
  if (pcap == nullptr) {
    return absl::UnavailableError(absl::StrCat(options_.interface, ": ", error));
  }
  pcap_set_snaplen(pcap, options_.snap_length_bytes);
  pcap_set_buffer_size(pcap, options_.ring_bytes);
  pcap_set_timeout(pcap, options_.block_timeout_ms);
  pcap_set_promisc(pcap, 0);
  pcap_set_immediate_mode(pcap, 0);
  pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
  return pcap;
}

absl::Status LiveSource::Activate() {
  const absl::StatusOr<pcap_t*> created = Create();
  if (!created.ok()) return created.status();
  pcap_ = *created;
  const std::string& name = options_.interface;
  const int result = pcap_activate(pcap_);
  if (result == PCAP_ERROR_PERM_DENIED || result == PCAP_ERROR_PROMISC_PERM_DENIED) {
    return absl::PermissionDeniedError(absl::StrCat(
        "no permission to capture on ", name,
        ": CAP_NET_RAW is needed; run as root (it is dropped at once), or give the service "
        "AmbientCapabilities=CAP_NET_RAW, or setcap cap_net_raw+ep on the executable"));
  }
  if (result == PCAP_ERROR_IFACE_NOT_UP) {
    if (absl::Status status = ActivateWhileDown(); !status.ok()) return status;
  } else if (result < 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot capture on ", name, ": ", pcap_statustostr(result), " (", pcap_geterr(pcap_), ")"));
  }
  const std::optional<LinkType> link = LinkTypeFromDlt(pcap_datalink(pcap_));
  if (!link.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": unknown link type ", link_name(),
                                                   "; known are ", SupportedLinkTypes()));
  }
  link_ = *link;
  char error[PCAP_ERRBUF_SIZE] = "";
  if (pcap_setnonblock(pcap_, 1, error) != 0) return absl::UnavailableError(error);
  return interface_watch_.Open(RTMGRP_LINK);
}

// libpcap refuses an interface that is down, though the kernel does not: a packet socket bound to
// one is fed as soon as it comes up (packet(7)). Only binding it for all protocols reports
// "network is down", and libpcap takes that for failure. So libpcap binds for protocol 0, which
// receives nothing and reports nothing, and the last step is ours. 0 itself means "all" to it; of
// 1 << 16 it uses the lower 16 bits, which getsockname then confirms.
absl::Status LiveSource::ActivateWhileDown() {
  const absl::StatusOr<pcap_t*> created = Create();
  if (!created.ok()) return created.status();
  pcap_close(pcap_);
  pcap_ = *created;
  pcap_set_protocol_linux(pcap_, 1 << 16);
  sockaddr_ll bound{};
  socklen_t length = sizeof bound;
  const bool quiet =
      pcap_activate(pcap_) >= 0 &&
      getsockname(pcap_fileno(pcap_), reinterpret_cast<sockaddr*>(&bound), &length) == 0 &&
      bound.sll_protocol == 0;
  if (!quiet) {
    return absl::UnavailableError(absl::StrCat(
        options_.interface, " is down, and ", pcap_lib_version(),
        " cannot wait for it: ip link set ", options_.interface, " up, then start again"));
  }
  bound.sll_protocol = htons(ETH_P_ALL);
  if (bind(pcap_fileno(pcap_), reinterpret_cast<const sockaddr*>(&bound), sizeof bound) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot capture on ", options_.interface, ": ", strerror(errno)));
  }
  int down = 0;  // taken, so that nobody meets it later
  socklen_t size = sizeof down;
  getsockopt(pcap_fileno(pcap_), SOL_SOCKET, SO_ERROR, &down, &size);
  return absl::OkStatus();
}

LiveSource::~LiveSource() {
  if (pcap_ != nullptr) pcap_close(pcap_);
}

std::string LiveSource::link_name() const {
  const int dlt = pcap_datalink(pcap_);
  const char* name = pcap_datalink_val_to_name(dlt);
  return name == nullptr ? absl::StrCat(dlt) : name;
}

bool LiveSource::IsGone() const {
  return ReadInterfaceState(pcap_fileno(pcap_)) == InterfaceState::kGone;
}

DropCounters LiveSource::TakeDrops() {
  DropCounters drops;
  pcap_stat stat;
  if (pcap_stats(pcap_, &stat) == 0) {
    // 32 bits that wrap.
    const auto now = static_cast<uint32_t>(stat.ps_drop);
    drops.kernel_dropped = now - static_cast<uint32_t>(kernel_dropped_before_);
    kernel_dropped_before_ = now;
  }
  drops.interface_dropped = statistics_.TakeDropped();
  return drops;
}

void LiveSource::Stop() {
  stopping_.store(true, std::memory_order_relaxed);
  stop_.Wake();
}

void LiveSource::WaitForPackets(const CaptureWorker& worker) {
  const int64_t to_end_ms =
      (worker.clock().open_end_ns() - ClockNs(CLOCK_REALTIME)) / kNsPerMs + kCloseGraceMs + 1;
  const auto wait_ms = static_cast<int>(std::clamp<int64_t>(to_end_ms, 1, kMostWaitMs));
  pollfd fds[] = {{.fd = pcap_get_selectable_fd(pcap_), .events = POLLIN, .revents = 0},
                  {.fd = stop_.fd(), .events = POLLIN, .revents = 0},
                  {.fd = interface_watch_.fd(), .events = POLLIN, .revents = 0}};
  poll(fds, 3, wait_ms);  // woken early by a signal is as good
  if (fds[2].revents != 0) look_ = interface_watch_.TakePending();
}

// True: the ring is empty now.
absl::StatusOr<bool> LiveSource::DispatchAll(CaptureWorker& worker) {
  const int got =
      pcap_dispatch(pcap_, kPacketsPerDispatch, &OnPacket, reinterpret_cast<u_char*>(&worker));
  if (got >= 0) return got == 0;
  // That the interface is gone is no error of the ring: what it still holds is read.
  look_ = IsGone();
  if (look_) return true;
  return absl::AbortedError(
      absl::StrCat("capture on ", options_.interface, " ended: ", pcap_geterr(pcap_)));
}

// Right after a tick, which counted the time until now under the state before.
void LiveSource::LookAtInterface(CaptureWorker& worker) {
  const InterfaceState now = ReadInterfaceState(pcap_fileno(pcap_));
  if (state_.exchange(now, std::memory_order_relaxed) == now) return;
  worker.SetReceiving(now == InterfaceState::kUp);
  if (now == InterfaceState::kUp) {
    Log(LogLevel::kInfo, "interface", {{"name", options_.interface}, {"state", "up"}});
  } else {
    Log(LogLevel::kWarn, "interface",
        {{"name", options_.interface},
         {"state", std::string(InterfaceStateName(now))},
         {"advice", InterfaceAdvice(now, options_.interface)}});
  }
  state_changed_();
}

absl::Status LiveSource::Capture(CaptureWorker& worker) {
  while (!stopping_.load(std::memory_order_relaxed)) {
    const absl::StatusOr<bool> empty = DispatchAll(worker);
    if (!empty.ok()) return empty.status();
    worker.Tick(ClockNs(CLOCK_REALTIME), ClockNs(CLOCK_MONOTONIC), *empty);
    heartbeat_.fetch_add(1, std::memory_order_relaxed);
    if (std::exchange(look_, false)) LookAtInterface(worker);
    if (state() == InterfaceState::kGone) break;
    if (*empty) WaitForPackets(worker);
  }
  return absl::OkStatus();
}

absl::Status LiveSource::Run(CaptureWorker& worker, std::function<void()> state_changed) {
  state_changed_ = std::move(state_changed);
  worker.BeginLive(ClockNs(CLOCK_REALTIME), ClockNs(CLOCK_MONOTONIC));
  absl::Status status = Capture(worker);
  if (status.ok()) status = Drain(worker);
  worker.Finish();
  if (status.ok() && state() == InterfaceState::kGone) {
    status = absl::AbortedError(
        absl::StrCat(options_.interface, " is gone; all it captured is counted; ",
                     InterfaceAdvice(InterfaceState::kGone, options_.interface)));
  }
  return status;
}

// TPACKET_V3 keeps the block that has not retired: refuse what comes from now on, wait until it
// retires, read it all. Not by pcap_setfilter: it would apply the new filter to what is already in
// the ring, and so throw away the very packets that are drained here.
absl::Status LiveSource::Drain(CaptureWorker& worker) {
  sock_filter reject_all = {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
  const sock_fprog program = {.len = 1, .filter = &reject_all};
  if (setsockopt(pcap_fileno(pcap_), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot stop capture on ", options_.interface, ": ", strerror(errno)));
  }
  const int64_t until_ns =
      ClockNs(CLOCK_MONOTONIC) + 2 * int64_t{options_.block_timeout_ms} * kNsPerMs;
  for (;;) {
    const absl::StatusOr<bool> empty = DispatchAll(worker);
    if (!empty.ok()) return empty.status();
    const int64_t now_ns = ClockNs(CLOCK_MONOTONIC);
    worker.Tick(ClockNs(CLOCK_REALTIME), now_ns, false);
    if (*empty && now_ns >= until_ns) return absl::OkStatus();
    if (*empty) poll(nullptr, 0, 10);
  }
}

}  // namespace teiten
