// SPDX-License-Identifier: Apache-2.0
// Spool and conversation together: nothing is called handed over while a loss is untold.
#include "sensor/uplink/engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "tests/delivery/sim_disk.h"

namespace teiten {
namespace {

struct RecordingLink : Link {
  void Open(uint64_t with) override { attempt = with; }
  void Send(uint64_t, v1::PublishRequest request) override { sent.push_back(std::move(request)); }
  void Close(uint64_t) override { ++closed; }
  uint64_t attempt = 0;
  int closed = 0;
  std::vector<v1::PublishRequest> sent;
};

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SpoolOptions options;
    options.sensor = "sensor-1";
    options.reserve_block = 1;  // each window needs the identity file written first
    const auto random = [this] { return random_(); };
    auto spool = SpoolStore::Open(disk_, options, random, now_);
    ASSERT_TRUE(spool.ok());
    spool_ = *std::move(spool);
    engine_ = std::make_unique<UplinkEngine>(UplinkOptions{}, *spool_, link_, random);
    engine_->Start(now_);
  }

  absl::StatusOr<uint64_t> Submit() {
    SpoolAppend append;
    append.envelope.set_content("x");
    append.from_unix_ms = now_.unix_ms;
    append.to_unix_ms = now_.unix_ms + 60'000;
    return engine_->Submit(now_, std::move(append));
  }
  void Greet(uint64_t highest = 0) {
    engine_->OnLink(now_, LinkUp{link_.attempt});
    LinkReply in{link_.attempt, {}};
    v1::HelloReply& hello = *in.reply.mutable_hello();
    hello.set_protocol(1);
    hello.set_credit_bytes(1 << 20);
    hello.set_highest_sequence(highest);
    hello.set_new_spool_required(highest > 0);
    engine_->OnLink(now_, std::move(in));
  }
  void Acknowledge(uint64_t through) {
    LinkReply in{link_.attempt, {}};
    in.reply.mutable_acknowledgement()->set_through(through);
    engine_->OnLink(now_, std::move(in));
  }
  void Wait(int64_t ms) {
    now_.mono_ms += ms;
    now_.unix_ms += ms;
    engine_->OnTimer(now_);
  }
  void Damage(uint64_t sequence) { disk_.Put(SpoolFileName(sequence, false), "rot"); }
  [[nodiscard]] std::vector<v1::Gap> Declared() const {
    std::vector<v1::Gap> out;
    for (const v1::PublishRequest& request : link_.sent) {
      for (const v1::Gap& gap : request.gaps().gaps()) out.push_back(gap);
    }
    return out;
  }

  std::mt19937_64 random_{5};
  SpoolTime now_{1'000'000, 1'700'000'000'000};
  SimDisk disk_{1};
  RecordingLink link_;
  std::unique_ptr<SpoolStore> spool_;
  std::unique_ptr<UplinkEngine> engine_;
};

// The disk refused the identity file, so the lost window has no sequence: it is nowhere but in
// memory, and a drain that ended here would forget it.
TEST_F(EngineTest, ADrainWaitsForALossThatHasNoSequenceYet) {
  ASSERT_TRUE(Submit().ok());
  Greet();
  Acknowledge(1);
  disk_.set_failure_rates(0, 1);
  EXPECT_FALSE(Submit().ok());
  EXPECT_EQ(spool_->core().unnumbered(), 1);
  engine_->Drain(now_, now_.mono_ms + 600'000);
  EXPECT_FALSE(engine_->drained().has_value());

  disk_.set_failure_rates(0, 0);
  Wait(60'000);
  ASSERT_EQ(Declared().size(), 1);
  EXPECT_EQ(Declared()[0].reason(), v1::Gap::REASON_UNWRITABLE);
  EXPECT_EQ(Declared()[0].sequences().first(), 2);
  EXPECT_FALSE(engine_->drained().has_value());
  Acknowledge(2);
  EXPECT_EQ(engine_->drained(), true);
}

TEST_F(EngineTest, ADrainTriesTheDiskOnceMoreAtOnce) {
  Greet();
  ASSERT_TRUE(Submit().ok());
  Acknowledge(1);
  disk_.set_failure_rates(0, 1);
  EXPECT_FALSE(Submit().ok());
  disk_.set_failure_rates(0, 0);
  engine_->Drain(now_, now_.mono_ms + 5'000);
  Acknowledge(2);
  EXPECT_EQ(engine_->drained(), true);
  EXPECT_EQ(Declared().size(), 1);
}

TEST_F(EngineTest, ADrainSaysSoWhenALossStaysWithoutASequence) {
  ASSERT_TRUE(Submit().ok());
  disk_.set_failure_rates(0, 1);
  EXPECT_FALSE(Submit().ok());
  Greet();
  Acknowledge(1);
  engine_->Drain(now_, now_.mono_ms + 5'000);
  Wait(5'000);
  EXPECT_EQ(engine_->drained(), false);
}

// What is found damaged when it is to be sent is declared before the stream may end.
TEST_F(EngineTest, ADrainDeclaresWhatItFindsDamaged) {
  ASSERT_TRUE(Submit().ok());
  Damage(1);
  engine_->Drain(now_, now_.mono_ms + 600'000);
  Greet();
  ASSERT_EQ(Declared().size(), 1);
  EXPECT_EQ(Declared()[0].reason(), v1::Gap::REASON_QUARANTINED);
  EXPECT_FALSE(engine_->drained().has_value());
  Acknowledge(1);
  EXPECT_EQ(engine_->drained(), true);
}

TEST_F(EngineTest, ARetiredSpoolIsNotSettledBeforeItsDamageIsDeclared) {
  ASSERT_TRUE(Submit().ok());
  Damage(1);
  Greet(40);
  ASSERT_EQ(spool_->core().identity().retired.size(), 1);
  EXPECT_FALSE(spool_->core().identity().retired[0].settled);
  const std::vector<v1::Gap> gaps = Declared();
  ASSERT_EQ(gaps.size(), 2);  // and 2 … 40 of the other time line
  EXPECT_EQ(gaps[1].reason(), v1::Gap::REASON_QUARANTINED);
  EXPECT_EQ(link_.closed, 0);
  Acknowledge(40);
  EXPECT_TRUE(spool_->core().identity().retired.empty());
  EXPECT_EQ(link_.closed, 1);
}

}  // namespace
}  // namespace teiten
