// SPDX-License-Identifier: Apache-2.0
#include "client/output.h"
#include "client/output_head.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string Ago(int64_t unix_ms, int64_t now_unix_ms, const Style& style) {
  if (unix_ms == 0) return "never";
  if (unix_ms > now_unix_ms) return ShortTime(unix_ms, style);
  return FormatDuration(now_unix_ms - unix_ms) + " ago";
}

// Absent is unknown, never zero.
std::string Drops(const v1::SensorState& s) {
  const v1::Accounting& a = s.accounting();
  if (!a.has_kernel_dropped()) return s.summaries() == 0 ? "-" : "unknown";
  return GroupDigits(a.kernel_dropped());
}

// A file has no link once it is read: neither up nor down.
const char* Link(const v1::SensorState& s, const char* up, const char* down, const char* none) {
  if (s.connected()) return up;
  return s.group() == "replay" ? none : down;
}

// What an operator should look at, worst first.
std::string Trouble(const v1::SensorState& s) {
  std::vector<std::string> words;
  uint64_t lost = 0;
  uint64_t conflicts = 0;
  uint64_t rejected = 0;
  for (const v1::SpoolState& spool : s.spools()) {
    conflicts += spool.conflicts();
    rejected += spool.rejected();
    for (const v1::Gap& gap : spool.gaps()) {
      if (gap.reason() == v1::Gap::REASON_NEVER_USED) continue;
      lost += gap.sequences().last() - gap.sequences().first() + 1;
    }
  }
  if (conflicts > 0) words.push_back(Plural(conflicts, "identity conflict"));
  if (rejected > 0) words.push_back(fmt::format("{} rejected", GroupDigits(rejected)));
  if (lost > 0) words.push_back(Plural(lost, "summary lost", "summaries lost"));
  const v1::Health& h = s.health();
  // A sensor that reads files says nothing of its health.
  if (h.memory_limit_bytes() > 0 && !h.interface_up()) words.push_back("interface down");
  if (h.spool_summaries() > 10) {
    words.push_back(fmt::format("{} summaries waiting", GroupDigits(h.spool_summaries())));
  }
  if (h.offload_on()) words.push_back("offload on");
  if (s.clock_skew_ms() > 2000 || s.clock_skew_ms() < -2000) {
    words.push_back(fmt::format("clock {:+.1f} s", static_cast<double>(s.clock_skew_ms()) / 1000));
  }
  if (s.accounting().solicited_evicted() > 0) words.push_back("degraded");
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::string SensorsTable(const v1::SensorsRequest& request, const v1::SensorsReply& reply,
                         int64_t now_unix_ms, const Style& style) {
  v1::Selection selection;
  *selection.mutable_time() = request.time();
  *selection.mutable_sensors() = request.sensors();
  *selection.mutable_groups() = request.groups();
  std::string out = SelectionHead(selection, style);
  if (reply.sensors_size() > 0) {
    TextTable table({{"sensor"},
                     {"group"},
                     {"state"},
                     {"link"},
                     {"newest data"},
                     {"live", Align::kRight},
                     {"N4", Align::kRight},
                     {"P6", Align::kRight},
                     {"captured", Align::kRight},
                     {"observed", Align::kRight},
                     {"sources", Align::kRight},
                     {"drops", Align::kRight},
                     {"look at"}});
    for (const v1::SensorState& s : reply.sensors()) {
      table.AddRow({Printable(s.sensor()), Printable(s.group()), Printable(s.state()),
                    Link(s, "up", "down", "-"),
                    Ago(s.newest_window_end_unix_ms(), now_unix_ms, style),
                    FormatDuration(static_cast<int64_t>(s.live_ms())), GroupDigits(s.n4()),
                    GroupDigits(s.p6()), GroupDigits(s.accounting().captured()),
                    GroupDigits(s.accounting().observed()), SourcesText(s.observed(), style),
                    Drops(s), Trouble(s)});
    }
    out += table.Format(style);
  }
  return out + CoverageText(reply.coverage(), style);
}

std::string SensorsCsv(const v1::SensorsReply& reply) {
  std::string out =
      "sensor,group,state,connected,software,definitions_version,last_contact,newest_window_end,"
      "clock_skew_ms,summaries,live_seconds,n4,p6,captured,observed,observed_bytes,sources,"
      "kernel_dropped,look_at\n";
  for (const v1::SensorState& s : reply.sensors()) {
    const v1::Accounting& a = s.accounting();
    const auto time = [](int64_t ms) { return ms == 0 ? std::string() : FormatUtcMs(ms); };
    const std::string cells[] = {Printable(s.sensor()),
                                 Printable(s.group()),
                                 Printable(s.state()),
                                 Link(s, "true", "false", ""),
                                 Printable(s.software()),
                                 Printable(s.definitions_version()),
                                 time(s.last_contact_unix_ms()),
                                 time(s.newest_window_end_unix_ms()),
                                 std::to_string(s.clock_skew_ms()),
                                 std::to_string(s.summaries()),
                                 fmt::format("{}", static_cast<double>(s.live_ms()) / 1000),
                                 std::to_string(s.n4()),
                                 std::to_string(s.p6()),
                                 std::to_string(a.captured()),
                                 std::to_string(a.observed()),
                                 std::to_string(a.observed_bytes()),
                                 fmt::format("{:.0f}", s.observed().sources()),
                                 a.has_kernel_dropped() ? std::to_string(a.kernel_dropped()) : "",
                                 Trouble(s)};
    out += CsvLine(cells);
  }
  return out;
}

}  // namespace teiten
