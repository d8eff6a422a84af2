// SPDX-License-Identifier: Apache-2.0
// Sensors and a collector in one thread on virtual time: the production cores on disks that die,
// fill and forget, over lines that drop, double, reorder, stall and break, into a store that dies
// in the middle of commits. Everything follows from the seed. After the trouble the world is made
// whole, all is drained, and the account is drawn up (Outcome::violations).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace teiten {

// Ways to be wrong, for tests of the tests. Each must be found out.
struct Policies {
  bool ack_before_commit = false;   // the collector acknowledges what it has only received
  bool no_dedup = false;            // the store adds what it already has
  bool accept_conflicts = false;    // the store does not compare contents
  bool lie_about_fsync = false;     // the sensor's fsync does nothing
  bool ignore_fsync_error = false;  // a failed write is taken for good
  bool forget_identity = false;     // sequences are not written ahead
  bool swallow_gaps = false;        // losses are never declared
  bool claim_all_stored = false;    // the collector says it has everything
  bool ack_everything = false;      // acknowledgements cover what was not judged
  bool never_resend = false;        // what was sent once is not sent again
  bool ignore_roll_back = false;    // the collector does not say that a new spool is needed
};

struct Outcome {
  std::vector<std::string> violations;
  // Windows.
  uint64_t produced = 0;     // closed windows given to a spool
  uint64_t spooled = 0;      // of these, durable when Submit returned
  uint64_t unwritable = 0;   // refused by the disk, and said so
  uint64_t unknown = 0;      // the process died in Submit
  uint64_t rolled_away = 0;  // durable on a disk that was then rolled back
  uint64_t stored = 0;       // of the spooled, once in the store
  uint64_t shed = 0;         // of the spooled, declared: size or age
  uint64_t quarantined = 0;  // of the spooled, declared: damaged
  uint64_t conflicting = 0;  // of the spooled, kept aside by the collector
  uint64_t forgotten = 0;    // acknowledged, dropped, and then lost by a restored collector
  uint64_t waiting = 0;      // of the spooled, still in a spool
  uint64_t lost = 0;
  uint64_t doubled = 0;
  // Trouble.
  uint64_t kills = 0, power_cuts = 0, roll_backs = 0, disk_faults = 0, rotten_files = 0;
  uint64_t unreadable = 0, clock_steps = 0;
  uint64_t collector_crashes = 0, restores = 0, store_full = 0;
  uint64_t line_cuts = 0, dropped = 0, doubled_messages = 0, messages = 0;
  uint64_t new_spools = 0, duplicates = 0;

  void Add(const Outcome& other);
};

[[nodiscard]] Outcome Simulate(uint64_t seed, const Policies& policies = {});

}  // namespace teiten
