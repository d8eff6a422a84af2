// SPDX-License-Identifier: Apache-2.0
#include "sensor/uplink/print.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include <iterator>

#include "common/address.h"
#include "common/kind.h"
#include "common/time_format.h"
#include "common/tuple.h"
#include "common/tuple_csv.h"

namespace teiten {
namespace {

constexpr std::size_t kPieceBytes = 64 << 10;

// Collects text and hands it on in pieces.
class Pieces {
 public:
  explicit Pieces(TextSink sink) : sink_(sink) { text_.reserve(kPieceBytes + 1024); }
  std::string& text() { return text_; }
  void Check() {
    if (text_.size() >= kPieceBytes) Flush();
  }
  void Flush() {
    if (!text_.empty()) sink_(text_);
    text_.clear();
  }

 private:
  TextSink sink_;
  std::string text_;
};

void AppendMarkJson(const v1::Tuple& tuple, Mark mark, uint32_t packets, std::string& out) {
  if (!HasMark(static_cast<Kind>(tuple.kind()), mark)) return;
  fmt::format_to(std::back_inserter(out), ",\"{}\":{}", MarkName(mark), packets);
}

void AppendFlagsJson(const v1::Tuple& tuple, std::string& out) {
  out += ",\"flags\":[";
  if (tuple.lower_bound()) out += "\"lower_bound\"";
  if (tuple.lower_bound() && tuple.prefix64()) out += ',';
  if (tuple.prefix64()) out += "\"prefix64\"";
  out += "]}";
}

// Everything in it is a number, a name of ours or an address: nothing needs escaping.
void AppendTupleJson(const v1::Tuple& tuple, std::string& out) {
  const auto source = AddressFromBytes(tuple.source());
  if (!source.has_value()) return;  // folded: printed in "folded"
  fmt::format_to(std::back_inserter(out),
                 "{{\"source\":\"{}\",\"kind\":\"{}\",\"protocol\":{},\"port\":{},\"packets\":{},"
                 "\"bytes\":{},\"first\":\"{}\",\"last\":\"{}\",\"destinations\":{}",
                 FormatAddress(source->family, source->address),
                 KindName(static_cast<Kind>(tuple.kind())), tuple.protocol(), tuple.port(),
                 tuple.packets(), tuple.bytes(), FormatUtcMs(tuple.first_unix_ms()),
                 FormatUtcMs(tuple.last_unix_ms()), tuple.destinations());
  AppendMarkJson(tuple, Mark::kZmap, tuple.zmap(), out);
  AppendMarkJson(tuple, Mark::kMasscan, tuple.masscan(), out);
  AppendMarkJson(tuple, Mark::kMirai, tuple.mirai(), out);
  AppendMarkJson(tuple, Mark::kNmap, tuple.nmap(), out);
  AppendMarkJson(tuple, Mark::kAmplification, tuple.amplification(), out);
  fmt::format_to(std::back_inserter(out),
                 ",\"ttl\":{},\"ip_length\":{},\"tcp_window\":{},\"tcp_options_length\":{},"
                 "\"source_port\":{}",
                 tuple.ttl(), tuple.ip_length(), tuple.tcp_window(), tuple.tcp_options_length(),
                 tuple.source_port());
  if (tuple.slots_size() > 0) {
    fmt::format_to(std::back_inserter(out), ",\"slots\":[{}]", fmt::join(tuple.slots(), ","));
  }
  AppendFlagsJson(tuple, out);
}

v1::WindowSummary WithoutColumns(v1::WindowSummary rest) {
  rest.clear_ipv4();
  rest.clear_ipv6();
  return rest;
}

std::string FlagNames(const v1::WindowFlags& flags) {
  std::string names;
  const auto flag = [&](bool set, std::string_view name) {
    if (set) names += fmt::format("{}\"{}\"", names.empty() ? "" : ",", name);
  };
  flag(flags.partial(), "partial");
  flag(flags.extended(), "extended");
  flag(flags.degraded(), "degraded");
  flag(flags.clock_stepped(), "clock_stepped");
  flag(flags.replayed(), "replayed");
  flag(flags.imported(), "imported");
  flag(flags.direction_unknown(), "direction_unknown");
  return names;
}

std::string NumberOrNull(bool known, uint64_t value) {
  return known ? fmt::format("{}", value) : "null";
}

}  // namespace

std::string CsvHeaderLine() { return std::string(TupleCsvHeader()) + '\n'; }

absl::Status PrintCsv(const v1::WindowSummary& summary, TextSink sink) {
  Pieces pieces(sink);
  const absl::Status status = ForEachTupleOf(summary, [&](const v1::Tuple& tuple) {
    AppendTupleCsv(summary.window_start_unix_ms(), tuple, pieces.text());
    pieces.Check();
  });
  pieces.Flush();
  return status;
}

absl::Status PrintJson(const v1::WindowSummary& summary, TextSink sink) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  Pieces pieces(sink);
  std::string head;
  const auto converted =
      google::protobuf::util::MessageToJsonString(WithoutColumns(summary), &head, options);
  if (!converted.ok()) return absl::InternalError(converted.ToString());
  head.pop_back();  // the closing brace
  pieces.text() = std::move(head);
  pieces.text() += ",\"tuples\":[";
  bool first = true;
  const absl::Status status = ForEachTupleOf(summary, [&](const v1::Tuple& tuple) {
    if (IsFolded(tuple)) return;
    if (!first) pieces.text() += ',';
    first = false;
    AppendTupleJson(tuple, pieces.text());
    pieces.Check();
  });
  if (!status.ok()) return status;
  pieces.text() += "]}\n";
  pieces.Flush();
  return absl::OkStatus();
}

