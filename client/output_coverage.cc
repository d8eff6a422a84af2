// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <vector>

#include "client/output.h"
#include "common/time_format.h"
#include "fmt/format.h"

namespace teiten {
namespace {

std::string LiveText(const v1::Coverage& c) {
  if (c.expected_ms() == 0) return "no live time";
  return fmt::format(
      "live {} of {} ({:.1f} %)", FormatDuration(static_cast<int64_t>(c.live_ms())),
      FormatDuration(static_cast<int64_t>(c.expected_ms())),
      100.0 * static_cast<double>(c.live_ms()) / static_cast<double>(c.expected_ms()));
}

// Unknown is not zero: a capture file or an old kernel does not tell drops.
std::string LossText(const v1::Coverage& c) {
  std::vector<std::string> parts;
  const v1::Accounting& a = c.accounting();
  if (a.has_kernel_dropped()) {
    const double of = static_cast<double>(a.captured() + a.kernel_dropped());
    const double share = of > 0 ? 100.0 * static_cast<double>(a.kernel_dropped()) / of : 0.0;
    parts.push_back(fmt::format("dropped {} of {} packets ({:.2f} %)",
                                GroupDigits(a.kernel_dropped()),
                                GroupDigits(a.captured() + a.kernel_dropped()), share));
  }
  if (c.kernel_dropped_unknown_ms() > 0) {
    parts.push_back(fmt::format("drops unknown for {}", FormatDuration(static_cast<int64_t>(
                                                            c.kernel_dropped_unknown_ms()))));
  }
  if (a.interface_dropped() > 0) {
    parts.push_back(fmt::format("{} dropped by interfaces", GroupDigits(a.interface_dropped())));
  }
  if (c.gap_ms() > 0) {
    parts.push_back(fmt::format("gaps {} ({})", FormatDuration(static_cast<int64_t>(c.gap_ms())),
                                Plural(c.shed_summaries(), "summary", "summaries")));
  }
  if (c.rejected_summaries() > 0) {
    parts.push_back(Plural(c.rejected_summaries(), "summary rejected", "summaries rejected"));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Mostly a whole number; a mean where addresses came or went.
std::string AddressesText(double mean) {
  const double whole = std::round(mean);
  if (std::fabs(mean - whole) > 0.005) return FormatFigure(mean);
  return GroupDigits(static_cast<uint64_t>(whole));
}

std::string Lines(const char* title, const google::protobuf::RepeatedPtrField<std::string>& list,
                  const Style& style) {
  constexpr int kMost = 10;
  std::string out;
  for (int i = 0; i < list.size() && i < kMost; ++i) {
    out += Dim(fmt::format("{}: {}", title, Printable(list[i])), style) + "\n";
  }
  if (list.size() > kMost) {
    out += Dim(fmt::format("{}: and {} more (--output json)", title, list.size() - kMost), style) +
           "\n";
  }
  return out;
}

}  // namespace

std::string SourcesText(const v1::Counts& counts, const Style& style) {
  const std::string count = GroupDigits(static_cast<uint64_t>(counts.sources() + 0.5));
  return IsEstimate(counts) ? (style.utf8 ? "≈" : "~") + count : count;
}

bool IsEstimate(const v1::Counts& counts) {
  return counts.sources() * counts.sources_standard_error() >= 0.5;
}

std::string CoverageText(const v1::Coverage& c, const Style& style) {
  const char* dot = style.utf8 ? " · " : " | ";
  std::vector<std::string> parts = {Plural(c.sensors(), "sensor"), LiveText(c)};
  if (c.mean_n4() > 0) parts.push_back("N4 " + AddressesText(c.mean_n4()));
  if (c.mean_p6() > 0) parts.push_back("P6 " + AddressesText(c.mean_p6()));
  if (std::string loss = LossText(c); !loss.empty()) parts.push_back(std::move(loss));
  if (!c.source().empty()) parts.push_back("from " + Printable(c.source()));
  std::string out;
  if (!c.empty_reason().empty()) out += Printable(c.empty_reason()) + "\n";
  out += Dim(fmt::format("Coverage: {}", fmt::join(parts, dot)), style) + "\n";
  out += Lines("Left out", c.left_out(), style);
  out += Lines("Note", c.notes(), style);
  return out;
}

std::string MessageJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string out;
  if (!google::protobuf::util::MessageToJsonString(message, &out, options).ok()) return "{}\n";
  return out + "\n";
}

}  // namespace teiten
