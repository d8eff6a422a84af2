// SPDX-License-Identifier: Apache-2.0
// The numbers of config/definitions.toml that the packet path needs at compile time.
// definitions_test reads the file and fails where the two differ.
#pragma once

#include <cstdint>

namespace teiten {

inline constexpr const char* kDefinitionsVersion = "1";

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;

namespace definitions {

inline constexpr uint32_t kWindowSeconds = 60;

// Time of packets.
inline constexpr int64_t kJumpSeconds = 3600;       // further ahead is not believed at once
inline constexpr int64_t kJumpToleranceSeconds = 60;  // between packet and monotonic clock
inline constexpr int kJumpPackets = 16;             // so many in a row are believed
inline constexpr int64_t kStepWindows = 2;          // further back …
inline constexpr int64_t kStepSeconds = 10;         // … for so long (live)
inline constexpr int64_t kStepPackets = 1000;       // … for so many packets (file)
inline constexpr int64_t kFileHoleSeconds = 3600;   // a longer hole in a file is a gap

// Solicited table: idle seconds.
inline constexpr uint32_t kIdleTcpSynSeconds = 60;
inline constexpr uint32_t kIdleTcpSeconds = 7200;
inline constexpr uint32_t kIdleUdpSeconds = 60;
inline constexpr uint32_t kIdleIcmpSeconds = 30;
inline constexpr uint32_t kIdleOtherSeconds = 60;
inline constexpr uint32_t kStartupAckSeconds = 300;   // TCP with ACK opens an entry after start
inline constexpr uint32_t kUnsolicitedUdpSeconds = 60;

// Decoding.
inline constexpr int kMaxIpv6ExtensionHeaders = 8;
inline constexpr uint32_t kLargestFrameBytes = 1514;  // above: length 0 means segmentation offload
inline constexpr uint32_t kQuotePortBytes = 4;        // needed after the quoted IP header

// Marks.
inline constexpr uint16_t kZmapId = 54321;
inline constexpr uint8_t kZmapMinTtl = 200;
inline constexpr uint16_t kZmapWindow = 65535;
inline constexpr uint8_t kMasscanMinTtl = 128;
inline constexpr uint16_t kNmapMss = 1460;

// When memory is full.
inline constexpr uint32_t kQuotaDivisor = 4;      // no (kind, protocol, port) holds more than 1/4
inline constexpr uint32_t kQuotaCounters = 1U << 16;
inline constexpr int kAdmissionCandidates = 8;
inline constexpr uint32_t kFoldedRows = 4096;
inline constexpr uint8_t kSketchPrecision = 14;

// Destination bitmap.
inline constexpr uint32_t kExactAddresses = 64;
inline constexpr uint32_t kMostDestinations = 160;

}  // namespace definitions
}  // namespace teiten
