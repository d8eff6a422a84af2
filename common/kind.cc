// SPDX-License-Identifier: Apache-2.0
#include "common/kind.h"

#include <cstddef>

namespace teiten {
namespace {

constexpr std::array<std::string_view, kKindCount> kKindNames = {
    "none",       "tcp_syn",          "tcp_synack",    "tcp_rst",           "tcp_ack",
    "tcp_null",   "tcp_fin",          "tcp_xmas",      "tcp_maimon",        "tcp_odd",
    "udp_probe",  "udp_response",     "udp_odd",       "icmp_echo_request", "icmp_request",
    "icmp_reply", "icmp_unreachable", "icmp_exceeded", "icmp_odd",          "fragment",
    "ip_other",
};

constexpr std::array<std::string_view, kFateCount> kFateNames = {
    "none",     "undecodable_link", "not_ip",  "truncated", "malformed", "link_local",
    "outbound", "unobserved",       "service", "solicited", "observed",
};

constexpr std::array<std::string_view, 4> kClassNames = {"none", "scan", "backscatter", "other"};

constexpr std::array<std::string_view, kMarkCount> kMarkNames = {"zmap", "masscan", "mirai", "nmap",
                                                                 "amplification"};

template <typename Enum, std::size_t N>
std::string_view NameOf(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view("none");
}

// nullopt for "none", too: no one may ask for it by name.
template <typename Enum, std::size_t N>
std::optional<Enum> FromName(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 1; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view KindName(Kind kind) { return NameOf(kKindNames, kind); }
std::string_view FateName(Fate fate) { return NameOf(kFateNames, fate); }
std::string_view KindClassName(KindClass c) { return NameOf(kClassNames, c); }
std::string_view MarkName(Mark mark) { return NameOf(kMarkNames, mark); }

std::optional<Kind> KindFromName(std::string_view name) { return FromName<Kind>(kKindNames, name); }

std::optional<KindClass> KindClassFromName(std::string_view name) {
  return FromName<KindClass>(kClassNames, name);
}

}  // namespace teiten
