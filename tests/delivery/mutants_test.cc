// SPDX-License-Identifier: Apache-2.0
// The simulation's own test: broken on purpose in each way, it must say so.
#include <gtest/gtest.h>

#include "tests/delivery/simulation.h"

namespace teiten {
namespace {

constexpr uint64_t kMostSeeds = 250;

struct Mutant {
  const char* name;
  bool Policies::*policy;
};

class MutantTest : public ::testing::TestWithParam<Mutant> {};

TEST_P(MutantTest, IsFoundOut) {
  Policies policies;
  policies.*GetParam().policy = true;
  for (uint64_t seed = 1; seed <= kMostSeeds; ++seed) {
    const Outcome outcome = Simulate(seed, policies);
    if (outcome.violations.empty()) continue;
    std::printf("%s: seed %llu, %s\n", GetParam().name, static_cast<unsigned long long>(seed),
                outcome.violations.front().c_str());
    return;
  }
  FAIL() << GetParam().name << " was not noticed in " << kMostSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, MutantTest,
                         ::testing::Values(Mutant{"AckBeforeCommit", &Policies::ack_before_commit},
                                           Mutant{"NoDedup", &Policies::no_dedup},
                                           Mutant{"AcceptConflicts", &Policies::accept_conflicts},
                                           Mutant{"LieAboutFsync", &Policies::lie_about_fsync},
                                           Mutant{"IgnoreFsyncError",
                                                  &Policies::ignore_fsync_error},
                                           Mutant{"ForgetIdentity", &Policies::forget_identity},
                                           Mutant{"SwallowGaps", &Policies::swallow_gaps},
                                           Mutant{"ClaimAllStored", &Policies::claim_all_stored},
                                           Mutant{"AckEverything", &Policies::ack_everything},
                                           Mutant{"NeverResend", &Policies::never_resend},
                                           Mutant{"IgnoreRollBack", &Policies::ignore_roll_back}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace teiten
