// SPDX-License-Identifier: Apache-2.0
// The spool on a disk that is damaged, dies, fills and fails: exhaustive where that is possible.
#include "sensor/uplink/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>

#include "tests/delivery/sim_disk.h"

namespace teiten {
namespace {

constexpr int64_t kMinuteMs = 60'000;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() { options_.sensor = "sensor-1"; }

  [[nodiscard]] SpoolTime Now() const { return {mono_ms_, mono_ms_ + 1'700'000'000'000}; }

  absl::StatusOr<std::unique_ptr<SpoolStore>> Open(Disk& disk) {
    return SpoolStore::Open(
        disk, options_, [this] { return random_(); }, Now());
  }

  // The content names the summary, so that a test can tell which one it got back.
  static SpoolAppend Summary(const std::string& content, int64_t from_ms = 0) {
    SpoolAppend append;
    append.envelope.set_content(content);
    append.from_unix_ms = from_ms;
    append.to_unix_ms = from_ms + kMinuteMs;
    return append;
  }

  // A spool of `count` summaries "0", "1", … in sequences 1, 2, …, cleanly closed.
  void Fill(SimDisk& disk, int count) {
    auto spool = Open(disk);
    ASSERT_TRUE(spool.ok()) << spool.status();
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE((*spool)->Append(Now(), Summary(std::to_string(i), i * kMinuteMs)).ok());
    }
    (*spool)->Apply(Now(), SpoolClose{});
  }

  std::set<std::string> Contents(SpoolStore& spool) {
    std::set<std::string> out;
    std::vector<uint64_t> sequences;
    for (const auto& [sequence, entry] : spool.core().entries()) sequences.push_back(sequence);
    for (const uint64_t sequence : sequences) {
      const auto envelope = spool.Read(Now(), sequence);
      if (envelope.ok()) out.insert(envelope->content());
    }
    return out;
  }

  static std::set<std::string> AllBut(int count, int missing) {
    std::set<std::string> out;
    for (int i = 0; i < count; ++i) {
      if (i != missing) out.insert(std::to_string(i));
    }
    return out;
  }

  static v1::Gap::Reason ReasonOf(const std::vector<v1::Gap>& gaps, uint64_t sequence) {
    for (const v1::Gap& gap : gaps) {
      if (gap.sequences().first() <= sequence && sequence <= gap.sequences().last()) {
        return gap.reason();
      }
    }
    return v1::Gap::REASON_UNSPECIFIED;
  }

  SpoolOptions options_;
  std::mt19937_64 random_{7};
  int64_t mono_ms_ = 1'000'000;
};

TEST_F(SpoolTest, KeepsWhatWasAppendedOverARestart) {
  SimDisk disk(1);
  Fill(disk, 10);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ(Contents(**spool), AllBut(10, -1));
  EXPECT_EQ((*spool)->core().next_sequence(), 11);  // a clean stop skips nothing
  EXPECT_TRUE((*spool)->core().GapsOf((*spool)->core().identity().spool, {}).empty());
  const auto envelope = (*spool)->Read(Now(), 3);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(envelope->identity().sensor(), "sensor-1");
  EXPECT_EQ(envelope->identity().sequence(), 3);
  EXPECT_EQ(envelope->identity().spool().size(), 16);
}

TEST_F(SpoolTest, AFileCutAnywhereIsLostAlone) {
  SimDisk disk(1);
  Fill(disk, 10);
  const auto image = disk.Snapshot();
  int cuts = 0;
  for (int victim = 0; victim < 10; ++victim) {
    const std::string name = SpoolFileName(static_cast<uint64_t>(victim) + 1, false);
    const std::string whole = image->files.at(name);
    for (std::size_t length = 0; length < whole.size(); ++length, ++cuts) {
      disk.Restore(*image);
      disk.Put(name, whole.substr(0, length));
      auto spool = Open(disk);
      ASSERT_TRUE(spool.ok());
      ASSERT_EQ(Contents(**spool), AllBut(10, victim)) << name << " cut at " << length;
      const SpoolCore& core = (*spool)->core();
      ASSERT_EQ(core.counters().quarantined, 1);
      ASSERT_TRUE(disk.Files().contains("quarantine/" + name));
      ASSERT_EQ(ReasonOf(core.GapsOf(core.identity().spool, {}), static_cast<uint64_t>(victim) + 1),
                v1::Gap::REASON_QUARANTINED);
    }
  }
  RecordProperty("cuts", cuts);
  EXPECT_GT(cuts, 1500);
}

