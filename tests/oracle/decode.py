# SPDX-License-Identifier: Apache-2.0
"""From the bytes of one frame to a Packet, or to one of the four fates that need only the bytes.

docs/definitions "The fate of a packet": undecodable_link, not_ip, truncated, malformed. Headers are
judged one after the other, and of each header first whether it was captured (truncated), then
whether it is right (malformed): a header behind a wrong one is not needed any more.
"""

import math
from collections import namedtuple

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58

# Link types, by the numbers of the file format.
LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_PPP_SERIAL, LINK_PPP_ETHER = 0, 1, 9, 50, 51
LINK_LOOP, LINK_SLL, LINK_SLL2, LINK_IPV4, LINK_IPV6 = 108, 113, 276, 228, 229
LINKS_RAW = (12, 14, 101)
LINKS = frozenset((LINK_NULL, LINK_ETHERNET, LINK_PPP, LINK_PPP_SERIAL, LINK_PPP_ETHER, LINK_LOOP,
                   LINK_SLL, LINK_SLL2, LINK_IPV4, LINK_IPV6, *LINKS_RAW))

VLAN_TYPES = (0x8100, 0x88A8, 0x9100, 0x9200)
MPLS_TYPES = (0x8847, 0x8848)
MOST_TAGS = 16  # tags or labels: more than any network stacks
IPV6_FAMILIES = (10, 23, 24, 28, 30)  # AF_INET6 of Linux, Windows, NetBSD, FreeBSD, macOS

# Offload: a length field of 0 is believed only in frames larger than this.
LARGEST_ORDINARY_FRAME = 1514
MOST_EXTENSION_HEADERS = 8
FRAGMENT_HEADER, AUTHENTICATION_HEADER = 44, 51
EXTENSION_HEADERS = (0, 43, FRAGMENT_HEADER, AUTHENTICATION_HEADER, 60, 135, 139, 140)

# ICMP errors: the types whose message quotes the packet that caused it.
ICMP_ERRORS = (3, 4, 5, 11, 12)
ICMPV6_ERRORS = (1, 2, 3, 4)

# Protocols whose header begins with source and destination port: DCCP, SCTP, UDP-Lite as well.
PROTOCOLS_WITH_PORTS = (TCP, UDP, 33, 132, 136)


# icmp_type is None unless an ICMP header was quoted; icmp_id is None if it was cut off.
class Quote(namedtuple("Quote", "source destination protocol later source_port destination_port"
                                " icmp_type icmp_id")):
    def is_icmp_error(self):
        """Types below 128 are errors of ICMPv6, known or not (RFC 4443 2.1)."""
        if self.icmp_type is None:
            return False
        return self.icmp_type in ICMP_ERRORS if self.protocol == ICMP else self.icmp_type < 128


class Failed(Exception):
    """Ends the decoding of a frame with a fate."""


class Packet:
    """What is known of a frame. Fields a packet does not have keep these values."""

    def __init__(self):
        self.fate = None
        self.link_multicast = False
        self.version = 0
        self.source = b""
        self.destination = b""
        self.ttl = 0
        self.ip_id = None  # None for IPv6
        self.dont_fragment = False
        self.ip_length = 0
        self.protocol = 0
        self.fragment = False  # a later fragment, or a first one without its transport header
        self.source_port = 0
        self.destination_port = 0
        self.flags = 0  # the whole byte, with ECE and CWR
        self.sequence = 0
        self.window = None  # None: not captured
        self.options = None  # None: not captured
        self.options_length = 0
        self.data_length = 0
        self.payload = b""  # of UDP, as far as captured
        self.icmp_type = None
        self.icmp_id = 0
        self.quote = None  # of an ICMP error; None if incomplete

    def is_icmp_error(self):
        return self.icmp_type is not None and self.icmp_type in errors_of(self.protocol)


def errors_of(protocol):
    return ICMP_ERRORS if protocol == ICMP else ICMPV6_ERRORS


def u16(data, at):
    return data[at] << 8 | data[at + 1]


