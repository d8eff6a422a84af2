# SPDX-License-Identifier: Apache-2.0
"""A live sensor, what it says, and a second witness of the same packets: tcpdump beside it, whose
file the oracle of tests/oracle judges by the definitions alone."""

import json
import signal
import subprocess

from wire import LIMIT_S, wait_for

import classify
import oracle
import pcapread
from processes import SENSOR

WINDOW_S = 10  # the shortest there is
SNAP_LENGTH = 256


class Witness:
    """tcpdump on the sensor's interface, with the sensor's snapshot length."""

    def __init__(self, wire, interface="here"):
        self.wire = wire
        self.path = wire.folder / "witness.pcap"
        self.log = wire.folder / "witness.log"
        self.process = wire.spawn(
            "here", ["tcpdump", "-i", interface, "-n", "-p", "-s", str(SNAP_LENGTH), "-B", "65536",
                     "-U", "--immediate-mode", "-Z", "root", "--time-stamp-precision", "nano", "-w",
                     self.path], self.log, self.log)
        wait_for("tcpdump to listen", lambda: "listening on" in self.log.read_text())

    def stop(self, frames):
        """Its records, once it has as many as went over the wire."""
        wait_for(f"tcpdump to have {frames} frames", lambda: len(self.records()) >= frames)
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(LIMIT_S) == 0, self.log.read_text()
        assert "\n0 packets dropped by kernel" in self.log.read_text(), self.log.read_text()
        return self.records()

    def records(self):
        return pcapread.read(self.path).records


class Sensor:
    """A live sensor on `here`, as nobody, with windows of 10 s."""

    def __init__(self, wire, *arguments, interface="here", name="live", user="nobody"):
        # Root makes the folder and gives it away before it is another user.
        self.status_path = wire.folder / f"{name}.run" / "status.json"
        self.out, self.err = (wire.folder / f"{name}.{kind}" for kind in ("json", "log"))
        self.process = wire.spawn(
            "here", [SENSOR, "--interface", interface, "--sensor", name, "--window",
                     f"{WINDOW_S}s", "--user", user, "--status-file", self.status_path,
                     "--print", "json", *arguments], self.out, self.err)
        wait_for("the sensor to start", self.started)

    def log(self):
        return self.err.read_text()

    def started(self):
        assert self.process.poll() is None, self.log()
        return "event=started" in self.log()

    def windows(self):
        """The summaries printed so far."""
        lines = self.out.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def status(self):
        return json.loads(self.status_path.read_text())

    def stop(self):
        """Its summaries, after it has drained and ended well."""
        self.process.terminate()
        assert self.process.wait(LIMIT_S) == 0, self.log()
        return self.windows()


def total(windows):
    """The accounting of all windows together; absent counters stay absent."""
    sums = {}
    for window in windows:
        for name, number in window["accounting"].items():
            sums[name] = sums.get(name, 0) + int(number)
    return sums


def rows(windows):
    """{(source, kind, protocol, port): {"packets", "bytes", marks…}} of all windows together."""
    merged = {}
    for window in windows:
        for row in window["tuples"]:
            key = (row["source"], row["kind"], row["protocol"], row["port"])
            sums = merged.setdefault(key, {})
            for name in ("packets", "bytes", *classify.MARKS_OF_KIND.get(row["kind"], ())):
                sums[name] = sums.get(name, 0) + row[name]
    return merged


def differences(found, wanted):
    """Sentences about the keys whose values are not the same."""
    return [f"{key}: {found.get(key, 'absent')}, should be {wanted.get(key, 'absent')}"
            for key in sorted(found.keys() | wanted.keys()) if found.get(key) != wanted.get(key)]


def not_conserved(windows):
    """Sentences about windows whose sums do not close, or that lost something."""
    for window in windows:
        counts = {name: int(number) for name, number in window["accounting"].items()}
        at = f"window {window['window_start_unix_ms']}"
        fates = sum(counts[fate] for fate in classify.FATES)
        if counts["captured"] != fates:
            yield f"{at}: captured {counts['captured']}, fates {fates}"
        listed = sum(row["packets"] for row in window["tuples"])
        listed += sum(int(row["packets"]) for row in window["folded"])
        if counts["observed"] != listed:
            yield f"{at}: observed {counts['observed']}, rows hold {listed}"
        # Not `late`: on a loaded machine the kernel hands over a block after its window's end, and
        # what is in it is counted all the same.
        for loss in ("kernel_dropped", "interface_dropped", "time_bad", "folded"):
            if counts.get(loss) != 0:
                yield f"{at}: {loss} is {counts.get(loss, 'unknown')}"


def judge(records, observe, own="127.0.0.0/8,::1/128", services=()):
    """(fates, rows) as the oracle finds them in what tcpdump saw."""
    settings = classify.Settings(observe, own, services)
    fates, merged = dict.fromkeys(classify.FATES, 0), {}
    for window in oracle.Oracle(settings, WINDOW_S).run(records):
        for fate, count in window.fates.items():
            fates[fate] += count
        for (source, kind, protocol, port), row in window.tuples.items():
            sums = merged.setdefault((oracle.address(source), kind, protocol, port), {})
            for name, count in {"packets": row.packets, "bytes": row.bytes, **row.marks}.items():
                sums[name] = sums.get(name, 0) + count
    return fates, merged