TEST_F(SpoolTest, AnyFlippedBitLosesThatFileAlone) {
  SimDisk disk(1);
  Fill(disk, 10);
  const auto image = disk.Snapshot();
  int flips = 0;
  for (int victim = 0; victim < 10; ++victim) {
    const std::string name = SpoolFileName(static_cast<uint64_t>(victim) + 1, false);
    const std::string whole = image->files.at(name);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit, ++flips) {
      disk.Restore(*image);
      std::string bytes = whole;
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      disk.Put(name, bytes);
      auto spool = Open(disk);
      ASSERT_TRUE(spool.ok());
      ASSERT_EQ(Contents(**spool), AllBut(10, victim)) << name << " bit " << bit;
      ASSERT_EQ((*spool)->core().counters().quarantined, 1);
    }
  }
  RecordProperty("flips", flips);
  EXPECT_GT(flips, 12000);
}

TEST_F(SpoolTest, ZerosAtTheEndAreDamage) {
  SimDisk disk(1);
  Fill(disk, 3);
  const std::string name = SpoolFileName(2, false);
  disk.Put(name, disk.Files().at(name) + std::string(4096, '\0'));
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ(Contents(**spool), AllBut(3, 1));
}

TEST_F(SpoolTest, SwappedNamesLoseNothing) {
  SimDisk disk(1);
  Fill(disk, 10);
  const std::string a = SpoolFileName(2, false);
  const std::string b = SpoolFileName(7, false);
  const auto files = disk.Files();
  disk.Put(a, files.at(b));
  disk.Put(b, files.at(a));
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ(Contents(**spool), AllBut(10, -1));
  EXPECT_EQ((*spool)->Read(Now(), 2)->content(), "1");
  EXPECT_EQ((*spool)->core().counters().quarantined, 0);
}

TEST_F(SpoolTest, ACopyUnderAnotherNameIsSetAside) {
  SimDisk disk(1);
  Fill(disk, 3);
  disk.Put(SpoolFileName(9, false), disk.Files().at(SpoolFileName(2, false)));
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ(Contents(**spool), AllBut(3, -1));
  EXPECT_EQ((*spool)->core().counters().quarantined, 1);
}

TEST_F(SpoolTest, ADeletedFileIsDeclaredMissing) {
  SimDisk disk(1);
  Fill(disk, 10);
  disk.Delete(SpoolFileName(4, false));
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  const SpoolCore& core = (*spool)->core();
  const std::vector<v1::Gap> gaps = core.GapsOf(core.identity().spool, {});
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].sequences().first(), 4);
  EXPECT_EQ(gaps[0].sequences().last(), 4);
  EXPECT_EQ(gaps[0].reason(), v1::Gap::REASON_MISSING);
}

