// SPDX-License-Identifier: Apache-2.0
// UplinkCore step by step: what it sends in which order, what it believes, how it comes back.
#include "sensor/uplink/uplink_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sensor/uplink/spool.h"
#include "tests/delivery/sim_disk.h"

namespace teiten {
namespace {

using Kind = UplinkAction::Kind;
using ::testing::ElementsAre;

class UplinkCoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SpoolOptions options;
    options.sensor = "sensor-1";
    auto spool = SpoolStore::Open(
        disk_, options, [this] { return random_(); }, now_);
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
    core_ =
        std::make_unique<UplinkCore>(UplinkOptions{}, spool_->core(), [this] { return random_(); });
  }

  // Appends to the spool alone.
  uint64_t Spool(std::size_t bytes = 1) {
    SpoolAppend append;
    append.envelope.set_content(std::string(bytes, 'x'));
    return *spool_->Append(now_, std::move(append));
  }

  // A step, with kContinue answered and the spool's part done, as the engine does.
  std::vector<UplinkAction> Step(UplinkInput input) {
    std::vector<UplinkAction> out;
    UplinkActions todo = core_->Step(now_, std::move(input));
    while (!todo.empty()) {
      UplinkAction action = std::move(todo.front());
      todo.pop_front();
      UplinkActions more;
      switch (action.kind) {
        case Kind::kContinue:
          more = core_->Step(now_, UplinkContinue{});
          break;
        case Kind::kAcknowledged:
          spool_->Apply(now_, SpoolAcknowledged{action.sequence});
          break;
        case Kind::kRejected:
          spool_->Apply(now_, SpoolRejected{action.sequence});
          break;
        case Kind::kNotStored:
          spool_->Apply(now_, SpoolNotStored{action.sequence});
          break;
        case Kind::kTakeNewId:
          spool_->Apply(now_, SpoolTakeNewId{action.sequence});
          break;
        case Kind::kSettled:
          spool_->Apply(now_, SpoolSettled{action.spool});
          break;
        default:
          break;
      }
      out.push_back(std::move(action));
      std::move(more.begin(), more.end(), std::back_inserter(todo));
    }
    for (const UplinkAction& action : out) {
      if (action.kind == Kind::kOpen) attempt_ = action.attempt;
    }
    return out;
  }

  std::vector<UplinkAction> Greet(uint64_t credit = 16 << 20, uint64_t stored_through = 0,
                                  uint64_t highest = 0, bool new_spool = false) {
    Step(LinkUp{attempt_});
    LinkReply in{attempt_, {}};
    v1::HelloReply& reply = *in.reply.mutable_hello();
    reply.set_protocol(1);
    reply.set_credit_bytes(credit);
    if (stored_through > 0) {
      reply.add_stored()->set_first(1);
      reply.mutable_stored(0)->set_last(stored_through);
    }
    reply.set_highest_sequence(highest);
    reply.set_new_spool_required(new_spool);
    return Step(std::move(in));
  }

  std::vector<UplinkAction> Acknowledge(uint64_t through,
                                        std::vector<std::pair<uint64_t, uint64_t>> ranges = {}) {
    LinkReply in{attempt_, {}};
    in.reply.mutable_acknowledgement()->set_through(through);
    for (const auto& [first, last] : ranges) {
      v1::SequenceRange& range = *in.reply.mutable_acknowledgement()->add_ranges();
      range.set_first(first);
      range.set_last(last);
    }
    return Step(std::move(in));
  }

  static std::vector<uint64_t> Sequences(const std::vector<UplinkAction>& actions, Kind kind) {
    std::vector<uint64_t> out;
    for (const UplinkAction& action : actions) {
      if (action.kind == kind) out.push_back(action.sequence);
    }
    return out;
  }
  static std::vector<uint64_t> Sent(const std::vector<UplinkAction>& actions) {
    return Sequences(actions, Kind::kSendEnvelope);
  }
  static std::vector<v1::Gap> Declared(const std::vector<UplinkAction>& actions) {
    std::vector<v1::Gap> out;
    for (const UplinkAction& action : actions) {
      for (const v1::Gap& gap : action.request.gaps().gaps()) out.push_back(gap);
    }
    return out;
  }

  std::mt19937_64 random_{11};
  SpoolTime now_{1'000'000, 1'700'000'000'000};
  SimDisk disk_{1};
  std::unique_ptr<SpoolStore> spool_;
  std::unique_ptr<UplinkCore> core_;
  uint64_t attempt_ = 0;
};

