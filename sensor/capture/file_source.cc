// SPDX-License-Identifier: Apache-2.0
#include "sensor/capture/file_source.h"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace teiten {
namespace {

constexpr std::size_t kFileBufferBytes = 256 * 1024;
constexpr int kPacketsPerDispatch = 4096;
constexpr std::size_t kMagicBytes = 8;

absl::Status OpenError(const std::string& path, int error) {
  const std::string text = absl::StrCat("cannot read ", path, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat(text, "; check the path"));
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(
        absl::StrCat(text, "; run as a user who may read it, or change its mode"));
  }
  return absl::UnavailableError(absl::StrCat(text, "; check the path"));
}

int64_t TimeNs(const pcap_pkthdr* header) {
  return static_cast<int64_t>(header->ts.tv_sec) * kNsPerSecond + header->ts.tv_usec;
}

absl::StatusOr<std::FILE*> OpenFile(const std::string& path) {
  if (path == "-") return stdin;
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) return OpenError(path, errno);
  struct stat about;
  if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
    std::fclose(file);
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is a folder; give one capture file (pcap or pcapng)"));
  }
  return file;
}

// What libpcap does not unpack, by the first bytes of the format.
struct Packer {
  std::string_view magic;
  const char* name;
  const char* unpack;
};
constexpr std::array<Packer, 5> kPackers{{{"\x1f\x8b", "gzip", "zcat"},
                                          {"\x28\xb5\x2f\xfd", "zstd", "zstdcat"},
                                          {"\xfd"
                                           "7zXZ",
                                           "xz", "xzcat"},
                                          {"BZh", "bzip2", "bzcat"},
                                          {"\x04\x22\x4d\x18", "lz4", "lz4cat"}}};

absl::Status NotACapture(const std::string& path, std::string_view begin, const char* error) {
  for (const Packer& packer : kPackers) {
    if (!begin.starts_with(packer.magic)) continue;
    return absl::DataLossError(absl::StrCat(
        path, ": compressed with ", packer.name, "; unpack it on the way: ", packer.unpack, " < ",
        path == "-" ? "FILE" : path, " | teiten-sensor --read -"));
  }
  return absl::DataLossError(
      absl::StrCat(path, ": not a capture file (", error, "); give one in pcap or pcapng format"));
}

// libpcap reads a pcapng file only as far as its interfaces are alike, and has one error code for
// that and for damage. Empty: it is damage.
std::string HowToSplit(std::string_view error, const std::string& path) {
  constexpr std::string_view kDifferent = " different from the ";
  const std::string file = path == "-" ? "FILE" : path;
  if (error.find(kDifferent) == std::string_view::npos) return "";
  if (error.find("snapshot length") != std::string_view::npos) {
    return absl::StrCat("rewrite it for libpcap: editcap -F pcap ", file, " OUT.pcap");
  }
  return absl::StrCat(
      "for each interface N and encapsulation TYPE that capinfos ", file, " shows: tshark -r ",
      file, " -Y \"frame.interface_id == N\" -w - | editcap -F pcap -T TYPE - OUT-N.pcap");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileSource>> FileSource::Open(const std::string& path) {
  absl::StatusOr<std::FILE*> file = OpenFile(path);
  if (!file.ok()) return file.status();
  std::unique_ptr<FileSource> source(new FileSource);
  source->path_ = path;
  source->buffer_.resize(kFileBufferBytes);
  std::setvbuf(*file, source->buffer_.data(), _IOFBF, source->buffer_.size());
  __fsetlocking(*file, FSETLOCKING_BYCALLER);  // one thread reads it
  char error[PCAP_ERRBUF_SIZE] = "";
  source->pcap_ =
      pcap_fopen_offline_with_tstamp_precision(*file, PCAP_TSTAMP_PRECISION_NANO, error);
  if (source->pcap_ == nullptr) {
    std::fclose(*file);
    // The first bytes that stdio read are in our buffer; of a pipe there is no other way to them.
    return NotACapture(path, {source->buffer_.data(), kMagicBytes}, error);
  }
  const int dlt = pcap_datalink(source->pcap_);
  const std::optional<LinkType> link = LinkTypeFromDlt(dlt);
  if (!link.has_value()) {
    const char* name = pcap_datalink_val_to_name(dlt);
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": unknown link type ", dlt, name == nullptr ? "" : " (", name == nullptr ? "" : name,
        name == nullptr ? "" : ")", "; known are ", SupportedLinkTypes()));
  }
  source->link_ = *link;
  return source;
}

