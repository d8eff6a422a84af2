// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/spool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fmt/format.h"

namespace teiten {
namespace {

// Identity and gap records are small; more is not ours.
constexpr uint64_t kMaxRecordBytes = 1 << 20;

absl::StatusOr<std::optional<std::string>> ReadIfThere(Disk& disk, std::string_view name) {
  absl::StatusOr<std::string> bytes = disk.Read(std::string(name), kMaxRecordBytes);
  if (bytes.ok()) return std::optional<std::string>(*std::move(bytes));
  if (absl::IsNotFound(bytes.status())) return std::optional<std::string>();
  // Too large to be ours: damaged, as any other content.
  if (absl::IsOutOfRange(bytes.status())) return std::optional<std::string>("");
  return bytes.status();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SpoolStore>> SpoolStore::Open(Disk& disk, SpoolOptions options,
                                                             std::function<uint64_t()> random,
                                                             SpoolTime now) {
  std::unique_ptr<SpoolStore> spool(new SpoolStore(disk, std::move(options), std::move(random)));
  absl::StatusOr<SpoolLoad> load = spool->Scan();
  if (!load.ok()) return load.status();
  spool->Run(now, *std::move(load));
  if (!spool->core_.usable().ok()) return spool->core_.usable();
  // What is lost so far is worked out from the collector's answer when it greets us.
  spool->new_gaps_.clear();
  return spool;
}

absl::StatusOr<SpoolLoad> SpoolStore::Scan() {
  SpoolLoad load;
  absl::StatusOr<std::optional<std::string>> identity = ReadIfThere(disk_, kIdentityName);
  if (!identity.ok()) return identity.status();
  load.identity = *std::move(identity);
  absl::StatusOr<std::optional<std::string>> gaps = ReadIfThere(disk_, kGapsName);
  if (!gaps.ok()) return gaps.status();
  load.gaps = *std::move(gaps);
  if (absl::Status scanned = ScanFiles(load); !scanned.ok()) return scanned;
  for (const std::string_view folder : {kQuarantineFolder, kDeadFolder}) {
    absl::StatusOr<std::vector<Disk::File>> files = disk_.List(std::string(folder));
    if (!files.ok()) return files.status();
    auto& list = folder == kDeadFolder ? load.dead : load.quarantine;
    for (const Disk::File& file : *files) {
      list.emplace_back(fmt::format("{}/{}", folder, file.name), file.size_bytes);
    }
  }
  return load;
}

absl::Status SpoolStore::ScanFiles(SpoolLoad& load) {
  absl::StatusOr<std::vector<Disk::File>> files = disk_.List("");
  if (!files.ok()) return files.status();
  for (const Disk::File& file : *files) {
    if (std::string_view(file.name).ends_with(kTemporarySuffix))
      load.temporaries.push_back(file.name);
    if (!ParseSpoolFileName(file.name)) continue;
    SpoolLoad::File found{file.name, file.size_bytes, std::nullopt};
    absl::StatusOr<std::string> bytes = disk_.Read(file.name, kMaxSpoolFileBytes);
    if (absl::IsUnavailable(bytes.status())) return bytes.status();
    if (bytes.ok()) {
      if (absl::StatusOr<SpoolFile> parsed = ParseSpoolFile(*bytes); parsed.ok()) {
        found.header = parsed->header;
      }
    }
    load.files.push_back(std::move(found));
  }
  return absl::OkStatus();
}

void SpoolStore::Run(SpoolTime now, SpoolInput input) {
  spooled_ = 0;
  SpoolActions todo = core_.Step(now, std::move(input));
  while (!todo.empty()) {
    SpoolAction action = std::move(todo.front());
    todo.pop_front();
    switch (action.kind) {
      case SpoolAction::Kind::kWrite: {
        const WriteOutcome outcome = WriteDurably(action.name, action.bytes);
        for (SpoolAction& next : core_.Step(now, SpoolWritten{action.what, outcome})) {
          todo.push_back(std::move(next));
        }
        break;
      }
      case SpoolAction::Kind::kRename: {
        const absl::Status renamed = disk_.Rename(action.name, action.target);
        Note(renamed);
        if (renamed.ok() || action.sequence == 0) break;
        for (SpoolAction& next :
             core_.Step(now, SpoolRenameFailed{action.sequence, std::move(action.name)})) {
          todo.push_back(std::move(next));
        }
        break;
      }
      case SpoolAction::Kind::kRemove:
        Note(disk_.Remove(action.name));
        break;
      case SpoolAction::Kind::kSpooled:
        spooled_ = action.sequence;
        break;
      case SpoolAction::Kind::kLost:
        break;
      case SpoolAction::Kind::kGap:
        new_gaps_.push_back(std::move(action.gap));
        break;
    }
  }
}

// Data, then name, then folder. Whatever fails, the file is not trusted and not tried again: the
// kernel may have thrown the data away and still say OK to a second fsync.
WriteOutcome SpoolStore::WriteDurably(const std::string& name, const std::string& bytes) {
  const std::string temporary = fmt::format("{}{}", name, kTemporarySuffix);
  const bool replaces = name == kIdentityName || name == kGapsName;
  absl::Status status = disk_.WriteFile(temporary, bytes);
  if (status.ok()) status = disk_.Rename(temporary, name);
  const bool renamed = status.ok();
  if (status.ok()) status = disk_.SyncFolder();
  if (status.ok()) return WriteOutcome::kDurable;
  last_error_ = std::string(status.message());
  if (!renamed) {
    Note(disk_.Remove(temporary));
  } else if (!replaces) {
    Note(disk_.Remove(name));
  }
  return absl::IsResourceExhausted(status) ? WriteOutcome::kNoSpace : WriteOutcome::kFailed;
}

void SpoolStore::Note(const absl::Status& status) {
  if (!status.ok() && !absl::IsNotFound(status)) last_error_ = std::string(status.message());
}

absl::StatusOr<uint64_t> SpoolStore::Append(SpoolTime now, SpoolAppend append) {
  Run(now, std::move(append));
  if (spooled_ != 0) return spooled_;
  return absl::ResourceExhaustedError(
      absl::StrCat("the spool could not keep a summary: ", last_error_));
}

absl::StatusOr<v1::Envelope> SpoolStore::Read(SpoolTime now, uint64_t sequence) {
  const auto entry = core_.entries().find(sequence);
  if (entry == core_.entries().end()) return absl::NotFoundError("not in the spool");
  absl::StatusOr<std::string> bytes = disk_.Read(entry->second.name, kMaxSpoolFileBytes);
  if (absl::IsUnavailable(bytes.status())) return bytes.status();
  absl::StatusOr<SpoolFile> file =
      bytes.ok() ? ParseSpoolFile(*bytes) : absl::StatusOr<SpoolFile>(bytes.status());
  v1::Envelope envelope;
  if (file.ok() && file->header.sequence == sequence &&
      envelope.ParseFromArray(file->envelope.data(), static_cast<int>(file->envelope.size()))) {
    return envelope;
  }
  last_error_ = absl::StrCat(entry->second.name, ": ",
                             file.ok() ? "not what it was" : std::string(file.status().message()));
  Run(now, SpoolDamaged{sequence});
  return absl::DataLossError(last_error_);
}

void SpoolStore::Apply(SpoolTime now, SpoolInput input) { Run(now, std::move(input)); }

}  // namespace teiten
