// SPDX-License-Identifier: Apache-2.0
// The parts of the simulated world: time, lines, sensors, the collector. See simulation.h.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "collector/ingest/ingest_core.h"
#include "sensor/uplink/engine.h"
#include "tests/delivery/sim_disk.h"
#include "tests/delivery/sim_scenario.h"
#include "tests/delivery/sim_store.h"
#include "tests/delivery/simulation.h"

namespace teiten {

// ---- Time: events in order of time, then of making.
class SimClock {
 public:
  [[nodiscard]] int64_t now_ms() const { return now_ms_; }
  void At(int64_t time_ms, std::function<void()> run);
  void After(int64_t delay_ms, std::function<void()> run) {
    At(now_ms_ + delay_ms, std::move(run));
  }
  // Runs what is due before `end_ms`; then it is that time.
  void RunUntil(int64_t end_ms);

 private:
  struct Event {
    int64_t time_ms;
    uint64_t number;
    std::function<void()> run;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.time_ms != b.time_ms ? a.time_ms > b.time_ms : a.number > b.number;
    }
  };
  int64_t now_ms_ = 1'000;
  uint64_t next_ = 0;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
};

// ---- What became of one closed window.
struct Content {
  enum class State { kSpooled, kUnwritable, kUnknown, kRolledAway };
  std::string sha256;
  std::size_t sensor = 0;
  State state = State::kUnknown;
  Spool spool{};
  uint64_t sequence = 0;
  int64_t spooled_ms = 0;
  bool greeted = false;  // the collector had told this process what it knows of this spool
};

class SimWorld;

// ---- One stream between a sensor and the collector.
struct SimLine {
  uint64_t number = 0;  // the collector's name for it
  std::size_t sensor = 0;
  uint64_t attempt = 0;
  bool sensor_end = true;     // the sensor still holds it
  bool collector_end = true;  // the collector still holds it
  int64_t last_up_ms = 0;     // arrival of the newest message each way, to keep their order
  int64_t last_down_ms = 0;
  bool wants_message = false;
  std::deque<v1::PublishRequest> inbox;
};

class SimSensor : public Link {
 public:
  SimSensor(SimWorld& world, std::size_t index, uint64_t seed);
  ~SimSensor() override;

  void Boot();
  void Die(bool power);
  void Produce();
  void RollBackTo(const SimDisk::Image& image, int64_t image_ms);
  void RotOneFile();
  void StepClock(int64_t by_ms) { clock_offset_ms_ += by_ms; }
  void Heal();  // no more faults
  void OnLink(LinkEvent event);

  // Link: what the engine asks of the line.
  void Open(uint64_t attempt) override;
  void Send(uint64_t attempt, v1::PublishRequest request) override;
  void Close(uint64_t attempt) override;

  [[nodiscard]] bool alive() const { return engine_ != nullptr; }
  [[nodiscard]] uint64_t life() const { return life_; }  // another number for every process
  [[nodiscard]] SimDisk& disk() { return disk_; }
  [[nodiscard]] const UplinkEngine& engine() const { return *engine_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool settled() const;
  [[nodiscard]] bool rolled_back() const { return rolled_back_; }
  // Whether a spool id is its own, now or retired.
  [[nodiscard]] bool Knows(const Spool& spool) const;
  // Why its own gap records say that a sequence is lost; MISSING if they say nothing.
  [[nodiscard]] v1::Gap::Reason Recorded(uint64_t sequence) const;

 private:
  void Touched();  // after every call into the engine: deaths, new acknowledgements, timer
  void NoteAcknowledged();
  [[nodiscard]] SpoolTime Now() const;

  SimWorld& world_;
  const std::size_t index_;
  const std::string name_;
  SimDisk disk_;
  std::unique_ptr<Disk> wrapped_;  // a mutant's view of the disk, or none
  std::mt19937_64 random_;
  std::unique_ptr<SpoolStore> spool_;
  std::unique_ptr<UplinkEngine> engine_;
  uint64_t life_ = 0;  // so that timers of a dead process do nothing
  int64_t clock_offset_ms_ = 0;
  int64_t wake_ms_ = 0;                   // of the earliest timer set
  std::set<uint64_t> acknowledged_;       // seen so
  std::map<uint64_t, std::string> sent_;  // sequence → hash of the content last sent
  bool rolled_back_ = false;
  Spool hello_spool_{};   // of the last Hello
  bool greeted_ = false;  // in this life, about the present spool
};

class SimCollector {
 public:
  SimCollector(SimWorld& world, uint64_t seed);

  void Boot();
  void Die();
  void Step(IngestInput input);
  void TryRead(SimLine& line);
  [[nodiscard]] bool alive() const { return core_ != nullptr; }
  [[nodiscard]] SimStore& store() { return store_; }
  void Account(Outcome& outcome) const;

 private:
  void Do(IngestAction& action);
  void Write(WriteGroup group);
  [[nodiscard]] GroupResult Execute(const WriteGroup& group);
  void Tamper(v1::PublishReply& reply) const;  // mutants
  void CheckAcknowledged(const SimLine& line, const v1::Acknowledgement& in);

  SimWorld& world_;
  SimStore store_;
  std::unique_ptr<IngestCore> core_;
  uint64_t life_ = 0;
  uint64_t duplicates_ = 0, new_spools_ = 0;  // of cores that are gone
};

class SimWorld {
 public:
  SimWorld(uint64_t seed, const Policies& policies);
  ~SimWorld();

  [[nodiscard]] Outcome Run();

  // ---- For the parts.
  void Tell(std::size_t sensor, int64_t delay_ms, LinkEvent event);
  void Connect(std::size_t sensor, uint64_t attempt);
  void SendUp(std::size_t sensor, uint64_t attempt, v1::PublishRequest request);
  void HangUp(std::size_t sensor, uint64_t attempt);  // by the sensor
  void SendDown(uint64_t number, v1::PublishReply reply);
  void Finish(uint64_t number, const absl::Status& status);  // by the collector
  void CutLine(SimLine& line);
  void CutAll();
  [[nodiscard]] SimLine* Line(uint64_t number);
  void Violation(std::string text);
  [[nodiscard]] double Chance() { return std::uniform_real_distribution<double>(0, 1)(random); }
  [[nodiscard]] int64_t Below(int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit + 1));
  }

  SimClock clock;
  std::mt19937_64 random;
  Scenario scenario;
  Policies policies;
  Outcome outcome;
  std::vector<Content> contents;
  std::map<FactKey, std::size_t> content_of;               // identity → content
  std::set<std::pair<FactKey, std::string>> ever_durable;  // in the store at some time
  std::set<std::string> ever_conflicting;                  // contents kept aside at some time
  std::vector<std::unique_ptr<SimSensor>> sensors;
  std::unique_ptr<SimCollector> collector;
  bool troubled = true;
  bool draining = false;     // sensors hand over what they have, and stop
  int64_t restored_ms = -1;  // when the collector came back from a backup

 private:
  void ScheduleTrouble();
  void EveryMinute();
  void ScheduleRollBack(std::size_t sensor);
  void ScheduleRestore();
  void Heal();
  void Judge();
  void JudgeContent(const Content& content);
  void JudgeAbsent(const Content& content);
  [[nodiscard]] bool Explains(v1::Gap::Reason reason);
  [[nodiscard]] bool tight() const;     // spools and disks are too small for what comes
  [[nodiscard]] bool damaging() const;  // files may be found unfit to be read
  void JudgeLedgers();

  std::map<uint64_t, SimLine> lines_;
  uint64_t next_line_ = 0;
};

}  // namespace teiten
