# SPDX-License-Identifier: Apache-2.0
"""tshark and the sensor count the same packets per protocol, TCP flags and port.

    tshark_agree.py --sensor build/dev/sensor/teiten-sensor

Reads all captures of tests/captures and one generated trace. tshark says of each frame what it is;
frames that are plain (whole, a complete TCP, UDP or ICMP header, no fragment) are written to a file
of their own, which the sensor reads. What tshark finds in them has to be what the sensor counts:

- fates: frames between addresses that are never observed, and the rest `observed`
- TCP: packets per (kind, port), the kind from flags, window, length and header length
- ICMP: packets per kind; errors in one sum, since tshark says nothing of victims
- UDP: packets in all; per port between what is certain and what the payload decides

Left out, since tshark reads on where the sensor stops: cut frames, fragments, headers with lengths
that tshark itself finds wrong, length 0 (offload), ICMP of the other family, more than 8 extension
headers. The oracle has them all; captures of real tools have none of them. Exit code 77 if tshark
is not installed.
"""

import argparse
import collections
import csv
import ipaddress
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import generate
import pcapread

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
NOT_PLAIN = {"synthetic_malformed.pcap": 35}  # at most so many frames; all others: none
EXIT_SKIPPED = 77

FIELDS = ("frame.number frame.len frame.cap_len frame.protocols ip.src ip.dst ipv6.src ipv6.dst"
          " ip.flags.mf ip.frag_offset ipv6.fraghdr.nxt eth.dst tcp.srcport tcp.dstport tcp.flags"
          " tcp.window_size_value tcp.len tcp.hdr_len udp.srcport udp.dstport udp.length icmp.type"
          " icmpv6.type ip.len ip.hdr_len").split()
# What tshark itself finds wrong with a header; it goes on reading, the sensor calls it malformed.
WRONG = ("ip.bogus_ip_length ip.bogus_header_length ip.bogus_ip_version"
         " ipv6.plen_exceeds_framing ipv6.bogus_ipv6_version tcp.bogus_header_length"
         " tcp.short_segment udp.length.bad udp.length.bad_zero").split()
# Without tso_support a length of 0 is wrong to tshark in any frame, to the sensor in those of up to
# 1,514 bytes.
OPTIONS = ("ip.tso_support:FALSE", "ip.defragment:FALSE", "ipv6.defragment:FALSE",
           "tcp.desegment_tcp_streams:FALSE", "tcp.analyze_sequence_numbers:FALSE",
           "icmp.favor_icmp_mpls:FALSE")
EXTENSIONS = ("ipv6.hopopts", "ipv6.dstopts", "ipv6.routing", "ipv6.fraghdr", "ah", "mipv6")
MOST_EXTENSION_HEADERS = 8  # more are malformed to the sensor
# From these ports the payload decides of kind and port.
LISTED_UDP_PORTS = (17, 19, 53, 69, 111, 123, 137, 161, 389, 500, 1194, 1900, 3283, 3702, 4500,
                    5060, 5353, 5683, 6881, 10001, 11211, 27015, 30718, 37810, 47808)

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def tshark(path):
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=f",
               "-E", "separator=|"]
    for option in OPTIONS:
        command += ["-o", option]
    for field in (*FIELDS, *WRONG):
        command += ["-e", field]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in ran.stdout.splitlines():
        yield dict(zip((*FIELDS, *WRONG), line.split("|")))


def transport_of(frame):
    """What is behind the outer IP header, as tshark calls it; None without IP or header."""
    names = frame["frame.protocols"].split(":")
    while names and names[0] not in ("ip", "ipv6"):
        names.pop(0)
    walked = 0
    while len(names) > walked + 1 and names[walked + 1] in EXTENSIONS:
        walked += 1
    if walked > MOST_EXTENSION_HEADERS or len(names) < walked + 2:
        return None
    return names[walked + 1]


