// SPDX-License-Identifier: Apache-2.0
#include "collector/ingest/ingest_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/delivery/sim_store.h"

namespace teiten {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = IngestAction::Kind;

constexpr uint64_t kEnvelopeBytes = 1'000;

class IngestCoreTest : public ::testing::Test {
 protected:
  IngestCoreTest() {
    limits_.stream_bytes = 4 * kEnvelopeBytes;
    limits_.total_bytes = 8 * kEnvelopeBytes;
    core_ = std::make_unique<IngestCore>(limits_, "test");
  }

  static v1::Hello MakeHello(const std::string& sensor = "sensor-1", uint64_t next = 100) {
    v1::Hello hello;
    hello.set_protocol(1);
    hello.set_sensor(sensor);
    hello.set_spool("0123456789abcdef");
    hello.set_next_sequence(next);
    return hello;
  }

  static EnvelopeReceived MakeEnvelope(uint64_t stream, uint64_t sequence,
                                       const std::string& content = "content") {
    EnvelopeReceived in{stream, kEnvelopeBytes, {}};
    in.judgement.sequence = sequence;
    AcceptedFact& fact = in.judgement.fact.emplace();
    fact.key.sensor = "sensor-1";
    const std::string spool = "0123456789abcdef";
    std::copy(spool.begin(), spool.end(), fact.key.spool.begin());
    fact.key.sequence = sequence;
    fact.content_sha256 = content;
    return in;
  }

  static GapsReceived MakeGap(uint64_t stream, uint64_t first, uint64_t last) {
    GapsReceived in{stream, 10, {}};
    v1::Gap& gap = *in.gaps.add_gaps();
    gap.mutable_sequences()->set_first(first);
    gap.mutable_sequences()->set_last(last);
    gap.set_reason(v1::Gap::REASON_SHED_SIZE);
    return in;
  }

  // Steps; a group that comes out is kept until Commit.
  std::vector<IngestAction> Step(IngestInput input) {
    std::vector<IngestAction> actions = core_->Step(now_ms_, std::move(input));
    for (IngestAction& action : actions) {
      if (action.kind == Kind::kWrite) {
        EXPECT_FALSE(writing_) << "one group at a time";
        writing_ = true;
        group_ = std::move(action.group);
      }
    }
    return actions;
  }
  std::vector<IngestAction> Commit() {
    EXPECT_TRUE(writing_);
    writing_ = false;
    return Step(GroupWritten{ExecuteGroup(store_, group_)});
  }
  void Greet(uint64_t stream, const v1::Hello& hello = MakeHello()) {
    Step(StreamOpened{stream});
    Step(HelloReceived{stream, hello});
    Commit();
  }

  static std::vector<v1::PublishReply> Replies(const std::vector<IngestAction>& actions,
                                               uint64_t stream) {
    std::vector<v1::PublishReply> out;
    for (const IngestAction& action : actions) {
      if (action.kind == Kind::kReply && action.stream == stream) out.push_back(action.reply);
    }
    return out;
  }
  static absl::Status Ended(const std::vector<IngestAction>& actions, uint64_t stream) {
    for (const IngestAction& action : actions) {
      if (action.kind == Kind::kFinish && action.stream == stream) return action.status;
    }
    return absl::OkStatus();
  }
  static int Reads(const std::vector<IngestAction>& actions, uint64_t stream) {
    int count = 0;
    for (const IngestAction& action : actions) {
      count += action.kind == Kind::kReadMore && action.stream == stream ? 1 : 0;
    }
    return count;
  }

