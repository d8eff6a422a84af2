# SPDX-License-Identifier: Apache-2.0
"""Makes capture files for comparing the sensor with the oracle. The same seed gives the same bytes.

    generate.py --seed S --packets N --profile P [--linktype L] [--form us|ns|us-be|ns-be] OUT.pcap

Profiles: mixed, time, solicited, links, flags, udp, damage. It writes packets, nothing of ours.
`mixed` is meant for --observe everything as well as for the --observe of `solicited`, which prints
its options on stderr.
"""

import argparse
import sys

import build
from build import DONT_FRAGMENT, TCP, UDP, ethernet, ip, ip4, tcp, udp
from conversations import OBSERVE, OWN, SERVICES, generate_solicited
from traffic import (ACK, CWR, ECE, MSS_1460, SYN, World, cut, ethernet_frame, mixed_packets,
                     other_frame, udp_near)

SECOND = 1_000_000_000
START = 1_795_300_000 * SECOND  # 2026-11-21, not at the start of a window


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


def generate_udp(world, writer, count):
    rng = world.rng
    time = START
    while writer.count < count:
        time += int(rng.expovariate(1 / 15e6))
        frame = ethernet(udp_near(world))
        whole = len(frame)
        if rng.random() < 0.1:
            frame = cut(rng, frame)
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


PROFILES = {
    "mixed": generate_mixed,
    "time": generate_time,
    "solicited": lambda *arguments: generate_solicited(*arguments, START),
    "links": generate_links,
    "flags": generate_flags,
    "udp": generate_udp,
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
    if options.profile == "solicited":
        services = " ".join(f'--service "{service}"' for service in SERVICES)
        print(f"--observe {OBSERVE} --own {OWN} {services}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
