// SPDX-License-Identifier: Apache-2.0
// What troubles one seed brings. Rates are per minute of virtual time unless said otherwise.
#pragma once

#include <cstdint>
#include <random>

namespace teiten {

struct Scenario {
  int sensors = 2;
  int windows = 30;  // of a minute, for each sensor

  double sensor_crash = 0;
  double power_share = 0.5;  // of crashes that are power cuts
  double no_space = 0;       // per disk operation
  double io_error = 0;       // per disk operation
  uint64_t disk_bytes = UINT64_MAX;
  uint64_t spool_bytes = 1ULL << 30;
  double rot = 0;
  double unreadable = 0;   // begins: too few descriptors; lasts up to a minute
  double clock_step = 0;   // of the wall clock, by up to an hour
  bool roll_back = false;  // once, each sensor
  uint64_t reserve_block = 16;
  int64_t keep_acknowledged_ms = 24LL * 3'600'000;

  double collector_crash = 0;
  double crash_in_commit = 0;
  double store_full = 0;   // begins; lasts some minutes
  bool restore = false;    // once
  int64_t commit_ms = 20;  // longest

  double line_cut = 0;
  double drop = 0;  // per message, as the next two
  double twice = 0;
  double reorder = 0;
  int64_t delay_ms = 20;  // longest
};

[[nodiscard]] Scenario MakeScenario(std::mt19937_64& random);

}  // namespace teiten
