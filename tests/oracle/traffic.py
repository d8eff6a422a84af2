# SPDX-License-Identifier: Apache-2.0
"""Single packets for the generator: every kind as it should be, and with one thing wrong.

Each function takes a World (addresses and dice) and returns an IP packet, or a list of them.
"""

import random
import struct

import build
import payloads
from build import (DONT_FRAGMENT, ICMP, ICMPV6, MORE_FRAGMENTS, TCP, UDP, echo, ethernet, extension,
                   fragment_header, icmp, ip, ip4, ip6, mpls, pppoe, tagged, tcp, udp)

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
    options = rng.choice((b"", MSS_1460, LINUX_OPTIONS, b"\x02\x00\x00\x00",
                          b"\x08\x0a" + bytes(38)))
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
            (b"\xe0\0\0\1", b"\xef\xff\xff\xfa", b"\x7f\0\0\1", b"\x7f\xff\0\1",
             b"\xff\xff\xff\xff",
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


def one_of(rng, *lists):
    """One payload of one of the lists; they may be empty, but not all."""
    return rng.choice(rng.choice([some for some in lists if some]))


def udp_any(world):
    rng = world.rng
    source, destination = world.pair()
    form = rng.randrange(8)
    port, requests, responses, near = rng.choice(payloads.PORTS)
    listed = rng.choice(payloads.PORTS)[0]
    source_port, destination_port, payload = world.ephemeral(), world.port(), b""
    if form == 0:  # an ordinary request
        destination_port, payload = port, one_of(rng, requests, near, responses)
    elif form in (1, 2):  # from the service: an answer, nearly one, a request, another's answer
        source_port = port
        destination_port = rng.choice((world.ephemeral(), 1023, 1024, listed, port, 0))
        payload = one_of(rng, requests, responses, responses, near, near)
        if rng.random() < 0.2:
            payload = one_of(rng, *rng.choice(payloads.PORTS)[1:])
        if rng.random() < 0.1:
            payload = rng.randbytes(rng.randrange(60))
    elif form in (3, 4):
        destination_port, payload = rng.choice(payloads.AMPLIFYING)
    elif form == 5:
        destination_port, payload = rng.choice(payloads.NEARLY_AMPLIFYING)
    elif form == 6:  # from one listed port to another
        source_port, destination_port = port, listed
        payload = one_of(rng, requests, responses, near)
    else:
        payload = rng.randbytes(rng.choice((0, 1, 12, 48, 300)))
    length = None
    if rng.random() < 0.03:  # a payload that ends before the IP packet does
        length = 8 + rng.randrange(len(payload) + 1)
    zmap = rng.random() < 0.15
    return ip(source, destination, UDP, udp(source_port, destination_port, payload, length),
              rng.choice((255, 200, 199)) if zmap else rng.randrange(1, 256),
              rng.choice((54321, 54321, 54320)) if zmap else rng.randrange(65536))


def nearly(rng, payload):
    """The payload with one or two things changed: each byte is on some rule's way."""
    payload = bytearray(payload)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        at = rng.randrange(len(payload) + 1)
        form = rng.randrange(6)
        if form == 0 or not payload:
            payload = payload[:at]
        elif form == 1:
            payload[at:at] = rng.randbytes(rng.choice((1, 1, 2, 8)))
        elif form == 2:
            del payload[at : at + rng.choice((1, 1, 2, 8))]
        elif form == 3:
            payload[at % len(payload)] ^= 1 << rng.randrange(8)
        elif form == 4:
            at = rng.randrange(min(len(payload), 16))
            payload[at] = (payload[at] + rng.choice((1, -1))) % 256
        else:
            payload[at % len(payload)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(payload)


def udp_near(world):
    """A listed payload, changed a little, from its port or to it."""
    rng = world.rng
    source, destination = world.pair(0.1)
    if rng.random() < 0.4:
        port, payload = rng.choice(payloads.AMPLIFYING + payloads.NEARLY_AMPLIFYING)
    else:
        port, *lists = rng.choice(payloads.PORTS)
        payload = one_of(rng, *lists)
    other = rng.choice((world.ephemeral(), 1023, 1024, port))
    ports = (port, other) if rng.random() < 0.6 else (other, port)
    return ip(source, destination, UDP, udp(*ports, nearly(rng, payload)), 64, 1)


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
        pool = (*(bytes.fromhex(prefix) + bytes(13) + b"\1"
                  for prefix in ("ff02", "fe80", "febf", "fec0")), bytes(16),
                bytes(15) + b"\1", bytes(10) + b"\xff\xff\1\2\3\4",
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
    (zmap_syn, 6), (masscan_syn, 6), (mirai_syn, 6), (nmap_probe, 10), (plain_syn, 10),
    (any_tcp, 6),
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
        ethernet(bytes(46), 0x0806), ethernet(bytes(60), 0x88CC),
        ethernet(b"\x42\x42\3" + bytes(43), 38),
        ethernet(b"\xaa\xaa\3\0\0\0\x08\0" + bytes(40), 48), ethernet(bytes(46), 0x9000),
        ethernet(pppoe(bytes(10), 0xC021), 0x8864), ethernet(bytes(20), 0x8863),
        ethernet(pppoe(bytes(40), first_byte=0x12), 0x8864),
        ethernet(pppoe(bytes(40), code=9), 0x8864),
        tagged(bytes(46), (0x8100,), 0x0806), ethernet(mpls(bytes(46), (100,)), 0x8847),
        ethernet(b"", 0x0800), ethernet(b"", 0x86DD), ethernet(b"", 0x8100),
        ethernet(b"\0\1", 0x8100),
        tagged(ip4(world.source4(), world.destination4(), 47, b""),
               (0x8100,) * rng.choice((16, 17, 18))),
        ethernet(mpls(ip4(world.source4(), world.destination4(), 47, b""),
                      [99] * rng.choice((16, 17, 18))), 0x8847),
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
    return frame[: rng.choice((14, 15, 20, 33, 34, 38, 42, 46, 47, 48, 49, 50, 53, 54, 55, 58, 60,
                               64, 68, 74, 82, 96, 128, rng.randrange(len(frame) + 1)))]