  int64_t now_ms_ = 1'760'000'000'000;
  IngestLimits limits_;
  SimStore store_{1};
  std::unique_ptr<IngestCore> core_;
  bool writing_ = false;
  WriteGroup group_;
};

TEST_F(IngestCoreTest, AnswersHelloFromTheLedger) {
  Step(StreamOpened{1});
  EXPECT_TRUE(Replies(Step(HelloReceived{1, MakeHello()}), 1).empty());
  const auto replies = Replies(Commit(), 1);
  ASSERT_EQ(replies.size(), 1);
  const v1::HelloReply& reply = replies[0].hello();
  EXPECT_EQ(reply.protocol(), 1);
  EXPECT_EQ(reply.stored_size(), 0);
  EXPECT_EQ(reply.credit_bytes(), limits_.stream_bytes);
  EXPECT_EQ(reply.deployment_key().key().size(), 16);
  EXPECT_FALSE(reply.new_spool_required());
  EXPECT_THAT(core_->Connected(), ElementsAre("sensor-1"));
}

TEST_F(IngestCoreTest, AcknowledgesOnlyFromTheResultOfACommit) {
  Greet(1);
  EXPECT_TRUE(Replies(Step(MakeEnvelope(1, 1)), 1).empty());
  EXPECT_TRUE(Replies(Step(MakeEnvelope(1, 2)), 1).empty());
  auto replies = Replies(Commit(), 1);
  ASSERT_EQ(replies.size(), 1);
  EXPECT_EQ(replies[0].acknowledgement().through(), 1);  // 2 is in the next group
  EXPECT_TRUE(writing_);
  replies = Replies(Commit(), 1);
  ASSERT_EQ(replies.size(), 1);
  EXPECT_EQ(replies[0].acknowledgement().through(), 2);
}

TEST_F(IngestCoreTest, AcknowledgesAboveAHoleByRange) {
  Greet(1);
  Step(MakeEnvelope(1, 7));
  const auto replies = Replies(Commit(), 1);
  EXPECT_EQ(replies[0].acknowledgement().through(), 0);
  ASSERT_EQ(replies[0].acknowledgement().ranges_size(), 1);
  EXPECT_EQ(replies[0].acknowledgement().ranges(0).first(), 7);
}

// The sensor still holds 1 … 3; another content may be stored under them. Until it has shown
// them, nothing covers them.
TEST_F(IngestCoreTest, DoesNotAcknowledgeWhatTheSensorHoldsAndHasNotShown) {
  Greet(1);
  for (uint64_t s = 1; s <= 4; ++s) {
    Step(MakeEnvelope(1, s));
    Commit();
  }
  Step(StreamClosed{1});
  v1::Hello hello = MakeHello();
  hello.add_held()->set_first(1);
  hello.mutable_held(0)->set_last(3);
  Greet(2, hello);
  Step(MakeEnvelope(2, 5));
  auto replies = Replies(Commit(), 2);
  EXPECT_EQ(replies[0].acknowledgement().through(), 0);
  Step(MakeEnvelope(2, 1));
  replies = Replies(Commit(), 2);
  EXPECT_EQ(replies[0].acknowledgement().through(), 1);
  Step(MakeEnvelope(2, 2, "another"));
  replies = Replies(Commit(), 2);
  ASSERT_EQ(replies.size(), 1);
  EXPECT_EQ(replies[0].rejection().reason(), v1::Rejection::REASON_IDENTITY_CONFLICT);
  Step(MakeEnvelope(2, 3));
  replies = Replies(Commit(), 2);
  EXPECT_EQ(replies[0].acknowledgement().through(), 1);
  EXPECT_EQ(replies[0].acknowledgement().ranges(0).first(), 3);
  EXPECT_EQ(core_->counters().conflicts, 1);
  EXPECT_EQ(core_->counters().duplicates, 2);
}

TEST_F(IngestCoreTest, ADuplicateIsAcknowledgedAndNotAddedTwice) {
  Greet(1);
  Step(MakeEnvelope(1, 1));
  Commit();
  Step(MakeEnvelope(1, 1));
  const auto replies = Replies(Commit(), 1);
  ASSERT_EQ(replies.size(), 1);
  EXPECT_EQ(replies[0].acknowledgement().through(), 1);
  EXPECT_EQ(store_.record().contents.size(), 1);
}

TEST_F(IngestCoreTest, TellsARolledBackSensorToTakeANewSpool) {
  Greet(1);
  Step(MakeEnvelope(1, 50));
  Commit();
  Step(StreamClosed{1});
  Step(StreamOpened{2});
  Step(HelloReceived{2, MakeHello("sensor-1", 50)});
  auto replies = Replies(Commit(), 2);
  EXPECT_TRUE(replies[0].hello().new_spool_required());
  EXPECT_EQ(replies[0].hello().highest_sequence(), 50);
  Step(StreamOpened{3});
  Step(HelloReceived{3, MakeHello("sensor-1", 51)});
  replies = Replies(Commit(), 3);
  EXPECT_FALSE(replies[0].hello().new_spool_required());
}

TEST_F(IngestCoreTest, BooksGapsThenAcknowledgesThem) {
  Greet(1);
  Step(MakeEnvelope(1, 3));
  Commit();
  EXPECT_TRUE(Replies(Step(MakeGap(1, 1, 5)), 1).empty());
  const auto replies = Replies(Commit(), 1);
  EXPECT_EQ(replies[0].acknowledgement().through(), 5);
  const auto& ledger = store_.record().ledgers.begin()->second;
  EXPECT_EQ(ledger.gaps.count(), 4);  // 3 is stored and stays so
  EXPECT_FALSE(ledger.gaps.Contains(3));
}

// A sensor that was told "stored" before this collector was restored sends such a gap after all;
// until it has, nothing covers it.
TEST_F(IngestCoreTest, SaysWhatIsLostAndAcknowledgesNothingOverIt) {
  Greet(1);
  Step(MakeEnvelope(1, 1));
  Commit();
  Step(MakeGap(1, 2, 2));
  Commit();
  Step(StreamClosed{1});
  Step(StreamOpened{2});
  Step(HelloReceived{2, MakeHello()});
  auto replies = Replies(Commit(), 2);
  ASSERT_EQ(replies.size(), 1);
  const v1::HelloReply& hello = replies[0].hello();
  ASSERT_EQ(hello.stored_size(), 1);
  EXPECT_EQ(hello.stored(0).last(), 2);
  ASSERT_EQ(hello.lost_size(), 1);
  EXPECT_EQ(hello.lost(0).first(), 2);
  EXPECT_EQ(hello.lost(0).last(), 2);
  Step(MakeEnvelope(2, 3));
  replies = Replies(Commit(), 2);
  EXPECT_EQ(replies[0].acknowledgement().through(), 1);
  ASSERT_EQ(replies[0].acknowledgement().ranges_size(), 1);
  EXPECT_EQ(replies[0].acknowledgement().ranges(0).first(), 3);
  Step(MakeEnvelope(2, 2));
  replies = Replies(Commit(), 2);
  EXPECT_EQ(replies[0].acknowledgement().through(), 3);
}

// A gap that covers a summary still in the queue is not acknowledged before that is durable.
TEST_F(IngestCoreTest, AGapKeepsItsPlaceBehindWhatIsPending) {
  Greet(1);
  Step(MakeEnvelope(1, 1));
  Step(MakeEnvelope(1, 2));
  EXPECT_TRUE(Replies(Step(MakeGap(1, 2, 2)), 1).empty());
  store_.set_full(true);
  const auto actions = Commit();
  EXPECT_TRUE(Replies(actions, 1).empty());
  EXPECT_TRUE(absl::IsUnavailable(Ended(actions, 1)));
  EXPECT_TRUE(store_.record().facts.empty());
}

TEST_F(IngestCoreTest, AFailingStoreEndsEveryStreamAndAcknowledgesNothing) {
  Greet(1);
  Greet(2, MakeHello("sensor-2"));
  Step(MakeEnvelope(1, 1));
  store_.set_full(true);
  const auto actions = Commit();
  EXPECT_TRUE(Replies(actions, 1).empty());
  EXPECT_THAT(std::string(Ended(actions, 1).message()), HasSubstr("no space left"));
  EXPECT_TRUE(absl::IsUnavailable(Ended(actions, 2)));
  EXPECT_EQ(core_->counters().queued_bytes, 0);
  EXPECT_TRUE(core_->Connected().empty());
  store_.set_full(false);  // the next attempt finds it well
  now_ms_ += limits_.first_pause_ms;
  Greet(3);
  Step(MakeEnvelope(3, 1));
  EXPECT_EQ(Replies(Commit(), 3).size(), 1);
}

// While the store fails nobody is asked to send what cannot be kept; whoever comes after the pause
// finds out whether it is well, and a Hello that went through is no proof.
TEST_F(IngestCoreTest, PutsSensorsOffWhileTheStoreFailsAndLongerEachTime) {
  int64_t pause_ms = limits_.first_pause_ms;
  uint64_t stream = 0;
  for (int turn = 0; turn < 8; ++turn) {
    Greet(++stream);
    Step(MakeEnvelope(stream, 1));
    store_.set_full(true);
    EXPECT_TRUE(absl::IsUnavailable(Ended(Commit(), stream)));
    store_.set_full(false);
    now_ms_ += pause_ms - 1;
    Step(StreamOpened{++stream});
    const absl::Status ended = Ended(Step(HelloReceived{stream, MakeHello()}), stream);
    EXPECT_TRUE(absl::IsUnavailable(ended)) << ended;
    EXPECT_THAT(std::string(ended.message()), HasSubstr("the collector's store: no space left"));
    EXPECT_FALSE(writing_) << "the store was asked";
    now_ms_ += 1;
    pause_ms = std::min(2 * pause_ms, limits_.most_pause_ms);
  }
  EXPECT_EQ(core_->counters().streams_put_off, 8);
  Greet(++stream);
  Step(MakeEnvelope(stream, 1));
  EXPECT_EQ(Replies(Commit(), stream).size(), 1);
  // It worked: the next failure is a first one.
  Step(MakeEnvelope(stream, 2));
  store_.set_full(true);
  Commit();
  store_.set_full(false);
  now_ms_ += limits_.first_pause_ms;
  Greet(++stream);
  EXPECT_FALSE(core_->Connected().empty());
}

TEST_F(IngestCoreTest, AClockThatIsSetBackEndsAPause) {
  Greet(1);
  Step(MakeEnvelope(1, 1));
  store_.set_full(true);
  Commit();
  store_.set_full(false);
  now_ms_ -= 86'400'000;
  Greet(2);
  EXPECT_FALSE(core_->Connected().empty());
}

TEST_F(IngestCoreTest, TheNewestStreamOfASensorWins) {
  Greet(1);
  Step(MakeEnvelope(1, 1));  // accepted, not yet durable
  Step(StreamOpened{2});
  const auto actions = Step(HelloReceived{2, MakeHello()});
  EXPECT_TRUE(absl::IsAlreadyExists(Ended(actions, 1)));
  EXPECT_TRUE(Step(MakeEnvelope(1, 2)).empty());  // nobody listens to the old one
  EXPECT_TRUE(Replies(Commit(), 1).empty());
  // Its last summary was written before the new one's ledger was read.
  const auto replies = Replies(Commit(), 2);
  ASSERT_EQ(replies[0].hello().stored_size(), 1);
  EXPECT_EQ(core_->counters().streams_displaced, 1);
}

TEST_F(IngestCoreTest, RefusesHellosThatCannotBe) {
  const auto refused = [&](const v1::Hello& hello) {
    static uint64_t stream = 100;
    Step(StreamOpened{++stream});
    return Ended(Step(HelloReceived{stream, hello}), stream);
  };
  v1::Hello hello = MakeHello();
  hello.set_protocol(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused(hello)));
  EXPECT_TRUE(absl::IsInvalidArgument(refused(MakeHello("Sensor"))));
  EXPECT_TRUE(absl::IsInvalidArgument(refused(MakeHello(""))));
  EXPECT_TRUE(absl::IsInvalidArgument(refused(MakeHello("sensor-1", 0))));
  hello = MakeHello();
  hello.set_spool("short");
  EXPECT_TRUE(absl::IsInvalidArgument(refused(hello)));
  hello = MakeHello("sensor-1", 5);
  hello.add_held()->set_first(5);
  hello.mutable_held(0)->set_last(5);
  EXPECT_TRUE(absl::IsInvalidArgument(refused(hello)));
  hello = MakeHello();
  hello.set_software(std::string(300, 'x'));
  EXPECT_TRUE(absl::IsInvalidArgument(refused(hello)));
  EXPECT_EQ(core_->counters().streams_refused, 7);
}