def is_plain(frame):
    if frame["frame.len"] != frame["frame.cap_len"] or frame["ipv6.fraghdr.nxt"]:
        return False
    if frame["ip.flags.mf"] not in ("", "0") or frame["ip.frag_offset"] not in ("", "0"):
        return False
    if any(frame[field] for field in WRONG):
        return False
    transport = transport_of(frame)
    if transport == "tcp":  # tshark gives no length of data where offset and length contradict
        return bool(frame["tcp.flags"] and frame["tcp.len"]) and int(frame["tcp.hdr_len"]) >= 20
    if transport == "udp":
        return bool(frame["udp.length"]) and int(frame["udp.length"]) >= 8
    if frame["ip.src"]:  # of an ICMP header that is not whole tshark shows what there is
        whole = int(frame["ip.len"]) >= int(frame["ip.hdr_len"]) + 8
        return transport == "icmp" and whole and bool(frame["icmp.type"])
    return transport == "icmpv6" and bool(frame["icmpv6.type"])


def fate_of(frame):
    """link_local, unobserved or observed, with all destinations observed."""
    source, destination = (ipaddress.ip_address(frame["ip." + end] or frame["ipv6." + end])
                           for end in ("src", "dst"))
    number = frame["icmpv6.type"] if transport_of(frame) == "icmpv6" else ""
    if (source.is_link_local or destination.is_link_local or source.is_unspecified
            or (number and (130 <= int(number) <= 137 or number == "143"))):
        return "link_local"
    group = frame["eth.dst"] and int(frame["eth.dst"][:2], 16) & 1
    reserved = destination.version == 4 and destination >= ipaddress.ip_address("240.0.0.0")
    return "unobserved" if destination.is_multicast or reserved or group else "observed"


def tcp_kind(frame):
    flags = int(frame["tcp.flags"], 16) & 0x3F
    rst_or_syn = flags & (RST | SYN)
    if rst_or_syn == RST | SYN or (rst_or_syn and flags & FIN):
        return "tcp_odd"
    if flags & RST:
        return "tcp_rst"
    if flags & SYN:
        return "tcp_synack" if flags & ACK else "tcp_syn"
    bare = frame["tcp.len"] == "0" and frame["tcp.hdr_len"] == "20"
    if flags == FIN | ACK and bare and frame["tcp.window_size_value"] in ("1024", "2048", "3072",
                                                                          "4096"):
        return "tcp_maimon"
    if flags & ACK:
        return "tcp_ack"
    return {0: "tcp_null", FIN: "tcp_fin", FIN | PSH | URG: "tcp_xmas"}.get(flags, "tcp_odd")


ICMP_KINDS = {("icmp", 8): "echo", ("icmpv6", 128): "echo", ("icmpv6", 139): "request",
              **{("icmp", n): "request" for n in (13, 15, 17)},
              **{("icmp", n): "reply" for n in (0, 14, 16, 18)},
              **{("icmpv6", n): "reply" for n in (129, 140)}}
SENSOR_ICMP = {"icmp_echo_request": "echo", "icmp_request": "request", "icmp_reply": "reply",
               "icmp_unreachable": "error or odd", "icmp_exceeded": "error or odd",
               "icmp_odd": "error or odd"}


class Expected:
    """What tshark found in plain frames."""

    def __init__(self):
        self.fates = collections.Counter()
        self.tcp = collections.Counter()  # (kind, port)
        self.icmp = collections.Counter()
        self.udp = 0
        self.udp_certain = collections.Counter()  # by destination port, from ports without a rule
        self.udp_to = collections.Counter()
        self.udp_from = collections.Counter()

    def add(self, frame):
        fate = fate_of(frame)
        self.fates[fate] += 1
        if fate != "observed":
            return
        transport = transport_of(frame)
        if transport == "tcp":
            kind = tcp_kind(frame)
            end = "srcport" if kind in ("tcp_rst", "tcp_synack") else "dstport"
            self.tcp[kind, int(frame["tcp." + end])] += 1
        elif transport == "udp":
            source, destination = int(frame["udp.srcport"]), int(frame["udp.dstport"])
            self.udp += 1
            self.udp_to[destination] += 1
            self.udp_from[source] += 1
            self.udp_certain[destination] += source not in LISTED_UDP_PORTS
        else:
            number = int(frame[transport + ".type"])
            self.icmp[ICMP_KINDS.get((transport, number), "error or odd")] += 1


