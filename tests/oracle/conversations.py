# SPDX-License-Identifier: Apache-2.0
"""Conversations of an observed host for the generator: what it asked for, and what merely arrives.

Every form plays with an end of a rule of docs/definitions "Solicited table": what opens an entry,
what refreshes it, and the exact second at which it is gone.
"""

import heapq

import payloads
from build import (ICMP, ICMPV6, MORE_FRAGMENTS, TCP, UDP, echo, ethernet, fragment_header, icmp,
                   ip, ip6, tcp, udp)
from traffic import ACK, CWR, ECE, FIN, PSH, RST, SYN, transport

OBSERVE = "203.0.113.0/28,2001:db8:d::/64"
OWN = "203.0.113.16/28"
SERVICES = ("22/tcp", "53/udp from 198.51.100.0/24,2001:db8:a::/48",
            "443/tcp from 198.51.100.0/25", "123/udp")
WHOLE_PROTOCOLS = ("0/gre from 198.51.100.0/24", "0/icmp", "0/132", "0/58 from 2001:db8:a::/48",
                   "0/tcp", "0/udp from 198.51.100.0/24")

SECOND = 1_000_000_000


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
        last = around(rng, time, rng.choice((60, 7200)), unit)
        talk.send(last, False, TCP, bytes(40), fragment=5)
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
    pairs = ((8, 0), (8, 0), (13, 14), (15, 16), (17, 18))
    if talk.v6:
        pairs = ((128, 129), (139, 140), (128, 129))
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


def generate_solicited(world, writer, count, start):
    rng = world.rng
    script = Script(world)
    time = start
    # The first 300 s matter on their own: many exchanges begin around there.
    early = count // 16
    number = 0
    forms = (tcp_exchange, tcp_exchange, udp_exchange, udp_exchange, icmp_exchange, other_exchange,
             inbound_noise)
    inbound_noise(script, start, writer.unit)
    while script.added < count:
        number += 1
        if number <= early:
            time += int(rng.expovariate(early / 330e9))
        else:
            time += int(rng.expovariate(1 / 20e9))
        rng.choice(forms)(script, time // writer.unit * writer.unit, writer.unit)
    for edge in (-1, 0, 1):  # the end of the first 300 s, exactly
        talk = Exchange(script, False)
        at = (start // SECOND + 300) * SECOND + edge * writer.unit
        talk.send(at, True, TCP, tcp(50000 + edge, 80, ACK))
        talk.send(at + SECOND, False, TCP, tcp(80, 50000 + edge, ACK))
    while script.heap:
        time, _, packet = heapq.heappop(script.heap)
        writer.add(time, ethernet(packet))
