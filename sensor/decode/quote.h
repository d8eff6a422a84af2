// SPDX-License-Identifier: Apache-2.0
// The packet inside an ICMP error (RFC 792, RFC 4443): whose traffic the error answers.
#pragma once

#include "sensor/decode/ip_payload.h"
#include "sensor/decode/packet.h"

namespace teiten {

// `at` starts behind the 8 bytes of the ICMP header. kThere: read into `quote`; kCut: the snapshot
// ends inside what is needed (IP header, extension headers, 4 bytes after); kBeyond: the message
// itself is too short or quotes no such header, `quote.readable` stays false.
[[nodiscard]] Need ReadQuote(Family family, const IpPayload& at, Quote& quote);

}  // namespace teiten