// For the status file: why nothing is taken, from the first refusal until something was again.
TEST_F(UplinkCoreTest, KnowsWhyNothingIsTakenUntilSomethingIs) {
  Spool();
  Step(UplinkStart{});
  Greet();
  EXPECT_EQ(core_->problem(), "");
  Step(LinkLost{attempt_, false, "the collector's store: disk is full"});
  EXPECT_EQ(core_->problem(), "the collector's store: disk is full");
  now_.mono_ms += 60'000;
  Step(UplinkTimer{});
  Greet();  // a Hello is small
  EXPECT_EQ(core_->problem(), "the collector's store: disk is full");
  Acknowledge(1);
  EXPECT_EQ(core_->problem(), "");
}

TEST_F(UplinkCoreTest, GreetsFirstAndSaysWhatItHolds) {
  for (int i = 0; i < 3; ++i) Spool();
  Step(UplinkStart{});
  EXPECT_EQ(core_->state(), UplinkState::kConnecting);
  const auto actions = Step(LinkUp{attempt_});
  EXPECT_EQ(core_->state(), UplinkState::kGreeting);
  ASSERT_EQ(actions.size(), 1);
  const v1::Hello& hello = actions[0].request.hello();
  EXPECT_EQ(hello.protocol(), 1);
  EXPECT_EQ(hello.sensor(), "sensor-1");
  EXPECT_EQ(hello.spool().size(), 16);
  EXPECT_EQ(hello.next_sequence(), 4);
  ASSERT_EQ(hello.held_size(), 1);
  EXPECT_EQ(hello.held(0).last(), 3);
  EXPECT_EQ(hello.clock_unix_ms(), now_.unix_ms);
}

TEST_F(UplinkCoreTest, SendsTheNewestFirstThenTheBacklogWithNewOnesBetween) {
  const uint64_t bytes = 100;
  for (int i = 0; i < 6; ++i) Spool(bytes);
  const uint64_t one = spool_->core().entries().at(1).size_bytes;
  Step(UplinkStart{});
  EXPECT_THAT(Sent(Greet(3 * one)), ElementsAre(6, 1, 2));  // the credit ends here
  EXPECT_THAT(Sent(Step(UplinkSpooled{Spool(bytes)})), ElementsAre());
  EXPECT_THAT(Sent(Acknowledge(0, {{6, 6}})), ElementsAre(7));
  EXPECT_THAT(Sent(Acknowledge(2)), ElementsAre(3, 4));
  EXPECT_LE(core_->in_flight_bytes(), 3 * one);
}

