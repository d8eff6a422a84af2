// SPDX-License-Identifier: Apache-2.0
// One decoded packet: what classification needs to know, host order, no ownership. `payload`
// points into the capture buffer and is valid only until the packet source goes on.
#pragma once

#include <cstdint>
#include <span>

#include "common/address.h"
#include "common/kind.h"

namespace teiten {

// How far the IP payload could be understood.
enum class Transport : uint8_t {
  kTcp,
  kUdp,
  kIcmp,      // v4 and v6
  kFragment,  // a later fragment, or a first one without its whole transport header
  kOther,     // another IP protocol
};

// The packet an ICMP error quotes. Ports are 0 where the protocol has none or the quote is a
// later fragment.
struct Quote {
  bool readable = false;  // its IP header and 4 bytes more are there
  bool later_fragment = false;
  bool icmp_error = false;
  uint8_t protocol = 0;
  Address source, destination;
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint8_t icmp_type = 0;
  bool has_icmp_id = false;
  uint16_t icmp_id = 0;
};

struct Packet {
  Address source, destination;
  Family family = Family::kIpv4;
  Transport transport = Transport::kOther;
  uint8_t protocol = 0;  // IANA number of the transport header
  uint8_t ttl = 0;       // or hop limit
  uint32_t ip_length = 0;
  uint16_t ip_id = 0;           // IPv4
  bool dont_fragment = false;   // IPv4
  bool link_multicast = false;  // the link layer marks the frame broadcast or multicast

  uint16_t source_port = 0;
  uint16_t destination_port = 0;

  uint8_t tcp_flags = 0;          // the whole byte: CWR ECE URG ACK PSH RST SYN FIN
  bool tcp_window_known = false;  // false where the snapshot ends before it
  uint16_t tcp_window = 0;
  uint8_t tcp_options_length = 0;
  uint32_t tcp_sequence = 0;
  // The whole options, where captured; else null although tcp_options_length is not 0.
  const uint8_t* tcp_options = nullptr;

  uint8_t icmp_type = 0;
  uint16_t icmp_id = 0;

  uint32_t data_length = 0;          // of TCP data or UDP payload, by the IP header
  std::span<const uint8_t> payload;  // UDP payload as captured

  Quote quote;  // set for ICMP errors only
};

}  // namespace teiten
