// SPDX-License-Identifier: Apache-2.0
// What keeps a store from writing, and what to do about it: said once in the log when it begins
// and once when it is over, and in between to whoever asks. A store that fails is not stopped: it
// is tried again by whoever has something to write, and goes on by itself.
//
// A trouble is over once what failed has worked again and nothing of its kind has failed for
// kCalmMs, so that a disk with room for small things and not for large ones is one trouble, not a
// hundred.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "absl/status/status.h"

namespace teiten {

// "0 B of 12.0 MiB", and whether files can be made, of the disk of `folder`.
[[nodiscard]] std::string FreeSpace(const std::string& folder);
// The error with the free space of its disk and what an operator can do; OK stays OK.
[[nodiscard]] absl::Status WithAdvice(const absl::Status& status, const std::string& folder);

class StoreHealth {
 public:
  enum class Task { kFacts, kRecord, kRollups, kRetention };
  static constexpr int64_t kCalmMs = 10'000;

  // `mono_ms`: milliseconds that never go back.
  StoreHealth(std::string folder, std::function<int64_t()> mono_ms);

  // What a write came to. That it cannot be (InvalidArgument) or need not be (Aborted) says nothing
  // of the disk. Writer's thread.
  void Note(Task task, const absl::Status& status);
  // What fails, why, and what to do, for a reader; empty if all is well. Any thread.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Failing {
    int64_t since_ms = 0;  // the first failure, or what worked last
    int64_t last_ms = 0;
    bool worked = false;  // since then
    absl::Status why;
  };
  [[nodiscard]] static bool Over(const Failing& failing, int64_t now_ms);
  void EndWhatIsOver(int64_t now_ms);
  void Fail(Task task, const absl::Status& why, int64_t now_ms);

  const std::string folder_;
  const std::function<int64_t()> mono_ms_;

  mutable std::mutex mutex_;  // protects what follows
  std::map<Task, Failing> failing_;
  std::set<absl::StatusCode> said_;  // in the log, since the trouble began
  int64_t began_ms_ = 0;
};

}  // namespace teiten
