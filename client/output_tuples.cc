// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "client/output.h"
#include "client/output_head.h"
#include "common/address.h"
#include "common/definitions.h"
#include "common/kind.h"
#include "common/port_name.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string SourceText(const v1::Tuple& tuple) {
  if (tuple.source().empty()) return "(folded)";
  const std::optional<ParsedAddress> source = AddressFromBytes(tuple.source());
  if (!source) return "(unreadable)";
  return FormatAddress(source->family, source->address) + (tuple.prefix64() ? "/64" : "");
}

struct MarkField {
  Mark mark;
  uint32_t packets;
};

std::vector<MarkField> MarksOf(const v1::Tuple& t) {
  const MarkField all[] = {{Mark::kZmap, t.zmap()},
                           {Mark::kMasscan, t.masscan()},
                           {Mark::kMirai, t.mirai()},
                           {Mark::kNmap, t.nmap()},
                           {Mark::kAmplification, t.amplification()}};
  std::vector<MarkField> out;
  for (const MarkField& field : all) {
    const int kind = t.kind();
    if (kind > 0 && kind < kKindCount && HasMark(static_cast<Kind>(kind), field.mark)) {
      out.push_back(field);
    }
  }
  return out;
}

std::string MarksText(const v1::Tuple& tuple) {
  std::vector<std::string> words;
  for (const MarkField& field : MarksOf(tuple)) {
    if (field.packets > 0)
      words.push_back(fmt::format("{} {}", MarkName(field.mark), GroupDigits(field.packets)));
  }
  if (tuple.lower_bound()) words.push_back("lower bound");
  if (tuple.other()) words.push_back("other ports");
  return fmt::format("{}", fmt::join(words, ", "));
}

// "64"; of an estimate from 64 hashed bits its standard error (linear counting, Whang et al. 1990)
// or, where almost all bits are set, the least it can be.
std::string Destinations(const v1::Tuple& tuple, const Style& style) {
  if (tuple.source().empty()) return "-";
  const double count = tuple.destinations();
  if (!tuple.destinations_estimated() || count == 0) return GroupDigits(tuple.destinations());
  if (tuple.destinations() >= definitions::kMostDestinations) {
    return fmt::format("{}{}", style.utf8 ? "≥" : ">=", tuple.destinations());
  }
  const double load = count / 64;
  const double error = std::sqrt(64 * (std::exp(load) - load - 1));
  return fmt::format("{} {}{:.{}f}", tuple.destinations(), style.utf8 ? "±" : "+-", error,
                     error < 1 ? 1 : 0);
}

std::string Fill(const std::string& cell, std::size_t width) {
  const std::size_t used = DisplayWidth(cell);
  return std::string(width - std::min(width, used), ' ') + cell;
}

std::size_t TimeWidth(const Style& style) { return style.utc_offset_minutes == 0 ? 20 : 25; }

}  // namespace

std::string TuplesTableHeader(const Style& style) {
  return Bold(fmt::format("{:<{}}  {:<16}  {:<24}  {:<18}  {:>12}  {:>9}  {:>7}  {}", "window",
                          TimeWidth(style), "sensor", "source", "kind", "port", "packets", "dst",
                          "marks"),
              style) +
         "\n";
}

std::string TupleTableLine(const v1::TuplesReply& reply, const v1::Tuple& t, const Style& style) {
  const std::string marks = MarksText(t);
  std::string line = fmt::format("{:<{}}  {:<16}  {:<24}  {:<18}  {:>12}  {:>9}  {}",
                                 ShortTime(reply.window_start_unix_ms(), style), TimeWidth(style),
                                 Printable(reply.identity().sensor()), SourceText(t),
                                 KindText(t.kind()), FormatPort(t.protocol(), t.port()),
                                 GroupDigits(t.packets()), Fill(Destinations(t, style), 7));
  if (!marks.empty()) line += "  " + marks;
  return line + "\n";
}

std::string TupleJson(const v1::TuplesReply& reply, const v1::Tuple& t) {
  nlohmann::ordered_json out;
  out["sensor"] = Printable(reply.identity().sensor());
  out["window_start"] = FormatUtcMs(reply.window_start_unix_ms());
  out["window_end"] = FormatUtcMs(reply.window_end_unix_ms());
  const bool folded = t.source().empty();
  out["source"] = folded ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(SourceText(t));
  out["family"] = t.family() == v1::ADDRESS_FAMILY_IPV6 ? "ipv6" : "ipv4";
  out["kind"] = KindText(t.kind());
  out["protocol"] = t.protocol();
  out["port"] = t.port();
  out["packets"] = t.packets();
  out["bytes"] = t.bytes();
  if (folded) {
    out["other"] = t.other();
    return out.dump() + "\n";
  }
  out["first"] = FormatUtcMs(t.first_unix_ms());
  out["last"] = FormatUtcMs(t.last_unix_ms());
  out["destinations"] = t.destinations();
  out["destinations_estimated"] = t.destinations_estimated();
  for (const MarkField& field : MarksOf(t)) out[std::string(MarkName(field.mark))] = field.packets;
  out["ttl"] = t.ttl();
  out["ip_length"] = t.ip_length();
  out["tcp_window"] = t.tcp_window();
  out["tcp_options_length"] = t.tcp_options_length();
  out["source_port"] = t.source_port();
  if (t.slots_size() > 0) out["slots"] = std::vector<uint32_t>(t.slots().begin(), t.slots().end());
  out["lower_bound"] = t.lower_bound();
  out["prefix64"] = t.prefix64();
  return out.dump() + "\n";
}

}  // namespace teiten
