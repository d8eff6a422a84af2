# SPDX-License-Identifier: Apache-2.0
"""Builds packets byte by byte, right or deliberately wrong, and writes classic pcap files."""

import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58

DONT_FRAGMENT, MORE_FRAGMENTS = 0x4000, 0x2000


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def ip4(source, destination, protocol, payload, ttl=64, ident=0, fragment=0, options=b"",
        total=None, first_byte=None, tos=0):
    """`fragment` is the whole 16-bit field: DF, MF and the offset in units of 8 bytes."""
    length = 20 + len(options)
    total = length + len(payload) if total is None else total
    first_byte = 0x40 | length // 4 if first_byte is None else first_byte
    header = struct.pack(">BBHHHBBH4s4s", first_byte, tos, total, ident, fragment, ttl, protocol,
                         0, source, destination) + options
    right = checksum(header)
    return header[:10] + struct.pack(">H", right) + header[12:] + payload


def ip6(source, destination, protocol, payload, ttl=64, length=None, version=6):
    length = len(payload) if length is None else length
    return struct.pack(">IHBB16s16s", version << 28, length, protocol, ttl, source,
                       destination) + payload


def ip(source, destination, protocol, payload, ttl=64, ident=0, fragment=0):
    """The IP version follows from the addresses."""
    if len(source) == 4:
        return ip4(source, destination, protocol, payload, ttl, ident, fragment)
    return ip6(source, destination, protocol, payload, ttl)


def extension(following, content=b"", length=None):
    """An IPv6 extension header of the usual form, padded to 8 bytes."""
    content += bytes(-(len(content) + 2) % 8)
    length = (len(content) + 2) // 8 - 1 if length is None else length
    return bytes((following, length)) + content


def fragment_header(following, offset, more, ident=1):
    return struct.pack(">BBHI", following, 0, offset << 3 | more, ident)


def authentication_header(following, words=4):
    return bytes((following, words)) + bytes((words + 2) * 4 - 2)


def tcp(source_port, destination_port, flags, sequence=0, acknowledgement=0, window=1024,
        options=b"", payload=b"", offset=None, reserved=0):
    """`reserved` is the low half of byte 12: three reserved bits and NS."""
    options += bytes(-len(options) % 4)
    offset = 5 + len(options) // 4 if offset is None else offset
    return struct.pack(">HHIIBBHHH", source_port, destination_port, sequence, acknowledgement,
                       offset << 4 | reserved, flags, window, 0, 0) + options + payload


def udp(source_port, destination_port, payload=b"", length=None):
    length = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", source_port, destination_port, length, 0) + payload


def icmp(number, code=0, rest=bytes(4), payload=b""):
    return struct.pack(">BBH", number, code, 0) + rest + payload


def echo(number, ident, sequence=0, payload=bytes(16)):
    return icmp(number, 0, struct.pack(">HH", ident, sequence), payload)


# Link layers: an IP packet, or any payload with its Ethernet type, in a frame.


def ethertype_of(packet):
    return 0x86DD if packet and packet[0] >> 4 == 6 else 0x0800


def ethernet(payload, ethertype=None, destination=b"\x02\0\0\0\0\x01"):
    ethertype = ethertype_of(payload) if ethertype is None else ethertype
    return destination + b"\x02\0\0\0\0\x02" + struct.pack(">H", ethertype) + payload


def tagged(payload, tags, ethertype=None, destination=b"\x02\0\0\0\0\x01"):
    """`tags` are the Ethernet types of VLAN tags, outermost first."""
    ethertype = ethertype_of(payload) if ethertype is None else ethertype
    for tag in reversed(tags):
        payload = struct.pack(">HH", 42, ethertype) + payload
        ethertype = tag
    return ethernet(payload, ethertype, destination)


def mpls(payload, labels):
    stack = b""
    for number, label in enumerate(labels):
        bottom = number == len(labels) - 1
        stack += struct.pack(">I", label << 12 | bottom << 8 | 64)
    return stack + payload


def ppp_protocol(packet):
    return 0x0057 if packet and packet[0] >> 4 == 6 else 0x0021


def pppoe(payload, protocol=None, first_byte=0x11, code=0):
    protocol = ppp_protocol(payload) if protocol is None else protocol
    content = struct.pack(">H", protocol) + payload
    return struct.pack(">BBHH", first_byte, code, 7, len(content) & 0xFFFF) + content


LINK_TYPES = (0, 1, 9, 12, 14, 50, 51, 101, 108, 113, 228, 229, 276)


def linked(rng, link, payload):
    """A frame of link type `link` around an IP packet, in one of its usual forms."""
    ethertype = ethertype_of(payload)
    is_v6 = ethertype == 0x86DD
    if link == 1:
        return ethernet(payload)
    if link == 113:
        return struct.pack(">HHH8sH", rng.choice((0, 0, 0, 0, 1, 2, 3, 4)), 1, 6,
                           b"\x02\0\0\0\0\x02\0\0", ethertype) + payload
    if link == 276:
        return struct.pack(">HHIHBB8s", ethertype, 0, 2, 1, rng.choice((0, 0, 0, 0, 1, 2, 3, 4)),
                           6, b"\x02\0\0\0\0\x02\0\0") + payload
    if link in (0, 108):
        family = rng.choice((10, 24, 28, 30)) if is_v6 else 2
        if rng.random() < 0.03:
            family = rng.choice((1, 7, 16, 0x1234))
        little = link == 0 and rng.random() < 0.7
        return struct.pack("<I" if little else ">I", family) + payload
    if link in (9, 50):
        head = rng.choice((b"\xff\x03", b"\xff\x03", b""))
        if link == 50 and rng.random() < 0.4:
            return rng.choice((b"\x0f\0", b"\x0f\0", b"\x8f\0")) + struct.pack(
                ">H", ethertype) + payload
        if rng.random() < 0.05:
            return head + struct.pack(">H", rng.choice((0xC021, 0x8021, 0xC223))) + payload
        if rng.random() < 0.2:  # protocol compressed to one byte
            return head + bytes((ppp_protocol(payload),)) + payload
        return head + struct.pack(">H", ppp_protocol(payload)) + payload
    if link == 51:
        return pppoe(payload)
    return payload


class PcapWriter:
    """A classic pcap file; times in nanoseconds."""

    FORMS = {
        "us": ("<", 0xA1B2C3D4, 1000),
        "us-be": (">", 0xA1B2C3D4, 1000),
        "ns": ("<", 0xA1B23C4D, 1),
        "ns-be": (">", 0xA1B23C4D, 1),
    }

    def __init__(self, form="us", link=1, snapshot=262144):
        self.endian, magic, self.unit = self.FORMS[form]
        self.link = link
        self.data = [struct.pack(self.endian + "IHHiIII", magic, 2, 4, 0, 0, snapshot, link)]
        self.count = 0

    def add(self, time, frame, wire=None):
        seconds, rest = divmod(time, 1_000_000_000)
        wire = len(frame) if wire is None else wire
        self.data.append(struct.pack(self.endian + "IIII", seconds, rest // self.unit, len(frame),
                                     wire) + frame)
        self.count += 1

    def bytes(self):
        return b"".join(self.data)
