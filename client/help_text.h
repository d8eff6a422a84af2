// SPDX-License-Identifier: Apache-2.0
// What --help teaches: each command in one sentence and with two examples.
#pragma once

namespace teiten {

struct CommandHelp {
  const char* what;
  const char* examples;
};

inline constexpr const char* kProgramHelp =
    "Ask a Teiten collector what its sensors observed. Every answer ends with how far it may be\n"
    "trusted: sensors, live time, loss.";

inline constexpr const char* kProgramFooter =
    "\nExamples:\n"
    "  teiten rank                                   Which ports are scanned most, last 24 h?\n"
    "  teiten series --port 23/TCP --last 7d         How has Telnet scanning changed?\n"
    "  teiten source 192.0.2.7                       What has this address done?\n"
    "\n"
    "The collector's address can stand in ~/.config/teiten/profile.toml (or in\n"
    "$XDG_CONFIG_HOME/teiten/profile.toml, where that is set):\n"
    "  collector = \"127.0.0.1:7843\"\n"
    "\n"
    "Exit: 0 done, 1 failed, 2 usage, 69 collector unreachable, 74 I/O error, 75 try again,\n"
    "77 not allowed, 78 configuration.";

inline constexpr CommandHelp kRankHelp = {
    "Rank ports, kinds, regions, tools, sensors or sources",
    "\nExamples:\n"
    "  teiten rank --family ipv4 --compare\n"
    "      The ports scanned most, per observed IPv4 address and day, and what they were the day\n"
    "      before.\n"
    "  teiten rank --by source --port 37215/TCP --from 2026-11-16 --limit 20\n"
    "      Who scans 37215/TCP since Monday?"};

inline constexpr CommandHelp kSeriesHelp = {
    "Counts over time, with a sparkline; a gap is shown as a gap",
    "\nExamples:\n"
    "  teiten series --last 7d --split kind\n"
    "      The week of each kind of traffic.\n"
    "  teiten series --port 23/TCP --tool mirai --step 1h --points\n"
    "      Telnet scans with Mirai's mark, hour by hour."};

inline constexpr CommandHelp kSourceHelp = {
    "What one address or prefix did",
    "\nExamples:\n"
    "  teiten source 192.0.2.7 --last 30d\n"
    "      Ports, kinds and tools of one address in the last month.\n"
    "  teiten source 2001:db8::/32 --output csv > activities.csv\n"
    "      All activities of a prefix, for a spreadsheet."};

inline constexpr CommandHelp kSensorsHelp = {
    "Which sensors there are, whether they are live, and what was lost",
    "\nExamples:\n"
    "  teiten sensors\n"
    "      All sensors, with figures of the last 24 hours.\n"
    "  teiten sensors --last 1h --output json | jq '.sensors[].health'\n"
    "      Their own state in detail."};

inline constexpr CommandHelp kTuplesHelp = {
    "The stored rows themselves: (source, kind, protocol, port) of each window",
    "\nExamples:\n"
    "  teiten tuples --last 10m --port 23/TCP\n"
    "      Who knocked on Telnet in the last ten minutes.\n"
    "  teiten tuples --from 2026-11-22 --to 2026-11-23 --limit 10000000 --output csv\n"
    "      A whole day, in the columns and rows of `teiten-sensor --print csv` behind the sensor's "
    "id."};

inline constexpr CommandHelp kReportHelp = {
    "The observation report of a day or any other time",
    "\nExamples:\n"
    "  teiten report --day yesterday --format html --out report.html\n"
    "      Yesterday as one self-contained page.\n"
    "  teiten report --from 2026-11-16 --to 2026-11-23\n"
    "      A week, as Markdown on the terminal."};

}  // namespace teiten