// Whatever happens to the identity file: nothing spooled is lost, and no (spool, sequence) that
// was used before is used again.
TEST_F(SpoolTest, ADamagedIdentityCostsNoSummaryAndNoNumber) {
  SimDisk disk(1);
  Fill(disk, 5);
  const auto image = disk.Snapshot();
  const std::string whole = image->files.at("identity");
  const Spool old_spool = ParseIdentity(whole)->spool;
  const auto check = [&](const std::optional<std::string>& bytes) {
    disk.Restore(*image);
    bytes ? disk.Put("identity", *bytes) : disk.Delete("identity");
    auto spool = Open(disk);
    ASSERT_TRUE(spool.ok());
    const SpoolCore& core = (*spool)->core();
    ASSERT_NE(core.identity().spool, old_spool);
    ASSERT_EQ(core.counters().identity_damaged, 1);
    ASSERT_EQ(Contents(**spool), AllBut(5, -1));
    ASSERT_EQ(core.identity().retired.size(), 1);
    ASSERT_EQ(core.identity().retired[0].spool, old_spool);
    const auto sequence = (*spool)->Append(Now(), Summary("new"));
    ASSERT_TRUE(sequence.ok());
    ASSERT_EQ((*spool)->core().entries().at(*sequence).spool, core.identity().spool);
    ASSERT_GE(*sequence, 6);
  };
  for (std::size_t length = 0; length < whole.size(); ++length) check(whole.substr(0, length));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    check(bytes);
  }
  check(std::nullopt);
}

TEST_F(SpoolTest, AnIdentityOlderThanTheFilesMeansANewSpool) {
  SimDisk disk(1);
  options_.reserve_block = 4;
  Fill(disk, 2);
  const std::string old_identity = disk.Files().at("identity");
  Fill(disk, 8);
  disk.Put("identity", old_identity);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  const SpoolCore& core = (*spool)->core();
  EXPECT_NE(core.identity().spool, ParseIdentity(old_identity)->spool);
  EXPECT_EQ(core.entries().size(), 10);
  EXPECT_EQ(core.identity().first, 11);
}

TEST_F(SpoolTest, RefusesTheFolderOfAnotherSensor) {
  SimDisk disk(1);
  Fill(disk, 2);
  options_.sensor = "sensor-2";
  const auto spool = Open(disk);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(spool.status().message(), ::testing::HasSubstr("sensor-1"));
}

// Cut or flipped anywhere: the reasons are gone, but not the summaries, nor that some are missing.
TEST_F(SpoolTest, DamagedGapRecordsAreSetAside) {
  SimDisk disk(1);
  options_.limit_bytes = 900;
  Fill(disk, 10);
  const auto image = disk.Snapshot();
  const std::string whole = image->files.at("gaps");
  auto undamaged = Open(disk);
  ASSERT_TRUE(undamaged.ok());
  const std::set<std::string> contents = Contents(**undamaged);
  const auto check = [&](const std::string& bytes) {
    disk.Restore(*image);
    disk.Put("gaps", bytes);
    auto spool = Open(disk);
    ASSERT_TRUE(spool.ok());
    const SpoolCore& core = (*spool)->core();
    ASSERT_EQ(core.counters().quarantined, 1);
    ASSERT_TRUE(disk.Files().contains("quarantine/gaps"));
    ASSERT_EQ(Contents(**spool), contents);
    ASSERT_EQ(ReasonOf(core.GapsOf(core.identity().spool, {}), 1), v1::Gap::REASON_MISSING);
    ASSERT_EQ(core.next_sequence(), 11);
  };
  for (std::size_t length = 0; length < whole.size(); ++length) check(whole.substr(0, length));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    check(bytes);
  }
}

