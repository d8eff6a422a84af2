# SPDX-License-Identifier: Apache-2.0
"""Makes capture files for comparing the sensor with the oracle. The same seed gives the same bytes.

    generate.py --seed S --packets N --profile P [--linktype L] [--form us|ns|us-be|ns-be] OUT.pcap

Profiles: mixed, time, solicited, links, flags, damage. It writes packets, never anything of ours.
`mixed` is meant for --observe everything as well as for OBSERVE below; `solicited` for all three
options below, which are printed on stderr.
"""

import argparse
import heapq
import random
import struct
import sys

import build
import payloads
from build import (DONT_FRAGMENT, ICMP, ICMPV6, MORE_FRAGMENTS, TCP, UDP, echo, ethernet, extension,
                   fragment_header, icmp, ip, ip4, ip6, mpls, pppoe, tagged, tcp, udp)

OBSERVE = "203.0.113.0/28,2001:db8:d::/64"
OWN = "203.0.113.16/28"
SERVICES = ("tcp/22", "udp/53@198.51.100.0/24,2001:db8:a::/48", "tcp/443@198.51.100.0/25",
            "udp/123")

SECOND = 1_000_000_000
START = 1_795_300_000 * SECOND  # 2026-11-21, not at the start of a window

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = 1, 2, 4, 8, 16, 32, 64, 128
NMAP_WINDOWS = (1024, 2048, 3072, 4096)
MSS_1460 = b"\x02\x04\x05\xb4"
LINUX_OPTIONS = b"\x02\x04\x05\xb4\x04\x02\x08\x0a\0\1\2\3\0\0\0\0\x01\x03\x03\x0a"
ALL_EXTENSIONS = (0, 43, 44, 51, 60, 135, 139, 140)