def u32(data, at):
    return int.from_bytes(data[at : at + 4], "big")


def decode(link, wire, data):
    """Returns a Packet; its fate is None if it has to be judged by its addresses."""
    packet = Packet()
    frame = Frame(packet, wire, data)
    try:
        frame.decode_link(link)
    except Failed as failure:
        packet.fate = str(failure)
    return packet


class Frame:
    def __init__(self, packet, wire, data):
        self.packet = packet
        self.wire = wire
        self.data = data
        self.cut = len(data) < wire

    def too_short(self):
        """The bytes end inside a needed header: whose fault is it?"""
        raise Failed("truncated" if self.cut else "malformed")

    # Link layer. A link header that is not all there is not understood, cut or not: "truncated"
    # speaks of IP and what follows.

    def need_link(self, end):
        if len(self.data) < end:
            raise Failed("undecodable_link")

    def decode_link(self, link):
        data = self.data
        if link == LINK_ETHERNET:
            self.need_link(14)
            self.packet.link_multicast = bool(data[0] & 1)
            self.decode_ethertype(u16(data, 12), 14)
        elif link == LINK_SLL:
            self.need_link(16)
            self.packet.link_multicast = u16(data, 0) in (1, 2)
            self.decode_ethertype(u16(data, 14), 16)
        elif link == LINK_SLL2:
            self.need_link(20)
            self.packet.link_multicast = data[10] in (1, 2)
            self.decode_ethertype(u16(data, 0), 20)
        elif link in LINKS_RAW:
            self.decode_ip_by_version(0)
        elif link == LINK_IPV4:
            self.decode_ipv4(0)
        elif link == LINK_IPV6:
            self.decode_ipv6(0)
        elif link in (LINK_NULL, LINK_LOOP):
            self.decode_family(link)
        elif link == LINK_PPP:
            self.decode_ppp_frame()
        elif link == LINK_PPP_SERIAL:
            self.need_link(1)
            if data[0] in (0x0F, 0x8F):  # Cisco HDLC: address, control, Ethernet type
                self.need_link(4)
                self.packet.link_multicast = data[0] == 0x8F
                self.decode_ethertype(u16(data, 2), 4)
            else:
                self.decode_ppp_frame()
        elif link == LINK_PPP_ETHER:
            self.decode_pppoe(0)
        else:
            raise Failed("undecodable_link")

    def decode_family(self, link):
        self.need_link(4)
        family = u32(self.data, 0)
        # NULL is in the byte order of the machine that captured, which nobody remembers.
        if link == LINK_NULL and family > 0xFFFF:
            family = int.from_bytes(self.data[:4], "little")
        if family == 2:
            self.decode_ipv4(4)
        elif family in IPV6_FAMILIES:
            self.decode_ipv6(4)
        else:
            raise Failed("not_ip")

    def decode_ethertype(self, ethertype, at):
        tags = 0
        while ethertype in VLAN_TYPES:
            tags += 1
            self.need_link(at + 4 if tags <= MOST_TAGS else math.inf)
            ethertype = u16(self.data, at + 2)
            at += 4
        if ethertype == 0x0800:
            self.decode_ipv4(at)
        elif ethertype == 0x86DD:
            self.decode_ipv6(at)
        elif ethertype in MPLS_TYPES:
            self.decode_mpls(at)
        elif ethertype == 0x8864:
            self.decode_pppoe(at)
        else:
            raise Failed("not_ip")

    def decode_mpls(self, at):
        labels, bottom = 0, 0
        while not bottom:
            labels += 1
            self.need_link(at + 4 if labels <= MOST_TAGS else math.inf)
            bottom = self.data[at + 2] & 1
            at += 4
        # Nothing names what follows the last label but its first four bits: IP begins with 4 or 6.
        self.need_link(at + 1)
        if self.data[at] >> 4 not in (4, 6):
            raise Failed("not_ip")
        self.decode_ip_by_version(at)

    def decode_pppoe(self, at):
        self.need_link(at + 6)
        if self.data[at] != 0x11 or self.data[at + 1] != 0:
            raise Failed("undecodable_link")
        self.decode_ppp_protocol(at + 6)

    def decode_ppp_frame(self):
        has_address = self.data[:2] == b"\xff\x03"
        self.decode_ppp_protocol(2 if has_address else 0)

    def decode_ppp_protocol(self, at):
        self.need_link(at + 1)
        protocol = self.data[at]
        at += 1
        if protocol & 1 == 0:  # not compressed to one byte
            self.need_link(at + 1)
            protocol = protocol << 8 | self.data[at]
            at += 1
        if protocol == 0x21:
            self.decode_ipv4(at)
        elif protocol == 0x57:
            self.decode_ipv6(at)
        elif protocol in (0x0281, 0x0283):
            self.decode_mpls(at)
        else:
            raise Failed("not_ip")

    # Network layer.

    def decode_ip_by_version(self, at):
        if len(self.data) <= at:
            self.too_short()
        version = self.data[at] >> 4
        if version == 4:
            self.decode_ipv4(at)
        elif version == 6:
            self.decode_ipv6(at)
        else:  # no header that could be cut
            raise Failed("malformed")

    def decode_ipv4(self, at):
        packet = self.packet
        ip = self.data[at:]
        wire = self.wire - at
        if len(ip) < 20:
            self.too_short()
        header = (ip[0] & 15) * 4
        if ip[0] >> 4 != 4 or header < 20:
            raise Failed("malformed")
        if len(ip) < header:
            self.too_short()
        total = u16(ip, 2)
        if total == 0 and self.wire > LARGEST_ORDINARY_FRAME:
            total = wire
        if total < header or total > wire:
            raise Failed("malformed")
        packet.version = 4
        packet.source, packet.destination = ip[12:16], ip[16:20]
        packet.ttl = ip[8]
        packet.ip_id = u16(ip, 4)
        packet.dont_fragment = bool(ip[6] & 0x40)
        packet.ip_length = total
        packet.protocol = ip[9]
        offset = u16(ip, 6) & 0x1FFF
        more = bool(ip[6] & 0x20)
        if offset:
            packet.fragment = True
        else:
            self.decode_transport(ip[:total], header, total, more)

    def decode_ipv6(self, at):
        packet = self.packet
        ip = self.data[at:]
        wire = self.wire - at
        if len(ip) < 40:
            self.too_short()
        if ip[0] >> 4 != 6:
            raise Failed("malformed")
        total = 40 + u16(ip, 4)
        if total == 40 and self.wire > LARGEST_ORDINARY_FRAME:
            total = wire
        if total > wire:
            raise Failed("malformed")
        packet.version = 6
        packet.source, packet.destination = ip[8:24], ip[24:40]
        packet.ttl = ip[7]
        packet.ip_length = total
        protocol, header = ip[6], 40
        ip = ip[:total]
        first_fragment = False
        walked = 0
        while protocol in EXTENSION_HEADERS:
            walked += 1
            if walked > MOST_EXTENSION_HEADERS:
                raise Failed("malformed")
            length = 8
            if header + 8 <= len(ip):
                length = extension_length(protocol, ip, header)
            if len(ip) < min(header + length, total):
                self.too_short()
            if header + length > total:
                # In a first fragment the rest of the headers may be in the next one.
                if first_fragment:
                    packet.protocol, packet.fragment = protocol, True
                    return
                raise Failed("malformed")
            if protocol == FRAGMENT_HEADER:
                offset_and_more = u16(ip, header + 2)
                if offset_and_more >> 3:
                    packet.protocol, packet.fragment = ip[header], True
                    return
                first_fragment = first_fragment or bool(offset_and_more & 1)
            protocol = ip[header]
            header += length
        packet.protocol = protocol
        self.decode_transport(ip, header, total, first_fragment)

    # Transport. `ip` is what was captured of the IP packet, `total` its length by its own header.

    def decode_transport(self, ip, at, total, fragmented):
        packet = self.packet
        length = total - at
        captured = len(ip) - at
        is_icmp = packet.protocol == (ICMP if packet.version == 4 else ICMPV6)
        if packet.protocol == TCP:
            whole, needed = 20, 14
        elif packet.protocol == UDP or is_icmp:
            whole, needed = 8, 8
        else:
            return
        if captured < min(needed, length):
            self.too_short()
        if length < whole:
            if not fragmented:
                raise Failed("malformed")
            packet.fragment = True
            return
        transport = ip[at:]
        if packet.protocol == TCP:
            self.decode_tcp(transport, length)
        elif packet.protocol == UDP:
            self.decode_udp(transport, length, fragmented)
        else:
            packet.icmp_type = transport[0]
            packet.icmp_id = u16(transport, 4)
            if packet.is_icmp_error():
                packet.quote = self.decode_quote(transport[8:], length - 8)

    def decode_tcp(self, tcp, length):
        packet = self.packet
        header = (tcp[12] >> 4) * 4
        if header < 20 or header > length:
            raise Failed("malformed")
        packet.source_port, packet.destination_port = u16(tcp, 0), u16(tcp, 2)
        packet.sequence = u32(tcp, 4)
        packet.flags = tcp[13]
        packet.options_length = header - 20
        packet.data_length = length - header
        if len(tcp) >= 16:
            packet.window = u16(tcp, 14)
        if header == 20:
            packet.options = b""
        elif len(tcp) >= header:
            packet.options = tcp[20:header]

    def decode_udp(self, udp, length, fragmented):
        packet = self.packet
        udp_length = u16(udp, 4)
        if udp_length < 8 or (udp_length > length and not fragmented):
            raise Failed("malformed")
        packet.source_port, packet.destination_port = u16(udp, 0), u16(udp, 2)
        packet.payload = udp[8:udp_length]

    # docs/definitions "ICMP quotes". A quote that is too short on the wire is no quote (None); one
    # that the snapshot cut is truncated, and that is asked first.

    def decode_quote(self, quoted, length):
        def complete(end):
            if len(quoted) < min(end, length):
                self.too_short()
            return length >= end

        later = False
        if self.packet.version == 4:
            if not complete(20):
                return None
            header = (quoted[0] & 15) * 4
            if quoted[0] >> 4 != 4 or header < 20:
                return None
            source, destination = quoted[12:16], quoted[16:20]
            protocol = quoted[9]
            if not complete(header):
                return None
            later = bool(u16(quoted, 6) & 0x1FFF)
        else:
            if not complete(40):
                return None
            if quoted[0] >> 4 != 6:
                return None
            source, destination = quoted[8:24], quoted[24:40]
            protocol, header = quoted[6], 40
            walked = 0
            while protocol in EXTENSION_HEADERS and not later:
                walked += 1
                if walked > MOST_EXTENSION_HEADERS or not complete(header + 8):
                    return None
                extension = extension_length(protocol, quoted, header)
                if not complete(header + extension):
                    return None
                if protocol == FRAGMENT_HEADER:
                    later = u16(quoted, header + 2) >> 3 != 0
                protocol = quoted[header]
                header += extension
        if not complete(header + 4):
            return None
        source_port = destination_port = 0
        icmp_type = icmp_id = None
        if not later and protocol in PROTOCOLS_WITH_PORTS:
            source_port, destination_port = u16(quoted, header), u16(quoted, header + 2)
        elif not later and protocol == (ICMP if self.packet.version == 4 else ICMPV6):
            icmp_type = quoted[header]
            if len(quoted) >= header + 6:
                icmp_id = u16(quoted, header + 4)
        return Quote(source, destination, protocol, later, source_port, destination_port,
                     icmp_type, icmp_id)


def extension_length(protocol, ip, at):
    if protocol == FRAGMENT_HEADER:
        return 8
    if protocol == AUTHENTICATION_HEADER:
        return (ip[at + 1] + 2) * 4
    return (ip[at + 1] + 1) * 8