TEST_F(IngestCoreTest, RefusesMessagesOutOfOrder) {
  Step(StreamOpened{1});
  EXPECT_TRUE(absl::IsFailedPrecondition(Ended(Step(MakeEnvelope(1, 1)), 1)));
  Greet(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Ended(Step(HelloReceived{2, MakeHello()}), 2)));
  Step(StreamOpened{3});
  now_ms_ += limits_.hello_timeout_ms + 1;
  EXPECT_TRUE(absl::IsDeadlineExceeded(Ended(Step(IngestTimer{}), 3)));
}

TEST_F(IngestCoreTest, RejectsOnRecordAndNeverAcknowledges) {
  Greet(1);
  EnvelopeReceived bad = MakeEnvelope(1, 9);
  bad.judgement.fact.reset();
  bad.judgement.reason = v1::Rejection::REASON_IMPLAUSIBLE;
  bad.judgement.detail = "accounting.captured: 3, but the fates sum to 2";
  EXPECT_TRUE(Replies(Step(bad), 1).empty());
  const std::vector<IngestAction> actions = Commit();
  auto replies = Replies(actions, 1);
  ASSERT_EQ(replies.size(), 1);
  EXPECT_EQ(std::count_if(actions.begin(), actions.end(),
                          [](const IngestAction& a) {
                            return a.reply.has_rejection() && a.sensor == "sensor-1" &&
                                   a.spool[0] == '0' && a.spool[15] == 'f';
                          }),
            1);  // what the log names
  EXPECT_EQ(replies[0].rejection().sequence(), 9);
  EXPECT_TRUE(store_.record().ledgers.begin()->second.rejected.Contains(9));
  EnvelopeReceived foreign = MakeEnvelope(1, 10);
  foreign.judgement.fact->key.sensor = "sensor-2";
  Step(foreign);
  replies = Replies(Commit(), 1);
  EXPECT_EQ(replies[0].rejection().reason(), v1::Rejection::REASON_WRONG_SENSOR);
  EXPECT_TRUE(store_.record().facts.empty());
}

