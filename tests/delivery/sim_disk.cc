// SPDX-License-Identifier: Apache-2.0
#include "tests/delivery/sim_disk.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace teiten {

void SimDisk::FailOnce(uint64_t operations, absl::Status with) {
  fail_at_ = operations_ + operations;
  fail_with_ = std::move(with);
}

void SimDisk::set_failure_rates(double no_space, double io_error) {
  no_space_rate_ = no_space;
  io_error_rate_ = io_error;
}

absl::Status SimDisk::Operate(bool takes_space) {
  if (crashed_) return absl::UnavailableError("the process is dead");
  ++operations_;
  if (operations_ == crash_at_) {
    crashed_ = true;
    return absl::UnavailableError("the process dies here");
  }
  if (operations_ == fail_at_) {
    ++faults_;
    return fail_with_;
  }
  if (takes_space && Chance() < no_space_rate_) {
    ++faults_;
    return absl::ResourceExhaustedError("no space left on device");
  }
  if (Chance() < io_error_rate_) {
    ++faults_;
    return absl::DataLossError("input/output error");
  }
  return absl::OkStatus();
}

void SimDisk::ApplyTo(Names& names, const Change& change) {
  if (!change.removed.empty()) names.erase(change.removed);
  if (!change.added.empty()) names[change.added] = change.inode;
}

void SimDisk::Change_(Change change) {
  ApplyTo(names_, change);
  pending_.push_back(std::move(change));
}

uint64_t SimDisk::UsedBytes() const {
  uint64_t sum = 0;
  for (const auto& [name, inode] : names_) sum += inodes_.at(inode).seen.size();
  return sum;
}

void SimDisk::Kill() {
  crashed_ = false;
  crash_at_ = fail_at_ = 0;
}

void SimDisk::LosePower() {
  Kill();
  // A journal keeps order: some beginning of the unsynced changes made it.
  const uint64_t kept = Below(pending_.size() + 1);
  for (uint64_t i = 0; i < kept; ++i) ApplyTo(durable_names_, pending_[i]);
  pending_.clear();
  names_ = durable_names_;
  for (auto& [number, inode] : inodes_) {
    if (inode.seen == inode.durable && inode.ever_durable) continue;
    if (inode.ever_durable && Chance() < 0.5) {
      inode.seen = inode.durable;
    } else {
      inode.seen.resize(Below(inode.seen.size() + 1));  // torn
      if (Chance() < 0.3) inode.seen.append(Below(64), '\0');
    }
    inode.durable = inode.seen;
    inode.ever_durable = true;
  }
}

std::shared_ptr<const SimDisk::Image> SimDisk::Snapshot() const {
  return std::make_shared<Image>(Image{Files()});
}

void SimDisk::Restore(const Image& image) {
  Kill();
  inodes_.clear();
  names_.clear();
  durable_names_.clear();
  pending_.clear();
  for (const auto& [name, bytes] : image.files) Put(name, bytes);
}

std::map<std::string, std::string> SimDisk::Files() const {
  std::map<std::string, std::string> out;
  for (const auto& [name, inode] : names_) out[name] = inodes_.at(inode).seen;
  return out;
}

void SimDisk::Put(const std::string& name, const std::string& bytes) {
  const uint64_t inode = next_inode_++;
  inodes_[inode] = {bytes, bytes, true};
  names_[name] = durable_names_[name] = inode;
}

void SimDisk::Delete(const std::string& name) {
  names_.erase(name);
  durable_names_.erase(name);
}

void SimDisk::Rot(const std::string& name, const std::string& bytes) {
  Inode& inode = inodes_.at(names_.at(name));
  inode.seen = bytes;
  if (inode.ever_durable) inode.durable = bytes;
}

absl::StatusOr<std::vector<Disk::File>> SimDisk::List(const std::string& folder) {
  if (crashed_) return absl::UnavailableError("the process is dead");
  const std::string prefix = folder.empty() ? "" : folder + "/";
  std::vector<File> out;
  for (const auto& [name, inode] : names_) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const std::string rest = name.substr(prefix.size());
    if (rest.find('/') != std::string::npos) continue;
    out.push_back({rest, inodes_.at(inode).seen.size()});
  }
  return out;
}

absl::StatusOr<std::string> SimDisk::Read(const std::string& name, uint64_t limit_bytes) {
  if (crashed_) return absl::UnavailableError("the process is dead");
  if (unreadable_) return absl::UnavailableError("too many open files");
  const auto it = names_.find(name);
  if (it == names_.end()) return absl::NotFoundError(name);
  if (Chance() < io_error_rate_) {
    ++faults_;
    return absl::DataLossError("input/output error");
  }
  const std::string& bytes = inodes_.at(it->second).seen;
  if (bytes.size() > limit_bytes) return absl::OutOfRangeError(name);
  return bytes;
}

absl::Status SimDisk::WriteFile(const std::string& name, const std::string& bytes) {
  // Create or truncate, write, fsync: each can be the last thing that happens.
  if (absl::Status created = Operate(true); !created.ok()) return created;
  if (!names_.contains(name)) {
    inodes_[next_inode_] = {};
    Change_({"", name, next_inode_++});
  }
  Inode& inode = inodes_.at(names_.at(name));
  inode.seen.clear();
  absl::Status written = Operate(true);
  if (written.ok() && UsedBytes() + bytes.size() > capacity_bytes_) {
    ++faults_;
    written = absl::ResourceExhaustedError("no space left on device");
  }
  inode.seen = written.ok() ? bytes : bytes.substr(0, Below(bytes.size() + 1));
  if (!written.ok()) return written;
  if (absl::Status synced = Operate(false); !synced.ok()) return synced;
  if (lies_) return absl::OkStatus();
  inode.durable = inode.seen;
  inode.ever_durable = true;
  return absl::OkStatus();
}

absl::Status SimDisk::Rename(const std::string& from, const std::string& to) {
  if (absl::Status status = Operate(false); !status.ok()) return status;
  const auto it = names_.find(from);
  if (it == names_.end()) return absl::NotFoundError(from);
  Change_({from, to, it->second});
  return absl::OkStatus();
}

absl::Status SimDisk::Remove(const std::string& name) {
  if (absl::Status status = Operate(false); !status.ok()) return status;
  if (!names_.contains(name)) return absl::NotFoundError(name);
  Change_({name, "", 0});
  return absl::OkStatus();
}

absl::Status SimDisk::SyncFolder() {
  if (absl::Status status = Operate(false); !status.ok()) return status;
  if (lies_) return absl::OkStatus();
  for (const Change& change : pending_) ApplyTo(durable_names_, change);
  pending_.clear();
  return absl::OkStatus();
}

}  // namespace teiten
