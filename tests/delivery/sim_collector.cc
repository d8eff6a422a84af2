// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "tests/delivery/sim_world.h"

namespace teiten {
namespace {

constexpr int64_t kEpochMs = 1'760'000'000'000;

}  // namespace

SimCollector::SimCollector(SimWorld& world, uint64_t seed) : world_(world), store_(seed) {
  if (world.policies.no_dedup) store_.set_no_dedup();
  if (world.policies.accept_conflicts) store_.set_accept_conflicts();
}

void SimCollector::Boot() {
  if (alive()) return;
  store_.Restart();
  IngestLimits limits;
  limits.stream_bytes = 2'000;  // some envelopes, so that credit and bounds are felt
  limits.total_bytes = 4'000;
  limits.group_items = 8;
  core_ = std::make_unique<IngestCore>(limits, "simulation");
  ++life_;
  const auto tick = [this, life = life_](const auto& again) -> void {
    if (life != life_ || !alive()) return;
    Step(IngestTimer{});
    world_.clock.After(5'000, [again] { again(again); });
  };
  world_.clock.After(5'000, [tick] { tick(tick); });
}

void SimCollector::Die() {
  if (!alive()) return;
  ++world_.outcome.collector_crashes;
  duplicates_ += core_->counters().duplicates;
  new_spools_ += core_->counters().new_spools;
  core_.reset();
  ++life_;
  store_.Restart();
  world_.CutAll();
  world_.clock.After(1'000 + world_.Below(120'000), [this] { Boot(); });
}

void SimCollector::Account(Outcome& outcome) const {
  outcome.duplicates = duplicates_ + (core_ ? core_->counters().duplicates : 0);
  outcome.new_spools = new_spools_ + (core_ ? core_->counters().new_spools : 0);
}

void SimCollector::Step(IngestInput input) {
  if (!alive()) return;
  IngestActions actions = core_->Step(kEpochMs + world_.clock.now_ms(), std::move(input));
  for (IngestAction& action : actions) {
    if (!alive()) return;
    Do(action);
  }
}

void SimCollector::Do(IngestAction& action) {
  switch (action.kind) {
    case IngestAction::Kind::kReply: {
      SimLine* const line = world_.Line(action.stream);
      if (line == nullptr) return;
      Tamper(action.reply);
      if (action.reply.has_acknowledgement()) {
        CheckAcknowledged(*line, action.reply.acknowledgement());
      }
      return world_.SendDown(action.stream, std::move(action.reply));
    }
    case IngestAction::Kind::kFinish:
      return world_.Finish(action.stream, action.status);
    case IngestAction::Kind::kReadMore: {
      SimLine* const line = world_.Line(action.stream);
      if (line == nullptr) return;
      line->wants_message = true;
      world_.clock.After(0, [this, number = action.stream] {
        SimLine* const still = world_.Line(number);
        if (still != nullptr) TryRead(*still);
      });
      return;
    }
    case IngestAction::Kind::kWrite:
      return Write(std::move(action.group));
    case IngestAction::Kind::kNote:
      return;
  }
}

void SimCollector::TryRead(SimLine& line) {
  if (!line.wants_message || line.inbox.empty() || !alive()) return;
  line.wants_message = false;
  const v1::PublishRequest request = std::move(line.inbox.front());
  line.inbox.pop_front();
  switch (request.request_case()) {
    case v1::PublishRequest::kHello:
      return Step(HelloReceived{line.number, request.hello()});
    case v1::PublishRequest::kEnvelope:
      return Step(
          EnvelopeReceived{line.number, request.ByteSizeLong(),
                           JudgeEnvelope(request.envelope(), kEpochMs + world_.clock.now_ms())});
    case v1::PublishRequest::kGaps:
      return Step(GapsReceived{line.number, request.ByteSizeLong(), request.gaps()});
    case v1::PublishRequest::REQUEST_NOT_SET:
      return;
  }
}

// What is durable from now on, for the checks.
GroupResult SimCollector::Execute(const WriteGroup& group) {
  GroupResult result = ExecuteGroup(store_, group);
  for (const WriteItem& item : group) {
    const auto* const fact = std::get_if<AcceptedFact>(&item);
    if (fact == nullptr) continue;
    const auto stored = store_.record().facts.find(fact->key);
    if (stored != store_.record().facts.end()) {
      world_.ever_durable.insert({fact->key, stored->second});
    }
    if (store_.record().conflicting.contains(fact->content_sha256)) {
      world_.ever_conflicting.insert(fact->content_sha256);
    }
  }
  return result;
}

// The writer is another thread: it takes its time, and the process may die before, while and
// after it commits.
void SimCollector::Write(WriteGroup group) {
  const auto shared = std::make_shared<const WriteGroup>(std::move(group));
  const auto is_fact = [](const WriteItem& item) {
    return std::holds_alternative<AcceptedFact>(item);
  };
  const bool early =
      world_.policies.ack_before_commit && std::all_of(shared->begin(), shared->end(), is_fact);
  if (early) {
    const std::vector<WriteResult> results(shared->size(), FactVerdict::kStored);
    world_.clock.After(0, [this, life = life_, results] {
      if (life == life_) Step(GroupWritten{{absl::OkStatus(), results}});
    });
  }
  world_.clock.After(world_.Below(world_.scenario.commit_ms), [this, life = life_, shared, early] {
    if (life != life_) return;
    if (world_.troubled && world_.Chance() < world_.scenario.crash_in_commit / 10) {
      store_.CrashInNextCommit();
    }
    const GroupResult result = Execute(*shared);
    if (store_.crashed()) return Die();
    if (early) return;
    world_.clock.After(world_.Below(20), [this, life, result] {
      if (life == life_) Step(GroupWritten{result});
    });
  });
}

void SimCollector::Tamper(v1::PublishReply& reply) const {
  if (world_.policies.claim_all_stored && reply.has_hello()) {
    v1::SequenceRange& all = *reply.mutable_hello()->add_stored();
    all.set_first(1);
    all.set_last(1'000'000);
  }
  if (world_.policies.ignore_roll_back && reply.has_hello()) {
    reply.mutable_hello()->set_new_spool_required(false);
  }
  if (world_.policies.ack_everything && reply.has_acknowledgement()) {
    reply.mutable_acknowledgement()->set_through(1'000'000);
  }
}

// P6: an acknowledgement may only say what is on the collector's disk at this moment.
void SimCollector::CheckAcknowledged(const SimLine& line, const v1::Acknowledgement& in) {
  if (world_.policies.ack_everything) return;  // the sensor's side finds that one
  const SimSensor& sensor = *world_.sensors[line.sensor];
  RangeSet said;
  said.Add(1, in.through());
  for (const v1::SequenceRange& range : in.ranges()) said.Add(range.first(), range.last());
  RangeSet durable;
  for (const auto& [key, ledger] : store_.record().ledgers) {
    if (key.first == sensor.name()) durable.AddAll(ledger.Settled());
  }
  said.RemoveAll(durable);
  if (!said.empty()) {
    world_.Violation("acknowledged before it was durable: " + std::to_string(said.highest()));
  }
}

}  // namespace teiten
