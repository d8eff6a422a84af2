// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/envelope.h"
#include "tests/delivery/sim_world.h"

namespace teiten {
namespace {

constexpr int64_t kEpochMs = 1'760'000'000'000;  // what the wall clock says at virtual time 0

// Mutants of the disk: a file system that lies is SimDisk's own business, these are ours.
class WrappedDisk : public Disk {
 public:
  WrappedDisk(SimDisk& disk, const Policies& policies) : disk_(disk), policies_(policies) {}
  absl::StatusOr<std::vector<File>> List(const std::string& folder) override {
    return disk_.List(folder);
  }
  absl::StatusOr<std::string> Read(const std::string& name, uint64_t limit) override {
    return disk_.Read(name, limit);
  }
  absl::Status WriteFile(const std::string& name, const std::string& bytes) override {
    absl::Status status = disk_.WriteFile(name, bytes);
    return policies_.ignore_fsync_error && !disk_.crashed() ? absl::OkStatus() : status;
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (policies_.forget_identity && to == kIdentityName && disk_.Files().contains(to)) {
      return disk_.Remove(from);
    }
    return disk_.Rename(from, to);
  }
  absl::Status Remove(const std::string& name) override { return disk_.Remove(name); }
  absl::Status SyncFolder() override {
    absl::Status status = disk_.SyncFolder();
    return policies_.ignore_fsync_error && !disk_.crashed() ? absl::OkStatus() : status;
  }

