// SPDX-License-Identifier: Apache-2.0
// Whether the kernel or the card merges received frames (GRO, LRO) before anyone can count them.
#pragma once

#include <string>

namespace teiten {

// False also where the interface cannot say. Two ioctls; no privilege; any thread.
[[nodiscard]] bool MergesFrames(const std::string& interface);

}  // namespace teiten
