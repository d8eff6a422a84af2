// SPDX-License-Identifier: Apache-2.0
// SpoolCore on a Disk: does what the core decides, in order, and reports back. Every call returns
// when its disk work is done, so a summary is durable when Append says so. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sensor/uplink/disk.h"
#include "sensor/uplink/spool_core.h"

namespace teiten {

class SpoolStore {
 public:
  // Reads the whole folder. The disk must outlive the spool.
  // Errors: FailedPrecondition if the folder belongs to another sensor; Unavailable if it cannot
  // be read (nothing is begun anew because of that).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SpoolStore>> Open(
      Disk& disk, SpoolOptions options, std::function<uint64_t()> random, SpoolTime now);

  // The sequence under which it is durable. ResourceExhausted: it could not be kept; the loss is
  // on record and will be declared.
  [[nodiscard]] absl::StatusOr<uint64_t> Append(SpoolTime now, SpoolAppend append);
  // The envelope as it was sealed. A damaged file is set aside: DataLoss. Unavailable: it cannot be
  // read now.
  [[nodiscard]] absl::StatusOr<v1::Envelope> Read(SpoolTime now, uint64_t sequence);
  // Anything but Load, Append and Written.
  void Apply(SpoolTime now, SpoolInput input);

  // Gaps that arose since the last call, to be declared.
  [[nodiscard]] std::vector<v1::Gap> TakeNewGaps() { return std::exchange(new_gaps_, {}); }
  [[nodiscard]] const SpoolCore& core() const { return core_; }
  // Of the last disk operation that failed; empty if none did.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

 private:
  SpoolStore(Disk& disk, SpoolOptions options, std::function<uint64_t()> random)
      : disk_(disk), core_(std::move(options), std::move(random)) {}
  [[nodiscard]] absl::StatusOr<SpoolLoad> Scan();
  [[nodiscard]] absl::Status ScanFiles(SpoolLoad& load);
  void Run(SpoolTime now, SpoolInput input);
  [[nodiscard]] WriteOutcome WriteDurably(const std::string& name, const std::string& bytes);
  void Note(const absl::Status& status);

  Disk& disk_;
  SpoolCore core_;
  std::vector<v1::Gap> new_gaps_;
  uint64_t spooled_ = 0;  // sequence of the last kSpooled of a Run, 0 for none
  std::string last_error_;
};

}  // namespace teiten