 private:
  SimDisk& disk_;
  const Policies& policies_;
};

v1::WindowSummary MakeSummary(std::size_t sensor, int64_t start_ms) {
  v1::WindowSummary summary;
  summary.set_software("simulation");
  summary.set_definitions_version("1");
  summary.set_group("live");
  summary.mutable_worker()->set_count(1);
  summary.set_window_start_unix_ms(start_ms);
  summary.set_window_end_unix_ms(start_ms + 60'000);
  summary.set_live_from_unix_ms(start_ms);
  summary.set_live_to_unix_ms(start_ms + 60'000);
  summary.set_live_ms(60'000);
  summary.set_n4(sensor + 1);  // with the start, makes every window's content another
  summary.set_p6(0);
  return summary;
}

}  // namespace

SimSensor::SimSensor(SimWorld& world, std::size_t index, uint64_t seed)
    : world_(world),
      index_(index),
      name_("sensor-" + std::to_string(index)),
      disk_(seed),
      wrapped_(std::make_unique<WrappedDisk>(disk_, world.policies)),
      random_(seed ^ 0x5eed) {
  if (world.policies.lie_about_fsync) disk_.set_lies_about_fsync();
}

SimSensor::~SimSensor() = default;

SpoolTime SimSensor::Now() const {
  return {world_.clock.now_ms(), kEpochMs + world_.clock.now_ms() + clock_offset_ms_};
}

void SimSensor::Boot() {
  if (alive()) return;
  const Scenario& s = world_.scenario;
  SpoolOptions options;
  options.sensor = name_;
  options.limit_bytes = s.spool_bytes;
  options.reserve_block = s.reserve_block;
  options.keep_acknowledged_ms = s.keep_acknowledged_ms;
  const auto random = [this] { return random_(); };
  auto spool = SpoolStore::Open(*wrapped_, options, random, Now());
  if (!spool.ok()) {
    // Died while opening, or the disk refused: the service manager tries again.
    world_.clock.After(5'000, [this] {
      disk_.Kill();
      Boot();
    });
    return;
  }
  spool_ = *std::move(spool);
  UplinkOptions uplink;
  uplink.hello.set_software("simulation");
  uplink.hello.set_machine_sha256(name_);
  engine_ = std::make_unique<UplinkEngine>(uplink, *spool_, *this, random);
  ++life_;
  wake_ms_ = INT64_MAX;
  acknowledged_.clear();
  greeted_ = false;
  for (const auto& [sequence, entry] : spool_->core().entries()) {
    if (entry.acknowledged) acknowledged_.insert(sequence);
  }
  engine_->Start(Now());
  Touched();
}

void SimSensor::Die(bool power) {
  if (!alive()) {
    if (power) disk_.LosePower();
    return;
  }
  ++(power ? world_.outcome.power_cuts : world_.outcome.kills);
  engine_.reset();
  spool_.reset();
  ++life_;
  power ? disk_.LosePower() : disk_.Kill();
  world_.HangUp(index_, UINT64_MAX);
  world_.clock.After(1'000 + world_.Below(120'000), [this] { Boot(); });
}

void SimSensor::Produce() {
  if (!alive()) return;
  const int64_t start_ms = kEpochMs + world_.clock.now_ms() / 60'000 * 60'000;
  const v1::WindowSummary summary = MakeSummary(index_, start_ms);
  v1::Identity placeholder;
  placeholder.set_sensor(name_);
  placeholder.set_spool(std::string(sizeof(Spool), '\0'));
  placeholder.set_sequence(1);
  auto sealed = Seal(placeholder, summary);
  if (!sealed.ok()) return world_.Violation("cannot seal: " + sealed.status().ToString());
  ++world_.outcome.produced;
  Content content;
  content.sha256 = sealed->content_sha256();
  content.sensor = index_;
  content.spooled_ms = world_.clock.now_ms();
  content.greeted = greeted_;
  // The process may die at any disk operation of this very submission.
  if (world_.troubled && world_.Chance() < world_.scenario.sensor_crash) {
    disk_.CrashAfter(static_cast<uint64_t>(world_.Below(20)) + 1);
  }
  const auto sequence = engine_->Submit(Now(), {*std::move(sealed), start_ms, start_ms + 60'000});
  if (disk_.crashed()) {
    content.state = Content::State::kUnknown;
  } else if (!sequence.ok()) {
    content.state = Content::State::kUnwritable;
  } else {
    content.state = Content::State::kSpooled;
    content.sequence = *sequence;
    content.spool = spool_->core().identity().spool;
    const FactKey key{name_, content.spool, content.sequence};
    const auto used = world_.content_of.find(key);
    if (used != world_.content_of.end() &&
        world_.contents[used->second].state == Content::State::kSpooled) {
      world_.Violation("sequence " + std::to_string(*sequence) + " of " + name_ + " used twice");
    }
    world_.content_of[key] = world_.contents.size();
  }
  world_.contents.push_back(std::move(content));
  Touched();
}

void SimSensor::RollBackTo(const SimDisk::Image& image, int64_t image_ms) {
  ++world_.outcome.roll_backs;
  rolled_back_ = true;
  if (alive()) {
    engine_.reset();
    spool_.reset();
    ++life_;
    world_.HangUp(index_, UINT64_MAX);
    world_.clock.After(1'000 + world_.Below(120'000), [this] { Boot(); });
  }
  disk_.Restore(image);
  // What came after the image exists only if the collector has it.
  for (Content& content : world_.contents) {
    if (content.sensor == index_ && content.spooled_ms >= image_ms) {
      content.state = Content::State::kRolledAway;
    }
  }
}

void SimSensor::RotOneFile() {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : disk_.Files()) {
    if (ParseSpoolFileName(name) && !bytes.empty()) names.push_back(name);
  }
  if (names.empty()) return;
  const std::string& name =
      names[static_cast<std::size_t>(world_.Below(static_cast<int64_t>(names.size()) - 1))];
  std::string bytes = disk_.Files().at(name);
  const auto bit =
      static_cast<std::size_t>(world_.Below(static_cast<int64_t>(bytes.size() * 8) - 1));
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  disk_.Rot(name, bytes);
  ++world_.outcome.rotten_files;
}

void SimSensor::Heal() {
  disk_.set_failure_rates(0, 0);
  disk_.set_capacity_bytes(UINT64_MAX);
}

bool SimSensor::settled() const {
  if (!alive() || spool_->core().counters().waiting != 0) return false;
  for (const RetiredSpool& old : spool_->core().identity().retired) {
    if (!old.settled) return false;
  }
  return engine_->drained().value_or(false);
}

void SimSensor::OnLink(LinkEvent event) {
  if (!alive()) return;
  const LinkReply* const reply = std::get_if<LinkReply>(&event);
  greeted_ |= reply != nullptr && reply->reply.has_hello() &&
              hello_spool_ == spool_->core().identity().spool;
  engine_->OnLink(Now(), std::move(event));
  Touched();
}

void SimSensor::Touched() {
  if (disk_.crashed()) return Die(world_.Chance() < world_.scenario.power_share);
  NoteAcknowledged();
  // At the end everything is to be handed over, again whenever a line was lost meanwhile.
  if (world_.draining && !engine_->drained().has_value() &&
      engine_->core().state() == UplinkState::kStreaming) {
    engine_->Drain(Now(), INT64_MAX);
  }
  const int64_t wake_ms = std::max(engine_->next_wake_mono_ms(), world_.clock.now_ms() + 1);
  if (wake_ms >= wake_ms_ && wake_ms_ > world_.clock.now_ms()) return;
  wake_ms_ = wake_ms;
  world_.clock.At(wake_ms, [this, life = life_] {
    if (life != life_ || !alive()) return;
    wake_ms_ = INT64_MAX;
    engine_->OnTimer(Now());
    Touched();
  });
}

// Nothing may be taken for safe that the collector does not have on its disk.
void SimSensor::NoteAcknowledged() {
  for (const auto& [sequence, entry] : spool_->core().entries()) {
    if (!entry.acknowledged) {
      acknowledged_.erase(sequence);
      continue;
    }
    if (!acknowledged_.insert(sequence).second) continue;
    const auto& facts = world_.collector->store().record().facts;
    const auto fact = facts.find({name_, entry.spool, sequence});
    if (fact == facts.end() || fact->second != sent_[sequence]) {
      world_.Violation(name_ + " takes " + std::to_string(sequence) +
                       " for acknowledged, which is not stored");
    }
  }
}

// A process that died in the middle of a step says nothing more.
void SimSensor::Open(uint64_t attempt) {
  if (!disk_.crashed()) world_.Connect(index_, attempt);
}

void SimSensor::Send(uint64_t attempt, v1::PublishRequest request) {
  if (disk_.crashed()) return;
  if (request.has_hello()) {
    const std::string& spool = request.hello().spool();
    std::copy(spool.begin(), spool.end(), hello_spool_.begin());
  }
  if (request.has_envelope()) {
    std::string& sent = sent_[request.envelope().identity().sequence()];
    const bool again = std::exchange(sent, request.envelope().content_sha256()) != "";
    if (again && world_.policies.never_resend) return;
  }
  if (world_.policies.swallow_gaps && request.has_gaps()) {
    v1::PublishReply lie;
    for (const v1::Gap& gap : request.gaps().gaps()) {
      *lie.mutable_acknowledgement()->add_ranges() = gap.sequences();
    }
    world_.Tell(index_, 1, LinkReply{attempt, lie});
    return;
  }
  world_.SendUp(index_, attempt, std::move(request));
}

void SimSensor::Close(uint64_t attempt) { world_.HangUp(index_, attempt); }

}  // namespace teiten
