# SPDX-License-Identifier: Apache-2.0
"""The sensor again, slow and obvious: what `teiten-sensor --read FILE --print csv` has to say.

Written from docs/definitions alone. It has no limits: no folding, no estimate, no eviction.

    oracle.py [--observe everything|CIDR,...] [--own CIDR,...]
              [--service "PORT/PROTOCOL [from CIDR,...]"] [--window 60] [--json] FILE

Every window prints a line "# window START captured=N FATE=N ... late=N time_bad=N
quote_mismatch=N self_addressed=N", then its rows. `destinations` is the exact number of observed
addresses hit, at most 160.
"""

import argparse
import datetime
import json
import socket
import sys

import classify
import decode
import pcapread

NANOSECONDS = 1_000_000_000
HOUR = 3600 * NANOSECONDS
LOOK_AHEAD = 16  # packets that may disprove a time far ahead
STEPPED_AFTER = 1000  # packets that stay before the open window until the clock is believed
MOST_DESTINATIONS = 160
LARGEST_OFFSET = (1 << 24) - 1
LARGEST_SLOT = (1 << 16) - 1

COLUMNS = ("window_start,source,kind,protocol,port,packets,bytes,first,last,destinations,zmap,"
           "masscan,mirai,nmap,amplification,ttl,ip_length,tcp_window,tcp_options_length,"
           "source_port,slots,flags")
EXIT_DAMAGED = 65


