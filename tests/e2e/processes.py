# SPDX-License-Identifier: Apache-2.0
"""Real processes for end-to-end tests: a collector on a Unix socket, sensors, the client.

Everything lives in one temporary folder and ends with it. Nothing waits by the clock alone: each
wait is for a thing, with a limit.
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

BUILD = Path(os.environ["TEITEN_BUILD"])
SENSOR = BUILD / "sensor/teiten-sensor"
COLLECTOR = BUILD / "collector/teiten-collector"
CLIENT = BUILD / "client/teiten"
ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "tests/captures"
DARK = "203.0.113.0/24,2001:db8:d::/48"
LIMIT_S = 60


def wait_for(what, condition, limit_s=LIMIT_S):
    """Polls until condition() is true; fails with `what` after the limit."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit_s} s for {what}")
        time.sleep(0.02)


class Bench:
    """A folder, a collector in it, and what sensors and analysts do with it.

    Collector and client run `within` a command, as `ip netns exec NAME`.
    """

    def __init__(self, address=None, within=()):
        # Short, because a Unix socket's path is at most 107 bytes.
        self.temporary = tempfile.TemporaryDirectory(prefix="teiten-", dir="/tmp")
        self.folder = Path(self.temporary.name)
        self.address = address or f"unix:{self.folder}/c.sock"
        self.within = within
        self.collector = None
        self.log = open(self.folder / "collector.log", "ab")

    def __enter__(self):
        self.start_collector()
        return self

    def __exit__(self, *_):
        if self.collector is not None:
            self.collector.kill()
            self.collector.wait()
        self.log.close()
        self.temporary.cleanup()

    def collector_log(self):
        return (self.folder / "collector.log").read_text()

    def start_collector(self):
        before = self.collector_log().count("event=listening")
        self.collector = subprocess.Popen(
            [*self.within, COLLECTOR, "serve", "--data", self.folder / "data", "--listen",
             self.address], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        wait_for("the collector to listen", lambda: self.listening(before))

    def listening(self, before):
        if self.collector.poll() is not None:
            raise AssertionError("the collector ended: " + self.collector_log())
        return self.collector_log().count("event=listening") > before

    def kill_collector(self):
        self.collector.send_signal(signal.SIGKILL)
        self.collector.wait()

    def stop_collector(self):
        self.collector.terminate()
        assert self.collector.wait(LIMIT_S) == 0, self.collector_log()

    def sensor_command(self, name, capture, *more):
        """Flags in `more` stand in the place of the usual ones: none may be given twice."""
        usual = {"--observe": DARK, "--sensor": name, "--collector": self.address,
                 "--spool": self.folder / f"spool-{name}", "--print": "csv"}
        return [SENSOR, "--read", capture, *more,
                *(word for flag, value in usual.items() if flag not in more
                  for word in (flag, value))]

    def read(self, name, capture, *more):
        """Runs a sensor over a capture to its end; its CSV."""
        done = subprocess.run(self.sensor_command(name, capture, *more), capture_output=True,
                              text=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *question):
        done = subprocess.run([*self.within, CLIENT, *question, "--collector", self.address],
                              capture_output=True, text=True, timeout=LIMIT_S,
                              stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"{question}: {done.stderr}"
        return done.stdout

    def tuples(self, name, begin, end):
        """One sensor's tuples, as it printed them."""
        return as_printed(name, self.ask("tuples", "--group", "replay", "--sensor", name, "--from",
                                         begin, "--to", end, "--output", "csv", "--limit",
                                         "1000000"))

    def report(self, day):
        return json.loads(self.ask("report", "--group", "replay", "--day", day,
                                   "--format", "json"))


def as_printed(name, answer):
    """An answer's lines without the sensor's id in front, which must be this one's."""
    lines = answer.splitlines()
    sensors = [line.split(",", 1)[0] for line in lines]
    assert sensors == ["sensor"] + [name] * (len(lines) - 1), sorted(set(sensors))
    return "".join(line.split(",", 1)[1] + "\n" for line in lines)


def rows(csv):
    """The data lines, without the header."""
    lines = csv.splitlines()
    assert lines and lines[0].startswith("window_start,"), lines[:1]
    return lines[1:]


def packets(csv):
    return sum(int(line.split(",")[5]) for line in rows(csv))
