// SPDX-License-Identifier: Apache-2.0
// config/definitions.toml and the compiled-in numbers are the same, key by key, both ways.
#include "common/definitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "common/flow_row.h"
#include "sensor/classify/udp_rules.h"

namespace teiten {
namespace {

namespace d = definitions;

const std::map<std::string, int64_t> kCompiledIn = {
    {"window.seconds", d::kWindowSeconds},
    {"window.slots", kSlots},
    {"time.jump_seconds", d::kJumpSeconds},
    {"time.jump_tolerance_seconds", d::kJumpToleranceSeconds},
    {"time.jump_packets", d::kJumpPackets},
    {"time.step_windows", d::kStepWindows},
    {"time.step_seconds", d::kStepSeconds},
    {"time.step_packets", d::kStepPackets},
    {"time.file_hole_seconds", d::kFileHoleSeconds},
    {"solicited.tcp_syn_seconds", d::kIdleTcpSynSeconds},
    {"solicited.tcp_seconds", d::kIdleTcpSeconds},
    {"solicited.udp_seconds", d::kIdleUdpSeconds},
    {"solicited.icmp_seconds", d::kIdleIcmpSeconds},
    {"solicited.other_seconds", d::kIdleOtherSeconds},
    {"solicited.startup_ack_seconds", d::kStartupAckSeconds},
    {"solicited.unsolicited_udp_seconds", d::kUnsolicitedUdpSeconds},
    {"decode.ipv6_extension_headers", d::kMaxIpv6ExtensionHeaders},
    {"decode.largest_frame_bytes", d::kLargestFrameBytes},
    {"decode.quote_bytes", d::kQuotePortBytes},
    {"marks.zmap_id", d::kZmapId},
    {"marks.zmap_least_ttl", d::kZmapMinTtl},
    {"marks.zmap_window", d::kZmapWindow},
    {"marks.masscan_least_ttl", d::kMasscanMinTtl},
    {"marks.nmap_mss", d::kNmapMss},
    {"folding.quota_divisor", d::kQuotaDivisor},
    {"folding.quota_counters", d::kQuotaCounters},
    {"folding.candidates", d::kAdmissionCandidates},
    {"folding.folded_rows", d::kFoldedRows},
    {"folding.sketch_precision", d::kSketchPrecision},
    {"destinations.exact", d::kExactAddresses},
    {"destinations.most", d::kMostDestinations},
};

toml::table Read() {
  toml::parse_result result =
      toml::parse_file(std::string(TEITEN_SOURCE_DIR) + "/config/definitions.toml");
  EXPECT_TRUE(result) << result.error().description();
  return std::move(result).table();
}

// The sections the packet path has compiled in; the others are the collector's.
const std::set<std::string> kCompiledInSections = {"window", "time",    "solicited",   "decode",
                                                   "marks",  "folding", "destinations"};

TEST(Definitions, NumbersAreThoseOfTheFile) {
  const toml::table file = Read();
  std::map<std::string, int64_t> found;
  for (const auto& [section, node] : file) {
    const toml::table* table = node.as_table();
    if (table == nullptr || kCompiledInSections.count(std::string(section.str())) == 0) continue;
    for (const auto& [key, value] : *table) {
      if (const auto* number = value.as_integer()) {
        found[std::string(section.str()) + "." + std::string(key.str())] = number->get();
      }
    }
  }
  EXPECT_EQ(found, kCompiledIn);
}

// Every rule of measurement.md that has numbers has its section, and every leaf is a number, a list
// or a text: nothing was left empty.
void ExpectLeaves(const toml::table& table, const std::string& path) {
  EXPECT_FALSE(table.empty()) << path;
  for (const auto& [key, node] : table) {
    const std::string at = path + "." + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      ExpectLeaves(*inner, at);
    } else if (const toml::array* list = node.as_array()) {
      EXPECT_FALSE(list->empty()) << at;
    } else {
      EXPECT_TRUE(node.is_number() || (node.is_string() && !node.as_string()->get().empty())) << at;
    }
  }
}

TEST(Definitions, EverySectionIsThere) {
  const toml::table file = Read();
  for (const char* section : {"naming", "events", "sensitivity", "ranks", "editions", "udp"}) {
    ASSERT_TRUE(file[section].is_table()) << section;
  }
  ExpectLeaves(file, "definitions");
  std::set<std::string> events;
  for (const auto& [name, node] : *file["events"].as_table())
    events.insert(std::string(name.str()));
  EXPECT_THAT(events,
              testing::IsSupersetOf({"dos_victim", "scan", "shape", "survey_like", "surge", "flood",
                                     "reflection_target", "reflection_abuse", "carpet", "new_port",
                                     "tool_shift", "sensor_silent", "sensor_degraded"}));
}

TEST(Definitions, VersionIsTheFiles) {
  EXPECT_EQ(Read()["version"].value<std::string>(), kDefinitionsVersion);
}

TEST(Definitions, UdpPortsAreThoseOfTheRules) {
  const toml::table file = Read();
  const toml::table* udp = file["udp"].as_table();
  ASSERT_NE(udp, nullptr);
  std::set<uint16_t> listed;
  for (const auto& [port, node] : *udp) {
    const auto number = static_cast<uint16_t>(std::stoi(std::string(port.str())));
    listed.insert(number);
    const toml::table& entry = *node.as_table();
    EXPECT_TRUE(entry.contains("name")) << number;
    EXPECT_TRUE(entry.contains("source")) << number;
    // The two ports that answer anything are the simplest to prove in code.
    if (entry["response"].value<std::string>() == "any payload") {
      EXPECT_EQ(JudgeUdpPayload(number, {}), UdpPayload::kResponse) << number;
    }
    if (entry["amplification"].value<std::string>() == "any payload") {
      EXPECT_TRUE(IsAmplificationRequest(number, {})) << number;
    }
  }
  EXPECT_EQ(listed, std::set<uint16_t>(kListedUdpPorts.begin(), kListedUdpPorts.end()));
}

}  // namespace
}  // namespace teiten