std::string FormatAccounting(const v1::WindowSummary& s) {
  const v1::Accounting& a = s.accounting();
  std::string line = fmt::format(
      "{{\"window_start\":\"{}\",\"window_end\":\"{}\",\"captured\":{},\"fates\":{{",
      FormatUtcMs(s.window_start_unix_ms()), FormatUtcMs(s.window_end_unix_ms()), a.captured());
  const auto number = [&](std::string_view name, uint64_t value) {
    if (line.back() != '{') line += ',';
    fmt::format_to(std::back_inserter(line), "\"{}\":{}", name, value);
  };
  const uint64_t fates[kFateCount] = {0,
                                      a.undecodable_link(),
                                      a.not_ip(),
                                      a.truncated(),
                                      a.malformed(),
                                      a.link_local(),
                                      a.outbound(),
                                      a.unobserved(),
                                      a.service(),
                                      a.solicited(),
                                      a.observed()};
  for (int fate = 1; fate < kFateCount; ++fate)
    number(FateName(static_cast<Fate>(fate)), fates[fate]);
  line += '}';
  number("self_addressed", a.self_addressed());
  number("quote_mismatch", a.quote_mismatch());
  number("late", a.late());
  number("time_bad", a.time_bad());
  number("folded", a.folded());
  number("offload_merged", a.offload_merged());
  number("solicited_evicted", a.solicited_evicted());
  number("observed_bytes", a.observed_bytes());
  number("rows", uint64_t{s.ipv4().row_count()} + s.ipv6().row_count());
  number("folded_rows", static_cast<uint64_t>(s.folded_size()));
  number("live_ms", s.live_ms());
  number("worker", s.worker().index());
  line += fmt::format(",\"kernel_dropped\":{},\"interface_dropped\":{},\"flags\":[{}]}}\n",
                      NumberOrNull(a.has_kernel_dropped(), a.kernel_dropped()),
                      NumberOrNull(a.has_interface_dropped(), a.interface_dropped()),
                      FlagNames(s.flags()));
  return line;
}

}  // namespace teiten
