// SPDX-License-Identifier: Apache-2.0
// What the store takes and what a rollup costs: facts of 5,000 tuples committed in groups, durably,
// then an hour of 60 of them rolled up, then the day made and read. Prints one line a step.
//
//   store_bench FOLDER [MINUTES=60] [TUPLES=5000] [GROUP=10]
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "collector/store/rollup_worker.h"
#include "collector/store/sqlite_store.h"
#include "common/columns.h"
#include "common/envelope.h"
#include "fmt/format.h"

namespace teiten {
namespace {

constexpr int64_t kDay = 1'795'305'600'000;

// Mostly SYNs from ever new sources to few ports, as on a dark address.
v1::WindowSummary MakeSummary(int minute, std::size_t tuples, std::mt19937_64& random) {
  std::vector<FlowRow> rows(tuples);
  for (FlowRow& row : rows) {
    row.source.low = (random() % 4 == 0 ? random() % 4096 : random()) & 0xffffffff;
    row.kind_flags = static_cast<uint8_t>(Kind::kTcpSyn);
    row.protocol = kProtocolTcp;
    row.port = static_cast<uint16_t>(random() % 2 == 0 ? 23 : random() % 2000);
    row.packets = static_cast<uint32_t>(1 + random() % 3);
    row.set_bytes(40ULL * row.packets);
    row.ip_length = 40;
    row.set_first_ms(static_cast<uint32_t>(random() % 60'000));
    row.set_last_ms(row.first_ms());
    row.bitmap = 1ULL << (random() % 64);
    if (random() % 3 == 0) row.set_counter(CounterOf(Kind::kTcpSyn, Mark::kMirai), row.packets);
    row.ttl = static_cast<uint8_t>(40 + random() % 20);
    row.tcp_window = static_cast<uint16_t>(random());
    row.source_port = static_cast<uint16_t>(random());
  }
  std::sort(rows.begin(), rows.end(), RowLess);
  v1::WindowSummary summary;
  summary.set_window_start_unix_ms(kDay + minute * 60'000);
  summary.set_window_end_unix_ms(kDay + minute * 60'000 + 60'000);
  summary.set_live_ms(60'000);
  summary.set_n4(64);
  EncodeColumns(rows, *summary.mutable_ipv4());
  return summary;
}

class Stopwatch {
 public:
  // Seconds since the last call.
  double Lap() {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << '\n';
  std::exit(1);
}

std::vector<AcceptedFact> MakeFacts(int minutes, std::size_t tuples) {
  std::mt19937_64 random(1);
  std::vector<AcceptedFact> facts;
  for (int minute = 0; minute < minutes; ++minute) {
    const v1::WindowSummary summary = MakeSummary(minute, tuples, random);
    v1::Identity identity;
    identity.set_sensor("bench");
    identity.set_spool(std::string(16, 's'));
    identity.set_sequence(static_cast<uint64_t>(minute) + 1);
    const absl::StatusOr<v1::Envelope> envelope = Seal(identity, summary);
    Check(envelope.status());
    AcceptedFact& fact = facts.emplace_back();
    fact.key.sensor = "bench";
    fact.key.spool.fill('s');
    fact.key.sequence = identity.sequence();
    fact.content_sha256 = envelope->content_sha256();
    fact.envelope = envelope->SerializeAsString();
    fact.window_start_unix_ms = summary.window_start_unix_ms();
    fact.window_end_unix_ms = summary.window_end_unix_ms();
    fact.group = "live";
  }
  return facts;
}

void Run(const std::string& folder, int minutes, std::size_t tuples, std::size_t group) {
  const std::vector<AcceptedFact> facts = MakeFacts(minutes, tuples);
  uint64_t bytes = 0;
  for (const AcceptedFact& fact : facts) bytes += fact.envelope.size();
  const double all = static_cast<double>(facts.size() * tuples);
  SqliteStoreOptions options;
  options.folder = folder;
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(options);
  Check(store.status());

  Stopwatch watch;
  for (std::size_t at = 0; at < facts.size(); at += group) {
    const std::size_t count = std::min(group, facts.size() - at);
    Check((*store)->writer().CommitFacts({&facts[at], count}).status());
  }
  const double commit = watch.Lap();
  std::cout << fmt::format(
      "commit {} facts of {} tuples, {} a group: {:.3f} s, {:.2f} M tuples/s,"
      " {:.1f} MB/s, {:.1f} B a tuple\n",
      facts.size(), tuples, group, commit, all / commit / 1e6,
      static_cast<double>(bytes) / commit / 1e6, static_cast<double>(bytes) / all);

  absl::StatusOr<std::unique_ptr<StoreReader>> reader = (*store)->OpenReader();
  Check(reader.status());
  watch.Lap();
  HourBuilder builder(kDay, Zone(0), *(*store)->writer().DeploymentKey(),
                      [](Family, const Address& a) { return a.low % 2 == 0 ? "JP" : "US"; });
  Check((*reader)->ScanFacts({.from_unix_ms = kDay,
                              .to_unix_ms = kDay + kHourMs,
                              .sensors = {},
                              .groups = {},
                              .after = {}},
                             [&](const StoredFact& fact) { return builder.Add(fact).ok(); }));
  const double read = watch.Lap();
  const HourBuilder::Result result = std::move(builder).Finish();
  const double finish = watch.Lap();
  const uint64_t generation = *(*store)->writer().HourGeneration(kDay);
  Check((*store)->writer().ReplaceHour(result.hour, generation, result.sources).status());
  const double first = watch.Lap();
  std::cout << fmt::format(
      "hour of {} tuples: read and add up {:.3f} s, hand out {:.3f} s,"
      " write {} P and {} source rows {:.3f} s\n",
      result.counters.rows, read, finish, result.hour.ports.size(), result.sources.size(), first);
  Check((*store)->writer().ReplaceDay(kDay));
  const double day = watch.Lap();
  RollupQuery query;
  query.tier = RollupTier::kDay;
  query.selection = {
      .from_unix_ms = kDay, .to_unix_ms = kDay + kDayMs, .sensors = {}, .groups = {}, .after = {}};
  const absl::StatusOr<std::vector<RollupRow>> rows = (*reader)->ReadRollup(query);
  Check(rows.status());
  std::cout << fmt::format(
      "day made {:.3f} s, read {} rows {:.3f} s; rollup.db {:.1f} MB\n", day, rows->size(),
      watch.Lap(),
      static_cast<double>(std::filesystem::file_size(folder + "/rollup.db") +
                          std::filesystem::file_size(folder + "/rollup.db-wal")) /
          1e6);
}

}  // namespace
}  // namespace teiten

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: store_bench FOLDER [MINUTES] [TUPLES] [GROUP]\n";
    return 2;
  }
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::atoi(argv[at]) : otherwise;
  };
  teiten::Run(argv[1], number(2, 60), static_cast<std::size_t>(number(3, 5000)),
              static_cast<std::size_t>(number(4, 10)));
  return 0;
}