// The process dies at its n-th disk operation, for every n, by kill or by power loss; then again.
TEST_F(SpoolTest, DyingAnywhereLosesNothingDurableAndUsesNoNumberTwice) {
  options_.reserve_block = 3;
  int deaths = 0;
  for (const bool power : {false, true}) {
    for (uint64_t n = 1; n < 400; ++n) {
      SimDisk disk(n);
      std::map<std::pair<Spool, uint64_t>, std::string> used;
      std::set<std::string> durable;
      bool died = false;
      for (int life = 0; life < 3; ++life) {
        if (life < 2) disk.CrashAfter(life == 0 ? n : n % 17 + 1);
        auto spool = Open(disk);
        if (!spool.ok()) {
          ASSERT_TRUE(disk.crashed());
        }
        for (int i = 0; spool.ok() && i < 12 && !disk.crashed(); ++i) {
          const std::string content = std::to_string(life) + "." + std::to_string(i);
          const auto sequence = (*spool)->Append(Now(), Summary(content));
          if (disk.crashed()) break;
          ASSERT_TRUE(sequence.ok());
          const auto id = std::pair((*spool)->core().identity().spool, *sequence);
          ASSERT_TRUE(used.emplace(id, content).second) << "sequence used twice: " << *sequence;
          durable.insert(content);
        }
        died |= life == 0 && disk.crashed();
        power ? disk.LosePower() : disk.Kill();
      }
      auto spool = Open(disk);
      ASSERT_TRUE(spool.ok());
      const std::set<std::string> found = Contents(**spool);
      ASSERT_TRUE(std::includes(found.begin(), found.end(), durable.begin(), durable.end()))
          << "lost after dying at operation " << n << (power ? " by power loss" : " by kill");
      if (!died) break;
      ++deaths;
    }
  }
  RecordProperty("deaths", deaths);
  EXPECT_GT(deaths, 100);
}

// The n-th operation fails once, for every n: each append is either durable or on record.
TEST_F(SpoolTest, AFaultAnywhereIsSurvivedAndCounted) {
  int faults = 0;
  for (const auto& fault :
       {absl::ResourceExhaustedError("no space"), absl::DataLossError("input/output error")}) {
    for (uint64_t n = 1; n < 400; ++n, ++faults) {
      SimDisk disk(n);
      auto spool = Open(disk);
      ASSERT_TRUE(spool.ok());
      disk.FailOnce(n, fault);
      std::set<std::string> durable;
      for (int i = 0; i < 12; ++i) {
        const std::string content = std::to_string(i);
        if ((*spool)->Append(Now(), Summary(content)).ok()) durable.insert(content);
      }
      if (disk.faults() == 0) break;
      (*spool)->Apply(Now(), SpoolTick{});
      const SpoolCounters& counters = (*spool)->core().counters();
      ASSERT_EQ(counters.spooled + counters.unwritable, 12) << n;
      ASSERT_EQ(counters.spooled, durable.size());
      const SpoolCore& core = (*spool)->core();
      uint64_t on_record = 0;
      for (const v1::Gap& gap : core.GapsOf(core.identity().spool, {})) {
        on_record += gap.sequences().last() - gap.sequences().first() + 1;
      }
      ASSERT_EQ(on_record, counters.unwritable + counters.shed_size) << n;
      ASSERT_EQ(counters.spooled, counters.waiting + counters.shed_size) << n;
      disk.LosePower();
      auto again = Open(disk);
      ASSERT_TRUE(again.ok());
      if (counters.shed_size == 0) {
        ASSERT_EQ(Contents(**again), durable) << "operation " << n;
      }
    }
  }
  RecordProperty("faults", faults);
  EXPECT_GT(faults, 60);
}

TEST_F(SpoolTest, AtItsLimitAcknowledgedFilesGoFirstThenTheOldest) {
  SimDisk disk(1);
  Fill(disk, 1);
  const uint64_t one = disk.Files().at(SpoolFileName(1, false)).size();
  disk.Restore({});
  options_.limit_bytes = 5 * one + one / 2;  // sizes differ by some bytes of sequence
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  (*spool)->Apply(Now(), SpoolAcknowledged{3});
  (*spool)->Apply(Now(), SpoolAcknowledged{4});
  const auto held = [&] {
    std::vector<uint64_t> out;
    for (const auto& [sequence, entry] : (*spool)->core().entries()) out.push_back(sequence);
    return out;
  };
  const SpoolCore& core = (*spool)->core();
  ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  EXPECT_THAT(held(), ::testing::ElementsAre(1, 2, 4, 5, 6));
  ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  EXPECT_THAT(held(), ::testing::ElementsAre(1, 2, 5, 6, 7));
  EXPECT_EQ(core.counters().shed_size, 0);
  ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  EXPECT_THAT(held(), ::testing::ElementsAre(2, 5, 6, 7, 8));
  EXPECT_EQ(core.counters().shed_size, 1);
  EXPECT_LE(core.counters().bytes, options_.limit_bytes);
  RangeSet stored;
  stored.Add(3, 4);
  const std::vector<v1::Gap> gaps = core.GapsOf(core.identity().spool, stored);
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].reason(), v1::Gap::REASON_SHED_SIZE);
  EXPECT_EQ(gaps[0].sequences().first(), 1);
  EXPECT_EQ(gaps[0].to_unix_ms() - gaps[0].from_unix_ms(), kMinuteMs);
}

