// SPDX-License-Identifier: Apache-2.0
// The spool's decisions, without I/O: which sequence a summary gets, what is written, kept, shed,
// set aside and declared lost. `Step` takes what happened and returns what to do, in order; the
// shell (spool.h) does it and reports each write back before anything else.
//
// A sequence is used once in the life of a spool id. The identity file says from where on no
// sequence was ever used, is written ahead in blocks, and nothing is written under a sequence
// before that file is durable. After a crash the rest of the block is skipped and declared
// NEVER_USED. If the folder was rolled back, the collector knows more than we do: then a new spool
// id is taken and the numbering goes on above what the collector has seen, so that in one folder
// a sequence names one file under whatever id.
//
// Every sequence that was assigned is a file, or acknowledged, or stands in the gap records.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/range_set.h"
#include "sensor/uplink/spool_format.h"
#include "teiten/v1/ingest.pb.h"
#include "teiten/v1/summary.pb.h"

namespace teiten {

// Ages are counted by the monotonic clock; the wall clock is only written into files and read
// back at a restart, so that a clock that jumps does not make the spool forget.
struct SpoolTime {
  int64_t mono_ms = 0;
  int64_t unix_ms = 0;
};

struct SpoolOptions {
  std::string sensor;
  uint64_t limit_bytes = 1ULL << 30;                // .sum and .ack files
  int64_t limit_age_ms = 7LL * 24 * 3'600'000;      // then shed, whatever the collector does
  int64_t keep_acknowledged_ms = 24LL * 3'600'000;  // for a collector restored from a backup
  uint64_t aside_bytes = 64ULL << 20;               // quarantine/ and dead/, each
  std::size_t aside_files = 256;                    // each
  uint64_t reserve_block = 64;                      // sequences written ahead at once
  // The collector is given this long after a start before anything is shed for its age.
  int64_t age_grace_ms = 10 * 60'000;
};

struct SpoolEntry {
  Spool spool{};
  std::string name;
  uint64_t size_bytes = 0;
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
  int64_t spooled_mono_ms = 0;
  int64_t acknowledged_mono_ms = 0;
  bool acknowledged = false;
};

struct SpoolCounters {
  uint64_t bytes = 0;    // of all entries
  uint64_t waiting = 0;  // entries not acknowledged
  uint64_t spooled = 0;  // since start, as all that follow
  uint64_t acknowledged = 0;
  uint64_t shed_size = 0;
  uint64_t shed_age = 0;
  uint64_t unwritable = 0;
  uint64_t quarantined = 0;
  uint64_t rejected = 0;
  uint64_t aside_evicted = 0;  // files deleted from quarantine/ and dead/ at their limit
  uint64_t disk_errors = 0;
  uint64_t identity_damaged = 0;
  uint64_t spools_retired = 0;
};

// ---- Inputs

struct SpoolLoad {  // once, first: what the start-up scan found
  struct File {
    std::string name;
    uint64_t size_bytes = 0;
    std::optional<SpoolHeader> header;  // absent: damaged
  };
  std::optional<std::string> identity;  // bytes of the file; absent: no such file
  std::optional<std::string> gaps;
  std::vector<File> files;
  std::vector<std::string> temporaries;
  std::vector<std::pair<std::string, uint64_t>> quarantine;  // name and size
  std::vector<std::pair<std::string, uint64_t>> dead;
};
struct SpoolAppend {      // answered by exactly one kSpooled or kLost, before the next Append
  v1::Envelope envelope;  // its identity is filled in here
  int64_t from_unix_ms = 0;
  int64_t to_unix_ms = 0;
};
enum class SpoolWrite { kIdentity, kGaps, kSummary };
enum class WriteOutcome { kDurable, kNoSpace, kFailed };
struct SpoolWritten {  // of a kWrite; after kNoSpace and kFailed the file is gone
  SpoolWrite what = SpoolWrite::kSummary;
  WriteOutcome outcome = WriteOutcome::kDurable;
};
struct SpoolRenameFailed {  // of a kRename with a sequence; the file still has its old name
  uint64_t sequence = 0;
  std::string name;
};
struct SpoolAcknowledged {
  uint64_t sequence = 0;
};
struct SpoolRejected {
  uint64_t sequence = 0;
};
struct SpoolDamaged {
  uint64_t sequence = 0;
};  // could not be read back
struct SpoolNotStored {
  uint64_t sequence = 0;
};  // acknowledged once, the collector lost it
struct SpoolTakeNewId {
  uint64_t above = 0;
};  // the collector's highest sequence
struct SpoolSettled {
  Spool spool{};
};  // nothing of a retired spool is open
struct SpoolDeploymentKey {
  uint64_t id = 0;
  Key128 key{};
};
struct SpoolObserved {
  uint64_t fingerprint = 0;
};                     // of the set of observed addresses
struct SpoolTick {};   // at least once a minute
struct SpoolClose {};  // last: gives back unused sequences

using SpoolInput =
    std::variant<SpoolLoad, SpoolAppend, SpoolWritten, SpoolRenameFailed, SpoolAcknowledged,
                 SpoolRejected, SpoolDamaged, SpoolNotStored, SpoolTakeNewId, SpoolSettled,
                 SpoolDeploymentKey, SpoolObserved, SpoolTick, SpoolClose>;

// ---- Actions

struct SpoolAction {
  enum class Kind {
    kWrite,    // what, name, bytes: durable under its name or not at all; report SpoolWritten
    kRename,   // name, target: best effort; report a failure if there is a sequence
    kRemove,   // name: best effort
    kSpooled,  // sequence: durable
    kLost,     // the summary could not be kept; it is counted
    kGap,      // a gap that was not there before: declare it
  };
  Kind kind = Kind::kWrite;
  SpoolWrite what = SpoolWrite::kSummary;
  std::string name;
  std::string target;
  std::string bytes;
  uint64_t sequence = 0;
  v1::Gap gap;
};
using SpoolActions = std::deque<SpoolAction>;

class SpoolCore {
 public:
  // `random` gives ids and keys: from the operating system, or seeded in a simulation.
  SpoolCore(SpoolOptions options, std::function<uint64_t()> random);

