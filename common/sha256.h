// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of whole buffers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace teiten {

using Sha256Digest = std::array<uint8_t, 32>;

[[nodiscard]] Sha256Digest Sha256(std::string_view data);
// The 32 bytes as a string, as on the wire and in databases.
[[nodiscard]] std::string Sha256Bytes(std::string_view data);

}  // namespace teiten
