// SPDX-License-Identifier: Apache-2.0
#include "collector/store/store_health.h"

#include <sys/statvfs.h>

#include <string_view>
#include <utility>

#include "common/log.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string_view NameOf(StoreHealth::Task task) {
  switch (task) {
    case StoreHealth::Task::kFacts:
      return "summaries";
    case StoreHealth::Task::kRecord:
      return "contacts, gaps and rejections";
    case StoreHealth::Task::kRollups:
      return "rollups";
    case StoreHealth::Task::kRetention:
      return "expiry";
  }
  return "";
}

std::string Advice(absl::StatusCode code, const std::string& folder) {
  switch (code) {
    case absl::StatusCode::kResourceExhausted:
      return fmt::format("make room on the disk of {}, or keep less (data.facts)", folder);
    case absl::StatusCode::kPermissionDenied:
      return fmt::format("make {} writable again; a disk that turned read-only is failing (dmesg)",
                         folder);
    case absl::StatusCode::kDataLoss:
      return "restore that file from a backup";
    case absl::StatusCode::kUnavailable:
      return fmt::format("see which other program has files in {} open, or raise LimitNOFILE",
                         folder);
    default:
      return fmt::format("look for errors of the disk of {} in the kernel's log (dmesg)", folder);
  }
}

std::string Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace

std::string FreeSpace(const std::string& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return "unknown";
  std::string out = fmt::format("{} of {}", FormatBytes(uint64_t{disk.f_bavail} * disk.f_frsize),
                                FormatBytes(uint64_t{disk.f_blocks} * disk.f_frsize));
  if (disk.f_files > 0 && disk.f_favail == 0) out += ", no inodes";
  return out;
}

absl::Status WithAdvice(const absl::Status& status, const std::string& folder) {
  if (status.ok()) return status;
  const std::string free =
      absl::IsDataLoss(status) ? "" : fmt::format("; free: {}", FreeSpace(folder));
  return absl::Status(status.code(),
                      fmt::format("{}{}; {}", Text(status), free, Advice(status.code(), folder)));
}

StoreHealth::StoreHealth(std::string folder, std::function<int64_t()> mono_ms)
    : folder_(std::move(folder)), mono_ms_(std::move(mono_ms)) {}

void StoreHealth::Note(Task task, const absl::Status& status) {
  if (absl::IsInvalidArgument(status) || absl::IsAborted(status)) return;
  const int64_t now_ms = mono_ms_();
  const std::lock_guard lock(mutex_);
  const auto it = failing_.find(task);
  if (status.ok() && it != failing_.end()) {
    it->second.worked = true;
    it->second.since_ms = now_ms;
  }
  EndWhatIsOver(now_ms);
  if (!status.ok()) Fail(task, status, now_ms);
}

bool StoreHealth::Over(const Failing& failing, int64_t now_ms) {
  return failing.worked && now_ms - failing.last_ms >= kCalmMs;
}

// Of every task: what is seldom done, as a greeting, would else be failing until it is done again.
void StoreHealth::EndWhatIsOver(int64_t now_ms) {
  const auto over = [&](const auto& entry) { return Over(entry.second, now_ms); };
  if (std::erase_if(failing_, over) == 0 || !failing_.empty()) return;
  said_.clear();
  Log(LogLevel::kInfo, "store_works",
      {{"folder", folder_}, {"after", FormatDuration(now_ms - began_ms_)}});
}

void StoreHealth::Fail(Task task, const absl::Status& why, int64_t now_ms) {
  if (failing_.empty()) began_ms_ = now_ms;
  const auto [it, first] = failing_.try_emplace(task);
  Failing& failing = it->second;
  if (first) failing.since_ms = now_ms;
  failing.last_ms = now_ms;
  failing.worked = false;
  failing.why = why;
  if (!said_.insert(why.code()).second) return;
  Log(LogLevel::kError, "store_failing",
      {{"what", std::string(NameOf(task))},
       {"why", Text(why)},
       {"folder", folder_},
       {"free", FreeSpace(folder_)},
       {"do", Advice(why.code(), folder_)},
       {"then", "nothing acknowledged is lost; it is tried again and goes on by itself"}});
}

std::string StoreHealth::trouble() const {
  const int64_t now_ms = mono_ms_();
  const std::lock_guard lock(mutex_);
  for (const auto& [task, failing] : failing_) {  // facts before rollups
    if (Over(failing, now_ms)) continue;
    const bool sent = task == Task::kFacts || task == Task::kRecord;
    return fmt::format("The store has taken no {} for {}: {}; free: {}; {}.{}", NameOf(task),
                       FormatDuration(now_ms - failing.since_ms), Text(failing.why),
                       FreeSpace(folder_), Advice(failing.why.code(), folder_),
                       sent ? " Sensors keep what comes meanwhile." : "");
  }
  return "";
}

}  // namespace teiten
