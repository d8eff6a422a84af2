# SPDX-License-Identifier: Apache-2.0
"""Files cut anywhere: the sensor says so, and has counted every packet before the damage.

    cut_files.py --build build/release [--jobs 2] [--full]

Captures of at most 640 bytes are cut at every byte; up to 2 KiB at every byte of the file's header,
of the first and of the last record and at some between (--full: at every byte); larger ones at a
few places of each kind. The packets a cut leaves are counted by walking over the headers of
records, and nothing else. Then the forms of files: empty, header only, both byte orders,
microseconds and nanoseconds, pcapng: the same packets give the same bytes. Exit code 65 if the file
is damaged, 0 if it merely ends.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

from sensor_server import SensorServer

CAPTURES = pathlib.Path(__file__).resolve().parent.parent / "captures"
TINY_BYTES, SMALL_BYTES = 640, 2048
STEP = 29  # shares no factor with the length of a record
FILE_HEADER, RECORD_HEADER = 24, 16
EXIT_DONE, EXIT_DAMAGED = 0, 65

Result = collections.namedtuple("Result", "code captured rows stderr")


def run_process(sensor):
    """A sensor of its own for each file: as users run it."""
    return lambda *arguments: subprocess.run([sensor, *arguments], capture_output=True, text=True,
                                             check=False, timeout=60)


def run(sensor, data, folder, name):
    path = pathlib.Path(folder, name)
    path.write_bytes(data)
    ran = sensor("--read", path, "--print", "csv")
    path.unlink()
    captured = sum(json.loads(line)["captured"] for line in ran.stderr.splitlines()
                   if line.startswith("{"))
    return Result(ran.returncode, captured, ran.stdout, ran.stderr)


def records(data):
    """(start, end) of each record of a little-endian file in microseconds."""
    at = FILE_HEADER
    while at + RECORD_HEADER <= len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield at, at + RECORD_HEADER + length
        at += RECORD_HEADER + length


def expected_of_cut(ends, size):
    """(exit code, packets) of the first `size` bytes; `ends` are those of the records."""
    packets = sum(end <= size for end in ends)
    whole = size == FILE_HEADER or size in ends
    return EXIT_DONE if whole else EXIT_DAMAGED, packets


def check_cut(sensor, folder, path, size):
    data = path.read_bytes()
    code, packets = expected_of_cut([end for _, end in records(data)], size)
    found = run(sensor, data[:size], folder, f"{path.stem}-{size}.pcap")
    if (found.code, found.captured) != (code, packets):
        return (f"{path.name} cut at {size}: exit {found.code} with {found.captured} packets,"
                f" should be {code} with {packets}: {found.stderr[-200:]}")
    if code == EXIT_DAMAGED and "teiten-sensor: " not in found.stderr:
        return f"{path.name} cut at {size}: says nothing of the damage"
    return None


def cuts_of(path, full):
    size = path.stat().st_size
    if size <= TINY_BYTES or (full and size <= SMALL_BYTES):
        return range(size + 1)
    ends = [end for _, end in records(path.read_bytes())]
    last, middle = ends[-2], ends[len(ends) // 2]
    if size <= SMALL_BYTES:
        return sorted({*range(ends[0] + 1), *range(last, size + 1), *range(ends[0], last, STEP)})
    return sorted({0, 4, 23, 24, middle - 1, middle, middle + 1, middle + 15, middle + 16,
                   middle + 17, last + 1, size - 1, size})


# The forms a file can have.


def classic(frames, order, nanoseconds):
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    data = struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 65535, 1)
    for time_us, frame in frames:
        seconds, fraction = divmod(time_us, 1_000_000)
        data += struct.pack(order + "IIII", seconds, fraction * (1000 if nanoseconds else 1),
                            len(frame), len(frame)) + frame
    return data


def pcapng(frames, order, nanoseconds):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        length = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + length + body + length

    options = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nanoseconds else b""
    data = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack(order + "HHI", 1, 0, 65535) + options)
    for time_us, frame in frames:
        ticks = time_us * (1000 if nanoseconds else 1)
        data += block(6, struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF,
                                     len(frame), len(frame)) + frame)
    return data


def check_forms(sensor, folder):
    data = (CAPTURES / "nmap_sn.pcap").read_bytes()
    frames = []
    for start, end in records(data):
        seconds, fraction = struct.unpack_from("<II", data, start)
        frames.append((seconds * 1_000_000 + fraction, data[start + RECORD_HEADER : end]))
    want = run(sensor, data, folder, "form.pcap")
    if want.code != EXIT_DONE or want.captured != len(frames):
        yield f"nmap_sn.pcap: exit {want.code}, {want.captured} packets"
    for make in (classic, pcapng):
        for order in "<>":
            for nanoseconds in (False, True):
                name = f"{make.__name__} {order} {'ns' if nanoseconds else 'us'}"
                have = run(sensor, make(frames, order, nanoseconds), folder, "form.pcap")
                if have[:3] != want[:3]:
                    yield f"{name}: exit {have.code}, {have.captured} packets, or other rows"
                empty = run(sensor, make([], order, nanoseconds), folder, "form.pcap")
                if empty.code != EXIT_DONE or empty.captured or empty.rows.count("\n") != 1:
                    yield f"{name} without packets: exit {empty.code}"


def check_damage(sensor, folder):
    frame = bytes(60)
    good = classic([(1_000_000, frame)], "<", False)
    other_link = good[:20] + struct.pack("<I", 147) + good[24:]
    huge = good + struct.pack("<IIII", 2, 0, 1 << 30, 1 << 30)
    for name, data, packets in (("empty", b"", 0), ("no capture", b"#!/bin/sh\n" * 9, 0),
                                ("zeros", bytes(4096), 0), ("unknown link type", other_link, 0),
                                ("a record of 1 GiB", huge, 1),
                                ("only a pcapng magic", b"\x0a\x0d\x0d\x0a", 0)):
        found = run(sensor, data, folder, "damage.pcap")
        if (found.code, found.captured) != (EXIT_DAMAGED, packets):
            yield f"{name}: exit {found.code}, {found.captured} packets"
        if found.stderr.count("teiten-sensor: ") != 1:
            yield f"{name}: the damage is not said in one line: {found.stderr[-200:]}"


def check_cuts(executable, jobs, folder, cuts):
    """Each thread has a server of its own."""
    servers = [SensorServer(executable) for _ in range(jobs)]
    try:
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            shares = pool.map(lambda job: [check_cut(servers[job].run, folder, *cut)
                                           for cut in cuts[job::jobs]], range(jobs))
            return [problem for share in shares for problem in share if problem]
    finally:
        for server in servers:
            server.close()


def main(arguments):
    parser = argparse.ArgumentParser(description="the sensor on files cut at every byte")
    parser.add_argument("--build", required=True, type=pathlib.Path, help="folder of the build")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--full", action="store_true", help="files up to 2 KiB at every byte")
    options = parser.parse_args(arguments)
    captures = sorted(CAPTURES.glob("*.pcap"))
    cuts = [(path, size) for path in captures for size in cuts_of(path, options.full)]
    sensor = run_process(options.build / "sensor/teiten-sensor")
    with tempfile.TemporaryDirectory() as folder:
        problems = [*check_forms(sensor, folder), *check_damage(sensor, folder),
                    *check_cuts(options.build / "tests/oracle/sensor_server", options.jobs, folder,
                                cuts)]
    for problem in problems[:20]:
        print(problem)
    places = sum(path.stat().st_size + 1 for path in captures)
    print(f"{len(captures)} captures cut at {len(cuts)} of {places} places, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