  [[nodiscard]] SpoolActions Step(SpoolTime now, SpoolInput input);

  // FailedPrecondition if the folder belongs to another sensor id. Valid after SpoolLoad.
  [[nodiscard]] const absl::Status& usable() const { return usable_; }
  [[nodiscard]] const std::map<uint64_t, SpoolEntry>& entries() const { return entries_; }
  [[nodiscard]] const SpoolIdentity& identity() const { return identity_; }
  [[nodiscard]] uint64_t next_sequence() const { return next_; }
  // Lost windows that have no sequence yet, because the identity file cannot be written: the one
  // loss that would be forgotten if the process ended now.
  [[nodiscard]] uint64_t unnumbered() const { return owed_.count; }
  [[nodiscard]] const SpoolCounters& counters() const { return counters_; }
  [[nodiscard]] const SpoolOptions& options() const { return options_; }
  // Sequences of a spool that are neither held nor in `settled`, each with its reason.
  [[nodiscard]] std::vector<v1::Gap> GapsOf(const Spool& spool, const RangeSet& settled) const;
  // One of this range, whatever its reason: [first, end) of the spool.
  [[nodiscard]] std::pair<uint64_t, uint64_t> SequencesOf(const Spool& spool) const;

 private:
  struct Pending {
    SpoolAppend append;
    int attempts = 0;
    uint64_t size_bytes = 0;
  };
  // Summaries lost before they could get a sequence, because the identity file could not be
  // written; they get theirs with the next block.
  struct Owed {
    uint64_t count = 0;
    int64_t from_unix_ms = 0;
    int64_t to_unix_ms = 0;
  };
  struct Aside {
    std::string_view folder;
    std::deque<std::pair<std::string, uint64_t>> files;
    uint64_t bytes = 0;
  };

  // spool_load.cc
  void On(SpoolLoad& load);
  void LoadIdentity(const SpoolLoad& load);
  void LoadGaps(const SpoolLoad& load);
  void LoadFile(const SpoolLoad::File& file);
  [[nodiscard]] bool AdoptSpool(const Spool& spool, uint64_t sequence);
  void SkipUnused();

  // spool_identity.cc
  void On(SpoolTakeNewId& in);
  void On(SpoolSettled& in);
  void On(SpoolDeploymentKey& in);
  void On(SpoolObserved& in);
  void On(SpoolClose& in);
  void WriteIdentity(uint64_t reserved);
  void IdentityWritten(WriteOutcome outcome);
  void DropEmptyRetired();
  void BeginSpool(uint64_t first);
  void RetireSpool(uint64_t end);
  [[nodiscard]] Key128 RandomKey();

  // spool_core.cc
  void On(SpoolAppend& append);
  void On(SpoolWritten& written);
  void On(SpoolRenameFailed& in);
  void On(SpoolAcknowledged& in);
  void On(SpoolRejected& in);
  void On(SpoolDamaged& in);
  void On(SpoolNotStored& in);
  void On(SpoolTick& in);
  void Advance();
  void SummaryWritten(WriteOutcome outcome);
  void Lose(uint64_t sequence);
  void WriteSummary();
  bool FreeOne();
  void Shed(const std::vector<uint64_t>& sequences, v1::Gap::Reason reason);
  void SetAside(uint64_t sequence, Aside& aside, v1::Gap::Reason reason);
  void PutAside(Aside& aside, const std::string& name, uint64_t size);
  void Add(uint64_t sequence, SpoolEntry entry);
  void Erase(uint64_t sequence);

  void EmitWrite(SpoolWrite what, std::string name, std::string bytes);
  void EmitRename(std::string name, std::string target, uint64_t sequence = 0);
  void EmitRemove(std::string name);

  // spool_gaps.cc
  void RecordGap(const GapRecord& record);
  void WriteGaps();
  void AppendGaps(RangeSet::Range range, uint64_t first, std::vector<v1::Gap>& out) const;

  const SpoolOptions options_;
  const std::function<uint64_t()> random_;
  absl::Status usable_;
  SpoolTime now_;
  int64_t started_mono_ms_ = 0;

  SpoolIdentity identity_;
  bool identity_dirty_ = false;
  uint64_t durable_reserved_ = 0;  // as the durable identity file says
  uint64_t next_ = 1;
  std::map<uint64_t, SpoolEntry> entries_;
  std::vector<GapRecord> gaps_;  // sorted, disjoint
  bool gaps_dirty_ = false;
  Owed owed_;
  Aside quarantine_{kQuarantineFolder, {}, 0};
  Aside dead_{kDeadFolder, {}, 0};
  SpoolCounters counters_;

  std::optional<Pending> pending_;
  SpoolActions actions_;  // of this Step
};

}  // namespace teiten
