// SPDX-License-Identifier: Apache-2.0
// IngestCore on the collector's loop: gRPC's threads and the writer post to it, it answers through
// Streams. Loop thread only, but for Post and Connected.
#pragma once

#include <uv.h>

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "collector/ingest/ingest_core.h"
#include "collector/ingest/rejection_log.h"
#include "collector/ingest/writer.h"

namespace teiten {

// Where answers go; a stream that is no longer there is no error. Must not block.
class Streams {
 public:
  virtual ~Streams() = default;
  virtual void Reply(uint64_t stream, v1::PublishReply reply) = 0;
  virtual void Finish(uint64_t stream, const absl::Status& status) = 0;
  virtual void ReadMore(uint64_t stream) = 0;
};

class Ingest {
 public:
  // Loop and writer must outlive it.
  Ingest(uv_loop_t* loop, Writer& writer, IngestLimits limits);
  ~Ingest();
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Before the first Post; must outlive the last.
  void set_streams(Streams* streams) { streams_ = streams; }

  // Any thread. Bounded: each stream has one message read at a time, and the writer one group.
  void Post(IngestInput input);
  // Ends all streams; `done` runs when what was accepted is written.
  void Stop(std::function<void()> done);

  [[nodiscard]] bool Connected(const std::string& sensor) const;  // any thread
  [[nodiscard]] const IngestCounters& counters() const { return core_.counters(); }

 private:
  void RunPosted();
  void Step(IngestInput input);
  void Do(IngestAction& action);
  void Write(WriteGroup group);
  void Reply(IngestAction& action);
  static void LogRejections(const std::vector<RejectionLog::Line>& lines);

  Writer& writer_;
  Streams* streams_ = nullptr;
  IngestCore core_;
  RejectionLog rejections_;
  std::function<void()> on_idle_;
  uv_async_t* wake_;  // closed with the loop's next turn, so they outlive us
  uv_timer_t* timer_;
  std::mutex posted_mutex_;
  std::vector<IngestInput> posted_;
  mutable std::mutex connected_mutex_;
  std::set<std::string> connected_;
};

}  // namespace teiten