def compare(expected, rows, fates):
    tcp, icmp, probes, answers = (collections.Counter() for _ in range(4))
    for row in rows:
        kind, port, packets = row["kind"], int(row["port"]), int(row["packets"])
        if kind.startswith("tcp_"):
            tcp[kind, port] += packets
        elif kind in SENSOR_ICMP:
            icmp[SENSOR_ICMP[kind]] += packets
        elif kind == "udp_probe":
            probes[port] += packets
        elif kind in ("udp_response", "udp_odd"):
            answers[port] += packets
        else:
            yield f"unexpected kind {kind}"
    for name, want, have in (("fate", expected.fates, fates), ("tcp", expected.tcp, tcp),
                             ("icmp", expected.icmp, icmp)):
        for key in sorted(want.keys() | have.keys()):
            if want[key] != have[key]:
                yield f"{name} {key}: sensor {have[key]}, tshark {want[key]}"
    if probes.total() + answers.total() != expected.udp:
        yield f"udp: sensor {probes.total() + answers.total()}, tshark {expected.udp}"
    for port in probes.keys() | expected.udp_to.keys():
        if not expected.udp_certain[port] <= probes[port] <= expected.udp_to[port]:
            yield f"udp to {port}: sensor {probes[port]}, tshark {expected.udp_to[port]}"
    for port, packets in answers.items():
        if port not in LISTED_UDP_PORTS or packets > expected.udp_from[port]:
            yield f"udp from {port}: sensor {packets}, tshark {expected.udp_from[port]}"


def write_plain(path, numbers, out):
    """The frames of those numbers, as they are, in nanoseconds."""
    records = pcapread.read(path).records
    with open(out, "wb") as file:
        file.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, records[0].link))
        for number in numbers:
            record = records[number - 1]
            file.write(struct.pack("<IIII", *divmod(record.time, pcapread.NANOSECONDS),
                                   len(record.data), record.wire) + record.data)


def check(sensor, path, folder):
    """(problems, frames, plain frames, rows) of one file."""
    expected, plain, frames = Expected(), [], 0
    for frame in tshark(path):
        frames += 1
        if is_plain(frame):
            expected.add(frame)
            plain.append(int(frame["frame.number"]))
    problems = []
    if frames == 0:
        problems.append("tshark read nothing")
        return problems, 0, 0, 0
    if CAPTURES in path.parents and frames - len(plain) > NOT_PLAIN.get(path.name, 0):
        others = sorted(set(range(1, frames + 1)) - set(plain))
        problems.append(f"frames {others[:10]} are not plain")
    out = pathlib.Path(folder, "plain.pcap")
    write_plain(path, plain, out)
    ran = subprocess.run([sensor, "--read", out, "--print", "csv"], capture_output=True, text=True,
                         check=False)
    rows = list(csv.DictReader(ran.stdout.splitlines()))
    fates = collections.Counter()
    for line in ran.stderr.splitlines():
        if line.startswith("{"):
            fates.update({fate: n for fate, n in json.loads(line)["fates"].items() if n})
    problems += compare(expected, rows, fates)
    return problems, frames, len(plain), len(rows)


def main(arguments):
    parser = argparse.ArgumentParser(description="compares the sensor with tshark")
    parser.add_argument("--sensor", required=True)
    parser.add_argument("--packets", type=int, default=8000, help="of the generated trace")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if shutil.which("tshark") is None:
        print("skipped: tshark is not installed (apt-get install tshark; tests/run does)")
        return EXIT_SKIPPED
    totals, failed = [0, 0, 0], False
    with tempfile.TemporaryDirectory() as folder:
        generated = pathlib.Path(folder, "mixed.pcap")
        generated.write_bytes(generate.generate(options.seed, options.packets, "mixed"))
        for path in [*sorted(CAPTURES.glob("*.pcap")), generated]:
            problems, *counts = check(options.sensor, path, folder)
            totals = [total + count for total, count in zip(totals, counts)]
            for problem in problems[:20]:
                print(f"{path.name}: {problem}")
            failed = failed or bool(problems)
    print("frames {}, plain {}, rows compared {}".format(*totals))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
