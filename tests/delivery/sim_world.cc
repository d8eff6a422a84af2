// SPDX-License-Identifier: Apache-2.0
#include "tests/delivery/sim_world.h"

#include <algorithm>
#include <utility>

namespace teiten {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kMostClockStepMs = 60 * kMinuteMs;
constexpr int64_t kKeepaliveMs = 20'000;

}  // namespace

void SimClock::At(int64_t time_ms, std::function<void()> run) {
  events_.push({std::max(time_ms, now_ms_), next_++, std::move(run)});
}

void SimClock::RunUntil(int64_t end_ms) {
  while (!events_.empty() && events_.top().time_ms < end_ms) {
    // The queue gives no way to move out; the function is copied.
    const Event event = events_.top();
    events_.pop();
    now_ms_ = event.time_ms;
    event.run();
  }
  now_ms_ = end_ms;
}

SimWorld::SimWorld(uint64_t seed, const Policies& with) : random(seed), policies(with) {
  scenario = MakeScenario(random);
  collector = std::make_unique<SimCollector>(*this, random());
  for (int i = 0; i < scenario.sensors; ++i) {
    sensors.push_back(std::make_unique<SimSensor>(*this, static_cast<std::size_t>(i), random()));
    sensors.back()->disk().set_failure_rates(scenario.no_space, scenario.io_error);
    sensors.back()->disk().set_capacity_bytes(scenario.disk_bytes);
  }
}

SimWorld::~SimWorld() = default;

void SimWorld::Violation(std::string text) {
  // The first few tell the story.
  if (outcome.violations.size() < 20) {
    outcome.violations.push_back("at " + std::to_string(clock.now_ms()) +
                                 " ms: " + std::move(text));
  }
}

// ---- Lines

SimLine* SimWorld::Line(uint64_t number) {
  const auto it = lines_.find(number);
  return it == lines_.end() || !it->second.collector_end ? nullptr : &it->second;
}

// A process hears only of its own attempts, not of those of the one that died before it.
void SimWorld::Tell(std::size_t sensor, int64_t delay_ms, LinkEvent event) {
  clock.After(delay_ms, [this, sensor, life = sensors[sensor]->life(), event] {
    if (sensors[sensor]->life() == life) sensors[sensor]->OnLink(event);
  });
}

void SimWorld::Connect(std::size_t sensor, uint64_t attempt) {
  HangUp(sensor, UINT64_MAX);
  const int64_t delay_ms = 1 + Below(scenario.delay_ms);
  clock.After(delay_ms, [this, sensor, life = sensors[sensor]->life(), attempt, delay_ms] {
    if (sensors[sensor]->life() != life) return;
    if (!collector->alive()) {
      return sensors[sensor]->OnLink(LinkLost{attempt, false, "connection refused"});
    }
    SimLine& line = lines_[++next_line_];
    line.number = next_line_;
    line.sensor = sensor;
    line.attempt = attempt;
    collector->Step(StreamOpened{line.number});
    clock.After(delay_ms, [this, number = line.number] {
      const auto it = lines_.find(number);
      if (it == lines_.end() || !it->second.sensor_end) return;
      sensors[it->second.sensor]->OnLink(LinkUp{it->second.attempt});
    });
  });
}

void SimWorld::SendUp(std::size_t sensor, uint64_t attempt, v1::PublishRequest request) {
  for (auto& [number, line] : lines_) {
    if (line.sensor != sensor || line.attempt != attempt || !line.sensor_end) continue;
    ++outcome.messages;
    const bool trouble = troubled && !request.has_hello();
    if (trouble && Chance() < scenario.drop) {
      ++outcome.dropped;
      return;
    }
    const int copies = trouble && Chance() < scenario.twice ? 2 : 1;
    outcome.doubled_messages += static_cast<uint64_t>(copies - 1);
    for (int i = 0; i < copies; ++i) {
      int64_t at_ms = clock.now_ms() + 1 + Below(scenario.delay_ms);
      if (!trouble || Chance() >= scenario.reorder) at_ms = std::max(at_ms, line.last_up_ms);
      line.last_up_ms = std::max(line.last_up_ms, at_ms);
      clock.At(at_ms, [this, to = number, request] {
        SimLine* const there = Line(to);
        if (there == nullptr) return;
        there->inbox.push_back(request);
        collector->TryRead(*there);
      });
    }
    return;
  }
}