FileSource::~FileSource() {
  if (pcap_ != nullptr) pcap_close(pcap_);
}

std::string FileSource::link_name() const {
  const char* name = pcap_datalink_val_to_name(pcap_datalink(pcap_));
  return name == nullptr ? absl::StrCat(pcap_datalink(pcap_)) : name;
}

uint32_t FileSource::snap_length() const {
  return static_cast<uint32_t>(std::max(pcap_snapshot(pcap_), 0));
}

std::optional<int64_t> FileSource::FirstTimeNs() {
  pcap_pkthdr* header;
  const u_char* bytes;
  if (pcap_next_ex(pcap_, &header, &bytes) != 1) return std::nullopt;
  const uint32_t wire = std::max(header->len, header->caplen);
  held_.push_back({TimeNs(header), wire, std::vector<uint8_t>(bytes, bytes + header->caplen)});
  ++packets_;
  return held_.front().t_ns;
}

absl::Status FileSource::ReadError() const {
  const char* error = pcap_geterr(pcap_);
  const std::string split = HowToSplit(error, path_);
  if (split.empty()) {
    return absl::DataLossError(absl::StrCat(path_, ": damaged after packet ", packets_, " (", error,
                                            "); the packets before it are counted"));
  }
  return absl::DataLossError(
      absl::StrCat(path_, ": not damaged, but libpcap cannot read it after packet ", packets_, " (",
                   error, "); the packets before it are counted; ", split));
}

void FileSource::Interrupt() { pcap_breakloop(pcap_); }

void FileSource::OnPacket(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
  auto* source = reinterpret_cast<FileSource*>(self);
  // Some writers leave the wire length smaller than what they kept.
  source->Take(TimeNs(header) + source->shift_ns_,
               {bytes, header->caplen, std::max(header->len, header->caplen)});
}

void FileSource::Take(int64_t t_ns, const Frame& frame) {
  ++packets_;
  if (pace_) [[unlikely]]
    pace_(t_ns);
  if (held_.empty() && !worker_->clock().IsFarAhead(t_ns)) [[likely]] {
    return worker_->Add(t_ns, frame);
  }
  Hold(t_ns, frame);
  ReleaseHeld(false);
}

void FileSource::Hold(int64_t t_ns, const Frame& frame) {
  held_.push_back(
      {t_ns, frame.wire, std::vector<uint8_t>(frame.data, frame.data + frame.captured)});
}

// Delivers from the front as far as times can be judged: a packet far ahead needs the 16 behind
// it, at the end of the file those that are left.
void FileSource::ReleaseHeld(bool at_end) {
  while (!held_.empty()) {
    const bool far_ahead = worker_->clock().IsFarAhead(held_.front().t_ns);
    if (far_ahead && !at_end && held_.size() <= definitions::kJumpPackets) return;
    bool believed = true;
    if (far_ahead) {
      std::vector<int64_t> next;
      for (std::size_t i = 1; i < held_.size() && i <= definitions::kJumpPackets; ++i) {
        next.push_back(held_[i].t_ns);
      }
      believed = WindowClock::BelieveByNext(held_.front().t_ns, next);
    }
    Deliver(held_.front(), believed);
    held_.pop_front();
  }
}

void FileSource::Deliver(const Held& held, bool believed) {
  const Frame frame{held.bytes.data(), static_cast<uint32_t>(held.bytes.size()), held.wire};
  if (believed) {
    worker_->Add(held.t_ns, frame);
  } else {
    worker_->AddBadTime(frame);
  }
}

absl::Status FileSource::ReadAll(CaptureWorker& worker, int64_t shift_ns,
                                 const std::function<bool()>& keep_on) {
  worker_ = &worker;
  shift_ns_ = shift_ns;
  for (Held& held : held_) held.t_ns += shift_ns;  // the one FirstTimeNs looked at
  ReleaseHeld(false);
  absl::Status status;
  while (keep_on()) {
    const int got = pcap_dispatch(pcap_, kPacketsPerDispatch, &FileSource::OnPacket,
                                  reinterpret_cast<u_char*>(this));
    if (got > 0) continue;
    if (got == PCAP_ERROR || got == 0) {
      status = got == 0 ? absl::OkStatus() : ReadError();
      break;
    }
    // PCAP_ERROR_BREAK: Interrupt() came before the first packet of this round.
  }
  ReleaseHeld(true);
  worker_ = nullptr;
  return status;
}

}  // namespace teiten