TEST_F(SpoolTest, AFullDiskShedsTheOldestAndSaysSo) {
  SimDisk disk(1);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  disk.set_capacity_bytes(2500);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok()) << i;
  const SpoolCore& core = (*spool)->core();
  EXPECT_GT(core.counters().shed_size, 20);
  EXPECT_EQ(core.counters().spooled, core.counters().waiting + core.counters().shed_size);
  EXPECT_TRUE(core.entries().contains(40));
}

TEST_F(SpoolTest, ADiskThatRefusesEverythingLosesCountedAndRecovers) {
  SimDisk disk(1);
  options_.reserve_block = 2;
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  disk.set_failure_rates(0, 1.0);
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE((*spool)->Append(Now(), Summary("x", i * kMinuteMs)).ok());
  }
  disk.set_failure_rates(0, 0);
  ASSERT_TRUE((*spool)->Append(Now(), Summary("y")).ok());
  const SpoolCore& core = (*spool)->core();
  EXPECT_EQ(core.counters().unwritable, 20);
  uint64_t declared = 0;
  for (const v1::Gap& gap : core.GapsOf(core.identity().spool, {})) {
    EXPECT_EQ(gap.reason(), v1::Gap::REASON_UNWRITABLE);
    declared += gap.sequences().last() - gap.sequences().first() + 1;
  }
  EXPECT_EQ(declared, 20);
}

TEST_F(SpoolTest, AcknowledgedFilesAreKeptADayAndOldOnesShedAfterAWeek) {
  SimDisk disk(1);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  (*spool)->Apply(Now(), SpoolAcknowledged{2});
  const SpoolCore& core = (*spool)->core();
  EXPECT_TRUE(disk.Files().contains(SpoolFileName(2, true)));
  mono_ms_ += options_.keep_acknowledged_ms - 1;
  (*spool)->Apply(Now(), SpoolTick{});
  EXPECT_EQ(core.entries().size(), 3);
  mono_ms_ += 1;
  (*spool)->Apply(Now(), SpoolTick{});
  EXPECT_EQ(core.entries().size(), 2);
  mono_ms_ += options_.limit_age_ms - options_.keep_acknowledged_ms;
  (*spool)->Apply(Now(), SpoolTick{});
  EXPECT_TRUE(core.entries().empty());
  EXPECT_EQ(core.counters().shed_age, 2);
}

TEST_F(SpoolTest, AWallClockThatJumpsShedsNothing) {
  SimDisk disk(1);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  SpoolTime now = Now();
  for (const int64_t unix_ms : {int64_t{0}, int64_t{2'200'000'000'000}, int64_t{-1}}) {
    now.mono_ms += 20 * kMinuteMs;
    now.unix_ms = unix_ms;
    (*spool)->Apply(now, SpoolTick{});
  }
  EXPECT_EQ((*spool)->core().entries().size(), 1);
}