void SimWorld::SendDown(uint64_t number, v1::PublishReply reply) {
  SimLine& line = lines_.at(number);
  const bool trouble = troubled && !reply.has_hello();
  if (trouble && Chance() < scenario.drop) {
    ++outcome.dropped;
    return;
  }
  int64_t at_ms = clock.now_ms() + 1 + Below(scenario.delay_ms);
  if (!trouble || Chance() >= scenario.reorder) at_ms = std::max(at_ms, line.last_down_ms);
  line.last_down_ms = std::max(line.last_down_ms, at_ms);
  clock.At(at_ms, [this, number, reply] {
    const auto it = lines_.find(number);
    if (it == lines_.end() || !it->second.sensor_end) return;
    sensors[it->second.sensor]->OnLink(LinkReply{it->second.attempt, reply});
  });
}

// UINT64_MAX: whatever attempt it is. The collector hears of it, or only by its keepalive.
void SimWorld::HangUp(std::size_t sensor, uint64_t attempt) {
  for (auto& [number, line] : lines_) {
    if (line.sensor != sensor || !line.sensor_end) continue;
    if (attempt != UINT64_MAX && line.attempt != attempt) continue;
    line.sensor_end = false;
    const int64_t delay_ms = Chance() < 0.3 ? kKeepaliveMs : 1 + Below(scenario.delay_ms);
    clock.After(delay_ms, [this, closed = number] {
      SimLine* const there = Line(closed);
      if (there == nullptr) return;
      there->collector_end = false;
      collector->Step(StreamClosed{closed});
    });
  }
}

void SimWorld::Finish(uint64_t number, const absl::Status& status) {
  SimLine* const line = Line(number);
  if (line == nullptr) return;
  line->collector_end = false;
  const bool refused = !absl::IsUnavailable(status);
  clock.At(std::max(clock.now_ms() + 1, line->last_down_ms), [this, number, refused, status] {
    SimLine& there = lines_.at(number);
    if (!std::exchange(there.sensor_end, false)) return;
    sensors[there.sensor]->OnLink(LinkLost{there.attempt, refused, status.ToString()});
  });
}

// Both ends find out, each in its own time; what is under way is lost.
void SimWorld::CutLine(SimLine& line) {
  ++outcome.line_cuts;
  const uint64_t number = line.number;
  if (std::exchange(line.sensor_end, false)) {
    const int64_t delay_ms = Chance() < 0.5 ? 1 : kKeepaliveMs;
    Tell(line.sensor, delay_ms, LinkLost{line.attempt, false, "cut"});
  }
  const int64_t delay_ms = Chance() < 0.5 ? 1 : kKeepaliveMs;
  clock.After(delay_ms, [this, number] {
    SimLine* const there = Line(number);
    if (there == nullptr) return;
    there->collector_end = false;
    collector->Step(StreamClosed{number});
  });
}

void SimWorld::CutAll() {
  for (auto& [number, line] : lines_) {
    line.collector_end = false;
    if (!std::exchange(line.sensor_end, false)) continue;
    Tell(line.sensor, 1 + Below(kKeepaliveMs), LinkLost{line.attempt, false, "the collector died"});
  }
}

// ---- A run

