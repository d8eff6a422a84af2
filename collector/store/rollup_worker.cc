// SPDX-License-Identifier: Apache-2.0
#include "collector/store/rollup_worker.h"

#include <chrono>
#include <future>
#include <utility>

#include "common/log.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

// Taken at once from the list; more follow in the next turn.
constexpr uint32_t kHoursATurn = 256;
constexpr uint32_t kDaysATurn = 16;
// Of the time a job took, to wait before the same job again.
constexpr int kRest = 9;

// Tells the waiting worker that its work was done, or thrown away undone.
struct Signal {
  ~Signal() { Fire(); }
  void Fire() {
    if (!std::exchange(fired, true)) done.set_value();
  }
  std::promise<void> done;
  bool fired = false;
};

}  // namespace

RollupWorker::RollupWorker(std::unique_ptr<StoreReader> reader, Zone zone, PostToWriter post,
                           RegionOf region_of, RollupWorkerOptions options)
    : reader_(std::move(reader)),
      zone_(zone),
      post_(std::move(post)),
      region_of_(std::move(region_of)),
      options_(options) {}

RollupWorker::~RollupWorker() { Stop(); }

void RollupWorker::Start() { thread_ = std::thread(&RollupWorker::Run, this); }

void RollupWorker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RollupWorker::Wake() {
  {
    const std::lock_guard lock(mutex_);
    wake_ = true;
  }
  changed_.notify_all();
}

RollupWorkerCounters RollupWorker::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

bool RollupWorker::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void RollupWorker::Run() {
  while (!stopping()) {
    // Each on its own: on a full disk expiry makes the room that rollups do not find.
    for (const absl::Status& s : {DoHours(false), DoDays(false), DoRetention()}) {
      if (!s.ok() && !stopping()) Fail(s);
    }
    Sleep();
  }
}

void RollupWorker::Sleep() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(options_.poll_ms),
                    [this] { return stop_ || wake_; });
  wake_ = false;
}

absl::Status RollupWorker::RunOnce() {
  if (absl::Status s = DoHours(true); !s.ok()) return s;
  return DoDays(true);
}

void RollupWorker::Fail(const absl::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    ++counters_.failures;
  }
  Log(LogLevel::kWarn, "rollup_failed", {{"why", std::string(status.message())}});
}

template <typename T>
absl::StatusOr<T> RollupWorker::OnWriter(std::function<absl::StatusOr<T>(StoreWriter&)> work) {
  auto answer = std::make_shared<absl::StatusOr<T>>(
      absl::UnavailableError("the writer stopped without doing it"));
  auto signal = std::make_shared<Signal>();
  std::future<void> done = signal->done.get_future();
  const bool posted =
      post_([answer, signal = std::move(signal), work = std::move(work)](StoreWriter& writer) {
        *answer = work(writer);
        signal->Fire();
      });
  if (!posted) return absl::UnavailableError("the writer takes no work");
  done.wait();
  return std::move(*answer);
}

bool RollupWorker::Due(int64_t start) const {
  const auto it = not_before_.find(start);
  return it == not_before_.end() || Clock::now() >= it->second;
}

void RollupWorker::Pause(int64_t start, Clock::time_point begin) {
  const Clock::time_point now = Clock::now();
  std::erase_if(not_before_, [&](const auto& entry) { return entry.second <= now; });
  not_before_[start] =
      now + std::max<Clock::duration>(kRest * (now - begin),
                                      std::chrono::milliseconds(options_.least_pause_ms));
}