TEST_F(SpoolTest, RejectedAndDamagedAreSetAsideWithinBounds) {
  SimDisk disk(1);
  options_.aside_files = 4;
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  for (uint64_t s = 1; s <= 9; ++s) (*spool)->Apply(Now(), SpoolRejected{s});
  int dead = 0;
  for (const auto& [name, bytes] : disk.Files()) dead += name.rfind("dead/", 0) == 0 ? 1 : 0;
  EXPECT_EQ(dead, 4);
  EXPECT_EQ((*spool)->core().counters().rejected, 9);
  EXPECT_EQ((*spool)->core().counters().aside_evicted, 5);
  const std::string name = SpoolFileName(10, false);
  disk.Put(name, "rot");
  EXPECT_EQ((*spool)->Read(Now(), 10).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(disk.Files().contains("quarantine/" + name));
}

// The rename that marks a file as acknowledged fails: the file is still found, and a restart
// sends it once more.
TEST_F(SpoolTest, AFailedRenameLosesNothing) {
  SimDisk disk(1);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  disk.FailOnce(1, absl::DataLossError("input/output error"));
  (*spool)->Apply(Now(), SpoolAcknowledged{1});
  EXPECT_EQ(disk.faults(), 1);
  EXPECT_EQ((*spool)->core().counters().waiting, 0);
  EXPECT_EQ((*spool)->Read(Now(), 1)->content(), "x");
  spool->reset();
  disk.Kill();
  spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ((*spool)->core().counters().waiting, 1);
  EXPECT_EQ(Contents(**spool), (std::set<std::string>{"x"}));
}

// Too few descriptors or the like is no damage: nothing is set aside for it.
TEST_F(SpoolTest, WhatCannotBeReadNowIsNotDamaged) {
  SimDisk disk(1);
  Fill(disk, 2);
  disk.set_unreadable(true);
  EXPECT_TRUE(absl::IsUnavailable(Open(disk).status()));
  disk.set_unreadable(false);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  disk.set_unreadable(true);
  EXPECT_TRUE(absl::IsUnavailable((*spool)->Read(Now(), 1).status()));
  disk.set_unreadable(false);
  EXPECT_EQ(Contents(**spool), AllBut(2, -1));
  EXPECT_EQ((*spool)->core().counters().quarantined, 0);
}

TEST_F(SpoolTest, ACrashSkipsTheReservedBlockAndDeclaresIt) {
  SimDisk disk(1);
  options_.reserve_block = 8;
  {
    auto spool = Open(disk);
    ASSERT_TRUE(spool.ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*spool)->Append(Now(), Summary("x")).ok());
  }
  disk.LosePower();
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  const auto sequence = (*spool)->Append(Now(), Summary("y"));
  ASSERT_TRUE(sequence.ok());
  EXPECT_EQ(*sequence, 9);
  const SpoolCore& core = (*spool)->core();
  const std::vector<v1::Gap> gaps = core.GapsOf(core.identity().spool, {});
  ASSERT_EQ(gaps.size(), 1);
  EXPECT_EQ(gaps[0].sequences().first(), 4);
  EXPECT_EQ(gaps[0].sequences().last(), 8);
  EXPECT_EQ(gaps[0].reason(), v1::Gap::REASON_NEVER_USED);
}

TEST_F(SpoolTest, AKeyIdStandsForOneSetOfObservedAddresses) {
  SimDisk disk(1);
  auto spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  const SpoolCore& core = (*spool)->core();
  (*spool)->Apply(Now(), SpoolObserved{11});
  const uint64_t first = core.identity().bitmap_key_id;
  (*spool)->Apply(Now(), SpoolObserved{11});
  EXPECT_EQ(core.identity().bitmap_key_id, first);
  (*spool)->Apply(Now(), SpoolObserved{12});
  EXPECT_NE(core.identity().bitmap_key_id, first);
  EXPECT_NE(core.identity().bitmap_key_id, 0);
  const uint64_t second = core.identity().bitmap_key_id;
  spool->reset();
  disk.LosePower();
  spool = Open(disk);
  ASSERT_TRUE(spool.ok());
  EXPECT_EQ((*spool)->core().identity().bitmap_key_id, second);
}

}  // namespace
}  // namespace teiten
