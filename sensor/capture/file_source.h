// SPDX-License-Identifier: Apache-2.0
// Packets of a capture file, in the order of the file, to a capture worker. Any file libpcap
// opens; a file may step back in time, be cut anywhere, or be empty: what is readable is counted,
// what is not is said.
//
// Opened by ourselves with a 256 KiB buffer and unlocked stdio, then pcap_fopen_offline: 2.6 ×
// cheaper than libpcap's own opening (docs/performance.md).
#pragma once

#include <pcap/pcap.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "sensor/capture/capture_worker.h"

namespace teiten {

class FileSource {
 public:
  // "-" reads standard input. Errors: NotFound, PermissionDenied, DataLoss (not a capture file),
  // InvalidArgument (a link type that is not ours), each naming the file and what would work.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<FileSource>> Open(const std::string& path);
  ~FileSource();
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  [[nodiscard]] LinkType link() const { return link_; }
  [[nodiscard]] std::string link_name() const;
  [[nodiscard]] uint32_t snap_length() const;
  // Time of the first packet; nullopt where there is none. Before ReadAll.
  [[nodiscard]] std::optional<int64_t> FirstTimeNs();

  // Hands all packets to the worker, `shift_ns` added to their times. DataLoss names where the
  // file is damaged; what came before it was counted. A file that is whole, but whose
  // interfaces differ, says how to split it. `keep_on` is asked every 4,096 packets.
  [[nodiscard]] absl::Status ReadAll(CaptureWorker& worker, int64_t shift_ns,
                                     const std::function<bool()>& keep_on);
  // Ends the round of ReadAll that is going on after its packet, so that `keep_on` is asked. From
  // any thread or a signal handler.
  void Interrupt();

  // Called before each packet is handed on, with its shifted time; may wait.
  void set_pace(std::function<void(int64_t)> pace) { pace_ = std::move(pace); }

 private:
  // A packet held back until the next ones tell whether its time can be believed.
  struct Held {
    int64_t t_ns;
    uint32_t wire;
    std::vector<uint8_t> bytes;
  };

  FileSource() = default;
  static void OnPacket(u_char* self, const pcap_pkthdr* header, const u_char* bytes);
  void Take(int64_t t_ns, const Frame& frame);
  void Hold(int64_t t_ns, const Frame& frame);
  void ReleaseHeld(bool at_end);
  void Deliver(const Held& held, bool believed);
  [[nodiscard]] absl::Status ReadError() const;

  pcap_t* pcap_ = nullptr;
  std::string path_;
  LinkType link_ = LinkType::kEthernet;
  uint64_t packets_ = 0;
  CaptureWorker* worker_ = nullptr;  // during ReadAll
  int64_t shift_ns_ = 0;
  std::deque<Held> held_;  // empty unless time jumps
  std::function<void(int64_t)> pace_;
  std::vector<char> buffer_;
};

}  // namespace teiten