class FlowTuple:
    """A row of a window."""

    def __init__(self, packet, row):
        self.packets = 0
        self.bytes = 0
        self.first = None  # milliseconds from the start of the window
        self.last = None
        self.destinations = set()
        self.marks = dict.fromkeys(classify.MARKS_OF_KIND.get(row.kind, ()), 0)
        self.slots = [0] * 6
        self.ttl = packet.ttl
        self.ip_length = min(packet.ip_length, 65535)
        self.tcp_window = packet.window or 0
        self.tcp_options_length = packet.options_length
        self.source_port = row.source_port

    def add(self, packet, row, offset, window_length):
        self.packets += 1
        self.bytes += packet.ip_length
        shown = min(offset, LARGEST_OFFSET)
        self.first = shown if self.first is None else min(self.first, shown)
        self.last = shown if self.last is None else max(self.last, shown)
        self.destinations.add(packet.destination)
        for mark in row.marks:
            self.marks[mark] += 1
        slot = min(offset * 6 // (window_length * 1000), 5)
        self.slots[slot] = min(self.slots[slot] + 1, LARGEST_SLOT)


class Window:
    def __init__(self, start):
        self.start = start
        self.captured = 0
        self.fates = dict.fromkeys(classify.FATES, 0)
        self.late = 0
        self.time_bad = 0
        self.quote_mismatch = 0
        self.self_addressed = 0
        self.tuples = {}  # (source, kind, protocol, port)


class Oracle:
    """docs/definitions "Time": puts each packet into its window, and closes windows in order."""

    def __init__(self, settings, window_seconds):
        self.settings = settings
        self.judge = classify.Judge(settings)
        self.window_seconds = window_seconds
        self.length = window_seconds * NANOSECONDS
        self.open = None
        self.closed = []
        self.believed = None  # time of the last packet that was neither late nor time_bad
        self.stayed_before = 0

    def aligned(self, time):
        return time // self.length * self.length

    def run(self, records):
        for number, record in enumerate(records):
            self.take(record, records[number + 1 : number + 1 + LOOK_AHEAD])
        if self.open is not None:
            self.closed.append(self.open)
        return self.closed

    def take(self, record, following):
        time = record.time
        if self.open is None:
            self.open = Window(self.aligned(time))
        elif time - self.believed > HOUR and any(later.time < time - HOUR for later in following):
            self.open.time_bad += 1
            self.count(record, self.open.start + self.length - 1)
            return
        elif time < self.open.start:
            if time < self.open.start - 2 * self.length:
                self.stayed_before += 1
            else:
                self.stayed_before = 0
            if self.stayed_before < STEPPED_AFTER:
                self.open.late += 1
                self.count(record, self.open.start)
                return
            # The clock was stepped back: this packet is the first of a window at the new time.
            self.turn(self.aligned(time))
        elif time >= self.open.start + self.length:
            # Within an hour the windows between are there, without packets; beyond, it is a gap.
            if time - self.believed <= HOUR:
                while self.open.start + self.length < self.aligned(time):
                    self.turn(self.open.start + self.length)
            self.turn(self.aligned(time))
        self.stayed_before = 0
        self.believed = time
        self.count(record, time)

    def turn(self, start):
        self.closed.append(self.open)
        self.open = Window(start)

    def count(self, record, time):
        window = self.open
        window.captured += 1
        packet = decode.decode(record.link, record.wire, record.data)
        addressed_before = self.judge.self_addressed
        fate = self.judge.fate(packet, time // NANOSECONDS)
        window.self_addressed += self.judge.self_addressed - addressed_before
        window.fates[fate] += 1
        if fate != "observed":
            return
        row = classify.classify(packet, self.settings)
        window.quote_mismatch += row.quote_mismatch
        key = (row.source, row.kind, row.protocol, row.port)
        if key not in window.tuples:
            window.tuples[key] = FlowTuple(packet, row)
        offset = (time - window.start) // 1_000_000
        window.tuples[key].add(packet, row, offset, self.window_seconds)


def timestamp(nanoseconds):
    milliseconds = nanoseconds // 1_000_000
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds") + "Z"


def address(source):
    return socket.inet_ntop(socket.AF_INET if len(source) == 4 else socket.AF_INET6, source)


def sort_key(key):
    source, kind, protocol, port = key
    return len(source), source, classify.KINDS.index(kind), protocol, port


def print_windows(windows, out):
    out.write(COLUMNS + "\n")
    for window in windows:
        fates = " ".join(f"{fate}={count}" for fate, count in window.fates.items())
        out.write(f"# window {timestamp(window.start)} captured={window.captured} {fates}"
                  f" late={window.late} time_bad={window.time_bad}"
                  f" quote_mismatch={window.quote_mismatch}"
                  f" self_addressed={window.self_addressed}\n")
        for key in sorted(window.tuples, key=sort_key):
            out.write(csv_row(window, key, window.tuples[key]) + "\n")


def csv_row(window, key, tuple_):
    source, kind, protocol, port = key
    marks = [tuple_.marks.get(mark, "") for mark in classify.MARKS]
    slots = ""
    if kind in classify.BACKSCATTER:
        slots = ";".join(str(count) for count in tuple_.slots)
    fields = [timestamp(window.start), address(source), kind, protocol, port, tuple_.packets,
              tuple_.bytes, timestamp(window.start + tuple_.first * 1_000_000),
              timestamp(window.start + tuple_.last * 1_000_000),
              min(len(tuple_.destinations), MOST_DESTINATIONS), *marks, tuple_.ttl,
              tuple_.ip_length, tuple_.tcp_window, tuple_.tcp_options_length, tuple_.source_port,
              slots, ""]
    return ",".join(str(field) for field in fields)


def print_json(windows, out):
    """Totals over the whole file, for eyes and for tests of what is built upon windows."""
    counters = ("captured", "late", "time_bad", "quote_mismatch", "self_addressed")
    totals = {name: sum(getattr(window, name) for window in windows) for name in counters}
    totals["windows"] = len(windows)
    totals["fates"] = {fate: sum(window.fates[fate] for window in windows)
                       for fate in classify.FATES}
    rows = {}
    for window in windows:
        for key, tuple_ in window.tuples.items():
            row = rows.setdefault(key, {"packets": 0, "bytes": 0, "windows": 0,
                                        "destinations": set(), "marks": dict.fromkeys(
                                            tuple_.marks, 0)})
            row["packets"] += tuple_.packets
            row["bytes"] += tuple_.bytes
            row["windows"] += 1
            row["destinations"] |= tuple_.destinations
            for mark, count in tuple_.marks.items():
                row["marks"][mark] += count
    totals["rows"] = []
    for key in sorted(rows, key=sort_key):
        source, kind, protocol, port = key
        row = rows[key]
        row["destinations"] = len(row["destinations"])
        totals["rows"].append({"source": address(source), "kind": kind, "protocol": protocol,
                               "port": port, **row})
    json.dump(totals, out, indent=1)
    out.write("\n")


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description="the sensor's independent oracle")
    parser.add_argument("--observe", default="everything", metavar="everything|CIDR,...")
    parser.add_argument("--own", metavar="CIDR,...", help="own addresses that are not observed")
    parser.add_argument("--service", action="append", default=[],
                        metavar="PORT/PROTOCOL [from CIDR,...]")
    parser.add_argument("--window", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--json", action="store_true", help="totals over the file, as JSON")
    parser.add_argument("file")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse_arguments(arguments)
    capture = pcapread.read(options.file)
    unknown = {record.link for record in capture.records} - decode.LINKS
    if unknown:
        print(f"oracle: {options.file}: unknown link types {sorted(unknown)}", file=sys.stderr)
        return EXIT_DAMAGED
    settings = classify.Settings(options.observe, options.own, options.service)
    windows = Oracle(settings, options.window).run(capture.records)
    if options.json:
        print_json(windows, sys.stdout)
    else:
        print_windows(windows, sys.stdout)
    if capture.damage is not None:
        print(f"oracle: {options.file}: {capture.damage}; counted what was readable",
              file=sys.stderr)
        return EXIT_DAMAGED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
