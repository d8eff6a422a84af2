#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""teiten-sensor --read beside a plain libpcap loop on the same file, in pairs.

Prints the median of the ratios of CPU time (user and system, of the whole process), never one
absolute time: those say more about the machine's other work than about us. Checks while it
measures: both must have seen every packet, and the sensor's sums must close.

  tests/bench/read_pairs.py --build build/release --packets 1000000 --rounds 15
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def run(command):
    """CPU seconds, standard output, standard error."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        if process.returncode != 0:
            sys.exit(f"{command[0]} ended with {process.returncode}: {texts[1]}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, *texts


def check_sums(accounting, packets):
    windows = [json.loads(line) for line in accounting.splitlines() if line.startswith("{")]
    for window in windows:
        if window["captured"] != sum(window["fates"].values()):
            sys.exit(f"sums do not close in {window['window_start']}")
    captured = sum(window["captured"] for window in windows)
    if captured != packets:
        sys.exit(f"the sensor counted {captured} packets of {packets}")
    return windows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--pps", type=int, default=10_000, help="of the trace's own time")
    parser.add_argument("--targets", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sensor-args", default="", help="e.g. '--observe 203.0.0.0/20'")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace.pcap")
        subprocess.run([f"{args.build}/tests/bench/make_trace", trace, str(args.packets),
                        str(args.sources), str(args.pps), str(args.targets)], check=True)
        floor = [f"{args.build}/tests/bench/pcap_floor", trace]
        sensor = [f"{args.build}/sensor/teiten-sensor", "--read", trace, "--print", "none",
                  *args.sensor_args.split()]
        ratios, floors, sensors, rss = [], [], [], 0
        for _ in range(args.rounds):
            floor_s, _, text, _ = run(floor)
            packets = int(text.split()[0].split("=")[1])
            sensor_s, kib, _, accounting = run(sensor)
            windows = check_sums(accounting, packets)
            ratios.append(sensor_s / floor_s)
            floors.append(floor_s)
            sensors.append(sensor_s)
            rss = max(rss, kib)
    tuples = max(window["rows"] for window in windows)
    per_packet = 1e9 / args.packets
    print(f"{args.packets} packets, {args.sources} sources, {tuples} tuples in the fullest window")
    print(f"plain pcap_next_ex loop {statistics.median(floors) * per_packet:.0f} ns/packet, "
          f"teiten-sensor {statistics.median(sensors) * per_packet:.0f} ns/packet, "
          f"peak memory {rss / 1024:.0f} MiB")
    print(f"ratio, median of {args.rounds} pairs: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