TEST_F(UplinkCoreTest, ALargeSummaryGoesAloneHoweverSmallTheCredit) {
  Spool(1'000);
  Spool(1'000);
  Step(UplinkStart{});
  EXPECT_THAT(Sent(Greet(1)), ElementsAre(2));
  EXPECT_THAT(Sent(Acknowledge(0, {{2, 2}})), ElementsAre(1));
}

// What was not sent on this stream is not acknowledged by it, whatever the collector says.
TEST_F(UplinkCoreTest, BelievesAcknowledgementsOnlyForWhatItSent) {
  for (int i = 0; i < 3; ++i) Spool(100);
  const uint64_t one = spool_->core().entries().at(1).size_bytes;
  Step(UplinkStart{});
  EXPECT_THAT(Sent(Greet(one)), ElementsAre(3));
  const auto actions = Acknowledge(3);
  EXPECT_THAT(Sequences(actions, Kind::kAcknowledged), ElementsAre(3));
  EXPECT_EQ(spool_->core().counters().waiting, 2);
}

TEST_F(UplinkCoreTest, SendsAgainAfterTheLineBroke) {
  for (int i = 0; i < 3; ++i) Spool();
  Step(UplinkStart{});
  EXPECT_THAT(Sent(Greet()), ElementsAre(3, 1, 2));
  Acknowledge(0, {{1, 1}});
  Step(LinkLost{attempt_, false, "cut"});
  EXPECT_EQ(core_->state(), UplinkState::kBackingOff);
  const uint64_t old = attempt_;
  now_.mono_ms = core_->next_wake_mono_ms();
  Step(UplinkTimer{});
  EXPECT_EQ(core_->state(), UplinkState::kConnecting);
  EXPECT_NE(attempt_, old);
  EXPECT_TRUE(Step(LinkUp{old}).empty());  // a dead stream has nothing to say
  EXPECT_THAT(Sent(Greet(16 << 20, 1)), ElementsAre(3, 2));
}

TEST_F(UplinkCoreTest, BacksOffWithFullJitterUpToItsLimit) {
  Step(UplinkStart{});
  int64_t longest = 0;
  double sum = 0;
  for (int i = 0; i < 400; ++i) {
    const int64_t before = now_.mono_ms;
    Step(LinkLost{attempt_, false, "refused"});
    const int64_t delay = core_->next_wake_mono_ms() - before;
    const int64_t most = std::min<int64_t>(60'000, 1'000LL << std::min(i, 16));
    ASSERT_GE(delay, 100);
    ASSERT_LE(delay, most);
    if (i >= 6) {
      longest = std::max(longest, delay);
      sum += static_cast<double>(delay);
    }
    now_.mono_ms = core_->next_wake_mono_ms();
    Step(UplinkTimer{});
  }
  EXPECT_GT(longest, 55'000);
  EXPECT_NEAR(sum / 394, 30'000, 3'500);  // uniform
}

TEST_F(UplinkCoreTest, ARefusalWaitsLongFromTheFirstTimeOn) {
  double sum = 0;
  for (int i = 0; i < 200; ++i) {
    UplinkCore core(UplinkOptions{}, spool_->core(), [this] { return random_(); });
    const uint64_t attempt = core.Step(now_, UplinkStart{}).front().attempt;
    (void)core.Step(now_, LinkLost{attempt, true, "permission denied"});
    sum += static_cast<double>(core.next_wake_mono_ms() - now_.mono_ms);
  }
  EXPECT_NEAR(sum / 200, 30'000, 5'000);
}

TEST_F(UplinkCoreTest, GivesUpASilentCollector) {
  Spool();
  Step(UplinkStart{});
  now_.mono_ms += 20'000;
  auto actions = Step(UplinkTimer{});
  EXPECT_EQ(Sequences(actions, Kind::kClose).size(), 1);
  EXPECT_EQ(core_->state(), UplinkState::kBackingOff);
  now_.mono_ms = core_->next_wake_mono_ms();
  Step(UplinkTimer{});
  Greet();
  EXPECT_EQ(core_->next_wake_mono_ms(), now_.mono_ms + 300'000);
  now_.mono_ms += 300'000;
  actions = Step(UplinkTimer{});
  EXPECT_EQ(Sequences(actions, Kind::kClose).size(), 1);
  EXPECT_EQ(core_->counters().silent, 2);
}

TEST_F(UplinkCoreTest, AnIdleStreamMayBeSilentForEver) {
  Step(UplinkStart{});
  Greet();
  EXPECT_EQ(core_->next_wake_mono_ms(), INT64_MAX);
}

TEST_F(UplinkCoreTest, SendsAgainWhatARestoredCollectorLost) {
  for (int i = 0; i < 4; ++i) Spool();
  Step(UplinkStart{});
  Greet();
  Acknowledge(4);
  EXPECT_EQ(spool_->core().counters().waiting, 0);
  Step(LinkLost{attempt_, false, "restored"});
  now_.mono_ms = core_->next_wake_mono_ms();
  Step(UplinkTimer{});
  EXPECT_THAT(Sent(Greet(16 << 20, 2)), ElementsAre(4, 3));
}

// Restored to a time when it had given 2 up: it says that 2 is settled, and that it is a gap.
TEST_F(UplinkCoreTest, SendsAgainWhatARestoredCollectorTakesForLost) {
  for (int i = 0; i < 3; ++i) Spool();
  Step(UplinkStart{});
  Greet();
  Acknowledge(3);
  Step(LinkLost{attempt_, false, "restored"});
  now_.mono_ms = core_->next_wake_mono_ms();
  Step(UplinkTimer{});
  Step(LinkUp{attempt_});
  LinkReply in{attempt_, {}};
  v1::HelloReply& reply = *in.reply.mutable_hello();
  reply.set_protocol(1);
  reply.set_credit_bytes(1 << 20);
  reply.add_stored()->set_first(1);
  reply.mutable_stored(0)->set_last(3);
  reply.add_lost()->set_first(2);
  reply.mutable_lost(0)->set_last(2);
  EXPECT_THAT(Sent(Step(std::move(in))), ElementsAre(2));
}

TEST_F(UplinkCoreTest, DeclaresWhatWillNeverArrive) {
  for (int i = 0; i < 4; ++i) Spool();
  disk_.Put(SpoolFileName(2, false), "rot");
  EXPECT_FALSE(spool_->Read(now_, 2).ok());
  (void)spool_->TakeNewGaps();
  Step(UplinkStart{});
  const auto actions = Greet();
  ASSERT_EQ(Declared(actions).size(), 1);
  EXPECT_EQ(Declared(actions)[0].reason(), v1::Gap::REASON_QUARANTINED);
  EXPECT_THAT(Sent(actions), ElementsAre(4, 1, 3));
  // And again until it is acknowledged.
  Step(LinkLost{attempt_, false, "cut"});
  now_.mono_ms = core_->next_wake_mono_ms();
  Step(UplinkTimer{});
  EXPECT_EQ(Declared(Greet()).size(), 1);
}

TEST_F(UplinkCoreTest, TakesANewSpoolWhenRolledBackAndFinishesTheOldOneFirst) {
  for (int i = 0; i < 3; ++i) Spool();
  const auto old_spool = spool_->core().identity().spool;
  Step(UplinkStart{});
  auto actions = Greet(16 << 20, 1, 40, true);
  EXPECT_NE(spool_->core().identity().spool, old_spool);
  EXPECT_EQ(spool_->core().next_sequence(), 41);
  EXPECT_THAT(Sent(actions), ElementsAre(3, 1, 2));  // shown again: the contents are compared
  ASSERT_EQ(Declared(actions).size(), 1);            // 4 … 40 are gone with the other time line
  EXPECT_EQ(Declared(actions)[0].sequences().first(), 4);
  EXPECT_EQ(Declared(actions)[0].sequences().last(), 40);
  const uint64_t fresh = Spool();
  EXPECT_EQ(fresh, 41);
  EXPECT_TRUE(Sent(Step(UplinkSpooled{fresh})).empty());  // another spool: another stream
  actions = Acknowledge(40);
  EXPECT_EQ(Sequences(actions, Kind::kSettled).size(), 1);
  EXPECT_EQ(core_->state(), UplinkState::kConnecting);
  actions = Step(LinkUp{attempt_});
  EXPECT_EQ(actions[0].request.hello().spool(), std::string(spool_->core().identity().spool.begin(),
                                                            spool_->core().identity().spool.end()));
}

TEST_F(UplinkCoreTest, DrainsOrSaysThatItCouldNot) {
  Spool();
  Step(UplinkStart{});
  Greet();
  EXPECT_TRUE(Step(UplinkDrain{now_.mono_ms + 5'000}).empty());
  EXPECT_EQ(core_->state(), UplinkState::kDraining);
  auto actions = Acknowledge(1);
  const auto drained = [](const auto& list) {
    return std::find_if(list.begin(), list.end(),
                        [](const auto& a) { return a.kind == Kind::kDrained; });
  };
  ASSERT_NE(drained(actions), actions.end());
  EXPECT_TRUE(drained(actions)->drained);
  EXPECT_EQ(core_->state(), UplinkState::kIdle);
  Spool();
  Step(UplinkStart{});
  Step(UplinkDrain{now_.mono_ms + 5'000});
  now_.mono_ms += 5'000;
  actions = Step(UplinkTimer{});
  ASSERT_NE(drained(actions), actions.end());
  EXPECT_FALSE(drained(actions)->drained);
}

TEST_F(UplinkCoreTest, RefusesAnAnswerThatCannotBe) {
  Step(UplinkStart{});
  Step(LinkUp{attempt_});
  LinkReply in{attempt_, {}};
  in.reply.mutable_hello()->set_protocol(2);
  Step(std::move(in));
  EXPECT_EQ(core_->state(), UplinkState::kBackingOff);
  EXPECT_EQ(core_->counters().refused, 1);
}

// A day without a collector: the backlog follows in order, no live window waits for it.
TEST_F(UplinkCoreTest, BridgesADayAndLetsLiveWindowsPass) {
  constexpr int kMinutes = 1'440;
  for (int i = 0; i < kMinutes; ++i) Spool(100);
  const uint64_t one = spool_->core().entries().rbegin()->second.size_bytes;
  Step(UplinkStart{});
  std::vector<uint64_t> in_flight = Sent(Greet(4 * one));
  uint64_t backlog = 0;
  uint64_t answered = 0;
  for (int step = 0; !in_flight.empty(); ++step) {
    const uint64_t sequence = in_flight.front();
    in_flight.erase(in_flight.begin());
    if (sequence < kMinutes) {
      ASSERT_EQ(sequence, ++backlog) << "the backlog goes in order of sequence";
    }
    ++answered;
    for (const uint64_t next : Sent(Acknowledge(0, {{sequence, sequence}}))) {
      in_flight.push_back(next);
    }
    if (step % 50 == 49 && answered < kMinutes) {
      const uint64_t live = Spool(100);
      for (const uint64_t next : Sent(Step(UplinkSpooled{live}))) in_flight.push_back(next);
      const uint64_t head = in_flight.front();
      in_flight.erase(in_flight.begin());
      if (head < kMinutes) ++backlog;
      ++answered;
      const auto next = Sent(Acknowledge(0, {{head, head}}));
      ASSERT_FALSE(next.empty());
      ASSERT_EQ(next.front(), live) << "the first free place is the live window's";
      in_flight.insert(in_flight.end(), next.begin(), next.end());
    }
  }
  EXPECT_EQ(spool_->core().counters().waiting, 0);
}

}  // namespace
}  // namespace teiten
