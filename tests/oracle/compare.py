# SPDX-License-Identifier: Apache-2.0
"""Compares what the oracle printed with what the sensor's `--print csv` printed, row for row.

    compare.py [--accounting FILE] [--exact-destinations 4,6] ORACLE_OUT SENSOR_CSV

Exits 1 and prints the first 20 differences if there is any. The rows have to be the same, in the
same order, and all their columns equal but `destinations`: the sensor's is an estimate
(docs/definitions "Destination bitmap") unless all of its observed addresses of a family fit into
the bitmap, which --exact-destinations says. The accounting has one JSON object per window:
{"window_start", "captured", "fates": {name: n}, "late", "time_bad", "quote_mismatch",
"self_addressed"}; other lines of it (a log) are passed over.
"""

import argparse
import csv
import datetime
import ipaddress
import json
import math
import sys

SHOWN = 20
KEY = ("window_start", "source", "kind", "protocol", "port")
COUNTERS = ("captured", "late", "time_bad", "quote_mismatch", "self_addressed")
BITS = 64  # of the destination bitmap
MOST_DESTINATIONS = 160


def read_rows(lines):
    """The rows in their order, and the names of the columns."""
    rows = []
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    for number, row in enumerate(reader):
        row["source"] = normal_address(row["source"])
        for name in ("window_start", "first", "last"):
            row[name] = normal_time(row[name])
        row["row"] = number + 1
        rows.append(row)
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


def read_accounting(lines):
    return [json.loads(line) for line in lines if line.startswith("{")]


def estimate_of(bits):
    if bits == BITS:
        return MOST_DESTINATIONS
    return min(round(BITS * math.log(BITS / (BITS - bits))), MOST_DESTINATIONS)


def destinations_agree(exact, estimate):
    # Never more bits than addresses; by chance fewer, 6 standard deviations as good as never.
    one_free, two_free = (1 - 1 / BITS) ** exact, (1 - 2 / BITS) ** exact
    variance = BITS * one_free + BITS * (BITS - 1) * two_free - (BITS * one_free) ** 2
    least = BITS * (1 - one_free) - 6 * math.sqrt(max(variance, 0))
    possible = range(max(math.floor(least), 1), min(exact, BITS) + 1)
    return estimate in {estimate_of(bits) for bits in possible}


def by_key(rows):
    """Rows by key; a key has several if its window was opened again after a step of time."""
    found = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in KEY), []).append(row)
    return found


def compare_rows(oracle, sensor, names, exact_families):
    yield from compare_order(oracle, sensor)
    oracle, sensor = by_key(oracle), by_key(sensor)
    for key in sorted(oracle.keys() | sensor.keys()):
        expected, found = oracle.get(key, []), sensor.get(key, [])
        shown = ",".join(key)
        is_exact = (6 if ":" in key[1] else 4) in exact_families
        for row in expected[len(found):]:
            yield f"missing: {shown} (packets {row['packets']})"
        for row in found[len(expected):]:
            yield f"unexpected: {shown} (packets {row['packets']}, row {row['row']})"
        for want, have in zip(expected, found):
            for name in names:
                if name in KEY:
                    continue
                if name == "destinations" and not is_exact:
                    if destinations_agree(int(want[name]), int(have[name])):
                        continue
                elif want[name] == have[name]:
                    continue
                yield f"{shown}: {name} is {have[name]!r}, should be {want[name]!r}"


def compare_order(oracle, sensor):
    """The first row out of order, where both have the same rows."""
    expected = [tuple(row[name] for name in KEY) for row in oracle]
    found = [tuple(row[name] for name in KEY) for row in sensor]
    if expected == found or sorted(expected) != sorted(found):
        return
    row = next(i for i, (want, have) in enumerate(zip(expected, found)) if want != have)
    yield f"row {row + 1} is {','.join(found[row])}, should be {','.join(expected[row])}"


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


def differences(oracle_lines, sensor_lines, accounting_lines=None, exact_families=()):
    """All differences, as sentences, and the number of rows compared."""
    oracle, names = read_rows(oracle_lines)
    sensor, sensor_names = read_rows(sensor_lines)
    found = []
    if names != sensor_names:
        found.append(f"columns are {sensor_names}, should be {names}")
    else:
        found += compare_rows(oracle, sensor, names, exact_families)
    if accounting_lines is not None:
        found += compare_windows(read_windows(oracle_lines), read_accounting(accounting_lines))
    return found, len(oracle)


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.readlines()


def main(arguments):
    parser = argparse.ArgumentParser(description="compares the oracle's and the sensor's output")
    parser.add_argument("oracle")
    parser.add_argument("sensor")
    parser.add_argument("--accounting", metavar="FILE")
    parser.add_argument("--exact-destinations", metavar="FAMILIES", default=(),
                        type=lambda text: [int(family) for family in text.split(",")])
    options = parser.parse_args(arguments)
    accounting = read_lines(options.accounting) if options.accounting else None
    found, rows = differences(read_lines(options.oracle), read_lines(options.sensor), accounting,
                              options.exact_destinations)
    for difference in found[:SHOWN]:
        print(difference)
    if found:
        print(f"{len(found)} differences")
        return 1
    print(f"equal: {rows} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