class World:
    """Addresses and dice. Sources are Zipf distributed."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        rng = self.rng
        self.sources4 = [bytes((rng.choice((1, 5, 45, 62, 89, 103, 141, 185, 192, 198, 222)),
                                rng.randrange(256), rng.randrange(256), rng.randrange(256)))
                         for _ in range(2000)]
        self.sources6 = [bytes.fromhex("2001") + rng.randbytes(4) + bytes(2)
                         + rng.randbytes(rng.choice((0, 0, 8))).rjust(8, b"\1")
                         for _ in range(400)]
        self.weights4 = self.zipf(len(self.sources4))
        self.weights6 = self.zipf(len(self.sources6))

    @staticmethod
    def zipf(count):
        total, weights = 0.0, []
        for rank in range(1, count + 1):
            total += rank**-1.1
            weights.append(total)
        return weights

    def source4(self):
        return self.rng.choices(self.sources4, cum_weights=self.weights4)[0]

    def source6(self):
        return self.rng.choices(self.sources6, cum_weights=self.weights6)[0]

    def destination4(self):
        if self.rng.random() < 0.1:  # .0 and .255 are addresses like the others
            return bytes((203, 0, 113, self.rng.choice((0, 255, 1, 15, 16))))
        return bytes((203, 0, 113, self.rng.randrange(32)))

    def destination6(self):
        prefix = bytes.fromhex("20010db8000d0000")
        if self.rng.random() < 0.2:
            prefix = bytes.fromhex("20010db8000d0001")
        return prefix + bytes(7) + bytes((self.rng.randrange(32),))

    def pair(self, v6_share=0.2):
        if self.rng.random() < v6_share:
            return self.source6(), self.destination6()
        return self.source4(), self.destination4()

    def port(self):
        rng = self.rng
        return rng.choice((23, 2323, 22, 80, 443, 445, 3389, 8080, 0, 65535, 37215,
                           rng.randrange(65536), rng.randrange(65536)))

    def ephemeral(self):
        return self.rng.randrange(1024, 65536)


# Scans. Each tool's mark as the tool makes it, and with one thing wrong.


def zmap_syn(world):
    rng = world.rng
    source, destination = world.source4(), world.destination4()
    ttl, ident, flags, window, options = 255, 54321, SYN, 65535, rng.choice((b"", MSS_1460))
    miss = rng.randrange(12)
    if miss == 0:
        ttl = rng.choice((199, 200, 64))
    elif miss == 1:
        ident = rng.choice((54320, 54322, 0xD431 ^ 0xFFFF))
    elif miss == 2:
        flags |= rng.choice((ECE, CWR, PSH, URG))
    elif miss == 3:
        window = rng.choice((65534, 1024, 0))
    elif miss == 4:
        options = rng.choice((MSS_1460 + b"\1\1\1\0", LINUX_OPTIONS, b"\x01\x01\x01\x01",
                              b"\x02\x04\x02\x00", b"\x03\x04\x05\xb4", b"\x02\x03\x05\x00"))
    elif miss == 5:
        return ip6(world.source6(), world.destination6(), TCP,
                   tcp(40000, 80, SYN, 1, 0, 65535), 255)
    return ip4(source, destination, TCP, tcp(world.ephemeral(), world.port(), flags,
                                             rng.getrandbits(32), 0, window, options),
               ttl, ident, rng.choice((0, DONT_FRAGMENT)))


def masscan_syn(world):
    rng = world.rng
    source, destination = world.source4(), world.destination4()
    sequence, port = rng.getrandbits(32), world.port()
    ident = (int.from_bytes(destination, "big") ^ port ^ sequence) & 0xFFFF
    ttl, flags, options = 255, SYN, b""
    miss = rng.randrange(10)
    if miss == 0:
        ttl = rng.choice((127, 128))
    elif miss == 1:
        ident ^= 1 << rng.randrange(16)
    elif miss == 2:
        flags |= rng.choice((ECE, CWR, URG, PSH))
    elif miss == 3:
        options = MSS_1460  # masscan, and therefore not nmap
    return ip4(source, destination, TCP, tcp(61000, port, flags, sequence, 0, 1024, options), ttl,
               ident)


def mirai_syn(world):
    rng = world.rng
    source, destination = world.source4(), world.destination4()
    sequence = int.from_bytes(destination, "big")
    if rng.random() < 0.15:
        sequence ^= 1 << rng.randrange(32)
    flags = SYN if rng.random() < 0.8 else SYN | rng.choice((ECE | CWR, PSH, URG))
    if rng.random() < 0.05:
        destination = world.destination6()
        return ip6(world.source6(), destination, TCP,
                   tcp(1, 23, SYN, int.from_bytes(destination[12:], "big")), 64)
    return ip4(source, destination, TCP,
               tcp(world.ephemeral(), rng.choice((23, 23, 23, 2323)), flags, sequence, 0,
                   rng.randrange(65536)), rng.randrange(30, 255), rng.randrange(65536))


def nmap_probe(world):
    rng = world.rng
    source, destination = world.pair(0.25)
    flags = rng.choice((SYN, SYN, 0, FIN, FIN | PSH | URG, ACK, FIN | ACK))
    window, options, data = rng.choice(NMAP_WINDOWS), MSS_1460 if flags == SYN else b"", b""
    fragment = 0
    miss = rng.randrange(10)
    if miss == 0:
        window = rng.choice((1023, 1025, 5120, 512, 0))
    elif miss == 1:
        options = rng.choice((b"", MSS_1460, b"\x02\x04\x05\xb5", MSS_1460 + b"\1\1\1\1",
                              LINUX_OPTIONS))
    elif miss == 2:
        data = b"x"
    elif miss == 3:
        fragment = DONT_FRAGMENT
    elif miss == 4:
        flags |= rng.choice((ECE, CWR, URG, PSH))
    segment = tcp(world.ephemeral(), world.port(), flags, rng.getrandbits(32), 0, window, options,
                  data)
    return ip(source, destination, TCP, segment, rng.randrange(37, 60), rng.randrange(65536),
              fragment)


def plain_syn(world):
    rng = world.rng
    source, destination = world.pair()
    flags = SYN | rng.choice((0, 0, 0, 0, ECE | CWR, ECE, CWR, PSH, URG))
    options = rng.choice((b"", MSS_1460, LINUX_OPTIONS, b"\x02\x00\x00\x00", b"\x08\x0a" + bytes(38)))
    data = rng.choice((b"", b"", b"", b"GET / HTTP/1.0\r\n\r\n"))
    return ip(source, destination, TCP,
              tcp(world.ephemeral(), world.port(), flags, rng.getrandbits(32), rng.getrandbits(32),
                  rng.choice((64240, 512, 65535, 1024, 0)), options, data,
                  reserved=rng.choice((0, 0, 0, 1, 8))),
              rng.randrange(1, 256), rng.randrange(65536), rng.choice((0, DONT_FRAGMENT)))


def any_tcp(world):
    rng = world.rng
    source, destination = world.pair()
    return ip(source, destination, TCP,
              tcp(world.port(), world.port(), rng.randrange(256), rng.getrandbits(32),
                  rng.getrandbits(32), rng.choice((0, 1024, 2048, 65535)),
                  rng.choice((b"", b"", MSS_1460)), rng.choice((b"", b"", b"data"))),
              rng.randrange(1, 256), rng.randrange(65536))


def backscatter(world):
    """Answers of an attacked host: SYN-ACK with retransmissions, RST, RST-ACK."""
    rng = world.rng
    source, destination = world.pair()
    flags, options = rng.choice(((SYN | ACK, MSS_1460), (SYN | ACK | ECE, MSS_1460),
                                 (RST, b""), (RST | ACK, b""), (SYN | ACK | PSH, b""),
                                 (RST | ACK | PSH, b"")))
    segment = tcp(rng.choice((80, 443, 22, 25565, world.port())), world.ephemeral(), flags,
                  rng.getrandbits(32), rng.getrandbits(32), rng.choice((0, 64240)), options)
    packet = ip(source, destination, TCP, segment, 64, 0, DONT_FRAGMENT)
    return [packet] * (rng.choice((1, 1, 3, 4)) if flags & SYN else 1)


# ICMP.


def quoted_packet(world, v6, source, destination):
    """What an error quotes: a packet this side is said to have sent."""
    rng = world.rng
    protocol = rng.choice((TCP, TCP, UDP, UDP, UDP, ICMPV6 if v6 else ICMP, 47, 50, 132, 33, 136))
    if protocol == TCP:
        content = tcp(world.ephemeral(), world.port(), SYN)
    elif protocol == UDP:
        content = udp(world.ephemeral(), world.port(), b"payload")
    elif protocol in (ICMP, ICMPV6):
        numbers = (128, 129, 1, 2, 3, 4, 100, 127, 135, 0) if v6 else (8, 0, 3, 5, 11, 12, 4, 13)
        content = echo(rng.choice(numbers), rng.randrange(65536))
    else:
        content = struct.pack(">HHI", world.port(), world.port(), 7) + bytes(16)
    if rng.random() < 0.12:
        destination = rng.choice(
            (bytes.fromhex("ff02") + bytes(13) + b"\1", bytes(15) + b"\1", world.destination6(),
             bytes.fromhex("fe80") + bytes(13) + b"\1", bytes(16)) if v6 else
            (b"\xe0\0\0\1", b"\xef\xff\xff\xfa", b"\x7f\0\0\1", b"\x7f\xff\0\1", b"\xff\xff\xff\xff",
             b"\xf0\0\0\1", world.destination4(), b"\xa9\xfe\0\1", bytes(4)))
    if v6:
        for _ in range(rng.choice((0, 0, 0, 1, 2, 3, 8, 9))):
            content = extension(protocol, bytes(rng.choice((6, 14)))) + content
            protocol = rng.choice((0, 43, 60))
        if rng.random() < 0.1:
            content = fragment_header(protocol, rng.choice((0, 0, 5)), rng.randrange(2)) + content
            protocol = 44
        return ip6(source, destination, protocol, content, 3)
    fragment = rng.choice((0, 0, 0, DONT_FRAGMENT, MORE_FRAGMENTS, 100, MORE_FRAGMENTS | 7))
    return ip4(source, destination, protocol, content, rng.choice((0, 1, 50)), 7, fragment,
               rng.choice((b"", b"", b"", b"\1\1\1\0", bytes(40))))


def icmp_error(world):
    rng = world.rng
    source, destination = world.pair(0.35)
    v6 = len(source) == 16
    quoted_source = destination
    if rng.random() < 0.1:
        quoted_source = world.destination6() if v6 else world.destination4()
    victim = world.source6() if v6 else world.source4()
    quote = quoted_packet(world, v6, quoted_source, victim)
    damage = rng.randrange(12)
    if damage == 0:
        quote = quote[: rng.randrange(len(quote) + 1)]
    elif damage == 1:
        header = 40 if v6 else (quote[0] & 15) * 4
        quote = quote[: header + rng.choice((0, 3, 4, 5, 8))]
    elif damage == 2:
        quote = bytes((rng.choice((0x44, 0x55, 0x60, 0x45, 0x4F, 0)),)) + quote[1:]
    elif damage == 3:  # RFC 4884: padded to 128 bytes, with an extension behind
        quote = quote.ljust(128, b"\0") + b"\x20\0\0\0\0\x08\1\1\0\1\2\3"
    number = rng.choice((1, 1, 2, 3, 3, 4) if v6 else (3, 3, 3, 3, 4, 5, 11, 11, 12))
    rest = b"\0\0\5\xdc" if v6 else bytes(4)
    return ip(source, destination, ICMPV6 if v6 else ICMP,
              icmp(number, rng.choice((0, 1, 3, 4)), rest, quote), 240, rng.randrange(65536))


def icmp_any(world):
    rng = world.rng
    source, destination = world.pair(0.35)
    v6 = len(source) == 16
    common = (128, 129, 139, 140, 133, 143, 1, 3, 200) if v6 else (8, 0, 13, 14, 15, 16, 17, 18, 9)
    number = rng.choice(common) if rng.random() < 0.6 else rng.randrange(256)
    zmap = rng.random() < 0.2
    return ip(source, destination, ICMPV6 if v6 else ICMP,
              echo(number, rng.randrange(65536), 1, bytes(rng.choice((0, 0, 12, 56)))),
              rng.choice((255, 200, 199)) if zmap else rng.randrange(1, 256),
              rng.choice((54321, 54321, 54322)) if zmap else rng.randrange(65536))


# UDP.


def udp_any(world):
    rng = world.rng
    source, destination = world.pair()
    form = rng.randrange(8)
    port, requests, responses, near = rng.choice(payloads.PORTS)
    listed = rng.choice(payloads.PORTS)[0]
    source_port, destination_port, payload = world.ephemeral(), world.port(), b""
    if form == 0:  # an ordinary request
        destination_port, payload = port, rng.choice(requests)
    elif form in (1, 2):  # from the service: an answer, nearly one, a request, another's answer
        source_port = port
        destination_port = rng.choice((world.ephemeral(), 1023, 1024, listed, port, 0))
        payload = rng.choice(rng.choice((requests, responses, responses, near, near)))
        if rng.random() < 0.2:
            payload = rng.choice(rng.choice(rng.choice(payloads.PORTS)[1:]))
        if rng.random() < 0.1:
            payload = rng.randbytes(rng.randrange(60))
    elif form in (3, 4):
        destination_port, payload = rng.choice(payloads.AMPLIFYING)
    elif form == 5:
        destination_port, payload = rng.choice(payloads.NEARLY_AMPLIFYING)
    elif form == 6:  # from one listed port to another
        source_port, destination_port = port, listed
        payload = rng.choice(rng.choice((requests, responses, near)))
    else:
        payload = rng.randbytes(rng.choice((0, 1, 12, 48, 300)))
    length = None
    if rng.random() < 0.03:  # a payload that ends before the IP packet does
        length = 8 + rng.randrange(len(payload) + 1)
    zmap = rng.random() < 0.15
    return ip(source, destination, UDP, udp(source_port, destination_port, payload, length),
              rng.choice((255, 200, 199)) if zmap else rng.randrange(1, 256),
              rng.choice((54321, 54321, 54320)) if zmap else rng.randrange(65536))


# Other protocols, extension headers, fragments.


def other_protocol(world):
    rng = world.rng
    source, destination = world.pair()
    protocol = rng.choice((2, 4, 41, 47, 50, 51, 59, 89, 132, 33, 136, 1, 58, 253, 254, 255,
                           rng.randrange(256)))
    inner = ip4(source, destination, TCP, tcp(1, 2, SYN))
    content = rng.choice((b"", bytes(3), inner, bytes(40), b"\0\0\x08\0" + inner))
    if len(source) == 16 and protocol in ALL_EXTENSIONS:
        content = extension(rng.choice((6, 17, 58, 59, 0)), bytes(6)) + tcp(1, 2, SYN)
    return ip(source, destination, protocol, content, rng.randrange(1, 256), rng.randrange(65536))


def transport(world, v6):
    rng = world.rng
    protocol = rng.choice((TCP, UDP, ICMPV6 if v6 else ICMP, 47))
    if protocol == TCP:
        content = tcp(world.ephemeral(), world.port(), rng.choice((SYN, SYN | ACK, ACK)),
                      rng.getrandbits(32), 0, 1024, rng.choice((b"", MSS_1460, LINUX_OPTIONS)))
    elif protocol == UDP:
        content = udp(rng.choice((53, 19, world.ephemeral())), world.port(), bytes(30))
    elif protocol == 47:
        content = bytes(24)
    else:
        content = echo(rng.choice((128, 129, 1, 130) if v6 else (8, 0, 3)), 7)
    return protocol, content


def extended6(world):
    rng = world.rng
    protocol, content = transport(world, True)
    for _ in range(rng.choice((1, 1, 2, 3, 7, 8, 9, 10))):
        kind = rng.choice((0, 43, 60, 60, 44, 51, 135, 139, 140))
        if kind == 44:
            header = fragment_header(protocol, 0, 0)
        elif kind == 51:
            header = build.authentication_header(protocol, rng.choice((0, 1, 4)))
        else:
            header = extension(protocol, bytes(rng.choice((6, 6, 14, 40))),
                               rng.choice((None,) * 12 + (0, 255, 3)))
        content, protocol = header + content, kind
    length = rng.choice((None,) * 12 + (0, 1, 8, len(content) + 1, len(content) - 1))
    return ip6(world.source6(), world.destination6(), protocol, content, 60, length)


def fragment(world):
    rng = world.rng
    source, destination = world.pair(0.4)
    v6 = len(source) == 16
    protocol, content = transport(world, v6)
    if rng.random() < 0.3:
        content = content[: rng.randrange(len(content) + 1)]
    offset = rng.choice((0, 0, 0, 1, 100, 8191))
    more = rng.randrange(2)
    if rng.random() < 0.05 and protocol == UDP:
        content = udp(1, 2, bytes(16), rng.choice((0, 7, 8, 1400)))
    if v6:
        content = fragment_header(protocol, offset, more) + content
        if rng.random() < 0.3:
            content = extension(44, bytes(6)) + content
            return ip6(source, destination, 60, content, 60)
        if rng.random() < 0.2:  # headers behind the fragment header, perhaps not all of them
            content = (fragment_header(60, 0, more) + extension(protocol, bytes(14))
                       + content[8:])[: rng.choice((8, 10, 16, 24, 28, 60))]
        return ip6(source, destination, 44, content, 60)
    return ip4(source, destination, protocol, content, 60, rng.randrange(65536),
               more * MORE_FRAGMENTS | offset | rng.choice((0, 0, 0, DONT_FRAGMENT)))


# What is wrong, and what is somewhere else.


def malformed(world):
    rng = world.rng
    source, destination = world.source4(), world.destination4()
    syn = tcp(1000, 23, SYN, options=MSS_1460)
    form = rng.randrange(12)
    if form == 0:
        return ip4(source, destination, TCP, syn, first_byte=rng.choice((0x40, 0x44, 0x4F, 0x55,
                                                                         0x65, 0x05, 0x46)))
    if form == 1:
        return ip4(source, destination, TCP, syn, total=rng.choice((0, 1, 19, 20, 39, 43, 44, 45,
                                                                    0xFFFF)))
    if form == 2:
        return ip4(source, destination, TCP, tcp(1000, 23, SYN, offset=rng.randrange(16)))
    if form == 3:
        return ip4(source, destination, TCP, syn[: rng.randrange(25)])
    if form == 4:
        return ip4(source, destination, UDP, udp(1, 53, b"12345678", rng.choice((0, 7, 8, 9, 16, 17,
                                                                                 65535))))
    if form == 5:
        return ip4(source, destination, rng.choice((UDP, ICMP)), bytes(rng.randrange(9)))
    if form == 6:  # offload: no length in a large frame, or in one that is not quite
        size = rng.choice((1459, 1460, 1461, 1500, 3000))
        return ip4(source, destination, TCP, tcp(1000, 23, ACK, payload=bytes(size)), total=0)
    if form == 7:
        size = rng.choice((1439, 1440, 1441, 3000))
        return ip6(world.source6(), world.destination6(), TCP,
                   tcp(1000, 23, ACK, payload=bytes(size)), length=0)
    if form == 8:
        return ip6(world.source6(), world.destination6(), rng.choice((TCP, UDP, ICMPV6, 59, 47)),
                   b"", length=rng.choice((0, 0, 1)))
    if form == 9:
        return ip6(world.source6(), world.destination6(), TCP, syn,
                   length=rng.choice((0, 19, 20, 23, 24, 25)), version=rng.choice((6, 6, 4, 0, 15)))
    if form == 10:  # padding up to 60 bytes is not payload
        return ip4(source, destination, TCP, tcp(1000, 23, SYN)) + bytes(rng.randrange(20))
    return rng.randbytes(rng.randrange(60))


def special_address(world):
    rng = world.rng
    source, destination = world.source4(), world.destination4()
    pool = (b"\xe0\0\0\1", b"\xef\xff\xff\xff", b"\xf0\0\0\1", b"\xff\xff\xff\xff", b"\xa9\xfe\1\1",
            bytes(4), b"\x7f\0\0\1", b"\xa9\xff\1\1", b"\xdf\xff\xff\xff", b"\0\0\0\1",
            b"\xcb\0\x71\x11", b"\xcb\0\x71\x05")
    if rng.random() < 0.4:
        source, destination = world.source6(), world.destination6()
        pool = (bytes.fromhex("ff02") + bytes(13) + b"\1", bytes.fromhex("fe80") + bytes(13) + b"\1",
                bytes.fromhex("febf") + bytes(13) + b"\1", bytes.fromhex("fec0") + bytes(13) + b"\1",
                bytes(16), bytes(15) + b"\1", bytes(10) + b"\xff\xff\1\2\3\4",
                bytes.fromhex("20010db8000d0000") + bytes(8))
    if rng.random() < 0.5:
        source = rng.choice(pool)
    if rng.random() < 0.6:
        destination = rng.choice(pool)
    protocol, content = transport(world, len(source) == 16)
    if rng.random() < 0.2:
        protocol = 2
    return ip(source, destination, protocol, content, 1, 1)


def outbound(world):
    """This side speaks: outbound with --observe, an ordinary packet with everything."""
    source, destination = world.pair()
    protocol, content = transport(world, len(source) == 16)
    return ip(destination, source, protocol, content, 64, 1)


MIXED = [
    (zmap_syn, 6), (masscan_syn, 6), (mirai_syn, 6), (nmap_probe, 10), (plain_syn, 10), (any_tcp, 6),
    (backscatter, 6), (icmp_error, 12), (icmp_any, 6), (udp_any, 26), (other_protocol, 3),
    (extended6, 6), (fragment, 6), (malformed, 6), (special_address, 3), (outbound, 1),
]
MIXED_FUNCTIONS = [function for function, _ in MIXED]
MIXED_WEIGHTS = [weight for _, weight in MIXED]


def mixed_packets(world):
    packets = world.rng.choices(MIXED_FUNCTIONS, MIXED_WEIGHTS)[0](world)
    return packets if isinstance(packets, list) else [packets]


def other_frame(world):
    rng = world.rng
    return rng.choice((
        ethernet(bytes(46), 0x0806), ethernet(bytes(60), 0x88CC), ethernet(b"\x42\x42\3" + bytes(43), 38),
        ethernet(b"\xaa\xaa\3\0\0\0\x08\0" + bytes(40), 48), ethernet(bytes(46), 0x9000),
        ethernet(pppoe(bytes(10), 0xC021), 0x8864), ethernet(bytes(20), 0x8863),
        ethernet(pppoe(bytes(40), first_byte=0x12), 0x8864), ethernet(pppoe(bytes(40), code=9), 0x8864),
        tagged(bytes(46), (0x8100,), 0x0806), ethernet(mpls(bytes(46), (100,)), 0x8847),
        ethernet(b"", 0x0800), ethernet(b"", 0x86DD), ethernet(b"", 0x8100), ethernet(b"\0\1", 0x8100),
        ethernet(mpls(b"", (16,)), 0x8847), ethernet(mpls(b"", (16,))[:3], 0x8847),
        ethernet(b"\x11\0\0\7\0", 0x8864), ethernet(b"\x11\0\0\7\0\2\0", 0x8864), b"", bytes(13)))


def ethernet_frame(world, packet):
    """An IP packet in Ethernet: mostly plainly, sometimes under tags, labels or PPPoE."""
    rng = world.rng
    form = rng.randrange(40)
    target = b"\x02\0\0\0\0\x01"
    if rng.random() < 0.02:
        target = rng.choice((b"\xff" * 6, b"\x01\0\x5e\0\0\1", b"\x33\x33\0\0\0\1"))
    if form == 0:
        return tagged(packet, (rng.choice((0x8100, 0x88A8)),), None, target)
    if form == 1:
        return tagged(packet, rng.choice(((0x88A8, 0x8100), (0x8100, 0x8100), (0x9100, 0x8100))),
                      None, target)
    if form == 2 and packet and packet[0] >> 4 in (4, 6):
        return ethernet(mpls(packet, [rng.randrange(16, 9999)] * rng.randrange(1, 4)),
                        rng.choice((0x8847, 0x8848)), target)
    if form == 3:
        return ethernet(pppoe(packet), 0x8864, target)
    if form == 4:
        return tagged(pppoe(packet), (0x8100,), 0x8864, target)
    if form == 5 and rng.random() < 0.3:
        return ethernet(packet, rng.choice((0x0800, 0x86DD, 0x0806)), target)
    return ethernet(packet, None, target)


def cut(rng, frame):
    """What a snapshot length would have left of a frame."""
    return frame[: rng.choice((14, 15, 20, 33, 34, 38, 42, 46, 47, 48, 49, 50, 53, 54, 55, 58, 60, 64,
                               68, 74, 82, 96, 128, rng.randrange(len(frame) + 1)))]


def generate_mixed(world, writer, count):
    rng = world.rng
    time = START
    while writer.count < count:
        if rng.random() < 0.01:
            frames = [other_frame(world)]
        else:
            frames = [ethernet_frame(world, packet) for packet in mixed_packets(world)]
        for frame in frames:
            time += int(rng.expovariate(1 / 15e6))
            whole = len(frame)
            if rng.random() < 0.06:
                frame = cut(rng, frame)
            writer.add(time, frame, whole)


def generate_links(world, writer, count):
    rng = world.rng
    time = START
    while writer.count < count:
        for packet in mixed_packets(world):
            time += int(rng.expovariate(1 / 15e6))
            frame = build.linked(rng, writer.link, packet)
            whole = len(frame)
            if rng.random() < 0.1:
                frame = frame[: rng.randrange(whole + 1)]
                whole = rng.choice((whole, len(frame)))
            writer.add(time, frame, whole)


def generate_flags(world, writer, count):
    rng = world.rng
    combinations = []
    for flags in range(64):
        for data in (b"", b"data"):
            for options in (b"", MSS_1460, b"\1\1\1\1"):
                for window in (1024, 2048, 3072, 4096, 1023, 65535):
                    combinations.append((flags, data, options, window))
    rng.shuffle(combinations)
    time = START
    number = 0
    while writer.count < count:
        flags, data, options, window = combinations[number % len(combinations)]
        number += 1
        time += int(rng.expovariate(1 / 15e6))
        source, destination = world.pair(0.25)
        flags |= rng.choice((0, 0, 0, ECE, CWR, ECE | CWR))
        segment = tcp(world.port(), world.port(), flags, rng.getrandbits(32), 0, window, options,
                      data, reserved=rng.choice((0, 0, 0, 1, 2, 4, 8)))
        packet = ip(source, destination, TCP, segment, rng.randrange(1, 256), rng.randrange(65536),
                    rng.choice((0, 0, DONT_FRAGMENT)))
        frame = ethernet(packet)
        whole = len(frame)
        if rng.random() < 0.1:  # the last bytes of the TCP header cut off
            frame = frame[: len(frame) - len(segment) + rng.randrange(12, 25)]
        writer.add(time, frame, whole)


def generate_damage(world, writer, count):
    rng = world.rng
    time = START
    while writer.count < count:
        for packet in mixed_packets(world):
            time += int(rng.expovariate(1 / 15e6))
            frame = bytearray(ethernet_frame(world, packet))
            for _ in range(rng.choice((0, 1, 1, 2, 4))):
                at = rng.randrange(min(len(frame), rng.choice((64, 64, 2000))))
                frame[at] = rng.choice((rng.randrange(256), frame[at] ^ 1 << rng.randrange(8)))
            frame = bytes(frame)
            whole = len(frame)
            if rng.random() < 0.5:
                frame = frame[: rng.randrange(min(whole, 140) + 1)]
                whole = rng.choice((whole, len(frame)))
            writer.add(time, frame, whole)


# Time.


def generate_time(world, writer, count):
    """Sections that begin in a quiet state, each with one thing that time can do."""
    rng = world.rng
    unit = writer.unit
    window = 60 * SECOND
    now = [START]

    def put(time):
        source, destination = world.source4(), world.destination4()
        choice = rng.randrange(3)
        if choice == 0:
            packet = ip4(source, destination, TCP, tcp(world.ephemeral(), world.port(), SYN))
        elif choice == 1:
            packet = ip4(source, destination, TCP, tcp(80, world.ephemeral(), SYN | ACK))
        else:
            packet = ip4(source, destination, UDP, udp(world.ephemeral(), 53, bytes(20)))
        writer.add(max(time, 0) // unit * unit, ethernet(packet))

    def normal(packets, gap=0.2):
        for _ in range(packets):
            now[0] += int(rng.expovariate(1 / gap) * SECOND)
            put(now[0])

    def edge():  # the last and the first instant of a window, and those of the slots
        start = now[0] // window * window + window
        for time in (start - unit, start, start + unit, start + 10 * SECOND - unit,
                     start + 10 * SECOND, start + 50 * SECOND, start + window - unit,
                     start + window):
            put(time)
        now[0] = start + window

    def late():
        for _ in range(rng.randrange(1, 30)):
            put(now[0] - int(rng.choice((0.5, 30, 61, 119, 180, 3600, 90000)) * SECOND))
            normal(rng.randrange(3))

    def hole():
        now[0] += rng.choice((59 * SECOND, 60 * SECOND, 61 * SECOND, 1800 * SECOND, 3599 * SECOND,
                              3600 * SECOND - unit, 3600 * SECOND, 3600 * SECOND + unit,
                              3601 * SECOND, 7200 * SECOND, 100000 * SECOND))
        put(now[0])
        normal(20)

    def far_ahead():  # in a row that is too short to be believed, just so, and long enough
        ahead = now[0] + rng.choice((3601, 4000, 86400, 10**8)) * SECOND
        for number in range(rng.choice((1, 1, 2, 5, 15, 16, 17))):
            put(ahead + number * rng.choice((0, 1, SECOND)))
        normal(rng.choice((1, 5, 40)))

    def far_ahead_mixed():  # bad times among good ones
        for _ in range(10):
            put(now[0] + rng.choice((3601, 9000, 10**7)) * SECOND)
            normal(rng.randrange(1, 20))

    def far_edge():  # exactly an hour, and a packet exactly an hour before it
        put(now[0] + 3600 * SECOND + rng.choice((0, unit)))
        put(now[0] + rng.choice((0, unit, -unit)))
        normal(20)

    def gap_with_late():  # a true hole, with a straggler from before it among the next 16
        before = now[0]
        now[0] += 2 * 3600 * SECOND
        put(now[0])
        normal(rng.choice((3, 14, 15, 16)), 0.01)
        put(before + rng.choice((-SECOND, 0, SECOND, 3600 * SECOND, 3600 * SECOND + SECOND)))
        normal(10)

    def stepped_back():
        start = now[0] // window * window
        back = rng.choice((1, 59, 60, 61, 119, 120, 121, 180, 3000, 100000))
        old = now[0]
        if rng.random() < 0.3:  # exactly two windows before the open one, and one instant more
            now[0] = start - 2 * window - rng.choice((0, unit, SECOND))
            for _ in range(rng.choice((999, 1000, 1001, 1100))):
                put(now[0])
        else:
            now[0] -= back * SECOND
            normal(rng.choice((10, 998, 999, 1000, 1001, 1300)), 0.001)
        if rng.random() < 0.4:
            put(rng.choice((old, old - 100 * SECOND, old + 7200 * SECOND, now[0])))
            normal(rng.choice((10, 500, 1010)), 0.001)
        if rng.random() < 0.4:
            now[0] = old
        normal(5)

    sections = [(edge, 3), (late, 3), (hole, 5), (far_ahead, 5), (far_ahead_mixed, 2),
                (far_edge, 3), (gap_with_late, 3), (stepped_back, 3)]
    functions = [function for function, _ in sections]
    weights = [weight for _, weight in sections]
    if rng.random() < 0.2:
        put(START + rng.choice((10**6, -(10**6))) * SECOND)  # the first packet's time is wrong
    normal(50)
    while writer.count < count:
        rng.choices(functions, weights)[0]()
        normal(rng.choice((0, 1, 17, 50)))
    for _ in range(rng.randrange(3)):  # nothing left that could disprove it
        put(now[0] + rng.choice((3600, 3601, 9000)) * SECOND)


# What the host asked for.


class Exchange:
    """Two ends of a conversation; `out` and `back` schedule packets."""

    def __init__(self, script, v6):
        world = script.world
        self.script = script
        rng = world.rng
        self.v6 = v6
        if v6:
            self.own = bytes.fromhex("20010db8000d0000") + bytes(7) + bytes((rng.randrange(8),))
            self.remote = rng.choice((bytes.fromhex("20010db8000a0000") + bytes(7)
                                      + bytes((rng.randrange(1, 20),)), world.source6()))
        else:
            # Mostly observed, sometimes own but not observed.
            self.own = bytes((203, 0, 113, rng.randrange(16 if rng.random() < 0.9 else 32)))
            self.remote = rng.choice((bytes((198, 51, 100, rng.choice((5, 127, 128, 200)))),
                                      world.source4()))

    def send(self, time, outwards, protocol, content, fragment=0):
        source, destination = (self.own, self.remote) if outwards else (self.remote, self.own)
        if fragment and self.v6:
            content = fragment_header(protocol, fragment & 0x1FFF,
                                      int(bool(fragment & MORE_FRAGMENTS))) + content
            packet = ip6(source, destination, 44, content)
        else:
            packet = ip(source, destination, protocol, content, 64, 1, fragment)
        self.script.add(time, packet)

    def error(self, time, protocol, content, number=None, mismatch=None, cut_at=None, fragment=0):
        """An ICMP error from a third party about a packet this side sent."""
        quote = ip(self.own, self.remote, protocol, content, 1, 1, fragment)
        if cut_at is not None:
            quote = quote[:cut_at]
        world = self.script.world
        source = world.source6() if self.v6 else world.source4()
        number = number or (world.rng.choice((1, 2, 3, 4)) if self.v6 else
                            world.rng.choice((3, 4, 5, 11, 12)))
        self.script.add(time, ip(source, mismatch or self.own, ICMPV6 if self.v6 else ICMP,
                                 icmp(number, 0, bytes(4), quote), 64))


class Script:
    def __init__(self, world):
        self.world = world
        self.heap = []
        self.added = 0

    def add(self, time, packet):
        heapq.heappush(self.heap, (time, self.added, packet))
        self.added += 1


def around(rng, time, idle, unit):
    """A time at, just before or just after the second at which an entry of `time` ends."""
    end = (time // SECOND + idle) * SECOND
    return max(end + rng.choice((-SECOND, -unit, 0, unit, SECOND - unit, SECOND, -5 * SECOND,
                                 5 * SECOND, time % SECOND, time % SECOND + unit)), time + unit)


def tcp_exchange(script, start, unit):
    rng = script.world.rng
    talk = Exchange(script, rng.random() < 0.3)
    own_port = rng.choice((22, 443, 40000 + rng.randrange(100), script.world.ephemeral()))
    remote_port = rng.choice((80, 443, 22))

    def out(time, flags, **more):
        talk.send(time, True, TCP, tcp(own_port, remote_port, flags, 1, 1, 64240), **more)

    def back(time, flags, **more):
        talk.send(time, False, TCP, tcp(remote_port, own_port, flags, 1, 1, 64240), **more)

    form = rng.randrange(10)
    time = start
    first = rng.choice((SYN, SYN, SYN, SYN | ECE | CWR, SYN | ACK, ACK, ACK | PSH, RST, RST | ACK,
                        FIN | ACK, FIN, 0, SYN | FIN, SYN | RST))
    out(time, first)
    if form < 3:  # the answer at the end of the idle time
        back(around(rng, time, 60, unit), rng.choice((SYN | ACK, RST | ACK, RST, ACK, SYN)))
    elif form < 6:  # established, then silence
        back(time + SECOND // 10, SYN | ACK)
        out(time + SECOND // 5, rng.choice((ACK, ACK, RST)))
        last = time + SECOND // 5
        if rng.random() < 0.5:
            last = time + rng.randrange(60) * SECOND
            back(last, rng.choice((ACK, FIN | ACK, RST, RST | ACK)))
        idle = rng.choice((60, 7200, 7200))
        back(around(rng, rng.choice((last, time)), idle, unit), rng.choice((ACK, SYN, RST | ACK)))
    elif form == 6:  # retransmitted SYNs
        for wait in (1, 3, 7):
            out(time + wait * SECOND, SYN)
        back(around(rng, time + 7 * SECOND, 60, unit), SYN | ACK)
    elif form == 7:  # errors about it
        segment = tcp(own_port, remote_port, first)
        talk.error(time + SECOND, TCP, segment)
        talk.error(around(rng, time, 60, unit), TCP, segment, cut_at=rng.choice((None, 24, 44, 23)))
        talk.error(time + 2 * SECOND, TCP, tcp(own_port, remote_port + 1, SYN))
        talk.error(time + 3 * SECOND, TCP, segment, number=rng.choice((8, 9, 10, 133)))
        other = (talk.own[:-1] + bytes((talk.own[-1] ^ 1,)))
        talk.error(time + 4 * SECOND, TCP, segment, mismatch=other)
        talk.error(time + 5 * SECOND, TCP, bytes(24), fragment=9)
    elif form == 8:  # fragments of the answer
        back(time + SECOND // 4, SYN | ACK, fragment=MORE_FRAGMENTS)
        talk.send(time + SECOND // 3, False, TCP, bytes(40), fragment=5)
        talk.send(around(rng, time, rng.choice((60, 7200)), unit), False, TCP, bytes(40), fragment=5)
        talk.send(time + SECOND, False, TCP, bytes(8), fragment=MORE_FRAGMENTS)
    else:  # the same answer to the wrong port, from the wrong port, from someone else
        talk.send(time + SECOND, False, TCP, tcp(remote_port, own_port ^ 1, SYN | ACK))
        talk.send(time + SECOND, False, TCP, tcp(remote_port ^ 1, own_port, SYN | ACK))
        talk.remote = talk.remote[:-1] + bytes((talk.remote[-1] ^ 1,))
        back(time + SECOND, SYN | ACK)


def udp_exchange(script, start, unit):
    rng = script.world.rng
    talk = Exchange(script, rng.random() < 0.3)
    own_port = rng.choice((53, 123, 40000 + rng.randrange(50), script.world.ephemeral()))
    remote_port = rng.choice((53, 123, 161, 33434))

    def out(time, **more):
        talk.send(time, True, UDP, udp(own_port, remote_port, payloads.dns(0x0100, 1)), **more)

    def back(time, **more):
        talk.send(time, False, UDP, udp(remote_port, own_port, payloads.dns(0x8180, 1)), **more)

    form = rng.randrange(7)
    time = start
    if form == 0:
        out(time)
        back(around(rng, time, 60, unit))
    elif form == 1:  # asked by the other side first: our answer opens nothing for a while
        back(time)
        answer = rng.choice((time + SECOND, around(rng, time, 60, unit)))
        out(answer)
        back(answer + rng.choice((1, 20, 59)) * SECOND)
    elif form == 2:  # kept alive by both sides
        for _ in range(4):
            out(time)
            time += rng.choice((10, 59, 60)) * SECOND
            back(time)
            time = around(rng, time, 60, unit)
            back(time)
    elif form == 3:
        out(time, fragment=MORE_FRAGMENTS)
        talk.send(time + unit, True, UDP, bytes(100), fragment=20)
        back(time + SECOND, fragment=MORE_FRAGMENTS)
        talk.send(time + SECOND + unit, False, UDP, bytes(100), fragment=20)
        talk.send(around(rng, time + SECOND, 60, unit), False, UDP, bytes(100), fragment=20)
    elif form == 4:  # an outbound later fragment alone
        talk.send(time, True, UDP, bytes(100), fragment=20)
        talk.send(time + SECOND, False, UDP, bytes(100), fragment=20)
        back(time + 2 * SECOND)
    elif form == 5:
        out(time)
        datagram = udp(own_port, remote_port, b"x")
        for wait in (1, 2, 59, 60, 61):
            talk.error(time + wait * SECOND, UDP, datagram, cut_at=rng.choice((None, 28, 48, 60)))
        talk.error(time + SECOND, UDP, udp(own_port, remote_port ^ 1, b"x"))
    else:  # to the service, from those it serves and from others
        talk.send(time, False, UDP, udp(rng.choice((53, 4444)), rng.choice((53, 123)), bytes(20)))
        talk.send(time + SECOND, True, UDP, udp(53, 4444, bytes(20)))
        talk.error(time + 2 * SECOND, UDP, udp(rng.choice((53, 123)), 4444, bytes(20)))
        back(time + 3 * SECOND)


def icmp_exchange(script, start, unit):
    rng = script.world.rng
    talk = Exchange(script, rng.random() < 0.3)
    protocol = ICMPV6 if talk.v6 else ICMP
    pairs = ((128, 129), (139, 140), (128, 129)) if talk.v6 else ((8, 0), (8, 0), (13, 14), (15, 16),
                                                                   (17, 18))
    request, reply = rng.choice(pairs)
    ident = rng.randrange(65536)
    time = start
    form = rng.randrange(5)
    if form == 0:
        talk.send(time, True, protocol, echo(request, ident))
        talk.send(around(rng, time, 30, unit), False, protocol, echo(reply, ident))
    elif form == 1:
        talk.send(time, True, protocol, echo(request, ident))
        talk.send(time + SECOND, False, protocol, echo(rng.choice(pairs)[1], ident))
        talk.send(time + SECOND, False, protocol, echo(reply, ident ^ 1))
        talk.send(time + SECOND, False, protocol, echo(request, ident))
    elif form == 2:  # asked: our reply opens nothing
        talk.send(time, False, protocol, echo(request, ident))
        talk.send(time + unit, True, protocol, echo(reply, ident))
        talk.send(time + SECOND, False, protocol, echo(reply, ident))
        talk.send(time + SECOND, False, protocol, echo(request, ident))
    elif form == 3:
        talk.send(time, True, protocol, echo(request, ident))
        header = 40 if talk.v6 else 20
        for wait in (1, 29, 30, 31):
            talk.error(time + wait * SECOND, protocol, echo(request, ident),
                       cut_at=rng.choice((None, header + 8, header + 6, header + 5, header + 4)))
        talk.error(time + SECOND, protocol, echo(reply, ident))
    else:
        talk.send(time, True, protocol, echo(request, ident, payload=bytes(80)),
                  fragment=MORE_FRAGMENTS)
        talk.send(time + unit, True, protocol, bytes(40), fragment=11)
        talk.send(time + SECOND, False, protocol, bytes(40), fragment=11)
        talk.send(around(rng, time, 30, unit), False, protocol, bytes(40), fragment=11)


def other_exchange(script, start, unit):
    rng = script.world.rng
    talk = Exchange(script, rng.random() < 0.3)
    protocol = rng.choice((47, 50, 132, 4))
    if rng.random() < 0.8:
        talk.send(start, True, protocol, bytes(24), fragment=rng.choice((0, 0, 0, 5)))
    talk.send(around(rng, start, 60, unit), False, protocol, bytes(24),
              fragment=rng.choice((0, 0, 7)))
    talk.error(start + SECOND, protocol, bytes(24))
    talk.error(start + 2 * SECOND, protocol, bytes(24), fragment=5)


def inbound_noise(script, start, _unit):
    rng = script.world.rng
    talk = Exchange(script, rng.random() < 0.3)
    protocol, content = transport(script.world, talk.v6)
    talk.send(start, False, protocol, content)
    talk.send(start + SECOND, False, TCP, tcp(script.world.ephemeral(), rng.choice((22, 443)), SYN))
    if rng.random() < 0.1:
        talk.remote = talk.own[:-1] + bytes((rng.randrange(16),))
        talk.send(start, False, protocol, content)  # both own
    if rng.random() < 0.1:
        talk.remote = rng.choice((b"\xe0\0\0\xfb", b"\xff\xff\xff\xff")) if not talk.v6 else (
            bytes.fromhex("ff02") + bytes(13) + b"\xfb")
        talk.send(start, True, protocol, content)


def generate_solicited(world, writer, count):
    rng = world.rng
    script = Script(world)
    time = START
    # The first 300 s matter on their own: half of the exchanges begin around there.
    first_half = count // 8
    number = 0
    forms = (tcp_exchange, tcp_exchange, udp_exchange, udp_exchange, icmp_exchange, other_exchange,
             inbound_noise)
    inbound_noise(script, START, writer.unit)
    while script.added < count:
        number += 1
        if number <= first_half // 2:
            time += int(rng.expovariate(first_half / 2 / 330e9))
        else:
            time += int(rng.expovariate(1 / 20e9))
        rng.choice(forms)(script, time // writer.unit * writer.unit, writer.unit)
    for edge in (-1, 0, 1):  # the end of the first 300 s, exactly
        talk = Exchange(script, False)
        at = (START // SECOND + 300) * SECOND + edge * writer.unit
        talk.send(at, True, TCP, tcp(50000 + edge, 80, ACK))
        talk.send(at + SECOND, False, TCP, tcp(80, 50000 + edge, ACK))
    while script.heap:
        time, _, packet = heapq.heappop(script.heap)
        writer.add(time, ethernet(packet))
    options = [f"--observe {OBSERVE}", f"--own {OWN}"] + [f"--service {s}" for s in SERVICES]
    print(" ".join(options), file=sys.stderr)


PROFILES = {
    "mixed": generate_mixed,
    "time": generate_time,
    "solicited": generate_solicited,
    "links": generate_links,
    "flags": generate_flags,
    "damage": generate_damage,
}


def generate(seed, count, profile, link=None, form="us"):
    """The bytes of a capture file with about `count` packets."""
    world = World(seed)
    writer = build.PcapWriter(form, link if profile == "links" and link is not None else 1)
    PROFILES[profile](world, writer, count)
    data = writer.bytes()
    if profile == "damage" and seed % 2:  # the file ends within its last record
        data = data[: -world.rng.randrange(1, 16)]
    return data


def main(arguments):
    parser = argparse.ArgumentParser(description="writes captures for comparing with the oracle")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--packets", type=int, required=True)
    parser.add_argument("--profile", choices=PROFILES, required=True)
    parser.add_argument("--linktype", type=int, choices=build.LINK_TYPES, help="for profile links")
    parser.add_argument("--form", choices=build.PcapWriter.FORMS, default="us")
    parser.add_argument("out")
    options = parser.parse_args(arguments)
    if options.profile == "links" and options.linktype is None:
        parser.error("profile links needs --linktype")
    data = generate(options.seed, options.packets, options.profile, options.linktype, options.form)
    with open(options.out, "wb") as file:
        file.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
