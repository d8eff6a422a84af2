// SPDX-License-Identifier: Apache-2.0
#include "collector/collector.h"

#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "collector/enrich/region.h"
#include "collector/grpc_server.h"
#include "collector/ingest/ingest.h"
#include "collector/ingest/writer.h"
#include "collector/query/record_query.h"
#include "collector/reader_pool.h"
#include "collector/report/report.h"
#include "collector/store/rollup_worker.h"
#include "collector/store/sqlite_store.h"
#include "common/folder_lock.h"
#include "common/keyed_hash.h"
#include "common/log.h"
#include "common/text.h"
#include "common/time_format.h"

namespace teiten {
namespace {

constexpr int kReaders = 2;
constexpr int64_t kShutdownGraceMs = 2'000;
// Between two roll-ups of the running hour: how far an answer from rollups may be behind.
constexpr int64_t kRollupPauseMs = 2'000;
// A report waits this long for its hours to be rolled up; what is still dirty then, it names.
constexpr int64_t kReportWaitMs = 15'000;
constexpr int64_t kReportPollMs = 100;
constexpr uint32_t kMostDirtyHours = 10'000;

int64_t NowUnixMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

class Collector {
 public:
  explicit Collector(const CollectorConfig& config) : config_(config) { uv_loop_init(&loop_); }
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  [[nodiscard]] absl::Status Start();
  // Until stopped.
  [[nodiscard]] ExitCode Run();

 private:
  [[nodiscard]] absl::StatusOr<std::vector<std::unique_ptr<QueryHandler>>> MakeHandlers();
  [[nodiscard]] absl::Status StartRollups();
  [[nodiscard]] absl::StatusOr<v1::GetReportReply> MakeReport(StoreReader& reader,
                                                              const v1::GetReportRequest& request);
  void WaitForRollups(StoreReader& reader, int64_t from_unix_ms, int64_t to_unix_ms);
  void CatchSignals();
  void Stop();

  const CollectorConfig& config_;
  uv_loop_t loop_{};
  uv_signal_t signals_[2] = {};
  bool stopping_ = false;