absl::Status RollupWorker::DoHours(bool all) {
  const absl::StatusOr<std::vector<int64_t>> hours = reader_->DirtyHours(kHoursATurn);
  if (!hours.ok()) return hours.status();
  for (const int64_t hour : *hours) {
    if (stopping()) return absl::OkStatus();
    if (!all && !Due(hour)) continue;
    const Clock::time_point begin = Clock::now();
    const absl::Status s = DoHour(hour);
    Pause(hour, begin);  // after a failure too
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::StatusOr<HourBuilder::Result> RollupWorker::BuildHour(int64_t hour_unix_ms,
                                                            const v1::DeploymentKey& key) {
  HourBuilder builder(hour_unix_ms, zone_, key, region_of_, options_.limits);
  uint64_t damaged = 0;
  bool stopped = false;
  const FactSelection selection{.from_unix_ms = hour_unix_ms,
                                .to_unix_ms = hour_unix_ms + kHourMs,
                                .sensors = {},
                                .groups = {},
                                .after = {}};
  const absl::Status s = reader_->ScanFacts(selection, [&](const StoredFact& fact) {
    if (absl::Status added = builder.Add(fact); !added.ok()) {
      ++damaged;
      Log(LogLevel::kError, "fact_damaged",
          {{"sensor", fact.key.sensor},
           {"sequence", fmt::format("{}", fact.key.sequence)},
           {"why", std::string(added.message())}});
    }
    stopped = stopping();
    return !stopped;
  });
  if (!s.ok()) return s;
  if (stopped) return absl::CancelledError("stopping");
  HourBuilder::Result result = std::move(builder).Finish();
  const std::lock_guard lock(mutex_);
  counters_.damaged_facts += damaged;
  counters_.ports_merged += result.counters.ports_merged;
  counters_.sources_refused += result.hour.sources_refused;
  return result;
}

absl::Status RollupWorker::DoHour(int64_t hour_unix_ms) {
  const Clock::time_point begin = Clock::now();
  struct Before {
    uint64_t generation;
    v1::DeploymentKey key;
  };
  // The generation first, then the facts: what comes in between leaves the hour dirty.
  const absl::StatusOr<Before> before =
      OnWriter<Before>([hour_unix_ms](StoreWriter& writer) -> absl::StatusOr<Before> {
        const absl::StatusOr<uint64_t> generation = writer.HourGeneration(hour_unix_ms);
        if (!generation.ok()) return generation.status();
        const absl::StatusOr<v1::DeploymentKey> key = writer.DeploymentKey();
        if (!key.ok()) return key.status();
        return Before{*generation, *key};
      });
  if (!before.ok()) return before.status();
  if (before->generation == 0) return absl::OkStatus();
  absl::StatusOr<HourBuilder::Result> built = BuildHour(hour_unix_ms, before->key);
  if (!built.ok()) return built.status();

  // Shared, because std::function copies what it holds.
  auto result = std::make_shared<const HourBuilder::Result>(*std::move(built));
  const uint64_t generation = before->generation;
  const absl::StatusOr<bool> clean = OnWriter<bool>([result, generation](StoreWriter& writer) {
    return writer.ReplaceHour(result->hour, generation, result->sources);
  });
  if (!clean.ok()) return clean.status();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count();
  {
    const std::lock_guard lock(mutex_);
    ++counters_.hours;
    counters_.last_hour_ms = took;
  }
  Log(LogLevel::kDebug, "hour_rolled_up",
      {{"hour", FormatUtcMs(hour_unix_ms)},
       {"rows", fmt::format("{}", result->counters.rows)},
       {"clean", *clean ? "true" : "false"},
       {"ms", fmt::format("{}", took)}});
  return absl::OkStatus();
}

absl::Status RollupWorker::DoDays(bool all) {
  const absl::StatusOr<std::vector<int64_t>> days =
      OnWriter<std::vector<int64_t>>([](StoreWriter& w) { return w.StaleDays(kDaysATurn); });
  if (!days.ok()) return days.status();
  const absl::StatusOr<std::vector<int64_t>> dirty = reader_->DirtyHours(kHoursATurn);
  if (!dirty.ok()) return dirty.status();
  for (const int64_t day : *days) {
    if (stopping()) return absl::OkStatus();
    // A day with dirty hours would be stale again at once; readers add its hours up meanwhile.
    bool has_dirty = false;
    for (const int64_t hour : *dirty) has_dirty |= zone_.DayOf(hour) == day;
    if (!all && (has_dirty || !Due(day - 1))) continue;
    const Clock::time_point begin = Clock::now();
    const absl::StatusOr<bool> done = OnWriter<bool>([day](StoreWriter& writer) {
      const absl::Status s = writer.ReplaceDay(day);
      return s.ok() ? absl::StatusOr<bool>(true) : absl::StatusOr<bool>(s);
    });
    Pause(day - 1, begin);
    if (!done.ok()) return done.status();
    const std::lock_guard lock(mutex_);
    ++counters_.days;
  }
  return absl::OkStatus();
}

absl::Status RollupWorker::DoRetention() {
  if (Clock::now() < next_retention_) return absl::OkStatus();
  const int64_t now_unix_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
  const absl::StatusOr<bool> more = OnWriter<bool>(
      [now_unix_ms](StoreWriter& writer) { return writer.ApplyRetention(now_unix_ms); });
  if (!more.ok()) return more.status();
  next_retention_ = Clock::now() + std::chrono::milliseconds(*more ? options_.poll_ms
                                                                   : options_.retention_every_ms);
  return absl::OkStatus();
}

}  // namespace teiten
