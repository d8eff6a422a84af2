// SPDX-License-Identifier: Apache-2.0
// Bytes to Packet: a total function on hostile bytes. Whatever is in the frame, Decode reads only
// captured bytes, ends in bounded time and returns exactly one verdict:
//   kUndecodableLink, kNotIp, kTruncated, kMalformed   that fate, `packet` is not to be used
//   kNone                                              decoded, classification decides
// `truncated` wins over `malformed`: what the snapshot does not hold cannot be judged. A header is
// cut by the snapshot only as far as the packet itself has it (min of need and IP length).
#pragma once

#include "common/kind.h"
#include "sensor/decode/link.h"
#include "sensor/decode/packet.h"

namespace teiten {

[[nodiscard]] Fate Decode(LinkType link, const Frame& frame, Packet& packet);

}  // namespace teiten
