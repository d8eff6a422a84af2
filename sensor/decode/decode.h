// SPDX-License-Identifier: Apache-2.0
// Bytes to Packet: a total function on hostile bytes. Whatever is in the frame, Decode reads only
// captured bytes, ends in bounded time and returns exactly one verdict:
//   kUndecodableLink, kNotIp, kTruncated, kMalformed   that fate, `packet` is not to be used
//   kNone                                              decoded, classification decides
// Header by header: what a header that is there proves wrong is `malformed`, whatever the snapshot
// cuts behind it, so that a fate does not depend on the snap length where it need not; a header
// the snapshot cuts is `truncated`, as far as the packet itself has it (min of need and IP length).
#pragma once

#include "common/kind.h"
#include "sensor/decode/link.h"
#include "sensor/decode/packet.h"

namespace teiten {

[[nodiscard]] Fate Decode(LinkType link, const Frame& frame, Packet& packet);

}  // namespace teiten