  // In the order of the data; destroyed in the opposite one.
  std::optional<FolderLock> lock_;
  RegionLookup regions_;
  std::unique_ptr<Store> store_;
  std::vector<std::unique_ptr<StoreReader>> store_readers_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<RollupWorker> rollups_;
  std::unique_ptr<ReaderPool> readers_;
  std::unique_ptr<GrpcServer> server_;
};

absl::Status Collector::Start() {
  absl::StatusOr<FolderLock> lock = FolderLock::Take(config_.data.folder);
  if (!lock.ok()) return lock.status();
  lock_.emplace(*std::move(lock));
  if (absl::Status s = regions_.Load(config_.enrich.region_file); !s.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("enrich.region_file: {}; give an MMDB file, or none", Text(s)));
  }
  SqliteStoreOptions options;
  options.folder = config_.data.folder;
  options.utc_offset_minutes = config_.utc_offset_minutes;
  options.retention.fact_days = static_cast<int>(config_.data.facts_ms / kDayMs);
  options.retention.hour_days = static_cast<int>(config_.data.hours_ms / kDayMs);
  options.retention.source_days = static_cast<int>(config_.data.sources_ms / kDayMs);
  absl::StatusOr<std::unique_ptr<Store>> store = OpenSqliteStore(options);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  absl::StatusOr<std::vector<std::unique_ptr<QueryHandler>>> handlers = MakeHandlers();
  if (!handlers.ok()) return handlers.status();
  CatchSignals();
  writer_ = std::make_unique<Writer>(store_->writer());
  ingest_ = std::make_unique<Ingest>(&loop_, *writer_, IngestLimits{});
  if (absl::Status s = StartRollups(); !s.ok()) return s;
  readers_ = std::make_unique<ReaderPool>(*std::move(handlers));
  absl::StatusOr<std::unique_ptr<GrpcServer>> server = GrpcServer::Start(
      config_.endpoint, [this](IngestInput input) { ingest_->Post(std::move(input)); }, *readers_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  ingest_->set_streams(&server_->streams());
  Log(LogLevel::kInfo, "listening",
      {{"address", server_->endpoint().ToString()}, {"data", config_.data.folder}});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::unique_ptr<QueryHandler>>> Collector::MakeHandlers() {
  absl::StatusOr<v1::DeploymentKey> deployment = store_->writer().DeploymentKey();
  if (!deployment.ok()) return deployment.status();
  Key128 key{};
  std::copy_n(deployment->key().begin(), std::min(key.size(), deployment->key().size()),
              key.begin());
  QueryContext context;
  context.sketch_multipliers = DeriveMultipliers(key, "source sketch");
  context.utc_offset_minutes = store_->utc_offset_minutes();
  context.facts_kept_ms = config_.data.facts_ms;
  context.now_unix_ms = NowUnixMs;
  if (!config_.enrich.region_file.empty()) {
    context.region = [this](Family family, const Address& source) {
      return regions_.RegionOf(family, source);
    };
  }
  context.report = [this](StoreReader& reader, const v1::GetReportRequest& request) {
    return MakeReport(reader, request);
  };
  context.trouble = [this] { return store_->trouble(); };
  context.connected = [this](const std::string& sensor) { return ingest_->Connected(sensor); };
  std::vector<std::unique_ptr<QueryHandler>> handlers;
  for (int i = 0; i < kReaders; ++i) {
    absl::StatusOr<std::unique_ptr<StoreReader>> reader = store_->OpenReader();
    if (!reader.ok()) return reader.status();
    store_readers_.push_back(*std::move(reader));
    handlers.push_back(std::make_unique<RecordQuery>(store_readers_.back().get(), context));
  }
  return handlers;
}

absl::Status Collector::StartRollups() {
  absl::StatusOr<std::unique_ptr<StoreReader>> reader = store_->OpenReader();
  if (!reader.ok()) return reader.status();
  RollupWorkerOptions options;
  options.least_pause_ms = kRollupPauseMs;
  rollups_ = std::make_unique<RollupWorker>(
      *std::move(reader), Zone(store_->utc_offset_minutes()),
      [this](Writer::Task task) { return writer_->Post(std::move(task)); },
      [this](Family family, const Address& source) { return regions_.RegionOf(family, source); },
      options);
  rollups_->Start();
  return absl::OkStatus();
}

// On a reader thread. What the worker does not get done in time stays dirty.
void Collector::WaitForRollups(StoreReader& reader, int64_t from_unix_ms, int64_t to_unix_ms) {
  const int64_t until_ms = NowUnixMs() + kReportWaitMs;
  for (;;) {
    const absl::StatusOr<std::vector<int64_t>> dirty = reader.DirtyHours(kMostDirtyHours);
    const bool clean = !dirty.ok() || std::none_of(dirty->begin(), dirty->end(), [&](int64_t hour) {
      return hour + kHourMs > from_unix_ms && hour < to_unix_ms;
    });
    if (clean || NowUnixMs() >= until_ms) return;
    rollups_->Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(kReportPollMs));
  }
}

absl::StatusOr<v1::GetReportReply> Collector::MakeReport(StoreReader& reader,
                                                         const v1::GetReportRequest& request) {
  ReportContext context;
  context.utc_offset_minutes = store_->utc_offset_minutes();
  context.now_unix_ms = NowUnixMs();
  context.software = "teiten-collector " TEITEN_VERSION;
  const RegionFileInfo region = regions_.info();
  if (!region.path.empty()) {
    context.region_data = region.type + " " + region.sha256.substr(0, 16) + ", built " +
                          FormatDay(region.built_unix_ms, 0);
  }
  const absl::StatusOr<ReportRequestResolved> resolved =
      ResolveReportRequest(request, context.utc_offset_minutes, context.now_unix_ms);
  if (!resolved.ok()) return resolved.status();
  WaitForRollups(reader, resolved->previous_from_unix_ms, resolved->to_unix_ms);
  return AnswerReport(reader, request, context);
}

void Collector::CatchSignals() {
  const int numbers[] = {SIGTERM, SIGINT};
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    uv_signal_init(&loop_, &signals_[i]);
    signals_[i].data = this;
    uv_signal_start(
        &signals_[i],
        [](uv_signal_t* handle, int) { static_cast<Collector*>(handle->data)->Stop(); },
        numbers[i]);
  }
}

ExitCode Collector::Run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  const IngestCounters& counters = ingest_->counters();
  Log(LogLevel::kInfo, "stopped",
      {{"stored", std::to_string(counters.stored)},
       {"duplicates", std::to_string(counters.duplicates)},
       {"conflicts", std::to_string(counters.conflicts)},
       {"rejected", std::to_string(counters.rejected)}});
  return ExitCode::kDone;
}

// A second signal changes nothing: what was accepted is written first, which takes milliseconds.
void Collector::Stop() {
  if (std::exchange(stopping_, true)) return;
  ingest_->Stop([this] {
    server_->Shutdown(kShutdownGraceMs);
    uv_stop(&loop_);
  });
}

Collector::~Collector() {
  if (server_) server_->Shutdown(0);
  if (readers_) readers_->Stop();
  if (rollups_) rollups_->Stop();  // while the writer still runs its work
  if (writer_) writer_->Stop();
  server_.reset();
  ingest_.reset();
  const auto close = [](uv_handle_t* handle, void*) {
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
  };
  uv_walk(&loop_, close, nullptr);
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

ExitCode CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return ExitCode::kConfiguration;
    case absl::StatusCode::kPermissionDenied:
      return ExitCode::kPrivilege;
    default:
      return ExitCode::kIo;
  }
}

}  // namespace

ExitCode RunCollector(const CollectorConfig& config) {
  Collector collector(config);
  if (absl::Status started = collector.Start(); !started.ok()) {
    fmt::print(stderr, "{}", ErrorLines("teiten-collector", Text(started)));
    return CodeOf(started);
  }
  return collector.Run();
}

}  // namespace teiten
