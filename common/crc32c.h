// SPDX-License-Identifier: Apache-2.0
// CRC32C (Castagnoli, RFC 3720 appendix B.4): finds torn and rotten records on disk. It does not
// protect against intent; that is what content_sha256 is for. Table-driven, eight bytes a step
// (slicing by eight, Kounavis and Berry 2005), about 1 GB/s.
#pragma once

#include <cstdint>
#include <string_view>

namespace teiten {

[[nodiscard]] uint32_t Crc32c(std::string_view data);
// Of `head` and `data` one after the other, given Crc32c(head).
[[nodiscard]] uint32_t ExtendCrc32c(uint32_t crc_of_head, std::string_view data);

}  // namespace teiten
