# SPDX-License-Identifier: Apache-2.0
"""Compares what the oracle printed with what the sensor's `--print csv` printed, row for row.

    compare.py [--accounting FILE] [--exact-destinations] ORACLE_OUT SENSOR_CSV

Exits 1 and prints the first 20 differences if there is any. All columns have to be equal but
`destinations`: the sensor's is an estimate (docs/definitions "Destination bitmap") unless all of
its observed addresses fit into the bitmap, which --exact-destinations says. The accounting has one
JSON object per window: {"window_start", "captured", "fates": {name: n}, "late", "time_bad",
"quote_mismatch", "self_addressed"}.
"""

import argparse
import csv
import datetime
import ipaddress
import json
import sys

SHOWN = 20
KEY = ("window_start", "source", "kind", "protocol", "port")
COUNTERS = ("captured", "late", "time_bad", "quote_mismatch", "self_addressed")


def read_rows(lines):
    """The rows by key; a key has several if its window was opened again after a step of time."""
    rows = {}
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    for number, row in enumerate(reader):
        row["source"] = normal_address(row["source"])
        row["window_start"] = normal_time(row["window_start"])
        row["first"], row["last"] = normal_time(row["first"]), normal_time(row["last"])
        row["row"] = number + 1
        rows.setdefault(tuple(row[name] for name in KEY), []).append(row)
    return rows, reader.fieldnames or []


def normal_address(text):
    return str(ipaddress.ip_address(text)) if text else ""


def normal_time(text):
    if not text:
        return ""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")


def read_windows(lines):
    """The accounting of the oracle's output, in the form of the sensor's."""
    windows = []
    for line in lines:
        if line.startswith("# window "):
            _, _, start, *pairs = line.split()
            numbers = {name: int(number) for name, number in (pair.split("=") for pair in pairs)}
            window = {"window_start": start, "fates": {}}
            for name, number in numbers.items():
                (window if name in COUNTERS else window["fates"])[name] = number
            windows.append(window)
    return windows


def destinations_agree(exact, estimate, must_be_exact):
    if exact <= 1 or must_be_exact:
        return estimate == exact
    if estimate == 160 and exact > 120:
        return True
    return abs(estimate - exact) <= max(3, 0.35 * exact)


def compare_rows(oracle, sensor, names, must_be_exact):
    for key in sorted(oracle.keys() | sensor.keys()):
        expected, found = oracle.get(key, []), sensor.get(key, [])
        shown = ",".join(key)
        for row in expected[len(found):]:
            yield f"missing: {shown} (packets {row['packets']})"
        for row in found[len(expected):]:
            yield f"unexpected: {shown} (packets {row['packets']}, row {row['row']})"
        for want, have in zip(expected, found):
            for name in names:
                if name in KEY:
                    continue
                if name == "destinations":
                    if destinations_agree(int(want[name]), int(have[name]), must_be_exact):
                        continue
                elif want[name] == have[name]:
                    continue
                yield f"{shown}: {name} is {have[name]!r}, should be {want[name]!r}"


def compare_windows(oracle, sensor):
    if len(oracle) != len(sensor):
        yield f"windows: {len(sensor)}, should be {len(oracle)}"
    for number, (want, have) in enumerate(zip(oracle, sensor), start=1):
        start = normal_time(want["window_start"])
        if normal_time(have["window_start"]) != start:
            yield f"window {number} starts at {have['window_start']}, should start at {start}"
            return
        for name in COUNTERS:
            if int(have.get(name, 0)) != want[name]:
                yield f"window {start}: {name} is {have.get(name, 0)}, should be {want[name]}"
        fates = have.get("fates", {})
        for fate in want["fates"].keys() | fates.keys():
            expected, found = want["fates"].get(fate, 0), int(fates.get(fate, 0))
            if expected != found:
                yield f"window {start}: {fate} is {found}, should be {expected}"


def main(arguments):
    parser = argparse.ArgumentParser(description="compares the oracle's and the sensor's output")
    parser.add_argument("oracle")
    parser.add_argument("sensor")
    parser.add_argument("--accounting", metavar="FILE")
    parser.add_argument("--exact-destinations", action="store_true")
    options = parser.parse_args(arguments)
    with open(options.oracle, encoding="utf-8") as file:
        lines = file.readlines()
    oracle, names = read_rows(lines)
    with open(options.sensor, encoding="utf-8") as file:
        sensor, sensor_names = read_rows(file)
    differences = []
    if names != sensor_names:
        differences.append(f"columns are {sensor_names}, should be {names}")
    else:
        differences += compare_rows(oracle, sensor, names, options.exact_destinations)
    if options.accounting:
        with open(options.accounting, encoding="utf-8") as file:
            accounting = [json.loads(line) for line in file if line.strip()]
        differences += compare_windows(read_windows(lines), accounting)
    for difference in differences[:SHOWN]:
        print(difference)
    if differences:
        print(f"{len(differences)} differences")
        return 1
    print(f"equal: {sum(map(len, oracle.values()))} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