// One sensor's impossible summary must not stop the others.
TEST_F(IngestCoreTest, WhatTheStoreCannotHoldIsRejectedAlone) {
  Greet(1);
  Step(MakeEnvelope(1, 1));  // holds the writer, so that the next three are one group
  Step(MakeEnvelope(1, 2));
  EnvelopeReceived bad = MakeEnvelope(1, 3);
  bad.judgement.fact->window_start_unix_ms = -1;
  Step(std::move(bad));
  Commit();
  const auto replies = Replies(Commit(), 1);
  ASSERT_EQ(replies.size(), 2);
  EXPECT_EQ(replies[0].rejection().sequence(), 3);
  EXPECT_EQ(replies[0].rejection().reason(), v1::Rejection::REASON_IMPLAUSIBLE);
  EXPECT_EQ(replies[1].acknowledgement().through(), 2);
  EXPECT_TRUE(store_.record().ledgers.begin()->second.rejected.Contains(3));
  EXPECT_FALSE(core_->Connected().empty());
}

TEST_F(IngestCoreTest, ReadsNoFurtherAtItsBounds) {
  Greet(1);
  int reads = 1;  // Greet asked for the next message
  uint64_t sequence = 0;
  while (reads > 0) reads += Reads(Step(MakeEnvelope(1, ++sequence)), 1) - 1;
  EXPECT_GE(core_->counters().queued_bytes, limits_.stream_bytes);
  EXPECT_LT(core_->counters().queued_bytes, limits_.stream_bytes + 2 * kEnvelopeBytes);
  // Another sensor is not held up, until the bound for all is reached.
  Step(StreamOpened{2});
  EXPECT_EQ(Reads(Step(HelloReceived{2, MakeHello("sensor-2")}), 2), 1);
  // What is committed makes room.
  int after = 0;
  while (writing_) after += Reads(Commit(), 1);
  EXPECT_EQ(after, 1);
  EXPECT_EQ(core_->counters().queued_bytes, 0);
}

TEST_F(IngestCoreTest, StopsAndWritesWhatWasAccepted) {
  Greet(1);
  Step(MakeEnvelope(1, 1));
  Step(MakeEnvelope(1, 2));
  EXPECT_TRUE(absl::IsUnavailable(Ended(Step(IngestStop{}), 1)));
  EXPECT_FALSE(core_->idle());
  while (writing_) Commit();
  EXPECT_TRUE(core_->idle());
  EXPECT_EQ(store_.record().facts.size(), 2);
  EXPECT_TRUE(absl::IsUnavailable(Ended(Step(StreamOpened{2}), 2)));
}

}  // namespace
}  // namespace teiten
