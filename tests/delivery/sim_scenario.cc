// SPDX-License-Identifier: Apache-2.0
#include "tests/delivery/sim_scenario.h"

namespace teiten {

Scenario MakeScenario(std::mt19937_64& random) {
  const auto chance = [&](double p) {
    return std::uniform_real_distribution<double>(0, 1)(random) < p;
  };
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  Scenario s;
  s.sensors = static_cast<int>(random() % 3) + 1;
  s.windows = 15 + static_cast<int>(random() % 30);
  // As FoundationDB's tests do: each kind of trouble is on in some runs only, so that every
  // combination is met and none always hides another.
  if (chance(0.6)) s.sensor_crash = between(0.02, 0.4);
  s.power_share = between(0, 1);
  if (chance(0.25)) s.no_space = between(0.001, 0.1);
  if (chance(0.25)) s.io_error = between(0.001, 0.1);
  if (chance(0.2)) s.disk_bytes = 2'000 + random() % 8'000;
  if (chance(0.2)) s.spool_bytes = 1'500 + random() % 6'000;
  if (chance(0.15)) s.rot = between(0.01, 0.2);
  s.roll_back = chance(0.25);
  s.reserve_block = 1 + random() % 16;
  if (chance(0.2)) s.keep_acknowledged_ms = static_cast<int64_t>(random() % 600'000);
  if (chance(0.5)) s.collector_crash = between(0.02, 0.4);
  if (chance(0.5)) s.crash_in_commit = between(0.02, 0.4);
  if (chance(0.3)) s.store_full = between(0.02, 0.2);
  s.restore = chance(0.25);
  s.commit_ms = chance(0.3) ? 30'000 : 50;
  if (chance(0.6)) s.line_cut = between(0.02, 1.0);
  if (chance(0.3)) s.drop = between(0.005, 0.1);
  if (chance(0.3)) s.twice = between(0.005, 0.2);
  if (chance(0.3)) s.reorder = between(0.005, 0.3);
  s.delay_ms = chance(0.3) ? 20'000 : 50;
  if (chance(0.15)) s.unreadable = between(0.01, 0.2);
  if (chance(0.3)) s.clock_step = between(0.02, 0.5);
  return s;
}

}  // namespace teiten
