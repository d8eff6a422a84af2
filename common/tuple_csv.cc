// SPDX-License-Identifier: Apache-2.0
#include "common/tuple_csv.h"

#include <fmt/format.h>

#include <iterator>

#include "common/address.h"
#include "common/kind.h"
#include "common/time_format.h"
#include "common/tuple.h"

namespace teiten {
namespace {

// Either a count or, where the kind does not have the mark, nothing.
void AppendMark(const v1::Tuple& tuple, Mark mark, uint32_t packets, std::string& out) {
  out += ',';
  if (!HasMark(static_cast<Kind>(tuple.kind()), mark)) return;
  fmt::format_to(std::back_inserter(out), "{}", packets);
}

void AppendSlots(const v1::Tuple& tuple, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}", fmt::join(tuple.slots(), ";"));
}

// What only a row with a source has: first to slots.
void AppendOfSource(const v1::Tuple& tuple, std::string& out) {
  fmt::format_to(std::back_inserter(out), ",{},{},{}", FormatUtcMs(tuple.first_unix_ms()),
                 FormatUtcMs(tuple.last_unix_ms()), tuple.destinations());
  AppendMark(tuple, Mark::kZmap, tuple.zmap(), out);
  AppendMark(tuple, Mark::kMasscan, tuple.masscan(), out);
  AppendMark(tuple, Mark::kMirai, tuple.mirai(), out);
  AppendMark(tuple, Mark::kNmap, tuple.nmap(), out);
  AppendMark(tuple, Mark::kAmplification, tuple.amplification(), out);
  fmt::format_to(std::back_inserter(out), ",{},{},{},{},{},", tuple.ttl(), tuple.ip_length(),
                 tuple.tcp_window(), tuple.tcp_options_length(), tuple.source_port());
  AppendSlots(tuple, out);
}

void AppendFlags(const v1::Tuple& tuple, std::string& out) {
  const std::size_t start = out.size();
  const auto flag = [&](bool set, std::string_view name) {
    if (!set) return;
    if (out.size() != start) out += ';';
    out += name;
  };
  flag(tuple.lower_bound(), "lower_bound");
  flag(tuple.prefix64(), "prefix64");
  flag(tuple.other(), "other");
}

}  // namespace

std::string_view TupleCsvHeader() {
  return "window_start,source,kind,protocol,port,packets,bytes,first,last,destinations,zmap,"
         "masscan,mirai,nmap,amplification,ttl,ip_length,tcp_window,tcp_options_length,"
         "source_port,slots,flags";
}

void AppendTupleCsv(int64_t window_start_unix_ms, const v1::Tuple& tuple, std::string& out) {
  out += FormatUtcMs(window_start_unix_ms);
  out += ',';
  // Only bytes that are an address are printed as one; a client prints what a collector sent.
  if (const auto source = AddressFromBytes(tuple.source())) {
    out += FormatAddress(source->family, source->address);
  }
  fmt::format_to(std::back_inserter(out), ",{},{},{},{},{}",
                 KindName(static_cast<Kind>(tuple.kind())), tuple.protocol(), tuple.port(),
                 tuple.packets(), tuple.bytes());
  if (IsFolded(tuple)) {
    out += ",,,,,,,,,,,,,,";  // first to slots: fourteen columns
  } else {
    AppendOfSource(tuple, out);
  }
  out += ',';
  AppendFlags(tuple, out);
  out += '\n';
}

}  // namespace teiten
