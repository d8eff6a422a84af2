// SPDX-License-Identifier: Apache-2.0
// Times as people and files write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace teiten {

// "2026-11-22T10:00:00.000Z"; years 0001-9999, clamped outside.
[[nodiscard]] std::string FormatUtcMs(int64_t unix_ms);
// With an offset: "2026-11-22T19:00:00+09:00" (whole seconds).
[[nodiscard]] std::string FormatOffset(int64_t unix_ms, int32_t offset_minutes);
// "2026-11-22"
[[nodiscard]] std::string FormatDay(int64_t unix_ms, int32_t offset_minutes);

// RFC 3339 ("2026-11-22T10:00:00Z", fraction and offset allowed), "2026-11-22",
// "2026-11-22T10:00"; where no offset is written, it is `offset_minutes`. nullopt otherwise.
[[nodiscard]] std::optional<int64_t> ParseTimeMs(std::string_view text, int32_t offset_minutes = 0);
// "250ms", "90s", "15m", "24h", "7d", "2w": milliseconds.
[[nodiscard]] std::optional<int64_t> ParseDurationMs(std::string_view text);
// "4m 05s", "1h 02m", "820 ms": for people.
[[nodiscard]] std::string FormatDuration(int64_t ms);
// "12.3 MiB", "118 B"
[[nodiscard]] std::string FormatBytes(uint64_t bytes);

}  // namespace teiten