Outcome SimWorld::Run() {
  collector->Boot();
  for (const auto& sensor : sensors) sensor->Boot();
  ScheduleTrouble();
  for (int minute = 0; minute < scenario.windows; ++minute) {
    clock.At(minute * kMinuteMs + 2'000, [this] { EveryMinute(); });
  }
  clock.RunUntil(scenario.windows * kMinuteMs + 2'000);
  Heal();
  // Whose line is dead hears of it before it is asked to hand over what is left.
  clock.RunUntil(clock.now_ms() + kKeepaliveMs + 1);
  draining = true;
  // Backoff, silence timeouts and a retired spool or two fit well into this.
  const int64_t end_ms = clock.now_ms() + 120 * kMinuteMs;
  const auto settled = [this] {
    return collector->alive() &&
           std::all_of(sensors.begin(), sensors.end(), [](const auto& s) { return s->settled(); });
  };
  while (clock.now_ms() < end_ms && !settled()) clock.RunUntil(clock.now_ms() + kMinuteMs);
  if (!settled()) Violation("not everything could be handed over");
  Judge();
  return outcome;
}

void SimWorld::EveryMinute() {
  for (const auto& sensor : sensors) {
    sensor->Produce();
    if (Chance() < scenario.rot) sensor->RotOneFile();
    if (Chance() < scenario.unreadable) {
      ++outcome.unreadable;
      sensor->disk().set_unreadable(true);
      clock.After(Below(kMinuteMs), [&sensor = *sensor] { sensor.disk().set_unreadable(false); });
    }
    if (Chance() < scenario.clock_step) {
      ++outcome.clock_steps;
      sensor->StepClock(Below(2 * kMostClockStepMs) - kMostClockStepMs);
    }
    if (Chance() < scenario.sensor_crash) {
      clock.After(Below(kMinuteMs), [this, &sensor = *sensor] {
        if (troubled) sensor.Die(Chance() < scenario.power_share);
      });
    }
  }
  if (Chance() < scenario.collector_crash) {
    clock.After(Below(kMinuteMs), [this] {
      if (troubled) collector->Die();
    });
  }
  if (Chance() < scenario.store_full) {
    ++outcome.store_full;
    collector->store().set_full(true);
    clock.After(kMinuteMs + Below(5 * kMinuteMs), [this] { collector->store().set_full(false); });
  }
  for (auto& [number, line] : lines_) {
    if (!line.sensor_end || Chance() >= scenario.line_cut) continue;
    clock.After(Below(kMinuteMs), [this, number] {
      SimLine& there = lines_.at(number);
      if (troubled && there.sensor_end) CutLine(there);
    });
  }
}

void SimWorld::ScheduleTrouble() {
  if (scenario.roll_back) {
    for (std::size_t i = 0; i < sensors.size(); ++i) ScheduleRollBack(i);
  }
  if (scenario.restore) ScheduleRestore();
}

void SimWorld::ScheduleRollBack(std::size_t sensor) {
  const int64_t span_ms = scenario.windows * kMinuteMs;
  const int64_t image_ms = Below(span_ms / 2);
  const int64_t back_ms = image_ms + Below(span_ms / 2);
  clock.At(image_ms, [this, sensor, back_ms] {
    const auto image = sensors[sensor]->disk().Snapshot();
    clock.At(back_ms, [this, sensor, image, taken_ms = clock.now_ms()] {
      if (troubled) sensors[sensor]->RollBackTo(*image, taken_ms);
    });
  });
}

void SimWorld::ScheduleRestore() {
  const int64_t span_ms = scenario.windows * kMinuteMs;
  const int64_t backup_ms = Below(span_ms / 2);
  const int64_t back_ms = backup_ms + Below(span_ms / 2);
  clock.At(backup_ms, [this, back_ms] {
    const auto backup = std::make_shared<SimStore::Record>(collector->store().record());
    clock.At(back_ms, [this, backup] {
      if (!troubled) return;
      ++outcome.restores;
      restored_ms = clock.now_ms();
      collector->Die();
      collector->store().Restore(*backup);
    });
  });
}

void SimWorld::Heal() {
  troubled = false;
  // Slower than anyone's patience is trouble, too.
  scenario.delay_ms = 50;
  scenario.commit_ms = 50;
  collector->store().set_full(false);
  collector->Boot();
  for (const auto& sensor : sensors) {
    sensor->Heal();
    sensor->Boot();
  }
}

Outcome Simulate(uint64_t seed, const Policies& policies) { return SimWorld(seed, policies).Run(); }

}  // namespace teiten
