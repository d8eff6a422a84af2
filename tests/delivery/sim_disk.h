// SPDX-License-Identifier: Apache-2.0
// A disk as a file system may really treat us: what was not fsynced may vanish or be torn at a
// power loss, names that were not synced may go back, writes run out of space, fsync fails and
// then lies. Deterministic from its seed.
//
// The n-th operation can be the last one of the process: from then on everything fails, and the
// test throws the process away (crashed()) and goes on with Kill or LosePower.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sensor/uplink/disk.h"

namespace teiten {

class SimDisk : public Disk {
 public:
  explicit SimDisk(uint64_t seed) : random_(seed) {}

  // ---- Faults
  void CrashAfter(uint64_t operations) { crash_at_ = operations_ + operations; }
  void FailOnce(uint64_t operations, absl::Status with);  // the n-th from now
  void set_failure_rates(double no_space, double io_error);
  void set_capacity_bytes(uint64_t bytes) { capacity_bytes_ = bytes; }
  void set_lies_about_fsync() { lies_ = true; }  // a mutant: says durable, and is not
  void set_unreadable(bool unreadable) { unreadable_ = unreadable; }  // for the moment
  [[nodiscard]] bool crashed() const { return crashed_; }
  [[nodiscard]] uint64_t operations() const { return operations_; }
  [[nodiscard]] uint64_t faults() const { return faults_; }

  // The process died; the kernel lives, so everything written is still there.
  void Kill();
  // Only what was made durable is surely there.
  void LosePower();

  // ---- Another hand on the folder: rot, deletion, roll-back
  struct Image;
  [[nodiscard]] std::shared_ptr<const Image> Snapshot() const;
  void Restore(const Image& image);
  [[nodiscard]] std::map<std::string, std::string> Files() const;
  void Put(const std::string& name, const std::string& bytes);  // durable at once
  void Delete(const std::string& name);                         // durable at once
  void Rot(const std::string& name, const std::string& bytes);  // in place, on the platter too

  // ---- Disk
  absl::StatusOr<std::vector<File>> List(const std::string& folder) override;
  absl::StatusOr<std::string> Read(const std::string& name, uint64_t limit_bytes) override;
  absl::Status WriteFile(const std::string& name, const std::string& bytes) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& name) override;
  absl::Status SyncFolder() override;

 private:
  struct Inode {
    std::string seen;     // what the running system reads
    std::string durable;  // what is on the platter
    bool ever_durable = false;
  };
  using Names = std::map<std::string, uint64_t>;
  struct Change {  // of names, not yet durable
    std::string removed;
    std::string added;
    uint64_t inode = 0;
  };

  // Counts an operation; not OK if the process dies here or a fault was ordered.
  [[nodiscard]] absl::Status Operate(bool takes_space);
  void ApplyTo(Names& names, const Change& change);
  void Change_(Change change);
  [[nodiscard]] uint64_t UsedBytes() const;
  [[nodiscard]] double Chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  [[nodiscard]] uint64_t Below(uint64_t limit) { return random_() % limit; }

  std::mt19937_64 random_;
  std::map<uint64_t, Inode> inodes_;
  uint64_t next_inode_ = 1;
  Names names_;
  Names durable_names_;
  std::vector<Change> pending_;

  uint64_t operations_ = 0;
  uint64_t crash_at_ = 0;  // 0: never
  uint64_t fail_at_ = 0;
  absl::Status fail_with_;
  double no_space_rate_ = 0;
  double io_error_rate_ = 0;
  uint64_t capacity_bytes_ = UINT64_MAX;
  uint64_t faults_ = 0;
  bool crashed_ = false;
  bool lies_ = false;
  bool unreadable_ = false;
};

struct SimDisk::Image {
  std::map<std::string, std::string> files;
};

}  // namespace teiten
