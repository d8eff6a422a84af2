#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk under the sensor's spool and under the collector's folder, on a small tmpfs in a
mount namespace of the test's own: both say so, nothing that was accepted is lost, and what could
not be accepted is declared. With room again, both go on where they were."""

import collections
import json
import os
import signal
import subprocess
import sys
import unittest

from processes import COLLECTOR, SENSOR, rows, wait_for
from refusals import Row, fault_of, messages, run, run_until_started
from world import World

IO = 74
DAY, NEXT_DAY = "2026-11-20", "2026-11-21"
OBSERVE = ["--observe", "203.0.0.0/16"]  # where make_trace sends its packets
INSIDE = "TEITEN_MOUNT_NAMESPACE"


def windows(csv):
    return collections.Counter(line.split(",")[0] for line in rows(csv))


class SmallDisk(World):
    def __init__(self):
        super().__init__()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=755", "tmpfs", self.disk],
                       check=True)
        self.trace = self.folder / "trace.pcap"
        subprocess.run([f"{os.environ['TEITEN_BUILD']}/tests/bench/make_trace", self.trace,
                        "20000", "300", "25", "200"], check=True)

    def __exit__(self, *arguments):
        if self.collector is not None:
            self.collector.kill()
            self.collector.wait()
        subprocess.run(["umount", self.disk], check=True)
        self.collector = None
        super().__exit__(*arguments)

    def resize(self, size):
        subprocess.run(["mount", "-o", f"remount,size={size}", self.disk], check=True)

    def sensor(self, spool, capture, *more):
        return [SENSOR, "--read", capture, *OBSERVE, "--sensor", "a", "--collector", self.address,
                "--spool", spool, "--print", "csv", "--window", "10s",
                "--replay-at", f"{DAY}T10:00:00Z", *more]

    def lost(self):
        """Summaries that the collector knows to be lost."""
        reply = json.loads(self.ask("sensors", "--group", "replay", "--output", "json"))
        return sum(int(gap["sequences"]["last"]) - int(gap["sequences"]["first"]) + 1
                   for spool in reply["sensors"][0]["spools"] for gap in spool.get("gaps", [])
                   if gap["reason"] != "REASON_NEVER_USED")


class FullDisk(unittest.TestCase):
    def setUp(self):
        if INSIDE not in os.environ:
            self.skipTest("no mount namespace: unshare -m is not permitted here")
        self.disk = self.enterContext(SmallDisk())

    def start_collector(self):
        """On the small disk; its log stays on the large one."""
        d = self.disk
        d.collector = subprocess.Popen(
            [COLLECTOR, "--data", d.disk / "data", "--listen", d.address],
            stdout=d.log, stderr=d.log, stdin=subprocess.DEVNULL)
        wait_for("the collector to listen", lambda: d.listening(0))

    def test_spool(self):
        d = self.disk
        spool = d.disk / "spool"
        d.resize("200k")
        row = Row("full spool", d.sensor(spool, d.trace, "--wait", "0s"), IO,
                  ["did not fit into the spool", spool, "No space left on device", "make room"], [])
        full = run(row.bad)
        self.assertEqual(fault_of(row, full), "")
        said_lost = int(messages(full.stderr)[0].split()[1])
        self.assertIn("event=summaries_lost", full.stderr, "said when it happens, too")
        printed = windows(full.stdout)
        self.assertEqual(len(printed), 80, "the window that is lost was counted and printed")

        d.resize("8m")
        d.start_collector()
        sent = run(d.sensor(spool, d.no_packets))
        self.assertEqual(sent.returncode, 0, sent.stderr)
        stored = windows(d.tuples("a", DAY, NEXT_DAY))
        self.assertEqual({w: printed[w] for w in stored}, dict(stored), "what arrived is whole")
        self.assertEqual(len(stored) + said_lost, len(printed), "stored, or said to be lost")
        self.assertEqual(d.lost(), said_lost, "and the record knows it")
        roomy = run(d.sensor(spool, d.trace))
        self.assertNotEqual(fault_of(row, roomy), "", "with room nothing is refused")
        self.assertEqual(roomy.returncode, 0, roomy.stderr)

    def test_spool_that_cannot_even_begin(self):
        d = self.disk
        row = Row("no spool", d.sensor(d.disk / "spool", d.good, "--wait", "0s"), IO,
                  [d.disk / "spool", "No space left on device"], [])
        filler = d.disk / "filler"
        filler.write_bytes(b"x" * 4096)
        self.assertEqual(fault_of(row, run(row.bad)), "")

    def test_collector(self):
        d = self.disk
        spool = d.folder / "spool"
        d.resize("1m")
        self.start_collector()
        full = run(d.sensor(spool, d.trace, "--wait", "3s"))
        self.assertEqual(full.returncode, 69, full.stderr)
        self.assertIn("disk is full", full.stderr, "the sensor says why it is not served")
        self.assertIn("make room", d.collector_log())
        self.assertIsNone(d.collector.poll(), "it goes on answering: " + d.collector_log())
        before = rows(d.tuples("a", DAY, NEXT_DAY))
        self.assertLess(len(before), len(rows(full.stdout)))

        d.resize("64m")  # the same process goes on
        sent = run(d.sensor(spool, d.no_packets))
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(rows(d.tuples("a", DAY, NEXT_DAY)), rows(full.stdout))
        self.assertEqual(d.lost(), 0)
        d.collector.send_signal(signal.SIGTERM)
        self.assertEqual(d.collector.wait(60), 0)

    def test_collector_with_no_room_for_the_first_day(self):
        d = self.disk
        spool = d.folder / "spool"
        d.resize("480k")
        self.start_collector()
        full = run(d.sensor(spool, d.trace, "--wait", "2s"))
        self.assertEqual(full.returncode, 69, full.stderr)
        self.assertIsNone(d.collector.poll(), "it goes on answering: " + d.collector_log())
        d.resize("64m")
        sent = run(d.sensor(spool, d.no_packets))
        self.assertEqual(sent.returncode, 0, sent.stderr)
        self.assertEqual(rows(d.tuples("a", DAY, NEXT_DAY)), rows(full.stdout))

    def test_collector_that_cannot_begin(self):
        d = self.disk
        row = Row("no room for a store",
                  [COLLECTOR, "--data", d.disk / "data", "--listen", d.address], IO,
                  [d.disk / "data", "full", "make room"], [])
        d.resize("60k")
        self.assertEqual(fault_of(row, run(row.bad)), "")
        d.resize("8m")
        self.assertNotEqual(fault_of(row, run_until_started(row.bad)), "")


def enter_mount_namespace():
    """Once; without permission the tests say that they were skipped."""
    can = subprocess.run(["unshare", "-m", "--propagation", "private", "true"],
                         capture_output=True, check=False)
    if INSIDE not in os.environ and can.returncode == 0:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable,
                              *sys.argv])


if __name__ == "__main__":
    enter_mount_namespace()
    unittest.main(verbosity=2)
