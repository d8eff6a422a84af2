// SPDX-License-Identifier: Apache-2.0
// Keeps rollups near the facts: one thread that takes dirty hours, reads their facts with a reader
// of its own, adds them up and has the writer thread put the result in.
//
// The running hour is always dirty and is rolled up again and again, so that queries see recent
// data. What that costs is bounded: an hour that took t to do is left alone for 9 t, and for
// `least_pause_ms` at least, so that the worker takes a tenth of a core at most for hours that
// change all the time; hours that are done for the first time go at once, oldest first. Days are
// made anew when their hours are clean, the running one not more often than its cost allows.
//
// Threads: Start and Stop from the owner's; `post` must be callable from the worker's thread. Stop
// waits for work that was posted: the writer must run or destroy it, so it is stopped later.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/store/rollup.h"
#include "collector/store/store.h"

namespace teiten {

// Work for the writer thread. False: its queue is closed or full, nothing will run.
using PostToWriter = std::function<bool(std::function<void(StoreWriter&)>)>;

struct RollupWorkerOptions {
  int64_t poll_ms = 1'000;          // how often the list of dirty hours is looked at
  int64_t least_pause_ms = 15'000;  // between two times of one hour
  int64_t retention_every_ms = 600'000;
  RollupLimits limits = {};
};

struct RollupWorkerCounters {
  uint64_t hours = 0;  // rolled up
  uint64_t days = 0;
  uint64_t failures = 0;       // logged; tried again later
  uint64_t damaged_facts = 0;  // left out of their hour, logged
  uint64_t ports_merged = 0;   // RollupCounters
  uint64_t sources_refused = 0;
  int64_t last_hour_ms = 0;  // what the last hour took
};

class RollupWorker {
 public:
  RollupWorker(std::unique_ptr<StoreReader> reader, Zone zone, PostToWriter post,
               RegionOf region_of, RollupWorkerOptions options = {});
  ~RollupWorker();
  RollupWorker(const RollupWorker&) = delete;
  RollupWorker& operator=(const RollupWorker&) = delete;

  void Start();
  // Ends the hour in work early (it stays dirty) and joins.
  void Stop();
  // There may be new facts: look now. Any thread.
  void Wake();
  // All hours that are dirty now are rolled up before it returns, without regard to pauses.
  // For tools and tests; never together with Start.
  [[nodiscard]] absl::Status RunOnce();

  [[nodiscard]] RollupWorkerCounters counters() const;

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  void Sleep();
  [[nodiscard]] bool stopping() const;
  // Runs `work` on the writer thread and waits for what it returns. Unavailable: not posted.
  template <typename T>
  [[nodiscard]] absl::StatusOr<T> OnWriter(std::function<absl::StatusOr<T>(StoreWriter&)> work);
  [[nodiscard]] absl::Status DoHours(bool all);
  [[nodiscard]] absl::Status DoHour(int64_t hour_unix_ms);
  [[nodiscard]] absl::StatusOr<HourBuilder::Result> BuildHour(int64_t hour_unix_ms,
                                                              const v1::DeploymentKey& key);
  [[nodiscard]] absl::Status DoDays(bool all);
  [[nodiscard]] absl::Status DoRetention();
  [[nodiscard]] bool Due(int64_t start) const;
  void Pause(int64_t start, Clock::time_point begin);
  void Fail(const absl::Status& status);

  // Set once, before Start().
  const std::unique_ptr<StoreReader> reader_;
  const Zone zone_;
  const PostToWriter post_;
  const RegionOf region_of_;
  const RollupWorkerOptions options_;

  // Worker's thread only.
  std::map<int64_t, Clock::time_point> not_before_;  // by start of hour; of a day its start - 1
  Clock::time_point next_retention_;

  mutable std::mutex mutex_;  // protects what follows
  std::condition_variable changed_;
  bool stop_ = false;
  bool wake_ = false;
  RollupWorkerCounters counters_;

  std::thread thread_;
};

}  // namespace teiten
