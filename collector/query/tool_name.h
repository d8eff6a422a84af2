// SPDX-License-Identifier: Apache-2.0
// The tool a source used, by the rules of config/definitions.toml ("naming a source"): of one
// (source, kind, protocol, port) on one day. A single packet that fits ZMap's or Masscan's rule
// may be chance (1 in 65,536) and is written with a question mark.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/kind.h"

namespace teiten {

using MarkPackets = std::array<uint64_t, kMarkCount>;  // by Mark

// "mirai", "masscan", "zmap", "nmap", "masscan?", "zmap?" or "".
[[nodiscard]] std::string_view NameTool(uint64_t packets, const MarkPackets& marks);

}  // namespace teiten
